"""Batteries, temperatures and fans of one's own: sysfs folders laid over the real ones in a private mount namespace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Everything below /sys/class but these stays as it is; nothing leaks out of the namespace.
_LAY_OVER = """
kept=$(mktemp -d); mount --rbind /sys/class "$kept"; mount -t tmpfs lab /sys/class
for entry in "$kept"/*; do name=${entry##*/}
  case $name in power_supply|hwmon|thermal) continue;; esac
  mkdir "/sys/class/$name" && mount --bind "$entry" "/sys/class/$name"
done
for name in power_supply hwmon thermal; do
  [ -d "$LAB/$name" ] && mkdir "/sys/class/$name" && mount --bind "$LAB/$name" "/sys/class/$name"
done
[ -d "$LAB/cpu0" ] && mount --bind "$LAB/cpu0" /sys/devices/system/cpu/cpu0
exec "$@"
"""


def write(folder: Path, files: Mapping[str, object]) -> Path:
    """Files by path below `folder`."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    return folder


def techdoctor(
    folder: Path, *arguments: str, prefix: Sequence[str] = (), timeout_s: float = 90
) -> subprocess.CompletedProcess[str]:
    """Runs the real command line where sysfs comes from `folder`."""
    home = {"HOME": str(folder / "home"), "TECHDOCTOR_OFFLINE": "1", "LAB": str(folder)}
    (folder / "home").mkdir(exist_ok=True)
    (folder / "home").chmod(0o777)
    command = [*prefix, sys.executable, "-m", "techdoctor", *arguments]
    return subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", _LAY_OVER, "sh", *command],
        env={**os.environ, **home},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )


def diagnose(folder: Path, words: str) -> dict[str, Any]:
    """What `diagnose WORDS --batch --json` says where sysfs comes from `folder`."""
    ran = techdoctor(folder, "diagnose", *words.split(), "--batch", "--json")
    assert ran.stdout.startswith("{"), ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@contextmanager
def counting(path: Path) -> Iterator[None]:
    """A counter that grows ten times a second."""
    ended = threading.Event()

    def count() -> None:
        number = int(path.read_text())
        while not ended.wait(0.1):
            number += 1
            beside = path.with_suffix(".new")
            beside.write_text(f"{number}\n")
            beside.replace(path)

    thread = threading.Thread(target=count)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
