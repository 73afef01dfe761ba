"""`python -m tests.lab.network list`, or `python -m tests.lab.network FAULT [-- COMMAND...]` on the broken client."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.lab.network.faults import FAULTS
from tests.lab.network.lab import Lab


def main(arguments: list[str]) -> int:
    fault, *command = [part for part in arguments if part != "--"] or ["list"]
    if fault not in FAULTS:
        for each in FAULTS.values():
            print(f"{each.id:20} {'(no fault) ' if each.healthy else ''}{each.symptom}")
        return 0 if fault == "list" else 2
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder) / "lab") as lab:
        FAULTS[fault].inject(lab)
        argv = lab.world.argv("client", command or ["bash"], lab.folder / "etc")
        return subprocess.run(argv, env=lab.client_environment(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
