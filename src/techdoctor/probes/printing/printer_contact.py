"""Reaching the printer itself: name, connection, other ports, ping, its own answer. CPython 3.9 syntax."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from typing import List, Optional, Tuple

from techdoctor import system
from techdoctor.probes.network.bounded_socket import (
    NAME_SILENT,
    NAME_UNKNOWN,
    REFUSED,
    TIMEOUT,
    UNREACHABLE,
    Endpoint,
    ExchangeFailed,
    connect,
    is_loopback,
)
from techdoctor.probes.printing.ipp_client import (
    BUSY,
    GET_PRINTER_ATTRIBUTES,
    IppFailed,
    IppTarget,
    ask,
    failed,
    status_text,
)
from techdoctor.probes.printing.ipp_wire import PRINTER_GROUP, Group
from techdoctor.probes.printing.printer_uri import DeviceUri

ATTRIBUTES = (
    "printer-state",
    "printer-state-reasons",
    "printer-state-message",
    "printer-is-accepting-jobs",
    "media-ready",
    "queued-job-count",
    "printer-uuid",
    "printer-make-and-model",
    "printer-alert-description",
    "marker-levels",
    "marker-names",
    "media-ready",
)
# Ports of printing: IPP (RFC 8010), AppSocket, LPD (RFC 1179).
PRINTING_PORTS = (631, 9100, 515)
# One lost packet is repeated after 1 s (RFC 6298), so 2 s tell silence from bad luck.
CONNECT_S = 2.0
# A sleeping laser printer answers its network side within a second or two; people wait no longer.
ANSWER_S = 3.5
_SIDE_PORT_S = 0.3
_PING_AFTER_S = 0.3


@dataclass
class Contact:
    """What came of the attempt to reach a printer.

    Attributes:
        error: Empty when it answered, else the class of the failure.
        detail: The system's words for it.
        connected: A connection to its port came about.
        ping_answers: Whether its address answers a ping; None when that was not tried or cannot be.
        open_ports: Other printing ports that are open, tried when the right one refuses.
        printer: Its own attributes.
    """

    error: str = ""
    detail: str = ""
    connected: Optional[bool] = None
    ping_answers: Optional[bool] = None
    open_ports: List[int] = field(default_factory=list)
    printer: Optional[Group] = None


class Ping(threading.Thread):
    """Pings a host once, unless the connection comes about first.

    Args:
        host: Host name or address.
        platform: "linux", "macos" or "windows".
    """

    def __init__(self, host: str, platform: str) -> None:
        super().__init__(daemon=True, name="ping")
        self._host, self._platform = host, platform
        self.needless = threading.Event()
        self.answers: Optional[bool] = None
        self.start()

    def run(self) -> None:
        if self.needless.wait(_PING_AFTER_S) or self._host.startswith("-"):
            return
        # ping(8): -W is in seconds on Linux, -t on macOS limits the whole run.
        limit = ["-t", "1"] if self._platform == "macos" else ["-W", "1"]
        ran = system.run(["ping", "-n", "-c", "1", *limit, self._host], 1.5)
        if ran.exit_code in (0, 1):
            self.answers = ran.exit_code == 0
        elif "unreachable" in ran.err.lower():
            self.answers = False


def reach(uri: DeviceUri, platform: str, deadline: float) -> Contact:
    """Tries to reach a network printer and to ask it.

    Args:
        uri: Its device URI; of kind "ipp" or "network".
        platform: "linux", "macos" or "windows".
        deadline: Monotonic time by which it has ended.
    """
    ping = Ping(uri.host, platform)
    try:
        contact = ask_ipp(uri, deadline) if uri.kind == "ipp" else _try_port(uri, deadline)
    finally:
        ping.needless.set()
    if contact.error in (TIMEOUT, UNREACHABLE):
        if not ping.is_alive() and ping.answers is None:
            ping = Ping(uri.host, platform)
        ping.join(max(0.0, min(1.5, deadline - time.monotonic())))
        contact.ping_answers = ping.answers
    if contact.error == REFUSED:
        contact.open_ports = open_ports(uri)
    return contact


def open_ports(uri: DeviceUri) -> List[int]:
    """Printing ports of the host that are open, apart from the one in the URI.

    On this computer itself port 631 is our own print service and says nothing of a printer.
    """
    tried = [port for port in PRINTING_PORTS if port != uri.port and not (port == 631 and is_loopback(uri.host))]
    found: List[int] = []

    def attempt(port: int) -> None:
        try:
            connect(Endpoint(uri.host, port), time.monotonic() + _SIDE_PORT_S).close()
        except ExchangeFailed:
            return
        found.append(port)

    threads = [threading.Thread(target=attempt, args=(port,), daemon=True) for port in tried]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_SIDE_PORT_S + 0.1)
    return sorted(found)


def ask_ipp(uri: DeviceUri, deadline: float) -> Contact:
    """Asks a printer for its attributes by IPP; never raises."""
    host = f"[{uri.host}]" if ":" in uri.host else uri.host
    named = f"{'ipps' if uri.tls else 'ipp'}://{host}:{uri.port}{uri.path}"
    target = IppTarget(
        Endpoint(uri.host, uri.port, uri.tls), uri.path.partition("?")[0] or "/", named.partition("?")[0]
    )
    until = min(deadline, time.monotonic() + ANSWER_S)
    try:
        answer = ask(target, GET_PRINTER_ATTRIBUTES, until, requested=ATTRIBUTES, connect_s=CONNECT_S)
    except IppFailed as failure:
        unconnected = failure.kind in (REFUSED, TIMEOUT, UNREACHABLE)
        nameless = failure.kind in (NAME_UNKNOWN, NAME_SILENT)
        return Contact(failure.kind, failure.detail, None if nameless else not unconnected)
    if failed(answer):
        return Contact("busy" if answer.code == BUSY else "ipp_error", status_text(answer), True)
    printers = answer.of(PRINTER_GROUP)
    if not printers:
        return Contact("not_ipp", "an answer without a printer", True)
    return Contact(connected=True, printer=printers[0])


def _try_port(uri: DeviceUri, deadline: float) -> Contact:
    """For ways that cannot be asked (raw port, LPD): the port, then the printer's IPP port if it has one."""
    try:
        connect(Endpoint(uri.host, uri.port), min(deadline, time.monotonic() + CONNECT_S)).close()
    except ExchangeFailed as failure:
        nameless = failure.kind in (NAME_UNKNOWN, NAME_SILENT)
        return Contact(failure.kind, failure.detail, None if nameless else False)
    if is_loopback(uri.host):
        return Contact(connected=True)
    beside = DeviceUri("ipp", "ipp", uri.host, 631, "/ipp/print", False, "")
    contact = ask_ipp(beside, min(deadline, time.monotonic() + 1.5))
    return Contact(connected=True, printer=contact.printer)


def announced_uri(service: str, deadline: float) -> Tuple[str, str]:
    """Where an announced printer is now.

    Returns:
        (uri, "") or ("", why not): ippfind(1) of CUPS asks the network for the service.
    """
    ran = system.run(["ippfind", "-T", "2", f"{service}.", "-p"], min(3.0, max(0.1, deadline - time.monotonic())))
    found = re.search(r"^(ipps?://\S+)", ran.out, re.MULTILINE)
    if found:
        return found.group(1), ""
    return "", "the tool ippfind is not installed" if ran.status == "missing_tool" else "nothing announces this printer"
