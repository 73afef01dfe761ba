"""The printer itself: reachable or not, and what it says of itself. CPython 3.9 syntax."""

from __future__ import annotations

import time
from typing import Dict, List, Mapping, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL, NOT_APPLICABLE, SKIPPED, Value
from techdoctor.probes.base import (
    UNTRIED,
    Field,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    number,
    text,
    texts,
)
from techdoctor.probes.measure import OFFLINE_REASON
from techdoctor.probes.network.bounded_socket import is_loopback
from techdoctor.probes.printing.cups_queue import PRINTER
from techdoctor.probes.printing.cups_queues import chosen_existing
from techdoctor.probes.printing.cups_scheduler import MACOS_REASON, NO_CUPS
from techdoctor.probes.printing.ipp_client import PRINTER_STATES
from techdoctor.probes.printing.ipp_wire import Group
from techdoctor.probes.printing.media import size_of
from techdoctor.probes.printing.printer_contact import Contact, announced_uri, reach
from techdoctor.probes.printing.printer_reasons import blocking_families, device_families, read_reasons
from techdoctor.probes.printing.printer_uri import DeviceUri, read_device_uri, service_name

MOST_SIZES = 20
_UNASKED = {
    "usb": "a USB printer is not asked over the network",
    "local": "a printer at a local port cannot be asked",
    "virtual": "this queue ends in a program or file, not in a printer",
    "class": "this queue stands for several others",
    "other": "only the queue's own driver knows the way to this printer",
}


def device_uri(probing: Probing, queue: Group) -> DeviceUri:
    """The network address behind a queue.

    Raises:
        CannotMeasure: It has none, or asking it would leave this machine while offline.
    """
    uri = read_device_uri(queue.text("device-uri"))
    if uri.kind == "dnssd":
        if probing.settings.offline:
            raise CannotMeasure(SKIPPED, OFFLINE_REASON)
        found, why = announced_uri(service_name(queue.text("device-uri")), probing.deadline)
        if not found:
            raise CannotMeasure(MISSING_TOOL if "not installed" in why else NOT_APPLICABLE, why)
        uri = read_device_uri(found)
    if uri.kind not in ("ipp", "network"):
        raise CannotMeasure(NOT_APPLICABLE, _UNASKED.get(uri.kind, _UNASKED["other"]))
    if probing.settings.offline and not is_loopback(uri.host):
        raise CannotMeasure(SKIPPED, OFFLINE_REASON)
    return uri


def describe_device(printer: Group) -> Dict[str, Value]:
    """The fields that a printer's own attributes give."""
    reasons = read_reasons(printer.texts("printer-state-reasons"))
    state = PRINTER_STATES.get(printer.number("printer-state") or 0, "unknown")
    families, blocking = device_families(reasons), blocking_families(reasons, state == "stopped")
    levels = [value for value in _numbers(printer, "marker-levels") if value >= 0]
    return {
        "state": state,
        "reasons": [reason.keyword for reason in reasons],
        "families": list(families),
        "blocking": list(blocking),
        "blocking_count": len(blocking),
        "message": _own_words(printer),
        "accepting": printer.flag("printer-is-accepting-jobs"),
        "queued": printer.number("queued-job-count"),
        "uuid": printer.text("printer-uuid"),
        "model": printer.text("printer-make-and-model"),
        # Negative levels mean "some" or "unknown" (RFC 3805, prtMarkerSuppliesLevel).
        "lowest_supply_percent": min(levels, default=None),
        "paper_loaded": _sizes(printer.texts("media-ready")),
    }


def _sizes(names: Sequence[str]) -> List[Value]:
    sizes: List[Value] = []
    sizes.extend(size for size in dict.fromkeys(size_of([name]) for name in names) if size)
    return sizes[:MOST_SIZES]


def _own_words(printer: Group) -> str:
    """What the printer says of its state: its message, else its newest alert, else its bare reasons.

    The alerts are a history on many printers, the newest last (HP ENVY and LaserJet).
    """
    reasons = [reason.keyword for reason in read_reasons(printer.texts("printer-state-reasons"))]
    alerts = printer.texts("printer-alert-description")
    return printer.text("printer-state-message") or (alerts[-1] if alerts else ", ".join(reasons[:5]))


def _numbers(group: Group, name: str) -> List[int]:
    found = group.attributes.get(name)
    return [value for value in found.values if type(value) is int] if found else []


def describe_contact(contact: Contact) -> Dict[str, Value]:
    """The fields about reaching the printer."""
    return {
        "error": contact.error,
        "detail": contact.detail,
        "connected": contact.connected,
        "ping_answers": contact.ping_answers,
        "open_ports": list(contact.open_ports),
    }


def _measure_device(probing: Probing) -> Reading:
    _, name, queue = chosen_existing(probing)
    uri = device_uri(probing, queue)
    begun = time.monotonic()
    contact = reach(uri, probing.platform, probing.deadline)
    data: Dict[str, Value] = {"printer": name, "host": uri.host, "port": uri.port, "scheme": uri.scheme}
    data.update(describe_contact(contact))
    data["answer_ms"] = (time.monotonic() - begun) * 1000
    if contact.printer is not None:
        data.update(describe_device(contact.printer))
        known = probing.settings.known_printers.get(name, {}).get("uuid", "")
        if known and data.get("uuid"):
            data["is_known_one"] = str(data["uuid"]).lower() == known.lower()
    silent = "the printer gave no answer" if contact.error else "this way of printing cannot be asked for its state"
    gaps = {key: silent for key in _STATE_FIELDS if data.get(key) is None and contact.printer is None}
    if "is_known_one" not in data:
        gaps["is_known_one"] = "nothing is remembered of the printer of this queue"
    if contact.ping_answers is None:
        gaps["ping_answers"] = (
            "the ping could not be run" if contact.error in ("timeout", "unreachable") else "not needed"
        )
    return Reading(data, gaps)


_IN_SHORT = {
    "name_unknown": "its name is not found",
    "name_silent": "no answer to the question for its name",
    "refused": "refuses the connection",
    "timeout": "no answer",
    "unreachable": "no way there",
    "reset": "breaks the connection off",
    "hangs": "connected, then silent",
    "tls": "no encrypted connection",
    "not_ipp": "something else answers",
    "oversize": "an endless answer",
    "unauthorized": "wants a password",
    "forbidden": "lets nobody in",
    "not_found": "wrong path",
    "wants_tls": "wants encryption",
}


def _summary(data: Mapping[str, Value]) -> str:
    error, blocking = str(data.get("error") or ""), data.get("blocking")
    if error:
        return _IN_SHORT.get(error, error.replace("_", " "))
    if isinstance(blocking, list) and blocking:
        return ", ".join(str(family).replace("_", " ") for family in blocking)
    return str(data.get("state") or "reachable")


_STATE_FIELDS = {
    "state": text("idle, processing or stopped, in its own words."),
    "reasons": texts("Its state reasons as it sent them."),
    "families": texts(
        "Those reasons by family: paper_out, paper_jam, cover_open, toner_empty, waste_full, output_full, "
        "offline, running_low, busy, other."
    ),
    "blocking": texts("The families that keep it from printing now."),
    "blocking_count": integer("How many these are.", "count"),
    "message": text("Its own message.", private="text"),
    "accepting": boolean("It takes new jobs."),
    "queued": integer("Jobs in the printer.", "count"),
    "uuid": text("Its UUID.", private="serial"),
    "model": text("Make and model."),
    "lowest_supply_percent": integer("The lowest supply level.", "percent"),
    "paper_loaded": texts("Paper sizes in its trays; empty when it does not say."),
}
PROBES = (
    Probe(
        name="printer.device",
        title="Printer itself",
        doc="Asks the printer behind a queue directly (Get-Printer-Attributes to the device URI), because the queue "
        "says processing while the printer has no paper, is open, off or hung. Waits 2 s for the connection and 3.5 s "
        "for an answer. Source: RFC 8011, 4.2.5; RFC 6298 for the repetition of a lost packet.",
        fields={
            "printer": text("Name of the queue.", private="text"),
            "scheme": text("Scheme of the address that was asked."),
            "host": text("Host that was asked.", private="host_name"),
            "port": integer("Port that was asked."),
            "error": text(
                "Empty when it answered; else name_unknown, name_silent, refused, timeout, unreachable, reset, hangs, "
                "tls, not_ipp, oversize, unauthorized, forbidden, not_found, wants_tls, http_error, busy or ipp_error."
            ),
            "detail": text("The system's or the printer's words for the error.", private="text"),
            "connected": boolean("A connection to its port came about."),
            "ping_answers": boolean("Its address answers a ping; tried when the connection fails."),
            "open_ports": Field("list", "Other printing ports that are open, when this one refuses.", of="int"),
            "answer_ms": number("Time until it was clear.", "ms"),
            "is_known_one": boolean("Its UUID is the one that techdoctor remembers of this queue's printer."),
            **_STATE_FIELDS,
        },
        methods={
            "linux": measured(_measure_device),
            "macos": measured(_measure_device, UNTRIED, MACOS_REASON),
            "windows": NO_CUPS,
        },
        parameters={"printer": PRINTER},
        timeout_s=6.0,
        network=True,
        reach="decides",
        summary=_summary,
    ),
)
