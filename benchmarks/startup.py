"""Start-up cost beside peers, in one run: python benchmarks/startup.py [--ansible PATH]."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from measure import cost_of, median, write_table

RUNS = 15


def main() -> None:
    folder = Path(sys.executable).parent
    techdoctor = str(folder / "techdoctor")
    ansible = sys.argv[sys.argv.index("--ansible") + 1] if "--ansible" in sys.argv else ""
    home = tempfile.mkdtemp()
    env = {**os.environ, "HOME": home, "TECHDOCTOR_OFFLINE": "1"}
    commands: dict[str, tuple[list[str], bool]] = {
        "`python -c pass`": ([sys.executable, "-c", "pass"], False),
        "`techdoctor --version`": ([techdoctor, "--version"], False),
        "`techdoctor` (help)": ([techdoctor], False),
        "`techdoctor diagnose ...` to its first line": ([techdoctor, "diagnose", "no", "internet"], True),
        "`techdoctor diagnose` whole, local facts, offline": (
            [techdoctor, "diagnose", "no internet", "--batch", "--json"], False,
        ),
        "`pip --version`": ([sys.executable, "-m", "pip", "--version"], False),
    }  # fmt: skip
    if ansible:
        commands["`ansible --version`"] = ([ansible, "--version"], False)
    costs: dict[str, list[float]] = {name: [] for name in commands}
    for argv, first in commands.values():  # the first run fills caches
        cost_of(argv, env, first)
    for _ in range(RUNS):  # interleaved, so that a busy moment hits all alike
        for name, (argv, first) in commands.items():
            costs[name].append(cost_of(argv, env, first).cpu_ms)
    bare = median(costs["`python -c pass`"])
    lines = ["| command | CPU ms (median of 15) | ratio to `python -c pass` |", "| --- | --- | --- |"]
    lines += [f"| {n} | {median(c):.0f} | {median(c) / bare:.1f} |" for n, c in costs.items()]
    write_table("startup", lines)


if __name__ == "__main__":
    main()
