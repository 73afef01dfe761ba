"""A whole network diagnosis beside single tools, in one run on one laboratory: python benchmarks/network.py."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
from measure import median, write_table

from tests.lab.network.conftest import broken
from tests.lab.network.lab import Lab

RUNS = 3
LIMIT_S = 45.0
SITE = "www.example.com"
PAGE = f"http://{SITE}/"


@dataclass(frozen=True)
class Kind:
    """Faults that have one target in common.

    Attributes:
        most_s: Longest time allowed by issue 3; None for none.
        cases: Heading of a column to a fault of the laboratory and a person's words.
    """

    name: str
    most_s: float | None
    cases: Mapping[str, tuple[str, str]]


# Source: issue 3, "Must show", 4.
KINDS = (
    Kind("healthy", 1.5, {"healthy": ("none", "no internet")}),
    Kind(
        "local faults",
        0.5,
        {
            "adapter off": ("link_down", "no internet"),
            "cable out": ("no_carrier", "no internet"),
            "no address": ("no_address", "no internet"),
            "no way out": ("no_default_route", "no internet"),
        },
    ),
    Kind(
        "blocking faults",
        2.5,
        {
            "DNS dead": ("dns_timeout", "no internet"),
            "gateway down": ("gateway_down", "no internet"),
            "upstream silent": ("upstream_silent", "no internet"),
            "sign-in page": ("captive_portal", "no internet"),
        },
    ),
    Kind(
        "other faults",
        6.0,
        {
            "healthy, slow asked": ("none", "the internet is slow"),
            "loss 10 %": ("loss_wan_10", "the internet is slow"),
            "300 ms": ("latency_300", "the internet is slow"),
            "1 Mbit/s": ("slow_1mbit", "the internet is slow"),
            "bufferbloat": ("bufferbloat", "the internet is slow"),
            "https dropped": ("https_dropped", "web pages do not open"),
            "drop-outs": ("burst_loss", "the connection keeps dropping"),
        },
    ),
    Kind("hard cap", 8.0, {"1000 ms": ("latency_1000", "the internet is slow")}),
)
# The cases in which the other tools are timed as well: each of them waits up to LIMIT_S.
BESIDE_PEERS = ("healthy", "adapter off", "DNS dead", "gateway down", "upstream silent", "loss 10 %")
PEERS: dict[str, list[str]] = {
    f"dig {SITE}": ["dig", SITE],
    f"curl {PAGE}": ["curl", "-s", "-o", "/dev/null", PAGE],
    "ping -c 20 1.1.1.1": ["ping", "-n", "-c", "20", "1.1.1.1"],
    "traceroute -n 1.1.1.1": ["traceroute", "-n", "1.1.1.1"],
    "mtr -rwbc10 1.1.1.1": ["mtr", "-rwbc10", "1.1.1.1"],
    # Without its daemon it says so at once; it is in the table where that runs.
    "nmcli networking connectivity check": ["nmcli", "networking", "connectivity", "check"],
}


@dataclass
class Diagnosed:
    """The runs of techdoctor on one case: wall times, and what came out."""

    seconds: list[float] = field(default_factory=list)
    causes: set[str] = field(default_factory=set)
    incomplete: set[str] = field(default_factory=set)


def peer_seconds(lab: Lab, command: Sequence[str]) -> float:
    """Wall time of one run, LIMIT_S when it takes longer."""
    begun = time.monotonic()
    try:
        lab.client(["timeout", str(LIMIT_S), *command], LIMIT_S + 10)
    except TimeoutError:
        return LIMIT_S
    return min(LIMIT_S, time.monotonic() - begun)


def diagnose(lab: Lab, words: str, into: Diagnosed) -> None:
    """Runs one diagnosis and keeps its time, its cause and what it says it could not finish."""
    done = lab.techdoctor("diagnose", words, "--batch", "--json")
    report = json.loads(done.out)
    into.seconds.append(done.seconds)
    into.causes.add(report["cause"] or f"({report['end']})")
    into.incomplete |= {name for name, fact in report["facts"].items() if fact["status"] == "timeout"}


def _cell(seconds: float) -> str:
    return f">{LIMIT_S:.0f}" if seconds >= LIMIT_S else f"{seconds:.2f}"


def _own_table(found: Mapping[str, Diagnosed]) -> list[str]:
    lines = ["| kind (most) | case | seconds, middle and longest | cause | timed out |", "| --- |" + " --- |" * 4]
    for kind in KINDS:
        for case in kind.cases:
            runs = found[case]
            times = f"{median(runs.seconds):.2f}, {max(runs.seconds):.2f}"
            mark = "" if kind.most_s is None or max(runs.seconds) <= kind.most_s else " (over)"
            out = ", ".join(sorted(runs.incomplete)) or "nothing"
            causes = ", ".join(sorted(runs.causes))
            lines.append(f"| {kind.name} ({kind.most_s:g} s) | {case} | {times}{mark} | {causes} | {out} |")
    return lines


def _peer_table(found: Mapping[str, Diagnosed], peers: Mapping[str, Mapping[str, float]]) -> list[str]:
    cases = [case for kind in KINDS for case in kind.cases if case in BESIDE_PEERS]
    lines = [f"| wall seconds | {' | '.join(cases)} |", "| --- |" + " --- |" * len(cases)]
    own = " | ".join(_cell(median(found[case].seconds)) for case in cases)
    lines.append(f"| **techdoctor diagnose** (words to cause) | {own} |")
    lines += [f"| `{name}` | {' | '.join(_cell(took[case]) for case in cases)} |" for name, took in peers.items()]
    return lines


def main() -> None:
    """Writes both tables of docs/benchmarks.md; about 9 minutes, most of it the peers' waiting."""
    tools = {name: command for name, command in PEERS.items() if shutil.which(command[0])}
    found: dict[str, Diagnosed] = {}
    peers: dict[str, dict[str, float]] = {name: {} for name in tools}
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder) / "lab") as lab:
        diagnose(lab, "no internet", Diagnosed())  # fills the playbook cache
        for kind in KINDS:
            for case, (fault, words) in kind.cases.items():
                found[case] = Diagnosed()
                with broken(lab, fault):
                    for _ in range(RUNS):
                        diagnose(lab, words, found[case])
                    for name, command in tools.items() if case in BESIDE_PEERS else ():
                        peers[name][case] = peer_seconds(lab, command)
                print(case, found[case].seconds, sorted(found[case].causes), file=sys.stderr)
    write_table("network", _peer_table(found, peers))
    write_table("network-targets", _own_table(found))


if __name__ == "__main__":
    main()
