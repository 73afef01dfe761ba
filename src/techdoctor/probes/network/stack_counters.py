"""What the kernel's own counters say of packets that never got out or never reached a program (Linux).

A local firewall that drops in silence shows nowhere else to an ordinary user. CPython 3.9 syntax.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Optional

from techdoctor import system
from techdoctor.errors import CannotMeasure

_FILES = ("/proc/net/snmp", "/proc/net/netstat")


@dataclass(frozen=True)
class Counters:
    """Counters of this network namespace.

    Attributes:
        received: IPv4 packets that came in for this machine or to be sent on.
        passed_on: Those that reached a protocol here or were sent on.
        unsent: TCP packets whose repetition the system refused to send.
        to_itself: Packets that went over the loopback.
    """

    received: int
    passed_on: int
    unsent: int
    to_itself: int

    def since(self, before: Counters) -> Counters:
        """How much each has grown."""
        return Counters(
            self.received - before.received,
            self.passed_on - before.passed_on,
            self.unsent - before.unsent,
            self.to_itself - before.to_itself,
        )

    @property
    def thrown_away(self) -> int:
        """Packets that came in and reached nobody: the input side of a firewall, or a reverse path filter."""
        return max(0, self.received - self.passed_on)


def read() -> Optional[Counters]:
    """The counters now; None where the system has none to read.

    Source: linux/net/ipv4/ip_input.c (InReceives before netfilter's PREROUTING, InDelivers behind its INPUT),
    tcp_output.c (TCPRetransFail when sending again is refused, as netfilter's OUTPUT does).
    """
    try:
        found = _pairs("".join(system.read_text(path) for path in _FILES))
        loopback = int(system.read_text("/sys/class/net/lo/statistics/rx_packets"))
    except (CannotMeasure, ValueError):
        return None
    try:
        passed_on = found["Ip:InDelivers"] + found["Ip:ForwDatagrams"]
        return Counters(found["Ip:InReceives"], passed_on, found["TcpExt:TCPRetransFail"], loopback)
    except KeyError:
        return None


def _pairs(content: str) -> Dict[str, int]:
    """Turns each line of names and the line of numbers below it into entries like "Ip:InReceives" -> 12."""
    found: Dict[str, int] = {}
    names: List[str] = []
    for line in content.splitlines():
        words = line.split()
        if len(words) > 1 and words[1].lstrip("-").isdigit():
            found.update((words[0] + name, int(value)) for name, value in zip(names, words[1:]))
        else:
            names = words[1:]
    return found
