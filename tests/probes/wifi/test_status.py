"""wifi.status: recorded outputs of iw, nmcli, netsh in five languages, and system_profiler."""

from __future__ import annotations

import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, NOT_APPLICABLE
from techdoctor.probes.wifi import airport, iw, netsh, status
from tests.probes.wifi.recorded import case


def test_iw() -> None:
    link = iw.link("wlan0", case("linux-iw-link.txt"), case("linux-iw-station-long.txt"))
    data = status.reading(link).data
    assert (data["joined"], data["ssid"], data["channel"], data["band"]) == (True, "SSID-1", 8, "2.4")
    assert (data["signal_dbm"], data["rate_mbit_s"], data["receive_mbit_s"]) == (-69, 48.0, 54.0)
    assert (data["retried_percent"], data["failed_percent"]) == (10.9, 0.0)


def test_a_handful_of_packets_says_nothing_of_their_losses() -> None:
    link = iw.link("wlan0", case("linux-iw-link.txt"), case("linux-iw-station-weak.txt"))
    reading = status.reading(link)
    assert (reading.data["signal_dbm"], reading.data["retried_percent"]) == (-70, None)
    assert "retried_percent" in reading.gaps


def test_not_joined() -> None:
    """What iw prints then, by its source (link.c)."""
    assert iw.link("wlan0", "Not connected.\n", "").joined is False


def test_proc_net_wireless() -> None:
    assert iw.level("wlan0", case("linux-proc-net-wireless.txt")) == -56
    assert iw.level("wlan1", case("linux-proc-net-wireless.txt")) is None


def test_nmcli_alone() -> None:
    from techdoctor.probes.wifi import nmcli

    columns = ["IN-USE", "SSID", "BSSID", "CHAN", "SIGNAL", "SECURITY", "MODE"]
    found = nmcli.networks(case("linux-nmcli-list.txt"), columns)
    assert [(n.ssid, n.channel, n.signal_percent, n.security, n.in_use) for n in found] == [
        ("SSID-1", 1, 87, "WPA1 WPA2", False),
        ("SSID-2", 36, 69, "WPA1 WPA2", True),
        ("SSID-3 EXT", 11, 34, "WPA1 WPA2", False),
        ("", 10, 25, "WPA2", False),
        ("SSID-4", 6, 40, "", False),
    ]
    assert found[1].bssid == "00:00:5E:00:53:9F"
    assert nmcli.split(r" :Casa\: 2G\\:AA") == [" ", "Casa: 2G\\", "AA"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("en", ("Wi-Fi", "SSID-1", -79, 42, 44, "5", "WPA2-Personal", 103.0)),
        ("de", ("WLAN", "SSID-1", -78, 43, 116, "5", "WPA2-Enterprise", 300.0)),
        ("es", ("Wi-Fi", "SSID-1", -60, 81, 11, "2.4", "", 206.0)),
        ("fr", ("Wi-Fi", "SSID-1", -60, 80, 11, "2.4", "", 206.0)),
        ("it", ("Wi-Fi", "SSID-1", -58, 85, 4, "2.4", "WPA2-Personal", 130.0)),
        ("de-rssi", ("WLAN", "SSID-1", -61, 81, 108, "5", "WPA2-Personal", 390.0)),
    ],
)
def test_windows_in_any_language(name: str, expected: tuple[object, ...]) -> None:
    (link,) = netsh.links(case(f"windows-interfaces-{name}.txt"))
    data = status.reading(link).data
    fields = ("adapter", "ssid", "signal_dbm", "signal_percent", "channel", "band", "security", "rate_mbit_s")
    assert tuple(data[field] for field in fields) == expected
    assert data["joined"] is True


def test_windows_not_joined() -> None:
    (link,) = netsh.links(case("windows-interfaces-de-not-joined.txt"))
    assert (link.adapter, link.joined, link.on) == ("WLAN", False, True)


def test_windows_without_location_permission() -> None:
    with pytest.raises(CannotMeasure) as refused:
        netsh.links(case("windows-location-denied.txt"))
    assert refused.value.status == DENIED


def test_macos() -> None:
    (entry,) = airport.interfaces(case("macos-15-5-joined.json"))
    data = status.reading(airport.link(entry)).data
    assert (data["ssid"], data["signal_dbm"], data["noise_dbm"], data["channel"], data["band"]) == (
        "SSID-2", -40, -97, 6, "2.4",
    )  # fmt: skip
    assert (data["rate_mbit_s"], data["security"]) == (144.0, "")
    (entry,) = airport.interfaces(case("macos-12-7-joined.json"))
    assert airport.link(entry).signal_dbm == -68
    (entry,) = airport.interfaces(case("macos-12-7-not-joined.json"))
    assert (airport.link(entry).joined, airport.link(entry).on) == (False, True)


def test_macos_keeps_names_back() -> None:
    """As github.com/noperator/wifi-unredactor#6 shows: every name is "<redacted>"."""
    text = case("macos-15-5-joined.json").replace('"SSID-2"', '"<redacted>"')
    (entry,) = airport.interfaces(text)
    assert airport.link(entry).ssid is None


def test_what_is_not_the_profilers_is_refused() -> None:
    with pytest.raises(CannotMeasure) as refused:
        airport.interfaces("zsh: command not found")
    assert refused.value.status == NOT_APPLICABLE
