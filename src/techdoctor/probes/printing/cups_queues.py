"""Asking the print service for its queues, and the one choice of "the" queue that all printing probes share.

CPython 3.9 syntax.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Tuple
from urllib.parse import quote

from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, NOT_APPLICABLE, SKIPPED, TIMEOUT
from techdoctor.probes.base import Probing
from techdoctor.probes.measure import OFFLINE_REASON
from techdoctor.probes.printing.cups_server import PrintServer, chosen_server, read_optional, server_root, user_folder
from techdoctor.probes.printing.ipp_client import (
    CUPS_GET_DEFAULT,
    CUPS_GET_PRINTERS,
    GET_JOBS,
    NOT_FOUND,
    PRINTER_STATES,
    IppFailed,
    IppTarget,
    ask,
    failed,
    status_text,
)
from techdoctor.probes.printing.ipp_wire import (
    BOOLEAN,
    INTEGER,
    JOB_GROUP,
    KEYWORD,
    PRINTER_GROUP,
    Attribute,
    Group,
    Message,
)

# Bits of printer-type (https://www.cups.org/doc/spec-ipp.html#printer-type).
IS_CLASS, IS_REMOTE, IS_DISCOVERED = 0x1, 0x2, 0x1000000
_ATTRIBUTES = (
    "printer-name",
    "printer-state",
    "printer-state-reasons",
    "printer-state-message",
    "printer-is-accepting-jobs",
    "printer-make-and-model",
    "printer-info",
    "printer-location",
    "printer-type",
    "printer-error-policy",
    "queued-job-count",
    "device-uri",
    "requesting-user-name-denied",
    "requesting-user-name-allowed",
    "job-quota-period",
    "job-k-limit",
    "job-page-limit",
)
_JOB_ATTRIBUTES = (
    "job-id",
    "job-state",
    "job-state-reasons",
    "job-printer-state-message",
    "job-printer-up-time",
    "time-at-creation",
    "time-at-processing",
    "time-at-completed",
    "job-name",
    "job-originating-user-name",
    "media",
    "job-k-octets",
    "job-media-sheets-completed",
)
MOST_JOBS = 500
_LAST_JOBS = 20
# A scheduler answers in milliseconds; one that has not after this hangs, as cups.scheduler finds at the same time.
_ANSWER_S = 3.5


@dataclass(frozen=True)
class Default:
    """The default destination and where it was set.

    Attributes:
        name: Queue name; empty when none is set.
        origin: "LPDEST", "PRINTER", "user", "system", "server" or empty.
        exists: False when it names no queue.
        server: The server's own default; empty when it has none.
    """

    name: str
    origin: str
    exists: bool
    server: str


@dataclass(frozen=True)
class Choice:
    """The queue that the probes look at.

    Attributes:
        name: Queue name; empty when there is none to look at.
        by: "asked", "default", "only", "worst" or "none".
        queue: Its attributes; None when no such queue exists.
    """

    name: str
    by: str
    queue: Optional[Group]


class PrintService:
    """The print service as this user's programs see it.

    Args:
        probing: The surroundings of the calling probe.

    Raises:
        CannotMeasure: The server is another computer and nothing may be sent there.
    """

    def __init__(self, probing: Probing) -> None:
        self.env: Mapping[str, str] = os.environ
        self.server: PrintServer = chosen_server(probing.platform, self.env)
        self._deadline = min(probing.deadline, time.monotonic() + _ANSWER_S)
        if self.server.elsewhere and probing.settings.offline:
            raise CannotMeasure(SKIPPED, OFFLINE_REASON)

    def target(self, queue: str = "") -> IppTarget:
        """Whom to ask about a queue, or about the server as a whole."""
        path = f"/printers/{quote(queue, safe='')}" if queue else "/"
        return IppTarget(self.server.endpoint, path, f"ipp://localhost{path}" if queue else "")

    def ask(
        self, operation: int, requested: Tuple[str, ...], extra: Mapping[str, Attribute], queue: str = ""
    ) -> Message:
        """One question.

        Raises:
            CannotMeasure: The print service gives no answer.
        """
        try:
            return ask(self.target(queue), operation, self._deadline, attributes=extra, requested=requested)
        except IppFailed as failure:
            status = {"hangs": TIMEOUT, "timeout": TIMEOUT, "denied": DENIED}.get(failure.kind, NOT_APPLICABLE)
            raise CannotMeasure(status, f"the print service does not answer ({failure.kind})") from None

    def queues(self) -> Dict[str, Group]:
        """All queues by name, in the server's order.

        Raises:
            CannotMeasure: The print service gives no usable answer.
        """
        answer = self.ask(CUPS_GET_PRINTERS, _ATTRIBUTES, {})
        if failed(answer) and answer.code != NOT_FOUND:
            raise CannotMeasure(NOT_APPLICABLE, f"the print service does not list its queues: {status_text(answer)}")
        return {group.text("printer-name"): group for group in answer.of(PRINTER_GROUP) if group.text("printer-name")}

    def jobs(self, queue: str, finished: bool, most: int = _LAST_JOBS) -> List[Group]:
        """Jobs of a queue: those still to do in order, or the last `most` finished ones."""
        extra = {
            "which-jobs": Attribute(KEYWORD, ("completed" if finished else "not-completed",)),
            "my-jobs": Attribute(BOOLEAN, (False,)),
            "limit": Attribute(INTEGER, (most if finished else MOST_JOBS,)),
        }
        answer = self.ask(GET_JOBS, _JOB_ATTRIBUTES, extra, queue)
        if failed(answer):
            raise CannotMeasure(NOT_APPLICABLE, f"the print service does not list the jobs: {status_text(answer)}")
        return answer.of(JOB_GROUP)

    def default(self, names: Mapping[str, Group]) -> Default:
        """The default destination, in the order in which CUPS programs look for it (lpoptions(1), lp(1))."""
        answer = self.ask(CUPS_GET_DEFAULT, ("printer-name",), {})
        groups = answer.of(PRINTER_GROUP)
        server = groups[0].text("printer-name") if groups and not failed(answer) else ""
        candidates = [
            ("LPDEST", self.env.get("LPDEST", "")),
            # "lp" is what PRINTER holds on many systems without meaning a queue (lp(1)).
            ("PRINTER", self.env.get("PRINTER", "") if self.env.get("PRINTER") != "lp" else ""),
            ("user", default_in(read_optional(os.path.join(user_folder(self.env) or "/nonexistent", "lpoptions")))),
            ("system", default_in(read_optional(os.path.join(server_root(self.env), "lpoptions")))),
            ("server", server),
        ]
        for origin, value in candidates:
            if value:
                name = value.partition("/")[0]
                return Default(name, origin, name in names, server)
        return Default("", "", False, server)


def default_in(lpoptions: str) -> str:
    """The queue that an lpoptions file makes the default; empty when it names none."""
    found = re.findall(r"^\s*Default\s+(\S+)", lpoptions, re.MULTILINE | re.IGNORECASE)
    return found[-1] if found else ""


def state_of(queue: Group) -> str:
    """The state of a queue in words; "unknown" when it says none."""
    return PRINTER_STATES.get(queue.number("printer-state") or 0, "unknown")


def badness(queue: Group) -> Tuple[bool, bool, bool]:
    """How much a queue looks like the one that somebody complains about, as a sort key.

    A queue with waiting jobs comes first: one that is paused without jobs is mostly so on purpose.
    """
    shut = state_of(queue) == "stopped" or queue.flag("printer-is-accepting-jobs") is False
    waiting = (queue.number("queued-job-count") or 0) > 0
    return (shut and waiting, waiting, shut)


def choose_queue(asked: str, queues: Mapping[str, Group], default: Default) -> Choice:
    """The queue to look at: the asked one, else the default, else the only one, else the worst."""
    if asked:
        return Choice(asked, "asked", queues.get(asked))
    if default.exists:
        return Choice(default.name, "default", queues[default.name])
    if not queues:
        return Choice("", "none", None)
    if len(queues) == 1:
        name, queue = next(iter(queues.items()))
        return Choice(name, "only", queue)
    worst = max(queues, key=lambda name: badness(queues[name]))
    return Choice(worst, "worst", queues[worst])


def chosen(probing: Probing) -> Tuple[PrintService, Choice]:
    """The print service and the queue that a probe call is about.

    Raises:
        CannotMeasure: The print service gives no answer.
    """
    service = PrintService(probing)
    queues = service.queues()
    return service, choose_queue(probing.text("printer"), queues, service.default(queues))


def chosen_existing(probing: Probing) -> Tuple[PrintService, str, Group]:
    """Like `chosen`, for probes that need a queue.

    Raises:
        CannotMeasure: There is no such queue, or the print service gives no answer.
    """
    service, choice = chosen(probing)
    if choice.queue is None:
        raise CannotMeasure(NOT_APPLICABLE, "there is no such printer queue" if choice.name else "no printer is set up")
    return service, choice.name, choice.queue
