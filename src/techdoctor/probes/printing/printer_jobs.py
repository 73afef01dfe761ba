"""The printer's own job lists. CPython 3.9 syntax."""

from __future__ import annotations

from typing import List, Optional

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE
from techdoctor.probes.base import UNTRIED, Probe, Probing, Reading, integer, measured, number, text, texts
from techdoctor.probes.network.bounded_socket import Endpoint
from techdoctor.probes.printing.cups_jobs import MOST_REASONS, age_s, job_state
from techdoctor.probes.printing.cups_queue import PRINTER
from techdoctor.probes.printing.cups_queues import chosen_existing
from techdoctor.probes.printing.cups_scheduler import MACOS_REASON, NO_CUPS
from techdoctor.probes.printing.ipp_client import GET_JOBS, IppFailed, IppTarget, ask, failed, status_text
from techdoctor.probes.printing.ipp_wire import JOB_GROUP, KEYWORD, Attribute, Group
from techdoctor.probes.printing.printer_device import device_uri
from techdoctor.probes.printing.printer_uri import DeviceUri


def _measure_printer_jobs(probing: Probing) -> Reading:
    _, _, queue = chosen_existing(probing)
    uri = device_uri(probing, queue)
    if uri.kind != "ipp":
        raise CannotMeasure(NOT_APPLICABLE, "this way of printing cannot be asked for its jobs")
    target = target_of(uri)
    finished = jobs_at(target, "completed", probing.deadline)
    waiting = jobs_at(target, "not-completed", probing.deadline)
    last = max(finished, key=lambda job: job.number("job-id") or 0, default=None)
    current: Optional[Group] = waiting[0] if waiting else None
    return Reading(
        {
            "waiting": len(waiting),
            "current_id": current.number("job-id") if current else 0,
            "current_state": job_state(current) if current else "",
            "current_reasons": list(current.texts("job-state-reasons")[:MOST_REASONS]) if current else [],
            "finished": len(finished),
            "last_state": job_state(last) if last else "",
            "last_reasons": list(last.texts("job-state-reasons")[:MOST_REASONS]) if last else [],
            "last_age_s": age_s(last, "time-at-completed") if last else None,
        },
        {} if last and age_s(last, "time-at-completed") is not None else {"last_age_s": "the printer gives no times"},
    )


def target_of(uri: DeviceUri) -> IppTarget:
    """Whom to ask at a printer's network address."""
    return IppTarget(Endpoint(uri.host, uri.port, uri.tls), uri.path, uri.shown)


def jobs_at(target: IppTarget, which: str, deadline: float) -> List[Group]:
    """Jobs at a printer.

    Args:
        target: The printer.
        which: "completed" or "not-completed".
        deadline: Monotonic time by which it has ended.

    Raises:
        CannotMeasure: The printer does not list its jobs.
    """
    wanted = {"which-jobs": Attribute(KEYWORD, (which,))}
    names = ("job-id", "job-state", "job-state-reasons", "time-at-completed", "job-printer-up-time")
    try:
        answer = ask(target, GET_JOBS, deadline, attributes=wanted, requested=names)
    except IppFailed as failure:
        raise CannotMeasure(NOT_APPLICABLE, f"the printer does not list its jobs ({failure.kind})") from None
    if failed(answer):
        raise CannotMeasure(NOT_APPLICABLE, f"the printer does not list its jobs: {status_text(answer)}")
    return answer.of(JOB_GROUP)


PROBES = (
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
            "macos": measured(_measure_printer_jobs, UNTRIED, MACOS_REASON),
            "windows": NO_CUPS,
        },
        parameters={"printer": PRINTER},
        timeout_s=6.0,
        network=True,
        reach="decides",
    ),
)
