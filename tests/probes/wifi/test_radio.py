"""wifi.radio: rfkill and PCI files as Linux shows them, recorded outputs of the others."""

from __future__ import annotations

import fnmatch
from typing import Any

import pytest

from techdoctor.probes import registry
from techdoctor.probes.base import Raw, Reading
from techdoctor.probes.wifi import airport, netsh, radio
from tests.probes.wifi.recorded import case

_WLAN = {
    "/sys/class/net/wlan0/flags": "0x1003\n",
    "/sys/class/net/wlan0/uevent": "DEVTYPE=wlan\nINTERFACE=wlan0\n",
    "/sys/class/net/wlan0/phy80211/index": "0\n",
    "/sys/class/net/wlan0/type": "1\n",
}
_LO = {"/sys/class/net/lo/flags": "0x9\n", "/sys/class/net/lo/type": "772\n"}
_CARD = {
    "/sys/bus/pci/devices/0000:02:00.0/class": "0x028000\n",
    "/sys/bus/pci/devices/0000:02:00.0/vendor": "0x8086\n",
    "/sys/bus/pci/devices/0000:02:00.0/device": "0x24f3\n",
}


def _switch(number: int, soft: int, hard: int, kind: str = "wlan") -> dict[str, str]:
    folder = f"/sys/class/rfkill/rfkill{number}"
    values = {"type": kind, "soft": str(soft), "hard": str(hard), "name": f"phy{number}"}
    return {f"{folder}/{name}": f"{value}\n" for name, value in values.items()}


def _linux(files: dict[str, str]) -> Reading:
    """What the Linux half makes of these files."""
    method = registry.get("wifi.radio").methods["linux"]
    assert method.sources is not None and method.parse is not None
    raws = {}
    for source in method.sources({}):
        found = {path: text for path, text in files.items() if fnmatch.fnmatch(path, source.path)}
        raws[source.name] = Raw("ok" if found else "absent", files=found)
    return method.parse(raws, {})


def _said(reading: Reading) -> tuple[Any, ...]:
    return tuple(reading.data[name] for name in ("present", "on", "blocked_by", "driverless"))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({**_LO, **_WLAN, **_switch(0, 0, 0)}, (True, True, "", False)),
        ({**_LO, **_WLAN, **_switch(0, 1, 0)}, (True, False, "software", False)),
        ({**_LO, **_WLAN, **_switch(0, 0, 1)}, (True, False, "switch", False)),
        # A laptop's own switch beside the card's: the card itself is on.
        ({**_LO, **_WLAN, **_switch(0, 0, 0), **_switch(1, 1, 0, "bluetooth")}, (True, True, "", False)),
        ({**_LO, **_WLAN, **_switch(0, 1, 0), **_switch(1, 0, 1)}, (True, False, "software", False)),
        ({**_LO, **_WLAN}, (True, True, "", False)),
        (_LO, (False, None, "", False)),
        ({**_LO, **_CARD}, (False, None, "", True)),
        ({**_LO, **_CARD, **_WLAN}, (True, True, "", False)),
    ],
)
def test_linux(files: dict[str, str], expected: tuple[object, ...]) -> None:
    assert _said(_linux(files)) == expected


def test_a_card_without_driver_is_named() -> None:
    assert _linux({**_LO, **_CARD}).data["idle_card"] == "0x8086:0x24f3"


def test_windows() -> None:
    off = radio.of_links(netsh.links(case("windows-interfaces-en-radio-off.txt")))
    assert _said(off) == (True, False, "software", False)
    assert _said(radio.of_links(netsh.links(case("windows-interfaces-de-not-joined.txt")))) == (True, True, "", False)
    assert _said(radio.of_links(netsh.links(case("windows-interfaces-it.txt")))) == (True, True, "", False)


def test_macos() -> None:
    off = radio.of_links([airport.link(e) for e in airport.interfaces(case("macos-15-5-off.json"))])
    assert _said(off) == (True, False, "software", False)
    on = radio.of_links([airport.link(e) for e in airport.interfaces(case("macos-12-7-not-joined.json"))])
    assert _said(on) == (True, True, "", False)
