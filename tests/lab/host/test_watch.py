"""A watch finds what shows only over time, for real, and stays silent where nothing is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.lab
FAULTS = Path(__file__).with_name("faults_over_time.py")
# Networks, processes and logs of one's own; the program's children end with the process namespace.
_ALONE = """
mount -t tmpfs lab /var/log; mount -t sysfs lab /sys; ip link set lo up
for kind in $FAULTS_HERE; do "$PYTHON" "$SCRIPT" "$kind" 40 & done
sleep 0.5
exec "$PYTHON" -m techdoctor watch --json --for "$SECONDS_LONG" --every 0.5
"""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")


def watched(home: Path, faults: str, seconds: int) -> dict[str, Any]:
    environment = {
        **os.environ,
        "HOME": str(home),
        "TECHDOCTOR_OFFLINE": "1",
        "PYTHON": sys.executable,
        "SCRIPT": str(FAULTS),
        "FAULTS_HERE": faults,
        "SECONDS_LONG": f"{seconds}s",
    }
    ran = subprocess.run(
        ["unshare", "--net", "--pid", "--mount-proc", "--fork", "--kill-child", "sh", "-c", _ALONE],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert ran.stdout.startswith("{"), ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@needs_root
def test_a_leak_a_flood_a_flapping_link_and_lost_packets(tmp_path: Path) -> None:
    found = watched(tmp_path, "leak flood flap lose", 22)
    kinds = {trouble["kind"]: trouble for trouble in found["troubles"]}
    assert {"leak", "log_flood", "link_flaps", "packets_lost"} <= kinds.keys(), found["troubles"]
    assert kinds["leak"]["who"].startswith("python")
    assert kinds["log_flood"]["who"] == "/var/log/chatty.log"
    assert {t["who"] for t in found["troubles"] if t["kind"] == "link_flaps"} <= {"uplink0", "far0"}
    assert found["exit_code"] == 1
    # Looked into while it was there, by the playbook of each.
    assert "perf.mem" in {diagnosed["playbook"] for diagnosed in found["diagnoses"]}


@needs_root
def test_a_quiet_machine_has_no_trouble(tmp_path: Path) -> None:
    found = watched(tmp_path, "", 13)
    assert [t for t in found["troubles"] if t["kind"] != "busy"] == []  # others may use the processors
    assert found["looks"] > 10
    assert found["figures"]["memory_percent"]["points"]


def test_ctrl_c_gives_the_report_so_far(tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "TECHDOCTOR_OFFLINE": "1"}
    command = [sys.executable, "-m", "techdoctor", "watch", "--for", "10m", "--json", "--no-diagnose"]
    child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(4)
    child.send_signal(signal.SIGINT)
    begun = time.monotonic()
    out, err = child.communicate(timeout=30)
    assert time.monotonic() - begun < 10
    document = json.loads(out)
    assert document["interrupted"] is True, err
    assert document["schema"] == "techdoctor.watch/1"
