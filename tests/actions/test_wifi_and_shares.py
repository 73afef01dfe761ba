"""Which commands would switch Wi-Fi on or let go of a shared folder, and when they are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from techdoctor import system
from techdoctor.actions import registry, shares, wifi
from techdoctor.actions.base import Acting
from techdoctor.model import Value
from techdoctor.probes.disks.mount_table import Mount

_OFF: dict[str, Value] = {"present": True, "blocked": True, "blocked_by": "software", "on": False}


def _nmcli(folder: Path, monkeypatch: pytest.MonkeyPatch, says: str) -> None:
    (folder / "nmcli").write_text(f"#!/bin/sh\n{says}\n")
    (folder / "nmcli").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def _radio(monkeypatch: pytest.MonkeyPatch, **changed: Value) -> None:
    monkeypatch.setattr(wifi, "_linux_radio", lambda: {**_OFF, **changed})


def _preview(name: str, platform: str = "linux", **params: str) -> tuple[tuple[str, ...], str, str]:
    """Commands (without sudo), undo, and why not."""
    shown = registry.get(name).preview(Acting(params, platform))
    return tuple(c.removeprefix("sudo -n ") for c in shown.commands), shown.undo.removeprefix("sudo -n "), shown.problem


def test_network_manager_switches_wifi_on_where_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _radio(monkeypatch)
    _nmcli(tmp_path, monkeypatch, "echo running")
    assert _preview("wifi.radio_on") == (("nmcli radio wifi on",), "nmcli radio wifi off", "")


def test_elsewhere_rfkill_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _radio(monkeypatch)
    _nmcli(tmp_path, monkeypatch, "exit 8")
    assert _preview("wifi.radio_on") == (("rfkill unblock wifi",), "rfkill block wifi", "")


def test_macos() -> None:
    commands, undo, _ = _preview("wifi.radio_on", "macos", adapter="en1")
    assert (commands, undo) == (("networksetup -setairportpower en1 on",), "networksetup -setairportpower en1 off")
    assert _preview("wifi.radio_on", "macos", adapter="-x; rm")[2] != ""


@pytest.mark.parametrize(
    "changed",
    [{"blocked_by": "switch"}, {"blocked": False, "blocked_by": "", "on": True}, {"present": False}],
    ids=["a switch on the case", "on already", "no adapter"],
)
def test_what_cannot_be_switched_on_is_not_tried(changed: dict[str, Value], monkeypatch: pytest.MonkeyPatch) -> None:
    _radio(monkeypatch, **changed)
    assert _preview("wifi.radio_on")[2] != ""
    assert registry.get("wifi.radio_on").apply(Acting({}, "linux")).ok is False


_MOUNTS = [
    Mount("8:1", "/", "/", ("rw",), "ext4", "/dev/sda1"),
    Mount("0:50", "/", "/mnt/nas", ("rw", "nosuid", "user_id=0", "addr=192.0.2.7"), "cifs", "//nas/public"),
]


def test_a_share_is_let_go_of_and_a_disk_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "_mounts", lambda: _MOUNTS)
    commands, undo, problem = _preview("share.let_go", path="/mnt/nas")
    assert (commands, undo, problem) == (
        ("umount -l /mnt/nas",),
        "mount -t cifs -o rw,nosuid -- //nas/public /mnt/nas",
        "",
    )
    assert _preview("share.let_go", path="/")[2] != ""
    assert _preview("share.let_go", path="/elsewhere")[2] != ""


@pytest.mark.parametrize(
    ("kind", "source", "owner"),
    [
        ("fuse./home/eve/program", "x", "user_id=0"),
        ("fuse.sh", "/home/eve/program", "user_id=1001"),
        ("fuse", "/home/eve/program#x", "user_id=1001"),
    ],
    ids=["a path", "a shell", "the old way of writing it"],
)
def test_no_program_of_a_user_is_started_as_administrator(
    kind: str, source: str, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """mount(8) runs what a FUSE type names, which whoever mounted it chose."""
    mine = Mount("0:51", "/", "/home/eve/m", ("rw", owner, "group_id=1001"), kind, source)
    monkeypatch.setattr(shares, "_mounts", lambda: [mine])
    monkeypatch.setattr(system, "is_admin", lambda: True)
    commands, undo, _ = _preview("share.let_go", path="/home/eve/m")
    assert commands == ("umount -l /home/eve/m",)
    assert "mount" not in undo
    back = registry.get("share.let_go").undo
    assert back is not None
    token: dict[str, Value] = {"point": "/home/eve/m", "type": kind, "source": source, "options": [owner]}
    assert back(Acting({}, "linux"), token).ok is False


def test_only_what_fstab_names_is_connected() -> None:
    assert _preview("share.connect", path="/nowhere")[2] != ""
