"""Faults of quality: loss, delay, rate, packet size."""

from __future__ import annotations

import time

from tests.lab.network.faults.base import INPUT, OUTPUT, Fault, filtered, steered
from tests.lab.network.lab import Lab


def _lossy_cable(percent: int) -> Fault:
    """Loss between client and router, each way, made on the client by nftables."""
    chance = f"numgen random mod 1000 < {percent * 10} drop"
    return filtered(
        f"loss_lan_{percent}",
        "pages load in fits and starts",
        "client",
        f'{INPUT} iifname "eth0" {chance}',
        f'{OUTPUT} oifname "eth0" {chance}',
    )


def _lossy_router(percent: int) -> Fault:
    """Loss between router and client, made at the router's side of the cable."""
    chance = f"numgen random mod 1000 < {percent * 10} drop"
    return filtered(
        f"loss_router_{percent}",
        "pages load in fits and starts",
        "router",
        f'type filter hook prerouting priority -300; iifname "br0" {chance}',
        f'type filter hook postrouting priority 300; oifname "br0" {chance}',
    )


_BIG_FILE = "http://198.51.100.10/bytes/1000000000000"


def _downloading(name: str, symptom: str, streams: int, rate_kbit: int | None = None) -> Fault:
    """A real program that downloads as fast as it can, on the client."""

    def inject(lab: Lab) -> None:
        lab.set("wire", rate_kbit=rate_kbit, queue_kb=100 if rate_kbit else None)
        for number in range(streams):
            lab.serve(f"hog{number}", "client", ["curl", "-s", "-o", "/dev/null", _BIG_FILE])
        time.sleep(0.5)  # it has to get going

    def heal(lab: Lab) -> None:
        for number in range(streams):
            lab.world.stop(f"hog{number}")
        lab.set("wire", rate_kbit=None, queue_kb=None)

    return Fault(name, symptom, inject, heal)


def _flapping(lab: Lab) -> None:
    """The router's side of the cable goes down and up, as a broken plug does."""
    again = "while :; do ip link set lan0 down; sleep 0.3; ip link set lan0 up; sleep 1.2; done"
    lab.serve("flapping", "router", ["sh", "-c", again])


def _steady(lab: Lab) -> None:
    lab.world.stop("flapping")
    lab.ip("router", "link set lan0 up")


def _in_bursts(lab: Lab) -> None:
    """For 0.4 s in every 2 s nothing passes beyond the router."""
    rules = "add chain inet bursts hide { type filter hook forward priority -5; }; add rule inet bursts hide drop"
    again = (
        f"nft add table inet bursts; while :; do nft '{rules}'; sleep 0.4; nft flush table inet bursts; sleep 1.6; done"
    )
    lab.serve("bursts", "router", ["sh", "-c", again])


def _without_bursts(lab: Lab) -> None:
    lab.world.stop("bursts")
    lab.world.run("router", ["nft", "delete", "table", "inet", "bursts"])


def _choked(lab: Lab) -> None:
    lab.set("wire", rate_kbit=6000, queue_kb=600)


FAULTS = (
    *(_lossy_cable(percent) for percent in (5, 10, 20, 30)),
    *(_lossy_router(percent) for percent in (5, 20)),
    *(steered(f"loss_wan_{percent}", "calls break up", "wire", loss=percent / 100) for percent in (2, 5, 10, 20)),
    steered("loss_wan_burst", "the connection drops out again and again", "wire", burst_loss=[0.01, 0.15]),
    *(steered(f"latency_{2 * delay}", "everything reacts late", "wire", delay_ms=delay) for delay in (150, 300, 500)),
    steered("jitter_100", "calls are choppy", "wire", jitter_ms=100),
    steered("slow_1mbit", "downloads are slow", "wire", rate_kbit=1000, queue_kb=12),
    Fault(
        "bufferbloat",
        "the internet is slow while something downloads",
        _choked,
        lambda lab: lab.set("wire", rate_kbit=None, queue_kb=None),
    ),
    _downloading("own_traffic", "since the update started everything is slow", 2),
    _downloading("own_traffic_10mbit", "since the backup started everything is slow", 1, 10000),
    Fault("flapping_link", "the connection comes and goes", _flapping, _steady),
    Fault("burst_loss", "every few seconds the connection is gone for a moment", _in_bursts, _without_bursts),
)
