"""A scheduled check-up in a real cron table, in a spool of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.lab
_SPOOL = """
set -e
mkdir -p /var/spool/cron; mount -t tmpfs lab /var/spool/cron; mkdir /var/spool/cron/crontabs
printf '0 1 * * * backup\\n' | crontab -
"$PYTHON" -m techdoctor schedule add disk --by cron --at 7:05 --yes >/dev/null
"$PYTHON" -m techdoctor schedule add disk --by cron --at 8:10 --yes >/dev/null
crontab -l; echo ===
"$PYTHON" -m techdoctor schedule remove --yes >/dev/null
crontab -l
"""


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("crontab"), reason="needs root and the package cron")
def test_a_real_table_gets_one_line_and_loses_only_that(tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHON": sys.executable, "TECHDOCTOR_OFFLINE": "1"}
    ran = subprocess.run(
        ["unshare", "--mount", "sh", "-c", _SPOOL],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    added, _, removed = ran.stdout.partition("===\n")
    assert added.splitlines()[0] == "0 1 * * * backup", ran.stderr
    assert [line.split(" -m ")[0].rpartition(" ")[0] for line in added.splitlines()[1:]] == ["10 8 * * *"]
    assert removed == "0 1 * * * backup\n"
