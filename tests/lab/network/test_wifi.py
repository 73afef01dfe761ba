"""The real program on a machine whose Wi-Fi is recorded: a made-up /sys/class, and tools that say what real ones said.

No radio can be had in namespaces. What the program does with these texts, from words to cause, is real.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.lab.network.conftest import Breaker
from tests.lab.network.lab import Lab
from tests.probes.wifi.recorded import case

pytestmark = pytest.mark.lab

_JOINED = {"link": case("linux-iw-link.txt"), "station": case("linux-iw-station-long.txt")}
_WEAK = {"link": case("linux-iw-link.txt").replace("-37 dBm", "-82 dBm"), "station": ""}
_OUT = {"link": "Not connected.\n", "station": ""}
# The list with the columns this program asks for; the recorded one has others.
_LIST = r""" :SSID-1:00\:00\:5E\:00\:53\:9E:1:2412 MHz:87:WPA1 WPA2
 :SSID-4:00\:00\:5E\:00\:53\:33:6:2437 MHz:40:
"""
_SEEN = {"nmcli": _LIST}
_WRONG_KEY = {"journal": case("linux-journal-wpa-wrong-key.txt")}
_NO_FIRMWARE = {"kernel": case("linux-kernel-firmware-missing.txt")}
_JOIN, _LOST = "cannot connect to the Wi-Fi", ("--set", "network=Home")

# In a mount namespace of its own: a tree of adapters over /sys/class and the tools in front of PATH.
_STAGE = """
mount -t sysfs sysfs /sys
cp -r "$1/class" /run/staged && mount -t tmpfs tmpfs /sys/class && cp -r /run/staged/* /sys/class/ && rm -r /run/staged
for file in "$2"/*; do mount --bind "$file" "/etc/${file##*/}"; done
PATH="$1/bin:$PATH"
shift 2
exec "$@"
"""
_TOOLS = {
    "iw": 'case "$*" in *station*) cat "$0.station";; *link*) cat "$0.link";; *) exit 1;; esac',
    "nmcli": 'case "$*" in *"wifi list"*) cat "$0.list";; *show) echo "Home:802-11-wireless";; *) exit 1;; esac',
    "journalctl": 'case "$*" in *-k*) cat "$0.kernel";; *) cat "$0.joining";; esac',
    "dmesg": "exit 1",
    "rfkill": 'for f in /sys/class/rfkill/*/soft; do case "$1" in block) echo 1 > $f;; *) echo 0 > $f;; esac; done',
}


def _staged(lab: Lab, soft: str, hard: str, adapter: bool, texts: Mapping[str, str]) -> Path:
    folder = lab.folder / "wifi"
    shutil.rmtree(folder, ignore_errors=True)
    files = {"rfkill/rfkill0/type": "wlan", "rfkill/rfkill0/soft": soft, "rfkill/rfkill0/hard": hard}
    wlan = {"flags": "0x1003", "uevent": "DEVTYPE=wlan", "type": "1", "carrier": "0", "phy80211/index": "0"}
    if adapter:
        files |= {f"net/wlan0/{name}": value for name, value in wlan.items()}
    else:
        files = {}
    cable = {
        "flags": "0x1003",
        "uevent": "",
        "type": "1",
        "carrier": "1",
        "mtu": "1500",
        "device/uevent": "DRIVER=e1000e",
    }
    files |= {f"net/eth0/{name}": value for name, value in cable.items()}
    for name, value in files.items():
        (folder / "class" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "class" / name).write_text(value + "\n")
    tools = folder / "bin"
    tools.mkdir(parents=True, exist_ok=True)
    for name, script in _TOOLS.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    said = {"iw.link": "link", "iw.station": "station", "nmcli.list": "nmcli"}
    said |= {"journalctl.joining": "journal", "journalctl.kernel": "kernel"}
    for name, key in said.items():
        (tools / name).write_text(texts.get(key, ""))
    return folder


def _run(lab: Lab, folder: Path, *arguments: str) -> str:
    inner = ["sh", "-c", _STAGE, "sh", str(folder), str(lab.folder / "etc")]
    command = ["unshare", "--mount", *inner, sys.executable, "-m", "techdoctor", *arguments]
    done = lab.world.run("client", command, env=lab.client_environment())
    assert done.out, done.err
    return done.out


@pytest.mark.parametrize(
    ("words", "options", "radio", "texts", "cause"),
    [
        (_JOIN, (), ("1", "0"), _OUT, "wifi.join.radio_off"),
        (_JOIN, (), ("0", "1"), _OUT, "wifi.join.radio_off"),
        ("it asks for the Wi-Fi password again", (), ("0", "0"), _OUT | _SEEN | _WRONG_KEY, "wifi.join.wrong_password"),
        ("our Wi-Fi is not in the list", _LOST, ("0", "0"), _OUT | _SEEN, "wifi.join.not_in_range"),
        ("only one bar of Wi-Fi in the bedroom", (), ("0", "0"), _WEAK | _SEEN, "wifi.weak.weak_signal"),
        ("the Wi-Fi signal is weak", (), ("1", "0"), _OUT, "wifi.join.radio_off"),
        (_JOIN, (), ("0", "0"), _JOINED | _SEEN, None),
    ],
    ids=["airplane mode", "switch", "password", "not in range", "weak", "weak and off", "joined"],
)
def test_a_recorded_machine(
    breaking: Breaker,
    words: str,
    options: tuple[str, ...],
    radio: tuple[str, str],
    texts: Mapping[str, str],
    cause: str | None,
) -> None:
    with breaking("none") as lab:
        folder = _staged(lab, *radio, adapter=True, texts=texts)
        report: dict[str, Any] = json.loads(
            _run(lab, folder, "diagnose", *words.split(), "--batch", "--json", *options)
        )
    assert report["cause"] == cause
    assert report["end"] == ("found" if cause else "not_reproduced")


def test_airplane_mode_is_switched_off_by_the_program(breaking: Breaker) -> None:
    """The stand-in for rfkill writes what the kernel would; joining does not follow, so it is not called solved."""
    with breaking("none") as lab:
        folder = _staged(lab, "1", "0", adapter=True, texts=_OUT)
        words = ("diagnose", *_JOIN.split(), "--batch", "--json", "--fix", "safe")
        report = json.loads(_run(lab, folder, *words))
    (finding,) = [f for f in report["findings"] if f["id"] == "wifi.join.radio_off"]
    assert {f["id"]: f["result"] for f in finding["fixes"] if f["applied"]} == {"radio_on": "helped"}
    assert report["facts"]["radio"]["data"]["on"] is True
    assert report["end"] != "solved"


def test_without_wifi_hardware_it_is_said_not_to_apply(breaking: Breaker) -> None:
    with breaking("none") as lab:
        folder = _staged(lab, "0", "0", adapter=False, texts={})
        report = json.loads(_run(lab, folder, "diagnose", *_JOIN.split(), "--batch", "--json"))
    assert (report["end"], report["findings"]) == ("inconclusive", [])
    assert report["facts"]["status"]["status"] == "not_applicable"


def test_missing_firmware(breaking: Breaker) -> None:
    with breaking("none") as lab:
        folder = _staged(lab, "0", "0", adapter=False, texts=_NO_FIRMWARE)
        report = json.loads(_run(lab, folder, "diagnose", *_JOIN.split(), "--batch", "--json"))
    assert report["cause"] == "wifi.join.firmware_missing"
