"""Faults of quality: loss, delay, rate, packet size."""

from __future__ import annotations

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


def _choked(lab: Lab) -> None:
    lab.set("wire", rate_kbit=6000, queue_kb=600)


FAULTS = (
    *(_lossy_cable(percent) for percent in (5, 10, 20, 30)),
    *(_lossy_router(percent) for percent in (5, 20)),
    *(steered(f"loss_wan_{percent}", "calls break up", "wire", loss=percent / 100) for percent in (2, 5, 10, 20)),
    steered("loss_wan_burst", "the connection drops out again and again", "wire", burst_loss=[0.01, 0.15]),
    *(
        steered(f"latency_{2 * delay}", "everything reacts late", "wire", delay_ms=delay)
        for delay in (150, 300, 500)
    ),
    steered("jitter_100", "calls are choppy", "wire", jitter_ms=100),
    steered("slow_1mbit", "downloads are slow", "wire", rate_kbit=1000, queue_kb=12),
    Fault(
        "bufferbloat",
        "the internet is slow while something downloads",
        _choked,
        lambda lab: lab.set("wire", rate_kbit=None, queue_kb=None),
    ),
    steered("mtu_blackhole", "small pages load, big ones hang", "wire", maxlen=1400),
)
