"""Printers that announce themselves on this network, and where one of ours is now. CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    UNTRIED,
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    portable,
    records,
    text,
)
from techdoctor.probes.discovery import mdns
from techdoctor.probes.discovery.mdns_wire import Service
from techdoctor.probes.printing.better_address import written
from techdoctor.probes.printing.cups_queue import PRINTER
from techdoctor.probes.printing.cups_queues import chosen_existing
from techdoctor.probes.printing.cups_scheduler import MACOS_REASON, NO_CUPS
from techdoctor.probes.printing.printer_uri import DeviceUri, read_device_uri

# DNS-SD types of printers that need no driver (PWG 5100.14, section 4.2.1), encrypted first.
KINDS = ("_ipps._tcp", "_ipp._tcp")
_MOST = 30
# What a printer that is not at its address any more looks like from here.
_GONE = ("timeout", "unreachable", "refused", "name_unknown", "name_silent", "not_ipp", "other_printer")


def uri_of(service: Service, by_name: bool = True) -> str:
    """The address for a queue.

    Args:
        service: The printer.
        by_name: By its name, so that it stays right when the printer gets another address; False: by its number,
            for machines that look no .local names up.
    """
    path = "/" + service.pairs.get("rp", "ipp/print").lstrip("/")
    tls = service.kind.startswith("_ipps")
    host = service.host if by_name or not service.addresses else service.addresses[0]
    return written(DeviceUri("ipps" if tls else "ipp", "ipp", host, service.port or 631, path, tls, ""))


def plain_uuid(uuid: str) -> str:
    """A UUID without "urn:uuid:" and in lower case: IPP and DNS-SD write it differently."""
    return re.sub(r"^urn:uuid:", "", uuid.lower())


def each_once(found: Sequence[Service]) -> List[Service]:
    """One service for each printer: what announces itself encrypted and plainly is one printer."""
    kept: Dict[str, Service] = {}
    for service in sorted(found, key=lambda s: KINDS.index(s.kind)):
        kept.setdefault(plain_uuid(service.pairs.get("uuid", "")) or service.name, service)
    return sorted(kept.values(), key=lambda service: service.name)


def browse(probing: Probing) -> List[Service]:
    """The printers that answer now.

    Raises:
        CannotMeasure: Nobody can be asked.
    """
    try:
        return each_once(mdns.browse(KINDS, probing.deadline - 0.1))
    except OSError as error:
        raise CannotMeasure(NOT_APPLICABLE, f"nobody can be asked: {error.strerror or error}") from None


def _near(probing: Probing) -> Reading:
    found = browse(probing)
    rows: List[Value] = [
        {
            "name": service.name,
            "model": service.pairs.get("ty", ""),
            "uri": uri_of(service),
            "address_uri": uri_of(service, by_name=False),
            "address": service.addresses[0] if service.addresses else "",
            "uuid": plain_uuid(service.pairs.get("uuid", "")),
            "color": service.pairs.get("color", "").upper() == "T",
            "driverless": "urf" in service.pairs or "pwg" in service.pairs.get("pdl", "").lower(),
        }
        for service in found[:_MOST]
    ]
    first = found[0] if found else None
    return Reading(
        {
            "count": len(found),
            "printers": rows,
            "first_name": first.name if first else "",
            "first_uri": uri_of(first, by_name=False) if first else "",
        }
    )


def same_model(queue: str, announced: str) -> bool:
    """Whether a queue's "make and model" names the announced one; queues add the name of their driver."""

    def words(model: str) -> str:
        return re.sub(r"[^a-z0-9]+", " ", model.lower()).strip()

    return bool(words(announced)) and words(announced) in words(queue)


def moved_to(known_uuid: str, model: str, uri: DeviceUri, found: Sequence[Service]) -> Optional[Reading]:
    """Where the printer of a queue is now: by its remembered UUID, less surely as the only one of its model."""
    elsewhere = [s for s in found if uri.host not in (*s.addresses, s.host)]
    by_uuid = [s for s in elsewhere if known_uuid and plain_uuid(s.pairs.get("uuid", "")) == known_uuid]
    by_model = [s for s in elsewhere if same_model(model, s.pairs.get("ty", ""))]
    sure = len(by_uuid) > 0
    candidates = by_uuid or (by_model if len(by_model) == 1 and not known_uuid else [])
    if not candidates:
        return None
    service = candidates[0]
    address = service.addresses[0] if service.addresses else service.host
    data: Dict[str, Value] = {
        "found": True,
        "sure": sure,
        "name": service.name,
        "address": address,
        "uri": uri_of(service, by_name=False),
    }
    return Reading(data)


def _moved(probing: Probing) -> Reading:
    if probing.text("error") not in _GONE:
        raise CannotMeasure(NOT_APPLICABLE, "the printer is where its queue says")
    _, name, queue = chosen_existing(probing)
    known = probing.settings.known_printers.get(name, {})
    uri = read_device_uri(queue.text("device-uri"))
    model = queue.text("printer-make-and-model")
    found = moved_to(plain_uuid(known.get("uuid", "")), model, uri, browse(probing))
    return found or Reading({"found": False, "sure": False, "name": "", "address": "", "uri": ""})


def _near_summary(data: Mapping[str, Value]) -> str:
    return f"{data['count']}, {data['first_name']}" if data.get("count") else "none announced"


def _moved_summary(data: Mapping[str, Value]) -> str:
    return f"now at {data.get('address')}" if data.get("found") else "not seen elsewhere"


PROBES = (
    Probe(
        name="printer.near",
        title="Printers nearby",
        doc="Printers that answer to a question by multicast DNS for _ipps._tcp and _ipp._tcp (RFC 6762, RFC 6763; "
        "PWG 5100.14), asked with our own packets: no avahi or Bonjour is needed. Listens for 1.1 s.",
        fields={
            "count": integer("How many.", "count"),
            "printers": records(
                "Each of them, at most 30.",
                name=text("What it calls itself.", private="text"),
                model=text("Make and model."),
                uri=text("Address for a queue, by name.", private="text"),
                address_uri=text("Address for a queue, by number.", private="text"),
                address=text("Its address.", private="address"),
                uuid=text("Its UUID.", private="serial"),
                color=boolean("It prints in colour."),
                driverless=boolean("It prints without a driver: AirPrint or PWG raster."),
            ),
            "first_name": text("Name of the first; empty when there is none.", private="text"),
            "first_uri": text("Address for a queue of the first, by number.", private="text"),
        },
        methods=portable(_near),
        timeout_s=2.5,
        cost="slow",
        network=True,
        reach="beyond",
        routine=False,
        summary=_near_summary,
    ),
    Probe(
        name="printer.moved",
        title="Printer elsewhere",
        doc="Whether the printer of a queue announces itself at another address: by the UUID that techdoctor remembers "
        "of it, else as the only one of its model. Asked only when the printer does not answer where its queue says.",
        fields={
            "found": boolean("It is seen at another address."),
            "sure": boolean("By its UUID, not only by its model."),
            "name": text("What it calls itself.", private="text"),
            "address": text("Where it is now.", private="address"),
            "uri": text("The address for the queue.", private="text"),
        },
        methods={
            "linux": measured(_moved),
            "macos": measured(_moved, UNTRIED, MACOS_REASON),
            "windows": NO_CUPS,
        },
        parameters={
            "printer": PRINTER,
            "error": Parameter("text", "Why it did not answer where its queue says, as printer.device tells.", ""),
        },
        timeout_s=3.0,
        cost="slow",
        network=True,
        reach="beyond",
        summary=_moved_summary,
    ),
)
