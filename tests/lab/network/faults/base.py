"""What a fault is, and the three usual ways to make one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.lab.network.lab import Lab

Change = Callable[[Lab], None]


@dataclass(frozen=True)
class Fault:
    """A fault that the lab can make and take back.

    Attributes:
        id: Short name.
        symptom: What a person would say.
        inject: Makes it.
        heal: Takes it back; the client is reset and its memory flushed afterwards in any case.
        healthy: True for a control: unusual, but no fault.
    """

    id: str
    symptom: str
    inject: Change
    heal: Change
    healthy: bool = False


def nothing(lab: Lab) -> None:
    """Heals what `Lab.reset_client` heals anyway."""


def on_client(name: str, symptom: str, commands: str) -> Fault:
    """A fault made by `ip` commands on the client."""
    return Fault(name, symptom, lambda lab: lab.ip("client", commands), nothing)


def steered(name: str, symptom: str, role: str, **keys: Any) -> Fault:
    """A fault made by keys of a control file ("internet", "router", "wire")."""
    unset = dict.fromkeys(keys)
    return Fault(name, symptom, lambda lab: lab.set(role, **keys), lambda lab: lab.set(role, **unset))


def filtered(name: str, symptom: str, role: str, *chains: str, family: str = "inet", healthy: bool = False) -> Fault:
    """A fault made by nftables chains, each the text between `chain x {` and `}`."""
    table = f"{family} fault_{name}"
    body = "\n".join(f"chain c{number} {{\n{chain}\n}}" for number, chain in enumerate(chains))
    return Fault(
        name,
        symptom,
        lambda lab: lab.nft(role, f"table {table} {{\n{body}\n}}\n"),
        lambda lab: lab.nft(role, f"delete table {table}\n"),
        healthy,
    )


FORWARD = "type filter hook forward priority -5;"
INPUT = "type filter hook input priority -5;"
OUTPUT = "type filter hook output priority -5;"
PREROUTING = "type nat hook prerouting priority -110;"
