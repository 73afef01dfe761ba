"""The queues of the print service: which there are, which is the default, and one queue closely. CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Optional, Tuple

from techdoctor.model import Value
from techdoctor.probes.base import (
    UNTRIED,
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    text,
    texts,
)
from techdoctor.probes.network.bounded_http import exchange
from techdoctor.probes.network.bounded_socket import ExchangeFailed
from techdoctor.probes.printing.cups_queues import (
    IS_CLASS,
    IS_DISCOVERED,
    IS_REMOTE,
    Default,
    PrintService,
    choose_queue,
    state_of,
)
from techdoctor.probes.printing.cups_scheduler import MACOS_REASON, NO_CUPS
from techdoctor.probes.printing.ipp_client import user_name
from techdoctor.probes.printing.ipp_wire import Group
from techdoctor.probes.printing.printer_reasons import HARMLESS, read_reasons
from techdoctor.probes.printing.printer_uri import read_device_uri

MOST_NAMES = 50
PRINTER = Parameter(
    "text", "Name of the printer queue; default: the default queue, else the only or the worst one.", ""
)
# What the backends of CUPS write into a queue's message (backend/ipp.c, socket.c, usb-libusb.c of CUPS 2.4).
_COMPLAINTS: Tuple[Tuple[str, str], ...] = (
    ("name_unknown", r"Unable to locate printer"),
    ("wrong_path", r"configuration is incorrect or the printer no longer exists"),
    ("not_answering", r"may not exist or is unavailable|is unreachable at this time|not responding|Unable to connect"),
    ("connecting", r"^Connecting to printer"),
    ("absent", r"Waiting for printer to become available"),
    ("filter_failed", r"^Filter failed"),
)


def suggested_default(default: Default, names: Mapping[str, Group]) -> str:
    """The queue that should be the default when the chosen one is no good; empty when none stands out."""
    if default.server in names:
        return default.server
    return next(iter(names)) if len(names) == 1 else ""


def _measure_queues(probing: Probing) -> Reading:
    service = PrintService(probing)
    queues = service.queues()
    default = service.default(queues)
    names = list(queues)
    paused: List[Value] = [name for name in names if state_of(queues[name]) == "stopped"]
    return Reading(
        {
            "count": len(names),
            "names": list(names[:MOST_NAMES]),
            "discovered": sum(1 for q in queues.values() if (q.number("printer-type") or 0) & IS_DISCOVERED),
            "paused": paused[:MOST_NAMES],
            "default": default.name,
            "default_origin": default.origin,
            "default_exists": default.exists,
            "server_default": default.server,
            "suggested": suggested_default(default, queues),
        }
    )


def complaint_of(message: str) -> str:
    """What the queue's own message complains about, in one word; empty when it is none we know."""
    return next((word for word, pattern in _COMPLAINTS if re.search(pattern, message)), "")


def _is_denied(user: str, queue: Group) -> Optional[bool]:
    """Whether a user may not print there; None when a group decides, which the print service looks up."""
    denied, allowed = queue.texts("requesting-user-name-denied"), queue.texts("requesting-user-name-allowed")
    if user in denied:
        return True
    if not allowed or "all" in allowed or user in allowed:
        return None if any(name.startswith("@") for name in denied) else False
    return None if any(name.startswith("@") for name in allowed) else True


def describe(queue: Group) -> Dict[str, Value]:
    """The fields of a queue that its attributes give."""
    reasons = [reason.keyword for reason in read_reasons(queue.texts("printer-state-reasons"))]
    kind = queue.number("printer-type") or 0
    uri = read_device_uri(queue.text("device-uri"))
    message = queue.text("printer-state-message")
    serious = [reason for reason in read_reasons(reasons) if reason.family not in HARMLESS]
    return {
        "state": state_of(queue),
        "reasons": list(reasons),
        "stale": [reason.keyword for reason in serious],
        "families": list(dict.fromkeys(reason.family for reason in serious)),
        "message": message,
        "complaint": complaint_of(message),
        "accepting": queue.flag("printer-is-accepting-jobs"),
        "paused": state_of(queue) == "stopped",
        "jobs": queue.number("queued-job-count"),
        "model": queue.text("printer-make-and-model"),
        "error_policy": queue.text("printer-error-policy"),
        "kind": "class" if kind & IS_CLASS else uri.kind,
        "remote": bool(kind & IS_REMOTE),
        "scheme": uri.scheme,
        "host": uri.host,
        "host_is_local": uri.host.lower().rstrip(".").endswith(".local"),
        "uri": uri.shown,
        "relays": uri.path.startswith(("/printers/", "/classes/")),
        "filter_missing": "cups-missing-filter" in " ".join(reasons),
        "filter_insecure": "cups-insecure-filter" in " ".join(reasons),
        "certificate_bad": any(reason.startswith("cups-pki-") for reason in reasons),
        "user_denied": _is_denied(user_name(), queue),
    }


def has_driver(service: PrintService, queue: str, deadline: float) -> bool:
    """True when the queue has a printer description (PPD), which CUPS serves to everybody.

    Raises:
        ExchangeFailed: No answer.
    """
    target = service.target(queue)
    answer = exchange(target.endpoint, f"{target.path}.ppd", b"", headers={}, deadline=deadline, method="GET")
    return answer.status == 200


def _measure_queue(probing: Probing) -> Reading:
    service = PrintService(probing)
    queues = service.queues()
    choice = choose_queue(probing.text("printer"), queues, service.default(queues))
    data: Dict[str, Value] = {"name": choice.name, "chosen_by": choice.by, "exists": choice.queue is not None}
    if choice.queue is None:
        reason = "there is no such printer queue" if choice.name else "no printer is set up"
        return Reading(data, {name: reason for name in _QUEUE_FIELDS if name not in data})
    data.update(describe(choice.queue))
    gaps = {} if data["user_denied"] is not None else {"user_denied": "the queue goes by groups"}
    try:
        data["has_driver"] = has_driver(service, choice.name, probing.deadline)
    except ExchangeFailed as failure:
        gaps["has_driver"] = f"the print service did not say ({failure.kind})"
    return Reading(data, gaps)


def _summary_queue(data: Mapping[str, Value]) -> str:
    if not data.get("exists"):
        return "no such printer"
    accepting = "" if data.get("accepting") else ", refuses new jobs"
    return f"{data.get('name')} {'paused' if data.get('paused') else data.get('state')}{accepting}"


_QUEUE_FIELDS = {
    "name": text("Name of the queue that was looked at.", private="text"),
    "chosen_by": text("Why this one: asked, default, only, worst or none."),
    "exists": boolean("There is such a queue."),
    "state": text("idle, processing or stopped."),
    "reasons": texts("State reasons of the queue; they can be older than the printer's own."),
    "stale": texts("Those of the reasons that speak of trouble at the printer."),
    "families": texts("Those by family, as in printer.device."),
    "message": text("The queue's own message.", private="text"),
    "complaint": text(
        "What that message says in one word: name_unknown, wrong_path, not_answering, connecting, absent, "
        "filter_failed or empty."
    ),
    "accepting": boolean("It takes new jobs."),
    "paused": boolean("It is stopped: jobs wait."),
    "jobs": integer("Jobs that are not finished.", "count"),
    "model": text("Make and model of its driver."),
    "error_policy": text("What it does after an error, e.g. stop-printer."),
    "kind": text("Where it sends jobs: ipp, network, usb, local, dnssd, virtual, class or other."),
    "remote": boolean("It is a queue of another print server."),
    "scheme": text("Scheme of the device URI."),
    "host": text("Host in the device URI.", private="host_name"),
    "host_is_local": boolean("That host is a name ending in .local, which multicast DNS looks up."),
    "uri": text("Device URI without user name and password.", private="host_name"),
    "relays": boolean("It hands its jobs to a queue of another print server."),
    "has_driver": boolean("It has a printer description (PPD)."),
    "filter_missing": boolean("CUPS says that a program of its driver is missing."),
    "filter_insecure": boolean("CUPS says that a program of its driver has unsafe permissions."),
    "certificate_bad": boolean("CUPS says that the printer's certificate is expired or not valid."),
    "user_denied": boolean("This user is not among those who may print there."),
}
PROBES = (
    Probe(
        name="cups.queues",
        title="Printer queues",
        doc="All queues of the print service (CUPS-Get-Printers) and the default destination by the order of lp(1): "
        "LPDEST, PRINTER, ~/.cups/lpoptions, the system's lpoptions, the server's default.",
        fields={
            "count": integer("Queues.", "count"),
            "names": texts(f"Their names, at most {MOST_NAMES}.", private="text"),
            "discovered": integer("Queues that were made for printers found on the network.", "count"),
            "paused": texts(f"Names of the paused ones, at most {MOST_NAMES}.", private="text"),
            "default": text("The default queue; empty when none is set.", private="text"),
            "default_origin": text("Where it is set: LPDEST, PRINTER, user, system, server or empty."),
            "default_exists": boolean("The default names a queue that exists."),
            "server_default": text("The server's own default.", private="text"),
            "suggested": text("The queue to make the default; empty when none stands out.", private="text"),
        },
        methods={
            "linux": measured(_measure_queues),
            "macos": measured(_measure_queues, UNTRIED, MACOS_REASON),
            "windows": NO_CUPS,
        },
        reach="decides",
        summary=lambda data: f"{data.get('count')} set up, default {data.get('default') or 'none'}",
    ),
    Probe(
        name="cups.queue",
        title="Printer queue",
        doc="One queue as the print service sees it. What the printer itself says is printer.device: the queue's "
        "reasons stay until the next job.",
        fields=_QUEUE_FIELDS,
        methods={
            "linux": measured(_measure_queue),
            "macos": measured(_measure_queue, UNTRIED, MACOS_REASON),
            "windows": NO_CUPS,
        },
        parameters={"printer": PRINTER},
        reach="decides",
        summary=_summary_queue,
    ),
)
