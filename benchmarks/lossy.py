"""Diagnoses while one packet in ten is lost, and whether a wrong cause ever comes out: benchmarks/lossy.py [RUNS].

Loss makes every single silence look like a fault of its own. Right is the loss, or no cause at all.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
from measure import median, write_table

from tests.lab.network.conftest import broken
from tests.lab.network.lab import Lab

RUNS = 20
FAULT = "loss_wan_10"
RIGHT = ("net.slow.loss_beyond", "net.drops.burst_loss")
COMPLAINTS = (
    "the internet is slow",
    "no internet",
    "web pages do not open",
    "web addresses are not found",
    "the connection keeps dropping",
    "calls break up",
)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    lines = ["| complaint | runs | loss named | no cause | wrong cause | seconds, middle and longest |"]
    lines.append("| --- |" + " --- |" * 5)
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder) / "lab") as lab, broken(lab, FAULT):
        for complaint in COMPLAINTS:
            causes: Counter[str] = Counter()
            took = []
            for _ in range(runs):
                done = lab.techdoctor("diagnose", complaint, "--batch", "--json")
                causes[json.loads(done.out)["cause"] or ""] += 1
                took.append(done.seconds)
            right, none = sum(causes[cause] for cause in RIGHT), causes[""]
            wrong = {cause: count for cause, count in causes.items() if cause and cause not in RIGHT}
            told = ", ".join(f"{cause} {count}" for cause, count in wrong.items()) or "0"
            seconds = f"{median(took):.1f}, {max(took):.1f}"
            lines.append(f"| {complaint} | {runs} | {right} | {none} | {told} | {seconds} |")
            print(lines[-1], file=sys.stderr)
    write_table("lossy", lines)


if __name__ == "__main__":
    main()
