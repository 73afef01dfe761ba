"""The active proof of printing: does the queue take a job from this user, and does a page come out? CPython 3.9 syntax.

Validate-Job is no proof: CUPS 2.4 answers it with success for users who may not print and for used-up quotas.
So a job is created and cancelled again, which costs no paper but stands in the history; hence an action, not a probe.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Callable, Optional

from techdoctor.actions.base import Acting, Action
from techdoctor.actions.printing import subject_of
from techdoctor.actions.sample_page import sample_page
from techdoctor.errors import CannotMeasure
from techdoctor.model import ActionOutcome, ActionPreview
from techdoctor.probes.base import Parameter, Probing
from techdoctor.probes.printing.cups_jobs import job_state
from techdoctor.probes.printing.cups_queues import PrintService, chosen_existing
from techdoctor.probes.printing.ipp_client import (
    CANCEL_JOB,
    CREATE_JOB,
    GET_JOB_ATTRIBUTES,
    PRINT_JOB,
    IppFailed,
    ask,
    failed,
    status_text,
)
from techdoctor.probes.printing.ipp_wire import INTEGER, JOB_GROUP, MIME, NAME, Attribute, Group, Message
from techdoctor.probes.printing.printer_device import device_uri
from techdoctor.probes.printing.printer_jobs import jobs_at, target_of
from techdoctor.text import clean_line

_ANSWER_S = 10.0
# A laser from sleep has its first page out within half a minute (ISO/IEC 17629 data sheets); twice that is patience.
PAGE_S = 60.0
_JOB_NAME = "techdoctor test page"
# Plain words for what CUPS says when it does not take a job (scheduler/ipp.c of CUPS 2.4).
_REFUSALS = {
    "Not allowed to print.": "you are not allowed to print there",
    "Quota limit reached.": "your print quota is used up",
    "Too many active jobs.": "too many jobs wait already",
    "Too many jobs.": "too many jobs wait already",
}


@dataclass(frozen=True)
class Trial:
    """How the queue answered.

    Attributes:
        accepted: It took the job.
        words: What it said, in plain words.
        job: Number of the job; 0 without one.
    """

    accepted: bool
    words: str
    job: int = 0


@dataclass(frozen=True)
class Printed:
    """How a test page went.

    Attributes:
        job: Number of the job; 0 when the queue took none.
        queue_state: What the print service made of it: completed, aborted, canceled, or where it stands.
        device_state: What the printer itself says of its newest job; empty when it cannot be asked.
        words: The message about it.
        seconds: How long it took.
    """

    job: int
    queue_state: str
    device_state: str
    words: str
    seconds: float

    @property
    def went_through(self) -> bool:
        """True when neither side gave it up. Whether paper came out is for a person to say."""
        return self.queue_state == "completed" and self.device_state in ("", "completed")


def _submit(service: PrintService, queue: str, operation: int, document: bytes = b"") -> Trial:
    attributes = {"job-name": Attribute(NAME, (_JOB_NAME,))}
    if document:
        attributes["document-format"] = Attribute(MIME, ("application/pdf",))
    try:
        answer: Message = ask(
            service.target(queue), operation, time.monotonic() + _ANSWER_S, attributes=attributes, document=document
        )
    except IppFailed as failure:
        return Trial(False, f"the print service gave no answer ({failure.kind})")
    if failed(answer):
        words = status_text(answer)
        return Trial(False, _REFUSALS.get(words, clean_line(words)))
    jobs = answer.of(JOB_GROUP)
    return Trial(True, "the queue takes jobs from you", (jobs[0].number("job-id") or 0) if jobs else 0)


def try_job(service: PrintService, queue: str) -> Trial:
    """Creates a job without a document on a queue and cancels it again."""
    trial = _submit(service, queue, CREATE_JOB)
    if trial.job:
        number = {"job-id": Attribute(INTEGER, (trial.job,))}
        try:
            ask(service.target(queue), CANCEL_JOB, time.monotonic() + _ANSWER_S, attributes=number)
        except IppFailed:
            return Trial(True, f"the queue takes jobs from you; job {trial.job} could not be cancelled", trial.job)
    return trial


def _probing(acting: Acting, queue: str, seconds: float) -> Probing:
    return Probing({"printer": queue}, acting.platform, time.monotonic() + seconds)


def _state_of_job(service: PrintService, queue: str, job: int) -> Optional[Group]:
    number = {"job-id": Attribute(INTEGER, (job,))}
    names = ("job-state", "job-state-reasons", "job-printer-state-message")
    try:
        answer = ask(
            service.target(queue), GET_JOB_ATTRIBUTES, time.monotonic() + _ANSWER_S, attributes=number, requested=names
        )
    except IppFailed:
        return None
    groups = answer.of(JOB_GROUP)
    return groups[0] if groups and not failed(answer) else None


def print_page(acting: Acting, queue: str, patience_s: float = PAGE_S) -> Printed:
    """Sends one page and follows it to the printer's own job list.

    Args:
        acting: The surroundings.
        queue: Name of an existing queue.
        patience_s: How long to follow it.

    Raises:
        CannotMeasure: The print service gives no answer.
    """
    begun = time.monotonic()
    service, _, group = chosen_existing(_probing(acting, queue, _ANSWER_S))
    page = sample_page([_JOB_NAME, f"Printer queue: {clean_line(queue)}", time.strftime("%Y-%m-%d %H:%M")])
    trial = _submit(service, queue, PRINT_JOB, page)
    if not trial.job:
        return Printed(0, "refused", "", trial.words, time.monotonic() - begun)
    state, words = "pending", ""
    while time.monotonic() - begun < patience_s:
        job = _state_of_job(service, queue, trial.job)
        if job is not None:
            state, words = job_state(job), clean_line(job.text("job-printer-state-message"))
        if state not in ("pending", "processing"):
            break
        time.sleep(0.3)
    device = _at_the_device(_probing(acting, queue, _ANSWER_S), group) if state == "completed" else ""
    return Printed(trial.job, state, device, words, time.monotonic() - begun)


def _at_the_device(probing: Probing, queue: Group) -> str:
    """State of the printer's newest job; empty when it cannot be asked."""
    try:
        uri = device_uri(probing, queue)
        finished = jobs_at(target_of(uri), "completed", probing.deadline) if uri.kind == "ipp" else []
    except CannotMeasure:
        return ""
    newest = max(finished, key=lambda job: job.number("job-id") or 0, default=None)
    return job_state(newest) if newest is not None else ""


def _preview(title: str, command: str) -> Callable[[Acting], ActionPreview]:
    def preview(acting: Acting) -> ActionPreview:
        subject, problem = subject_of(acting)
        if problem:
            return ActionPreview(title, problem=problem)
        return ActionPreview(
            f"{title}: {clean_line(subject)}", (command.replace("{}", clean_line(subject)),), False, ""
        )

    return preview


def _apply_trial(acting: Acting) -> ActionOutcome:
    subject, problem = subject_of(acting)
    if problem:
        return ActionOutcome(False, problem)
    try:
        trial = try_job(PrintService(_probing(acting, subject, _ANSWER_S)), subject)
    except CannotMeasure as error:
        return ActionOutcome(False, error.reason)
    return ActionOutcome(trial.accepted, trial.words)


def _apply_page(acting: Acting) -> ActionOutcome:
    subject, problem = subject_of(acting)
    if problem:
        return ActionOutcome(False, problem)
    try:
        printed = print_page(acting, subject)
    except CannotMeasure as error:
        return ActionOutcome(False, error.reason)
    return ActionOutcome(printed.went_through, in_words(printed))


def in_words(printed: Printed) -> str:
    """How a test page went, for a person."""
    if not printed.job:
        return f"the queue did not take it: {printed.words}"
    if printed.queue_state != "completed":
        return (
            f"job {printed.job} is {printed.queue_state} after {printed.seconds:.0f} s: {printed.words or 'no reason'}"
        )
    if printed.device_state not in ("", "completed"):
        return f"the print service calls job {printed.job} completed, but the printer {printed.device_state} it"
    where = "the printer says so too" if printed.device_state else "the printer itself could not be asked"
    return f"job {printed.job} is completed after {printed.seconds:.1f} s; {where}"


_QUEUE = {"printer": Parameter("text", "Name of the printer queue.", required=True)}
_TOUCHES = ("cups.*", "printer.*", "print.*")
ACTIONS = (
    Action(
        name="print.try_job",
        title="See whether the queue takes a job from you (no paper)",
        doc="IPP Create-Job, then Cancel-Job (RFC 8011, 4.2.4 and 4.3.3). It stands in the job history.",
        preview=_preview("Create a print job and cancel it again, no paper", "lp -d {} -H hold; cancel"),
        apply=_apply_trial,
        parameters=_QUEUE,
        touches=_TOUCHES,
        platforms=("linux", "macos"),
    ),
    Action(
        name="print.test_page",
        title="Print a test page",
        doc="IPP Print-Job of one PDF page (RFC 8011, 4.2.1), followed to the printer's own job list.",
        preview=_preview("Print one test page", "lp -d {} (one page of text)"),
        apply=_apply_page,
        parameters=_QUEUE,
        touches=_TOUCHES,
        platforms=("linux", "macos"),
    ),
)
