"""wifi.scan: what is in range, and whether the wanted network is."""

from __future__ import annotations

import pytest

from techdoctor.probes.wifi import air, airport, netsh, nmcli, scan
from techdoctor.probes.wifi.air import Network
from tests.probes.wifi.recorded import case

_COLUMNS = ["IN-USE", "SSID", "BSSID", "CHAN", "SIGNAL", "SECURITY", "MODE"]


@pytest.mark.parametrize(
    ("language", "count", "first"), [("en", 4, ("", 14, 11, "2.4")), ("de", 5, ("SSID-1", 13, 6, "2.4"))]
)
def test_windows(language: str, count: int, first: tuple[object, ...]) -> None:
    found = netsh.networks(case(f"windows-networks-{language}.txt"))
    assert len(found) >= count
    assert (found[0].ssid, found[0].signal_percent, found[0].channel, found[0].band) == first
    assert {n.security for n in found} <= {"", "WPA2-Personal"}


def test_windows_in_french() -> None:
    found = netsh.networks(case("windows-networks-fr.txt"))
    assert [(n.ssid, n.signal_percent, n.band) for n in found][:4] == [
        ("SSID-1", 40, "5"),
        ("SSID-1", 33, "5"),
        ("SSID-1", 78, "5"),
        ("SSID-2", 31, "2.4"),
    ]


@pytest.mark.parametrize("language", ["en", "de"])
def test_saved_networks_of_windows(language: str) -> None:
    assert netsh.saved(case(f"windows-profiles-{language}.txt"))[:2] == ["Profile1 2", "Profile2"]


def test_macos() -> None:
    (entry,) = airport.interfaces(case("macos-15-5-joined.json"))
    data = scan.reading(airport.networks(entry), "SSID-3", None).data
    assert (data["count"], data["wanted_seen"], data["wanted_bands"], data["saved_count"]) == (5, True, ["5"], None)


def test_names_kept_back_are_not_taken_for_absent_ones() -> None:
    data = scan.reading([Network(None, signal_dbm=-40)], "SSID-1", None).data
    assert data["wanted_seen"] is None


def test_the_wanted_network() -> None:
    found = nmcli.networks(case("linux-nmcli-list.txt"), _COLUMNS)
    here = scan.reading(found, "SSID-1", ["SSID-1"]).data
    assert (here["wanted_seen"], here["wanted_dbm"], here["hidden_count"]) == (True, -48, 1)
    assert scan.reading(found, "Home", None).data["wanted_seen"] is False
    assert scan.reading(found, "", ["Home"]).data["wanted_seen"] is False
    assert scan.reading(found, "", []).data["wanted_seen"] is None


def test_saved_connections_of_network_manager() -> None:
    assert nmcli.saved("Home 1:802-11-wireless\nOffice:vpn\nCafe:802-11-wireless\n") == ["Home", "Cafe"]


def test_channels() -> None:
    assert [air.channel_of(f) for f in (2412, 2447, 2484, 5180, 5955)] == [1, 8, 14, 36, 1]
    assert [air.band_of(f) for f in (2412, 5825, 5955)] == ["2.4", "5", "6"]
    others = [Network(f"n{c}", channel=c, band="2.4") for c in (1, 4, 6, 11)]
    assert [n.channel for n in air.overlapping(others, 6, "mine")] == [4, 6]
    assert air.overlapping(others, 36, "mine") == []
