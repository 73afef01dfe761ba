"""The complaint itself, measured: could a job get through now, and if not, what is in its way? CPython 3.9 syntax."""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional

from techdoctor.errors import CannotMeasure
from techdoctor.model import Value
from techdoctor.probes.base import (
    UNTRIED,
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
from techdoctor.probes.network.bounded_socket import ExchangeFailed
from techdoctor.probes.printing.cups_jobs import describe_last, describe_waiting, job_state
from techdoctor.probes.printing.cups_queue import PRINTER, describe, has_driver
from techdoctor.probes.printing.cups_queues import Choice, Default, PrintService, choose_queue
from techdoctor.probes.printing.cups_quota import quota_of
from techdoctor.probes.printing.cups_scheduler import MACOS_REASON, NO_CUPS
from techdoctor.probes.printing.ipp_client import IppTarget
from techdoctor.probes.printing.ipp_wire import Group
from techdoctor.probes.printing.printer_contact import reach
from techdoctor.probes.printing.printer_device import describe_device, device_uri
from techdoctor.probes.printing.printer_jobs import jobs_at, target_of
from techdoctor.probes.printing.printer_reasons import HARMLESS

# People complain about the job they just sent; an hour covers the way to the printer and back.
RECENT_S = 3600.0
# Words of a queue's own fields that stand in a job's way -> the blocker they are reported as.
_QUEUE_BLOCKERS = {
    "paused": "queue_paused",
    "filter_missing": "filter_missing",
    "filter_insecure": "filter_insecure",
    "certificate_bad": "certificate_bad",
    "user_denied": "user_denied",
}


def queue_blockers(described: Mapping[str, Value], driver: Optional[bool], last: Mapping[str, Value]) -> List[str]:
    """What is in the way at the queue itself. A queue without a driver whose jobs come out needs none."""
    found = [word for field, word in _QUEUE_BLOCKERS.items() if described.get(field) is True]
    if described.get("accepting") is False:
        found.append("queue_rejecting")
    if driver is False and described.get("kind") in ("ipp", "dnssd") and not described.get("relays"):
        found += ["no_driver"] if last.get("last_state") != "completed" else []
    return found


def job_blockers(waiting: Mapping[str, Value], last: Mapping[str, Value], filter_stopped: bool) -> List[str]:
    """What is in the way among the jobs, apart from one that only takes long."""
    found = []
    if waiting.get("held") or waiting.get("held_for_password"):
        found.append("job_held")
    if filter_stopped or last.get("last_filter_failed"):
        found.append("filter_failed")
    return found


def _device_blockers(
    probing: Probing, queue: Group, waiting: Mapping[str, Value], last: Mapping[str, Value]
) -> List[str]:
    """What is in the way at the printer. While jobs wait, what it only reports counts as well.

    Raises:
        CannotMeasure: It cannot be asked.
    """
    uri = device_uri(probing, queue)
    contact = reach(uri, probing.platform, probing.deadline)
    if contact.error:
        return [f"printer_{contact.error}"]
    if contact.printer is None:
        return []
    described = describe_device(contact.printer)
    families = _as_list(described["families" if waiting.get("count") else "blocking"])
    found = [str(family) for family in families if family not in HARMLESS]
    if described["state"] == "stopped" and not found:
        found.append("printer_stopped")
    if described["accepting"] is False and not found:
        found.append("printer_busy")
    found += paper_blockers(waiting, last, _as_list(described["paper_loaded"]))
    return found + _thrown_away(target_of(uri), probing.deadline)


def paper_blockers(waiting: Mapping[str, Value], last: Mapping[str, Value], loaded: List[Value]) -> List[str]:
    """Says so when the job at the head, or else the last one of the past hour, wants paper that is not loaded."""
    age = last.get("last_age_s")
    wanted = waiting.get("head_paper")
    if not waiting.get("count") and isinstance(age, float) and age <= RECENT_S:
        wanted = last.get("last_paper")
    return ["wrong_paper"] if wanted and loaded and wanted not in loaded else []


def _thrown_away(target: IppTarget, deadline: float) -> List[str]:
    """Says so when the printer gave its newest job up; a printer without a job list says nothing."""
    try:
        finished = jobs_at(target, "completed", deadline)
    except CannotMeasure:
        return []
    newest = max(finished, key=lambda job: job.number("job-id") or 0, default=None)
    return ["job_thrown_away"] if newest is not None and job_state(newest) == "aborted" else []


def default_blockers(choice: Choice, default: Default, count: int) -> List[str]:
    """What is in the way of a job that names no printer."""
    if choice.by == "asked":
        return []
    if default.name and not default.exists:
        return ["default_missing"]
    return ["no_default"] if not default.name and count > 1 else []


def _measure(probing: Probing) -> Reading:
    try:
        service = PrintService(probing)
        queues = service.queues()
        default = service.default(queues)
    except CannotMeasure as error:
        return _blocked("service", error.reason)
    choice = choose_queue(probing.text("printer"), queues, default)
    if choice.queue is None:
        return _blocked("unknown_printer" if choice.name else "no_printer", "there is no such queue")
    waiting = service.jobs(choice.name, finished=False)
    described, jobs = describe(choice.queue), describe_waiting(waiting)
    try:
        driver: Optional[bool] = has_driver(service, choice.name, probing.deadline)
    except ExchangeFailed:
        driver = None
    stopped = any(job_state(job) == "stopped" for job in waiting)
    last = describe_last(service.jobs(choice.name, finished=True))
    blockers = queue_blockers(described, driver, last) + default_blockers(choice, default, len(queues))
    blockers += job_blockers(jobs, last, stopped)
    blockers += ["quota"] if quota_of(service, choice.name, choice.queue)["reached"] else []
    printer_asked = True
    try:
        blockers += _device_blockers(probing, choice.queue, jobs, last)
    except CannotMeasure:
        # A printer that cannot be asked speaks through its driver while a job runs.
        printer_asked = False
        blockers += [str(family) for family in _as_list(described["families"]) if waiting]
    return Reading(
        {
            "printer": choice.name,
            "blockers": list(blockers),
            "blocker_count": len(blockers),
            "paused": described["paused"],
            "printer_asked": printer_asked,
            "head_age_s": jobs["head_age_s"],
            "behind_head": jobs["behind_head"],
        }
    )


def _blocked(blocker: str, why: str) -> Reading:
    data: Dict[str, Value] = {"blockers": [blocker], "blocker_count": 1, "printer_asked": False}
    return Reading(data, dict.fromkeys(("printer", "paused", "head_age_s", "behind_head"), why))


PROBES = (
    Probe(
        name="print.ready",
        title="Way to the printer",
        doc="Goes the way of a print job without sending one: print service, queue, jobs before it, the printer "
        "itself. This is the measurement that decides whether a fix has helped.",
        fields={
            "printer": text("Name of the queue.", private="text"),
            "blockers": texts(
                "What is in the way: service, no_printer, unknown_printer, no_default, default_missing, queue_paused, "
                "queue_rejecting, no_driver, job_held, filter_..., printer_<error>, a family of printer.device, ..."
            ),
            "blocker_count": integer("How many these are.", "count"),
            "paused": boolean("The queue is paused."),
            "printer_asked": boolean("The printer itself could be asked."),
            "head_age_s": number("Since when the first job is being printed; 0 when there is none.", "s"),
            "behind_head": integer("Jobs that wait behind it.", "count"),
        },
        methods={
            "linux": measured(_measure),
            "macos": measured(_measure, UNTRIED, MACOS_REASON),
            "windows": NO_CUPS,
        },
        parameters={"printer": PRINTER},
        timeout_s=8.0,
        cost="slow",
        network=True,
        reach="decides",
        summary=lambda data: ", ".join(str(b) for b in _as_list(data.get("blockers"))).replace("_", " ") or "free",
    ),
)


def _as_list(value: Value) -> List[Value]:
    return value if isinstance(value, list) else []
