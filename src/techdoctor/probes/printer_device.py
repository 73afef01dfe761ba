"""The printer itself: reachable or not, and what it says of itself. CPython 3.9 syntax."""

from __future__ import annotations

import time
from typing import Dict, List, Mapping, Optional

from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL, NOT_APPLICABLE, SKIPPED, Value
from techdoctor.probes.base import (
    RECORDED,
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
from techdoctor.probes.bounded_socket import Endpoint, is_loopback
from techdoctor.probes.cups_jobs import age_s, job_state
from techdoctor.probes.cups_queue import PRINTER
from techdoctor.probes.cups_queues import chosen_existing
from techdoctor.probes.cups_scheduler import MACOS_REASON, NO_CUPS
from techdoctor.probes.ipp_client import GET_JOBS, PRINTER_STATES, IppFailed, IppTarget, ask, failed, status_text
from techdoctor.probes.ipp_wire import JOB_GROUP, KEYWORD, Attribute, Group
from techdoctor.probes.measure import OFFLINE_REASON
from techdoctor.probes.printer_contact import Contact, announced_uri, reach
from techdoctor.probes.printer_reasons import blocking_families, device_families, read_reasons
from techdoctor.probes.printer_uri import DeviceUri, read_device_uri, service_name

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
        # The alerts are a history on many printers, the newest last (seen on HP ENVY and LaserJet).
        "message": printer.text("printer-state-message") or (printer.texts("printer-alert-description") or [""])[-1],
        "accepting": printer.flag("printer-is-accepting-jobs"),
        "queued": printer.number("queued-job-count"),
        "uuid": printer.text("printer-uuid"),
        "model": printer.text("printer-make-and-model"),
        # Negative levels mean "some" or "unknown" (RFC 3805, prtMarkerSuppliesLevel).
        "lowest_supply_percent": min(levels, default=None),
    }


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
    silent = "the printer gave no answer" if contact.error else "this way of printing cannot be asked for its state"
    gaps = {key: silent for key in _STATE_FIELDS if data.get(key) is None and contact.printer is None}
    if contact.ping_answers is None:
        gaps["ping_answers"] = (
            "the ping could not be run" if contact.error in ("timeout", "unreachable") else "not needed"
        )
    return Reading(data, gaps)


def _measure_printer_jobs(probing: Probing) -> Reading:
    _, _, queue = chosen_existing(probing)
    uri = device_uri(probing, queue)
    if uri.kind != "ipp":
        raise CannotMeasure(NOT_APPLICABLE, "this way of printing cannot be asked for its jobs")
    target = IppTarget(Endpoint(uri.host, uri.port, uri.tls), uri.path, uri.shown)
    finished = _jobs_at(target, "completed", probing.deadline)
    waiting = _jobs_at(target, "not-completed", probing.deadline)
    last = max(finished, key=lambda job: job.number("job-id") or 0, default=None)
    current: Optional[Group] = waiting[0] if waiting else None
    return Reading(
        {
            "waiting": len(waiting),
            "current_id": current.number("job-id") if current else 0,
            "current_state": job_state(current) if current else "",
            "current_reasons": list(current.texts("job-state-reasons")) if current else [],
            "finished": len(finished),
            "last_state": job_state(last) if last else "",
            "last_reasons": list(last.texts("job-state-reasons")) if last else [],
            "last_age_s": age_s(last, "time-at-completed") if last else None,
        },
        {} if last and age_s(last, "time-at-completed") is not None else {"last_age_s": "the printer gives no times"},
    )


def _jobs_at(target: IppTarget, which: str, deadline: float) -> List[Group]:
    wanted = {"which-jobs": Attribute(KEYWORD, (which,))}
    names = ("job-id", "job-state", "job-state-reasons", "time-at-completed", "job-printer-up-time")
    try:
        answer = ask(target, GET_JOBS, deadline, attributes=wanted, requested=names)
    except IppFailed as failure:
        raise CannotMeasure(NOT_APPLICABLE, f"the printer does not list its jobs ({failure.kind})") from None
    if failed(answer):
        raise CannotMeasure(NOT_APPLICABLE, f"the printer does not list its jobs: {status_text(answer)}")
    return answer.of(JOB_GROUP)


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("error"):
        return str(data["error"]).replace("_", " ")
    blocking = data.get("blocking")
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
            **_STATE_FIELDS,
        },
        methods={
            "linux": measured(_measure_device),
            "macos": measured(_measure_device, RECORDED, MACOS_REASON),
            "windows": NO_CUPS,
        },
        parameters={"printer": PRINTER},
        timeout_s=6.0,
        network=True,
        reach="decides",
        summary=_summary,
    ),
    Probe(
        name="printer.jobs",
        title="Jobs in the printer",
        doc="The printer's own job lists: the print service calls a job completed that the printer threw away.",
        fields={
            "waiting": integer("Jobs in the printer that are not finished.", "count"),
            "current_id": integer("The printer's number of the first of those; 0 when there is none."),
            "current_state": text("Its state."),
            "current_reasons": texts("Its state reasons."),
            "finished": integer("Finished jobs it remembers.", "count"),
            "last_state": text("State of the newest of those: completed, aborted or canceled."),
            "last_reasons": texts("Its state reasons."),
            "last_age_s": number("How long ago it finished.", "s"),
        },
        methods={
            "linux": measured(_measure_printer_jobs),
            "macos": measured(_measure_printer_jobs, RECORDED, MACOS_REASON),
            "windows": NO_CUPS,
        },
        parameters={"printer": PRINTER},
        timeout_s=6.0,
        network=True,
        reach="decides",
    ),
)
