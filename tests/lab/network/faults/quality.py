"""Faults of quality: loss, delay, rate, packet size."""

from __future__ import annotations

from tests.lab.network.faults.base import steered

FAULTS = (
    steered("loss_wan_10", "calls break up", "wire", loss=0.10),
    steered("latency_300", "everything reacts late", "wire", delay_ms=150),
    steered("jitter_100", "calls are choppy", "wire", jitter_ms=100),
    steered("slow_1mbit", "downloads are slow", "wire", rate_kbit=1000, queue_kb=12),
    steered("mtu_blackhole", "small pages load, big ones hang", "wire", maxlen=1400),
)
