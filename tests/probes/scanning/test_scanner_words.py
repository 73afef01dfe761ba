"""What scanners, settings files and announcements say, read."""
# ruff: noqa: E501 - recordings are kept as they came

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techdoctor.actions.scanning import with_backend, with_device
from techdoctor.probes.scanning.escl import ScannerAddress, ScannerState, read_address, read_status
from techdoctor.probes.scanning.sane_setup import configured_devices, devices_listed, enabled_backends, folders
from techdoctor.probes.scanning.scanner_device import Place, choose, read_browsed

# Recorded: avahi-browse -trpk _uscan._tcp of avahi 0.8 (Debian 12) in a network namespace of its own, with the service
# made by avahi-publish-service; the name of the host is replaced.
BROWSED = r"""
+;d0;IPv6;Office\032Laser;_uscan._tcp;local
+;d0;IPv4;Office\032Laser;_uscan._tcp;local
=;d0;IPv6;Office\032Laser;_uscan._tcp;local;host.local;fe80::90ca:3aff:fe33:75ed;8080;"ty=Office Laser" "rs=eSCL" "txtvers=1"
=;d0;IPv4;Office\032Laser;_uscan._tcp;local;host.local;192.0.2.10;8080;"ty=Office Laser" "rs=eSCL" "txtvers=1"
"""


@pytest.mark.parametrize(
    ("written", "host", "port", "path"),
    [
        ("192.0.2.9", "192.0.2.9", 80, "/eSCL"),
        ("scanner.example:8080", "scanner.example", 8080, "/eSCL"),
        ("https://scanner.example/eSCL/", "scanner.example", 443, "/eSCL"),
        ("http://[2001:db8::9]:8080/x", "2001:db8::9", 8080, "/x"),
    ],
)
def test_addresses(written: str, host: str, port: int, path: str) -> None:
    found = read_address(written)
    assert (found.host, found.port, found.path) == (host, port, path)


@given(st.text(max_size=80))
def test_any_address_is_read_without_a_failure(written: str) -> None:
    assert isinstance(read_address(written).port, int)


@given(st.text(max_size=400))
def test_any_document_gives_a_state_or_none(document: str) -> None:
    state, feeder = read_status(document)
    assert len(state) <= 40 and len(feeder) <= 60


def test_announced_scanners_are_read() -> None:
    assert read_browsed(BROWSED) == [ScannerAddress("192.0.2.10", 8080)]


def test_settings_come_from_the_environment_first() -> None:
    assert folders({}) == ["/etc/sane.d"]
    assert folders({"SANE_CONFIG_DIR": "/a:/b"}) == ["/a", "/b"]
    assert folders({"SANE_CONFIG_DIR": "/a:"}) == ["/a", "/etc/sane.d"]


def test_backends_and_devices_are_read(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    (folder / "dll.d").mkdir()
    (folder / "dll.conf").write_text("# comment\nnet\n#airscan\nhp # note\n")
    (folder / "dll.d/airscan").write_text("airscan\n")
    (folder / "airscan.conf").write_text(
        '[devices]\n"Office" = http://192.0.2.9/eSCL, eSCL\n[options]\nx = http://no\n'
    )
    assert enabled_backends([str(folder)]) == ["net", "hp", "airscan"]
    assert configured_devices([str(folder)]) == [("Office", "http://192.0.2.9/eSCL")]


def test_the_list_of_scanimage_is_read() -> None:
    # Recorded: scanimage -L of sane-utils 1.2.1 on Debian 12 with the scanner of tests/lab/scanning, and without any.
    listed = "device `airscan:e0:Scanner 0' is a eSCL Scanner 0 ip=127.80.89.10\n"
    assert devices_listed(listed) == ["airscan:e0:Scanner 0"]
    assert devices_listed("\nNo scanners were identified. If you were expecting something different,\n") == []


def test_a_driver_is_switched_on_once() -> None:
    assert with_backend("net\n#airscan\n") == "net\nairscan\n"
    assert with_backend("net\n") == "net\nairscan\n"
    assert with_backend("airscan\n") == "airscan\n"
    assert with_backend("") == "airscan\n"


def test_a_scanner_is_entered_below_its_heading() -> None:
    line = '"S" = http://192.0.2.9:80/eSCL, eSCL'
    assert with_device("[devices]\n[options]\n", "S", "http://192.0.2.9:80/eSCL") == f"[devices]\n{line}\n[options]\n"
    assert with_device("", "S", "http://192.0.2.9:80/eSCL") == f"[devices]\n{line}\n"


def test_a_printer_that_does_not_scan_is_no_scanner() -> None:
    silent = Place(ScannerAddress("192.0.2.7", 80), "printer", ScannerState("refused"))
    announced = Place(ScannerAddress("192.0.2.9", 80), "announced", ScannerState("timeout"))
    assert choose([silent]) is None
    assert choose([silent, announced]) is announced
