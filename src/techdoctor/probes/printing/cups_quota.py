"""What a user may still print on a queue with a quota, counted as the print service counts. CPython 3.9 syntax.

Source: check_quotas() in scheduler/ipp.c and cupsdUpdateQuota() in scheduler/quotas.c of CUPS 2.4: a user's jobs
of the last `job-quota-period` seconds, by pages and by kilobytes; a limit of 0 is none.
"""

from __future__ import annotations

import time
from typing import Dict, Mapping

from techdoctor.model import Value
from techdoctor.probes.base import UNTRIED, Probe, Probing, Reading, boolean, integer, measured
from techdoctor.probes.printing.cups_queue import PRINTER
from techdoctor.probes.printing.cups_queues import MOST_JOBS, PrintService, chosen_existing
from techdoctor.probes.printing.cups_scheduler import MACOS_REASON, NO_CUPS
from techdoctor.probes.printing.ipp_client import user_name
from techdoctor.probes.printing.ipp_wire import Group


def _limits(queue: Group) -> Dict[str, int]:
    names = {"period_s": "job-quota-period", "limit_pages": "job-page-limit", "limit_kilobytes": "job-k-limit"}
    return {field: queue.number(name) or 0 for field, name in names.items()}


def quota_of(service: PrintService, name: str, queue: Group) -> Dict[str, Value]:
    """The fields of the probe for one queue.

    Raises:
        CannotMeasure: The print service does not list the jobs.
    """
    limits = _limits(queue)
    limited = limits["period_s"] > 0 and (limits["limit_pages"] > 0 or limits["limit_kilobytes"] > 0)
    data: Dict[str, Value] = {"limited": limited, "reached": False, "used_pages": 0, "used_kilobytes": 0, **limits}
    if not limited:
        return data
    since, own = time.time() - limits["period_s"], user_name()
    jobs = [
        job
        for finished in (False, True)
        for job in service.jobs(name, finished=finished, most=MOST_JOBS)
        if job.text("job-originating-user-name") == own and (job.number("time-at-creation") or 0) >= since
    ]
    pages = sum(job.number("job-media-sheets-completed") or 0 for job in jobs)
    kilobytes = sum(job.number("job-k-octets") or 0 for job in jobs)
    data["used_pages"], data["used_kilobytes"] = pages, kilobytes
    data["reached"] = 0 < limits["limit_pages"] <= pages or 0 < limits["limit_kilobytes"] <= kilobytes
    return data


def _measure(probing: Probing) -> Reading:
    return Reading(quota_of(*chosen_existing(probing)))


def _summary(data: Mapping[str, Value]) -> str:
    if not data.get("limited"):
        return "none"
    return "used up" if data.get("reached") else "some left"


PROBES = (
    Probe(
        name="cups.quota",
        title="Print quota",
        doc="The quota of one queue and what this user has used of it (job-quota-period, job-page-limit, job-k-limit "
        f"of lpadmin(8)). Counts at most the last {MOST_JOBS} finished jobs.",
        fields={
            "limited": boolean("The queue has a quota."),
            "reached": boolean("This user has used it up."),
            "period_s": integer("Over how long it counts; 0 when there is none.", "s"),
            "limit_pages": integer("Most pages in that time; 0 for any number.", "count"),
            "limit_kilobytes": integer("Most kilobytes in that time; 0 for any number.", "count"),
            "used_pages": integer("Pages used of it.", "count"),
            "used_kilobytes": integer("Kilobytes used of it.", "count"),
        },
        methods={
            "linux": measured(_measure),
            "macos": measured(_measure, UNTRIED, MACOS_REASON),
            "windows": NO_CUPS,
        },
        parameters={"printer": PRINTER},
        reach="decides",
        summary=_summary,
    ),
)
