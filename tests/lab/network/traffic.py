"""What the client sends, counted by the kernel: packets, bytes and whom they were for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.lab.network.lab import Lab

# Counted is what a program sends by a socket; what the kernel says by itself (neighbours, multicast reports,
# refusals of late packets) is not.
_RULES = """table inet traffic {
 counter sent { }
 set hosts { type ipv4_addr; flags dynamic; size 1024; }
 set hosts6 { type ipv6_addr; flags dynamic; size 1024; }
 chain out {
  type filter hook output priority 300; oifname != "eth0" return
  meta skuid >= 0 counter name sent
  meta skuid >= 0 meta nfproto ipv4 add @hosts { ip daddr }
  meta skuid >= 0 meta nfproto ipv6 add @hosts6 { ip6 daddr }
 }
}
"""


@dataclass
class Traffic:
    """What was sent; filled when the counting ends.

    Attributes:
        packets: Packets sent by programs.
        size_bytes: Their bytes, IP headers included.
        hosts: The addresses they were for.
    """

    packets: int = 0
    size_bytes: int = 0
    hosts: set[str] = field(default_factory=set)


@contextmanager
def counted(lab: Lab) -> Iterator[Traffic]:
    """Counts what the client's programs send while the block runs."""
    lab.nft("client", _RULES)
    traffic = Traffic()
    try:
        yield traffic
        listed = json.loads(lab.world.need("client", ["nft", "-j", "list", "table", "inet", "traffic"]))["nftables"]
        for entry in listed:
            if "counter" in entry:
                traffic.packets, traffic.size_bytes = entry["counter"]["packets"], entry["counter"]["bytes"]
            if "set" in entry:
                traffic.hosts |= {str(address) for address in entry["set"].get("elem", ())}
    finally:
        lab.nft("client", "delete table inet traffic\n")
