"""The jobs of a queue, as the print service and as the printer itself see them. CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Dict, Mapping, Optional, Sequence

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
from techdoctor.probes.printing.cups_queue import PRINTER
from techdoctor.probes.printing.cups_queues import chosen_existing
from techdoctor.probes.printing.cups_scheduler import MACOS_REASON, NO_CUPS
from techdoctor.probes.printing.ipp_client import JOB_STATES
from techdoctor.probes.printing.ipp_wire import Group
from techdoctor.probes.printing.media import size_of

MOST_REASONS = 20
# Job states that a person waits for although nothing prints.
_WAITING = ("pending", "held", "processing", "stopped")


def job_state(job: Group) -> str:
    """The state of a job in words."""
    return JOB_STATES.get(job.number("job-state") or 0, "unknown")


def age_s(job: Group, attribute: str) -> Optional[float]:
    """Seconds since an event of a job, by the server's own clock; None when it did not happen."""
    now, then = job.number("job-printer-up-time"), job.number(attribute)
    return float(max(0, now - then)) if now is not None and then else None


def describe_waiting(jobs: Sequence[Group]) -> Dict[str, Value]:
    """Fields about the jobs that are not finished, in the queue's order."""
    states = [job_state(job) for job in jobs]
    held = [job for job in jobs if job_state(job) == "held"]
    for_password = [j for j in held if "cups-held-for-authentication" in j.texts("job-state-reasons")]
    at_head = [j for j in jobs if job_state(j) in ("processing", "stopped")] or [
        j for j in jobs if job_state(j) == "pending"
    ]
    head = at_head[0] if at_head else None
    by_hand = [job for job in held if job not in for_password]
    return {
        "count": sum(1 for state in states if state in _WAITING),
        "pending": states.count("pending"),
        "held": len(by_hand),
        "held_id": by_hand[0].number("job-id") if by_hand else 0,
        "held_for_password": len(for_password),
        "processing": states.count("processing"),
        "stopped": states.count("stopped"),
        "head_id": head.number("job-id") if head else 0,
        "head_state": job_state(head) if head else "",
        "head_reasons": list(head.texts("job-state-reasons")[:MOST_REASONS]) if head else [],
        "head_message": head.text("job-printer-state-message") if head else "",
        "head_age_s": _head_age_s(head),
        "head_paper": size_of(head.texts("media")) if head else "",
        "behind_head": max(0, states.count("pending") - (1 if head and job_state(head) == "pending" else 0)),
    }


def _head_age_s(head: Optional[Group]) -> Optional[float]:
    if head is None:
        return 0.0
    processing = age_s(head, "time-at-processing")
    return processing if processing is not None else age_s(head, "time-at-creation")


def describe_last(finished: Sequence[Group]) -> Dict[str, Value]:
    """Fields about the job that finished last."""
    last = max(
        finished, key=lambda job: (job.number("time-at-completed") or 0, job.number("job-id") or 0), default=None
    )
    if last is None:
        return {
            "last_id": 0,
            "last_state": "",
            "last_reasons": [],
            "last_message": "",
            "last_age_s": None,
            "last_filter_failed": False,
            "last_paper": "",
        }
    message = last.text("job-printer-state-message")
    return {
        "last_id": last.number("job-id"),
        "last_state": job_state(last),
        "last_reasons": list(last.texts("job-state-reasons")[:MOST_REASONS]),
        "last_message": message,
        "last_age_s": age_s(last, "time-at-completed"),
        "last_filter_failed": job_state(last) in ("aborted", "stopped") and filter_failed(message),
        "last_paper": size_of(last.texts("media")),
    }


def filter_failed(message: str) -> bool:
    """True when a job's message says that its conversion failed (scheduler/job.c of CUPS 2.4)."""
    return re.search(r"Filter failed|filter crashed|stopped with status", message, re.IGNORECASE) is not None


def _measure_jobs(probing: Probing) -> Reading:
    service, name, _ = chosen_existing(probing)
    waiting = service.jobs(name, finished=False)
    data: Dict[str, Value] = {"printer": name, **describe_waiting(waiting)}
    data["filter_failed"] = any(
        job_state(job) == "stopped"
        and (
            "job-completed-with-errors" in job.texts("job-state-reasons")
            or filter_failed(job.text("job-printer-state-message"))
        )
        for job in waiting
    )
    data.update(describe_last(service.jobs(name, finished=True)))
    gaps = {key: "no job of this queue has finished yet" for key in ("last_age_s",) if data[key] is None}
    if data["head_age_s"] is None:
        gaps["head_age_s"] = "the print service gives no times for this job"
    return Reading(data, gaps)


def _summary(data: Mapping[str, Value]) -> str:
    held = f", {data.get('held')} on hold" if data.get("held") else ""
    return f"{data.get('count')} waiting{held}"


PROBES = (
    Probe(
        name="cups.jobs",
        title="Print jobs",
        doc="The jobs of one queue that are not finished, and the one that finished last (Get-Jobs, RFC 8011 4.2.6).",
        fields={
            "printer": text("Name of the queue.", private="text"),
            "count": integer("Jobs that are not finished.", "count"),
            "pending": integer("Jobs that wait for their turn.", "count"),
            "held": integer("Jobs that somebody put on hold.", "count"),
            "held_id": integer("Number of the first of those; 0 when there is none."),
            "held_for_password": integer(
                "Jobs on hold because the printer wants a user name or lets nobody in.", "count"
            ),
            "processing": integer("Jobs that are being printed.", "count"),
            "stopped": integer("Jobs that stopped in the middle.", "count"),
            "head_id": integer("Number of the job whose turn it is; 0 when there is none."),
            "head_state": text("Its state."),
            "head_reasons": texts("Its state reasons."),
            "head_message": text("The message about it.", private="text"),
            "head_age_s": number("Since when it is being printed, else waiting; 0 when there is none.", "s"),
            "head_paper": text("The paper size it asks for; empty when it asks for none."),
            "behind_head": integer("Jobs that wait behind it.", "count"),
            "filter_failed": boolean("A job stopped because it could not be converted for the printer."),
            "last_id": integer("Number of the job that finished last; 0 when there is none."),
            "last_state": text("Its state: completed, aborted or canceled. Completed does not prove that it came out."),
            "last_reasons": texts("Its state reasons."),
            "last_message": text("The message about it.", private="text"),
            "last_age_s": number("How long ago it finished.", "s"),
            "last_filter_failed": boolean("It was given up because it could not be converted for the printer."),
            "last_paper": text("The paper size it asked for; empty when it asked for none."),
        },
        methods={
            "linux": measured(_measure_jobs),
            "macos": measured(_measure_jobs, UNTRIED, MACOS_REASON),
            "windows": NO_CUPS,
        },
        parameters={"printer": PRINTER},
        reach="decides",
        summary=_summary,
    ),
)
