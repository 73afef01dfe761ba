"""net.link: sysfs as Linux shows it, ifconfig as macOS printed it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from techdoctor.probes import registry
from techdoctor.probes.base import Raw, Reading
from techdoctor.probes.network import links

CASES = Path(__file__).parent / "cases/net.link"


def _sysfs(adapters: dict[str, dict[str, str]], radios: dict[str, dict[str, str]] | None = None) -> Reading:
    """What the Linux half makes of these files: adapter to file to content."""
    method = registry.get("net.link").methods["linux"]
    assert method.sources is not None and method.parse is not None
    raws: dict[str, Raw] = {}
    for source in method.sources({}):
        below = radios or {} if "rfkill" in source.path else adapters
        leaf = source.path.split("*/")[1]
        files = {source.path.replace("*", name): values[leaf] for name, values in below.items() if leaf in values}
        raws[source.name] = Raw("ok" if files else "absent", files=files)
    return method.parse(raws, {})


LOOPBACK = {"flags": "0x9", "carrier": "1", "mtu": "65536", "type": "772", "uevent": "INTERFACE=lo\nIFINDEX=1"}
CARD = {"flags": "0x1003", "carrier": "1", "mtu": "1500", "type": "1", "uevent": "", "device/uevent": "DRIVER=e1000e"}
UNPLUGGED = {**CARD, "carrier": "0"}
OFF = {key: value for key, value in {**CARD, "flags": "0x1002"}.items() if key != "carrier"}
WIFI = {**CARD, "uevent": "DEVTYPE=wlan\nINTERFACE=wlan0", "phy80211/index": "0"}
DOCKER = {"flags": "0x1003", "carrier": "0", "mtu": "1500", "type": "1", "uevent": "DEVTYPE=bridge"}
VETH_IN_BRIDGE = {"flags": "0x1003", "carrier": "1", "mtu": "1500", "type": "1", "uevent": "", "master/ifindex": "3"}
TUN = {"flags": "0x1091", "carrier": "0", "mtu": "1500", "type": "65534", "uevent": "", "tun_flags": "0x1801"}


def _said(reading: Reading) -> tuple[Any, ...]:
    return tuple(reading.data[name] for name in ("any_adapter", "any_admin_up", "any_carrier", "adapter", "kind"))


def test_a_connected_card() -> None:
    assert _said(_sysfs({"lo": LOOPBACK, "eth0": CARD})) == (True, True, True, "eth0", "wired")


def test_a_card_that_is_off() -> None:
    reading = _sysfs({"lo": LOOPBACK, "eth0": OFF})
    assert _said(reading) == (True, False, False, "eth0", "wired")
    assert reading.data["up"] is False


def test_a_card_without_a_cable() -> None:
    assert _said(_sysfs({"lo": LOOPBACK, "eth0": UNPLUGGED})) == (True, True, False, "eth0", "wired")


def test_containers_do_not_make_a_connection() -> None:
    """docker0 and its pairs are up and have carrier while the real card has none."""
    adapters = {"lo": LOOPBACK, "eth0": UNPLUGGED, "docker0": DOCKER, "veth1a2b": VETH_IN_BRIDGE}
    reading = _sysfs(adapters)
    assert (reading.data["up"], reading.data["adapter_count"], reading.data["adapter"]) == (False, 1, "eth0")


def test_inside_a_container_a_virtual_adapter_counts() -> None:
    inside = {key: value for key, value in CARD.items() if key != "device/uevent"}
    assert _said(_sysfs({"lo": LOOPBACK, "eth0": inside})) == (True, True, True, "eth0", "virtual")


def test_the_connected_one_is_meant() -> None:
    assert _said(_sysfs({"lo": LOOPBACK, "eth0": UNPLUGGED, "wlan0": WIFI}))[3:] == ("wlan0", "wifi")


def test_nothing_but_loopback_and_a_tunnel() -> None:
    reading = _sysfs({"lo": LOOPBACK, "tun0": TUN})
    assert _said(reading) == (False, False, False, "", "")
    assert reading.data["vpn_present"] is True


def test_airplane_mode() -> None:
    radios = {
        "rfkill0": {"type": "wlan\n", "soft": "1\n", "hard": "0\n"},
        "rfkill1": {"type": "bluetooth", "soft": "0"},
    }
    reading = _sysfs({"lo": LOOPBACK, "wlan0": {**WIFI, "carrier": "0"}}, radios)
    assert (reading.data["wifi_blocked"], reading.data["blocked_by"]) == (True, "software")


def test_long_lists_are_cut_and_counted() -> None:
    reading = _sysfs({"lo": LOOPBACK, **{f"veth{number}": VETH_IN_BRIDGE for number in range(100)}})
    listed = reading.data["adapters"]
    assert isinstance(listed, list)
    assert (len(listed), reading.data["listed_of"]) == (links.MOST_LISTED, 101)


def _macos(case: str) -> Reading:
    method = registry.get("net.link").methods["macos"]
    assert method.parse is not None
    return method.parse({"ifconfig": Raw("ok", (CASES / case).read_text())}, {})


def test_recorded_macos_unplugged() -> None:
    assert _said(_macos("macos-10-13-unplugged.txt")) == (True, True, False, "en0", "wired")


def test_recorded_macos_with_t2_chip() -> None:
    """The chip's own link is always active: it must not hide that the Wi-Fi is gone."""
    reading = _macos("macos-t2-wifi-joined.txt")
    assert (reading.data["adapter_count"], *_said(reading)[2:4]) == (1, True, "en0")
