"""The network scanner itself: where it is, whether it is announced, and what it is doing. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
import threading
import time
from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Optional

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, SKIPPED, Value
from techdoctor.probes.base import Parameter, Probe, Probing, Reading, boolean, integer, measured, portable, text
from techdoctor.probes.measure import OFFLINE_REASON
from techdoctor.probes.network.bounded_socket import is_loopback
from techdoctor.probes.printing.cups_queues import PrintService
from techdoctor.probes.printing.printer_uri import read_device_uri
from techdoctor.probes.scanning.escl import ScannerAddress, ScannerState, ask_state, read_address
from techdoctor.probes.scanning.sane_setup import configured_devices, folders

_BROWSE_S = 2.5
_ASK_S = 3.5
_MOST = 6
# DNS-SD types of eSCL (Mopria eSCL 2.97, section 3).
_TYPES = ("_uscan._tcp", "_uscans._tcp")


@dataclass
class Announced(threading.Thread):
    """Scanners that announce themselves on this network, asked for by avahi-browse(1) in the background.

    Attributes:
        found: Their addresses.
        problem: Why they could not be asked for; empty when they could.
    """

    found: List[ScannerAddress] = field(default_factory=list)
    problem: str = ""

    def __post_init__(self) -> None:
        super().__init__(daemon=True, name="announced scanners")
        self.start()

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        for kind in _TYPES:
            ran = system.run(["avahi-browse", "-trpk", kind], _BROWSE_S)
            if ran.status == "missing_tool":
                self.problem = "the tool avahi-browse is not installed"
                return
            if not ran.worked and ran.status != "timeout":
                self.problem = "the service for announcements (avahi-daemon) does not run"
                return
            self.found += read_browsed(ran.out)


def read_browsed(output: str) -> List[ScannerAddress]:
    """Addresses in the output of `avahi-browse -trpk`: lines that begin with "=" are resolved services."""
    found = []
    for line in output.splitlines():
        cells = line.split(";")
        # A link-local address says nothing without its interface; the same service has another one.
        if len(cells) >= 10 and cells[0] == "=" and cells[8].isdigit() and not cells[7].startswith("fe80:"):
            path = re.search(r'"rs=/?([\w./-]{1,60})"', cells[9])
            tls = cells[4].startswith("_uscans")
            found.append(
                ScannerAddress(cells[7], int(cells[8]), tls, f"/{path.group(1) if path else 'eSCL'}".rstrip("/"))
            )
    return found


def printer_addresses(probing: Probing) -> List[ScannerAddress]:
    """Places where the printers set up here would scan, if they are all-in-one devices."""
    try:
        queues = PrintService(probing).queues()
    except CannotMeasure:
        return []
    uris = [read_device_uri(queue.text("device-uri")) for queue in queues.values()]
    found: List[ScannerAddress] = []
    for uri in uris:
        if uri.host and uri.kind in ("ipp", "network"):
            ports = dict.fromkeys([80, uri.port] if uri.kind == "ipp" else [80])
            found += [ScannerAddress(uri.host, port, uri.tls and port != 80) for port in ports]
    return found[:_MOST]


@dataclass(frozen=True)
class Place:
    """A scanner's address, where it was learnt, and how it answered."""

    address: ScannerAddress
    origin: str
    answer: ScannerState


def _ask_all(addresses: List[ScannerAddress], origin: str, probing: Probing) -> List[Place]:
    """Asks several addresses at once, in the order given."""
    if probing.settings.offline:
        addresses = [each for each in addresses if is_loopback(each.host)]
    answers: Dict[int, ScannerState] = {}
    until = min(probing.deadline, time.monotonic() + _ASK_S)

    def ask(number: int, address: ScannerAddress) -> None:
        answers[number] = ask_state(address, until)

    threads = [threading.Thread(target=ask, args=pair, daemon=True) for pair in enumerate(addresses[:_MOST])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()) + 0.2)
    return [Place(a, origin, answers.get(n, ScannerState("timeout"))) for n, a in enumerate(addresses[:_MOST])]


def choose(places: List[Place]) -> Optional[Place]:
    """The scanner meant: one that answers, in the order asked, configured, announced, printer; else the first known.

    A printer that does not answer as a scanner is not one that fails: most printers do not scan.
    """
    for place in places:
        if not place.answer.error:
            return place
    return next((place for place in places if place.origin != "printer"), None)


def _measure(probing: Probing) -> Reading:
    asked = probing.text("name")
    browsing = None if probing.settings.offline else Announced()
    known = [read_address(asked)] if asked else []
    configured = [read_address(address) for _, address in configured_devices(folders(os.environ))]
    places = _ask_all([each for each in known if each.host], "asked", probing)
    if not asked:
        places += _ask_all([each for each in configured if each.host], "configured", probing)
        places += _ask_all(printer_addresses(probing), "printer", probing)
    announced: List[ScannerAddress] = []
    if browsing is not None:
        browsing.join(probing.left_s(2 * _BROWSE_S))
        announced = list(browsing.found)
        places[1:1] = [] if asked else _ask_all(announced, "announced", probing)
    chosen = choose(sorted(places, key=lambda place: _ORDER.index(place.origin)))
    if chosen is None:
        if probing.settings.offline:
            raise CannotMeasure(SKIPPED, OFFLINE_REASON)
        raise CannotMeasure(NOT_APPLICABLE, "no network scanner is set up or announced, and no printer here scans")
    return _reading(chosen, browsing, announced)


_ORDER = ("asked", "configured", "announced", "printer")


def _reading(chosen: Place, browsing: Optional[Announced], announced: List[ScannerAddress]) -> Reading:
    gaps: Dict[str, str] = {}
    heard: Value = None if browsing is None else any(each.host == chosen.address.host for each in announced)
    if heard is None:
        gaps["announced"] = OFFLINE_REASON
    data: Dict[str, Value] = {
        "host": chosen.address.host,
        "port": chosen.address.port,
        "url": chosen.address.url,
        "origin": chosen.origin,
        "announced": heard,
        "announcements": browsing.problem if browsing is not None else "",
        "error": chosen.answer.error,
        "state": chosen.answer.state,
        "feeder": chosen.answer.feeder,
    }
    return Reading(data, gaps)


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("error"):
        return f"{data.get('host')} does not answer as a scanner"
    return f"{data.get('host')} {str(data.get('state') or '').lower()}"


PROBES = (
    Probe(
        name="scan.device",
        title="Scanner itself",
        doc="Finds the network scanner (given, set up in airscan.conf, announced by DNS-SD as _uscan._tcp, or a "
        "printer here that scans as well) and asks it for its state. Source: Mopria eSCL 2.97, ScannerStatus.",
        fields={
            "host": text("Its host.", private="host_name"),
            "port": integer("Its port."),
            "url": text("Address of its eSCL service.", private="ip"),
            "origin": text("How it was found: asked, configured, announced or printer."),
            "announced": boolean("It is announced on this network (DNS-SD)."),
            "announcements": text("Why announcements could not be asked for; empty when they could."),
            "error": text(
                "Empty when it answered; else name_unknown, refused, timeout, unreachable, hangs, reset, tls, "
                "http_<status> or not_escl."
            ),
            "state": text("Idle, Processing, Testing, Stopped or Down, in its own words."),
            "feeder": text("State of its document feeder, e.g. ScannerAdfEmpty; empty when it says none."),
        },
        methods={**portable(_measure), "linux": measured(_measure)},
        parameters={"name": Parameter("text", "Host, host:port or address of the scanner; default: find it.", "")},
        timeout_s=10.0,
        network=True,
        reach="decides",
        summary=_summary,
    ),
)
