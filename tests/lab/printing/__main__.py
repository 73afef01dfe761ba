"""`python -m tests.lab.printing [NAME...]`: breaks each thing and prints what techdoctor makes of it."""

from __future__ import annotations

import sys

from tests.lab.printing.bench import Bench
from tests.lab.printing.faults import CONTROLS, FAULTS


def main(names: list[str]) -> int:
    """Prints a table; returns how many lines of it are wrong."""
    wrong = 0
    entries = {**FAULTS, **{name: ("", function) for name, function in CONTROLS.items()}}
    for name, (expected, break_it) in entries.items():
        if names and name not in names:
            continue
        with Bench() as bench:
            break_it(bench)
            found = bench.diagnose()
        right = (found.cause or "") == expected
        wrong += not right
        mark = "ok   " if right else "WRONG"
        took = f"{found.seconds:5.2f} s"
        print(f"{mark} {name:28} {expected or '-':24} {found.cause or '-':24} {took} {found.report['end']}")
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
