"""Heat, battery and sound, healthy and broken: sysfs of our own, and a real sound server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from techdoctor.hosts.local import LocalHost
from tests.lab.host.hardware import counting, diagnose, write
from tests.lab.host.hardware_faults import BATTERY, HOT
from tests.lab.host.sound_server import Sound, sound_server

pytestmark = pytest.mark.lab
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mount namespaces need root")


@needs_root
def test_a_hot_processor_that_slows_itself_down(tmp_path: Path) -> None:
    write(tmp_path, HOT)
    with counting(tmp_path / "cpu0/thermal_throttle/core_throttle_count"):
        found = diagnose(tmp_path, "the laptop gets very hot and loud")
    assert (found["playbook"], found["cause"]) == ("perf.hot", "perf.hot.throttled")
    heat = found["facts"]["heat"]["data"]
    assert (heat["hottest_celsius"], heat["throttled"], heat["throttled_times"] > 5) == (97.0, True, True)


@needs_root
def test_a_fan_that_stands_still_in_the_heat(tmp_path: Path) -> None:
    write(tmp_path, {**HOT, "hwmon/hwmon0/fan1_input": 0})
    assert diagnose(tmp_path, "the computer overheats")["cause"] == "perf.hot.fan_stopped"


@needs_root
def test_warm_is_healthy_and_so_is_a_hot_disk(tmp_path: Path) -> None:
    disk = {"hwmon/hwmon1/name": "nvme", "hwmon/hwmon1/temp1_input": 88000, "hwmon/hwmon1/temp1_max": 84000}
    write(tmp_path, {**HOT, **disk, "hwmon/hwmon0/temp1_input": 71000, "hwmon/hwmon0/fan1_input": 0})
    found = diagnose(tmp_path, "the fan is loud --playbook perf.hot")
    assert (found["end"], found["cause"]) == ("not_reproduced", None)


@needs_root
@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({}, None),
        ({"power_supply/BAT0/energy_full": 18700000}, "power.battery.worn"),
        ({"power_supply/AC/online": 1, "power_supply/BAT0/status": "Not charging"}, "power.battery.not_charging"),
        ({"power_supply/AC/online": 1, "power_supply/BAT0/status": "Charging"}, None),
        (
            {
                "power_supply/AC/online": 1,
                "power_supply/BAT0/status": "Not charging",
                "power_supply/BAT0/capacity": 79,
                "power_supply/BAT0/charge_control_end_threshold": 80,
            },
            None,
        ),
    ],
    ids=["healthy", "worn", "does not charge", "charges", "held back on purpose"],
)
def test_batteries(tmp_path: Path, changed: dict[str, object], cause: str | None) -> None:
    found = diagnose(write(tmp_path, {**BATTERY, **changed}), "the battery does not last")
    assert found["cause"] == cause
    assert cause or found["end"] == "not_reproduced"
    assert [b["name"] for b in found["facts"]["battery"]["data"]["batteries"]] == ["BAT0"]


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sound]:
    if not shutil.which("pulseaudio"):
        pytest.skip("needs the package pulseaudio")
    with sound_server(tmp_path) as server:
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("TECHDOCTOR_OFFLINE", "1")
        monkeypatch.delenv("PULSE_SERVER", raising=False)
        yield server


def asked(words: str, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "techdoctor", "diagnose", *words.split(), "--batch", "--json", *options]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_sound_that_is_muted_is_switched_on_and_muted_again(sound: Sound) -> None:
    assert asked("there is no sound")["end"] == "not_reproduced"
    sound.control("set-sink-mute", "speaker", "1")
    sound.control("set-sink-volume", "speaker", "4%")
    assert asked("I hear nothing")["cause"] == "sound.none.muted"
    mended = asked("I hear nothing", "--fix", "safe")
    assert (mended["end"], mended["fixes_applied"]) == ("solved", ["sound.none.muted/unmute"])
    host = LocalHost()
    sound.control("set-sink-mute", "speaker", "1")
    sound.control("set-sink-volume", "speaker", "4%")
    outcome = host.apply("sound.unmute", {})
    assert outcome.ok, outcome.text
    assert b"no" in sound.control("get-sink-mute", "speaker").stdout
    assert host.undo("sound.unmute", {}, outcome.undo_token or {}).ok
    assert b"yes" in sound.control("get-sink-mute", "speaker").stdout
    assert b"4%" in sound.control("get-sink-volume", "speaker").stdout


def test_a_stand_in_is_no_device(sound: Sound) -> None:
    sound.control("unload-module", "module-null-sink")
    found = asked("no audio output at all")
    assert found["cause"] == "sound.none.no_device"
    assert found["facts"]["sound"]["data"]["device"] == "Dummy Output"


def test_without_a_sound_system_there_is_nothing_to_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if Path("/proc/asound").exists():
        pytest.skip("this machine has sound")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("TECHDOCTOR_OFFLINE", "1")
    found = asked("no sound")
    assert (found["end"], found["findings"]) == ("inconclusive", [])
