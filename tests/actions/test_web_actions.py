"""The commands that web and clock actions run on each platform, and the real `date` that takes them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from techdoctor.actions import clock, proxy, registry
from techdoctor.actions.base import Acting


@pytest.fixture
def no_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No time service of this machine is asked."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for name in ("chronyc", "timedatectl"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def _plain(commands: list[tuple[str, ...]]) -> list[str]:
    return [" ".join(argv).removeprefix("sudo -n ") for argv in commands]


@pytest.mark.parametrize(
    ("platform", "commands"),
    [
        ("linux", ["date -u --set=@1577836800.000"]),
        ("macos", ["sntp -sS time.apple.com"]),
        ("windows", ["net start w32time", "w32tm /resync /force"]),
    ],
)
def test_setting_the_clock(no_tools: Path, platform: str, commands: list[str]) -> None:
    acting = Acting({"offset_s": 420.0}, platform)
    assert _plain(clock.step_commands(acting, 420.0, 1577837220.0)) == commands


def test_a_synchronised_chrony_makes_the_step_itself(no_tools: Path) -> None:
    (no_tools / "chronyc").write_text("#!/bin/sh\necho 'Leap status     : Normal'\n")
    assert _plain(clock.step_commands(Acting({}, "linux"), 420.0, 0.0)) == ["chronyc makestep"]


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv, to take the right to set the clock away")
def test_the_real_date_understands_the_command(no_tools: Path) -> None:
    """Without the right to do so: it says what it would set, and that it may not."""
    [argv] = clock.step_commands(Acting({"offset_s": 420.0}, "linux"), 420.0, 1577837220.0)
    harmless = ["setpriv", "--inh-caps=-all", "--bounding-set=-sys_time", "--no-new-privs", *argv[-3:]]
    ran = subprocess.run(
        harmless, capture_output=True, text=True, check=False, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    )
    if "setpriv" in ran.stderr:
        pytest.skip(f"setpriv: {ran.stderr.strip()}")
    assert "cannot set date: Operation not permitted" in ran.stderr
    assert ran.stdout.strip() == "Wed Jan  1 00:00:00 UTC 2020"


def test_a_zone_nobody_knows_is_refused(no_tools: Path) -> None:
    action = registry.get("clock.set_zone")
    for zone in ("Nowhere/Bogus", "../../etc/passwd", "-h", ""):
        assert action.preview(Acting({"zone": zone}, "linux")).problem
        assert action.apply(Acting({"zone": zone}, "linux")).ok is False


def test_adapters_that_are_options_or_small_already_are_left_alone() -> None:
    action = registry.get("net.lower_mtu")
    assert action.preview(Acting({"adapter": "--help", "size": 1400}, "linux")).problem
    assert action.preview(Acting({"adapter": "lo", "size": 70000}, "linux")).problem


def test_only_lines_that_set_the_proxy_become_comments() -> None:
    text = "a\nexport http_proxy=http://p.example:1\nb\n"
    assert proxy._without(text, [2]) == "a\n#techdoctor-took-out export http_proxy=http://p.example:1\nb\n"
