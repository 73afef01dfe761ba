"""A whole network diagnosis beside single tools, in one run on one laboratory: python benchmarks/network.py."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
from measure import median, write_table

from tests.lab.network.conftest import broken
from tests.lab.network.lab import Lab

RUNS = 3
LIMIT_S = 45.0
CASES = {"healthy": "none", "DNS dead": "dns_timeout", "upstream silent": "upstream_silent",
         "gateway down": "gateway_down", "adapter off": "link_down"}  # fmt: skip
SITE = "www.example.com"
PAGE = f"http://{SITE}/"
TOOLS: dict[str, list[str]] = {
    "techdoctor diagnose (words, cause, exit code)": [sys.executable, "-m", "techdoctor", "diagnose", "no internet",
                                                      "--batch", "--json"],
    f"dig {SITE}": ["dig", SITE],
    f"curl {PAGE}": ["curl", "-s", "-o", "/dev/null", PAGE],
    "traceroute -n 1.1.1.1": ["traceroute", "-n", "1.1.1.1"],
    "mtr -rwbc10 1.1.1.1": ["mtr", "-rwbc10", "1.1.1.1"],
}  # fmt: skip


def seconds(lab: Lab, command: list[str]) -> float:
    """Wall time of one run, LIMIT_S when it takes longer."""
    begun = time.monotonic()
    try:
        lab.client(["timeout", str(LIMIT_S), *command], LIMIT_S + 10)
    except TimeoutError:
        return LIMIT_S
    return min(LIMIT_S, time.monotonic() - begun)


def main() -> None:
    tools = {name: command for name, command in TOOLS.items() if shutil.which(command[0])}
    took: dict[str, dict[str, list[float]]] = {name: {case: [] for case in CASES} for name in tools}
    with Lab(Path(tempfile.mkdtemp()) / "lab") as lab:
        seconds(lab, TOOLS["techdoctor diagnose (words, cause, exit code)"])  # fills the playbook cache
        for case, fault in CASES.items():
            with broken(lab, fault):
                for name, command in tools.items():
                    runs = RUNS if name.startswith("techdoctor") else 1
                    took[name][case] = [seconds(lab, command) for _ in range(runs)]
    lines = [f"| wall seconds | {' | '.join(CASES)} |", "| --- |" + " --- |" * len(CASES)]
    for name, cases in took.items():
        cells = [f">{LIMIT_S:.0f}" if median(c) >= LIMIT_S else f"{median(c):.2f}" for c in cases.values()]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    write_table("network", lines)


if __name__ == "__main__":
    main()
