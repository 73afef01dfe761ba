"""What printers and queues say: state reasons, device URIs, messages."""

from __future__ import annotations

import pytest

from techdoctor.probes.printing.cups_jobs import filter_failed
from techdoctor.probes.printing.cups_queue import complaint_of
from techdoctor.probes.printing.ipp_wire import ENUM, INTEGER, KEYWORD, TEXT, Attribute, Group
from techdoctor.probes.printing.printer_device import describe_device
from techdoctor.probes.printing.printer_reasons import blocking_families, device_families, read_reason, read_reasons
from techdoctor.probes.printing.printer_uri import read_device_uri, service_name


@pytest.mark.parametrize(
    ("keyword", "family", "severity"),
    [
        # RFC 8011, section 5.4.12
        ("media-jam", "paper_jam", "error"),
        ("media-empty-error", "paper_out", "error"),
        ("media-needed-report", "paper_out", "report"),
        ("media-low-warning", "running_low", "warning"),
        ("toner-empty-error", "toner_empty", "error"),
        ("toner-low-report", "running_low", "report"),
        ("marker-supply-empty-error", "toner_empty", "error"),
        ("marker-supply-low-warning", "running_low", "warning"),
        ("marker-waste-almost-full-report", "running_low", "report"),
        ("marker-waste-full-error", "waste_full", "error"),
        ("output-area-full-error", "output_full", "error"),
        ("output-area-almost-full-warning", "running_low", "warning"),
        ("cover-open", "cover_open", "error"),
        ("door-open-report", "cover_open", "report"),
        ("interlock-open-error", "cover_open", "error"),
        ("input-tray-missing", "other", "error"),
        ("shutdown", "offline", "error"),
        ("timed-out", "offline", "error"),
        ("other-error", "other", "error"),
        ("developer-empty", "toner_empty", "error"),
        # PWG 5100.9 and 5107.3: base words that end in -error, and compound ones
        ("input-media-tray-feed-error", "other", "error"),
        ("fuser-cover-open-warning", "cover_open", "warning"),
        ("input-media-tray-empty-error", "paper_out", "error"),
        ("media-path-jam-error", "paper_jam", "error"),
        # runloop.c of CUPS (apple/cups#2124)
        ("media-tray-empty-error", "paper_out", "error"),
        # CUPS itself
        ("cups-waiting-for-job-completed", "queue_paused", "error"),
        ("connecting-to-device", "queue_paused", "error"),
        ("paused", "queue_paused", "error"),
    ],
)
def test_families(keyword: str, family: str, severity: str) -> None:
    found = read_reason(keyword)
    assert (found.family, found.severity) == (family, severity)


def test_what_blocks_depends_on_the_state_not_on_the_suffix_alone() -> None:
    reported = read_reasons(["media-empty-report", "none", ""])
    assert blocking_families(reported, stopped=False) == []
    assert blocking_families(reported, stopped=True) == ["paper_out"]
    assert blocking_families(read_reasons(["toner-low-error"]), stopped=True) == []
    assert device_families(read_reasons(["paused", "media-jam", "media-jam-error"])) == ["offline", "paper_jam"]


# Attributes of real printers as published, identifiers left out.
# 1: ipptool against an HP printer over USB on Linux, version unknown: VotingWorks' printer status source, comment
#    at parseIpptoolOutput.
# 2: HP ENVY 4520 by Wi-Fi, 2024-09-13: log in "Print documents using ipp with Java/Kotlin" (simonscholz.dev).
_RECORDED: list[tuple[int, list[str], list[str], list[str], str]] = [
    (5, ["media-empty-error", "media-needed-error", "media-empty-error"], [], ["paper_out"], "media-empty-error"),
    (3, ["none"], ["supplyInkLevelChange", "trayOpen", "ready", "inPowerSave"], [], "inPowerSave"),
]


@pytest.mark.parametrize(("state", "reasons", "alerts", "blocking", "message"), _RECORDED)
def test_recorded_printers(
    state: int, reasons: list[str], alerts: list[str], blocking: list[str], message: str
) -> None:
    attributes = {
        "printer-state": Attribute(ENUM, (state,)),
        "printer-state-reasons": Attribute(KEYWORD, tuple(reasons)),
        "printer-state-message": Attribute(TEXT, ("",)),
        "printer-alert-description": Attribute(TEXT, tuple(alerts)),
    }
    described = describe_device(Group(4, attributes))
    assert described["blocking"] == blocking
    assert str(described["message"]).startswith(message)


def test_a_hostile_printer_cannot_flood_the_facts() -> None:
    attributes = {
        "printer-state-reasons": Attribute(KEYWORD, tuple(f"com.example.{'x' * 5000}-{n}-error" for n in range(9000))),
        "printer-state-message": Attribute(TEXT, ("y" * 60_000,)),
    }
    described = describe_device(Group(4, attributes))
    assert len(str(described)) < 60_000


def test_supply_levels_that_mean_unknown_are_left_out() -> None:
    assert (
        describe_device(Group(4, {"marker-levels": Attribute(INTEGER, (-2, -3, 40, 8))}))["lowest_supply_percent"] == 8
    )
    assert describe_device(Group(4, {"marker-levels": Attribute(INTEGER, (-2,))}))["lowest_supply_percent"] is None


@pytest.mark.parametrize(
    ("uri", "kind", "host", "port", "tls"),
    [
        ("ipp://printer.example/ipp/print", "ipp", "printer.example", 631, False),
        ("ipps://[2001:db8::7]:8631/ipp/print", "ipp", "2001:db8::7", 8631, True),
        ("http://192.0.2.7/ipp", "ipp", "192.0.2.7", 80, False),
        ("https://192.0.2.7/ipp", "ipp", "192.0.2.7", 443, True),
        ("socket://192.0.2.7", "network", "192.0.2.7", 9100, False),
        ("lpd://192.0.2.7/queue", "network", "192.0.2.7", 515, False),
        ("smb://user:secret@server/printer", "network", "server", 445, False),
        ("usb://HP/LaserJet?serial=1", "usb", "", 0, False),
        ("hp:/usb/LaserJet?serial=1", "usb", "", 0, False),
        ("hp:/net/LaserJet?ip=192.0.2.7", "other", "", 0, False),
        ("dnssd://Office%20Laser._ipp._tcp.local/?uuid=1", "dnssd", "", 0, False),
        ("ipps://Office%20Laser._ipps._tcp.local/", "dnssd", "", 0, True),
        ("implicitclass://office/", "other", "", 0, False),
        ("file:///dev/null", "virtual", "", 0, False),
        ("cups-pdf:/", "virtual", "", 0, False),
        ("", "virtual", "", 0, False),
        ("ipp://host:99999/", "other", "", 0, False),
        ("ipp://[::1/", "other", "", 0, False),
    ],
)
def test_device_uris(uri: str, kind: str, host: str, port: int, tls: bool) -> None:
    found = read_device_uri(uri)
    assert (found.kind, found.host, found.port, found.tls) == (kind, host, port, tls)
    assert "secret" not in found.shown


def test_announced_service() -> None:
    assert service_name("dnssd://Office%20Laser._ipp._tcp.local/?uuid=1") == "Office Laser._ipp._tcp.local"
    assert service_name("ipps://Office%20Laser._ipps._tcp.local/") == "Office Laser._ipps._tcp.local"
    assert service_name("ipp://host/") == ""


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ('Unable to locate printer "x.local".', "name_unknown"),
        ("The printer may not exist or is unavailable at this time.", "not_answering"),
        ("The printer is not responding.", "not_answering"),
        ("The printer is unreachable at this time.", "not_answering"),
        ("Connecting to printer.", "connecting"),
        ("The printer configuration is incorrect or the printer no longer exists.", "wrong_path"),
        ("Waiting for printer to become available.", "absent"),
        ("Filter failed", "filter_failed"),
        ("Rendering completed", ""),
    ],
)
def test_messages_of_the_backends(message: str, word: str) -> None:
    assert complaint_of(message) == word


def test_filter_messages() -> None:
    assert filter_failed("Filter failed")
    assert not filter_failed("Waiting for job to complete.")
