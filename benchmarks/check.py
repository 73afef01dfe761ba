"""`check` beside tools that look at a whole machine, in one run: python benchmarks/check.py (as root)."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from measure import Cost, cost_of, median, write_table

RUNS = 5
LIMIT_S = 300.0
PLUGINS = "/usr/lib/nagios/plugins"
# What an administrator would ask of the plugins to have a comparable view.
_PLUGIN_CALLS = [
    f"{PLUGINS}/check_disk -w 10% -c 5% -p /",
    f"{PLUGINS}/check_load -w 5,4,3 -c 10,8,6",
    f"{PLUGINS}/check_procs -w 500 -c 1000",
    f"{PLUGINS}/check_swap -w 20% -c 10%",
    f"{PLUGINS}/check_users -w 20 -c 50",
]


def main() -> None:
    folder = Path(sys.executable).parent
    home = tempfile.mkdtemp()
    env = {**os.environ, "HOME": home, "TECHDOCTOR_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": ""}
    techdoctor = str(folder / "techdoctor")
    commands: dict[str, tuple[list[str], int]] = {
        "`techdoctor check`": ([techdoctor, "check"], RUNS),
        "`techdoctor check --baseline --format html`": ([techdoctor, "check", "--baseline", "--format", "html"], RUNS),
        "`glances --stdout ... --stop-after 1`": (
            ["glances", "--stdout", "cpu.total,mem.percent,load,fs", "--stop-after", "1"], RUNS,
        ),
        "`inxi -Fxxx`": (["inxi", "-Fxxx"], RUNS),
        "monitoring-plugins (disk, load, procs, swap, users)": (["sh", "-c", "; ".join(_PLUGIN_CALLS)], RUNS),
        "`lynis audit system --quick`": (["lynis", "audit", "system", "--quick", "--no-colors"], 1),
        "`sos report --batch`": (["sos", "report", "--batch", "--quiet", "--tmp-dir", home], 1),
    }  # fmt: skip
    there = {n: c for n, c in commands.items() if shutil.which(c[0][0], path="/usr/sbin:" + os.environ["PATH"])}
    alone = ["unshare", "--net"] if os.geteuid() == 0 else []
    costs: dict[str, list[Cost]] = {name: [] for name in there}
    for argv, runs in there.values():  # the first run fills caches
        if runs > 1:
            cost_of([*alone, *argv], env, limit_s=LIMIT_S)
    for turn in range(RUNS):  # interleaved, so that a busy moment hits all alike
        for name, (argv, runs) in there.items():
            if turn < runs:
                costs[name].append(cost_of([*alone, *argv], env, limit_s=LIMIT_S))
    lines = ["| command | wall s | CPU s | peak MiB | runs |", "| --- | --- | --- | --- | --- |"]
    for name, found in costs.items():
        wall, cpu = median([c.wall_ms for c in found]) / 1000, median([c.cpu_ms for c in found]) / 1000
        lines.append(f"| {name} | {wall:.2f} | {cpu:.2f} | {median([c.peak_mib for c in found]):.0f} | {len(found)} |")
    write_table("check", lines)


if __name__ == "__main__":
    main()
