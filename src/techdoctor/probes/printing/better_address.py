"""Where a printer does answer when the address of its queue is a little wrong. CPython 3.9 syntax."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Iterator, Mapping, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import UNTRIED, Parameter, Probe, Probing, Reading, boolean, measured, text
from techdoctor.probes.printing.cups_queue import PRINTER
from techdoctor.probes.printing.cups_queues import chosen_existing
from techdoctor.probes.printing.cups_scheduler import MACOS_REASON, NO_CUPS
from techdoctor.probes.printing.printer_contact import ask_ipp
from techdoctor.probes.printing.printer_device import device_uri
from techdoctor.probes.printing.printer_uri import DeviceUri

# Where printers listen for IPP: the first is what IPP Everywhere demands (PWG 5100.14, section 4.2), the others are
# those that makers used before it.
_PATHS = ("/ipp/print", "/ipp", "/ipp/port1", "/ipp/lp", "/")
_IPP_PORT = 631
_EACH_S = 1.5


def candidates(uri: DeviceUri, error: str) -> Iterator[Tuple[DeviceUri, str]]:
    """Addresses near a wrong one, likeliest first, each with what is different: path, tls or port."""
    if error == "not_found":
        for path in _PATHS:
            if path != uri.path:
                yield replace(uri, path=path), "path"
    elif error == "wants_tls":
        yield replace(uri, scheme="ipps", tls=True), "tls"
    elif error in ("refused", "not_ipp") and uri.port != _IPP_PORT:
        yield DeviceUri("ipp", "ipp", uri.host, _IPP_PORT, "/ipp/print", False, ""), "port"


def written(uri: DeviceUri) -> str:
    """A device URI as text."""
    host = f"[{uri.host}]" if ":" in uri.host else uri.host
    return f"{uri.scheme}://{host}:{uri.port}{uri.path}"


def _measure(probing: Probing) -> Reading:
    error = probing.text("error")
    if error not in ("not_found", "wants_tls", "refused", "not_ipp"):
        raise CannotMeasure(NOT_APPLICABLE, "the address of the queue is not what is wrong")
    _, _, queue = chosen_existing(probing)
    for uri, how in candidates(device_uri(probing, queue), error):
        contact = ask_ipp(uri, min(probing.deadline, time.monotonic() + _EACH_S))
        if contact.printer is not None and not contact.error:
            model = contact.printer.text("printer-make-and-model")
            return Reading({"found": True, "uri": written(uri), "differs": how, "model": model})
    return Reading({"found": False, "uri": "", "differs": "", "model": ""})


def _summary(data: Mapping[str, Value]) -> str:
    return f"answers at {data.get('uri')}" if data.get("found") else "none"


PROBES = (
    Probe(
        name="printer.better_address",
        title="Other address",
        doc="Asks the printer of a queue at the addresses next to a wrong one: the standard path, the encrypted port, "
        "the standard port. Only what answers as a printer counts. Source: PWG 5100.14 (IPP Everywhere).",
        fields={
            "found": boolean("A printer answers at another address."),
            "uri": text("That address; empty when there is none.", private="ip"),
            "differs": text("What is different: path, tls or port."),
            "model": text("Make and model of what answers there."),
        },
        methods={
            "linux": measured(_measure),
            "macos": measured(_measure, UNTRIED, MACOS_REASON),
            "windows": NO_CUPS,
        },
        parameters={
            "printer": PRINTER,
            "error": Parameter("text", "What the address in use says, as printer.device gives it.", ""),
        },
        timeout_s=6.0,
        cost="slow",
        network=True,
        reach="decides",
        summary=_summary,
    ),
)
