"""Probe backup.status: is there a backup, how old is it, did the last one fail? CPython 3.9 syntax."""

from __future__ import annotations

import glob
import os
import time
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL, Value
from techdoctor.probes.backups import jobs, traces
from techdoctor.probes.backups.jobs import Job
from techdoctor.probes.backups.traces import Home, Trace
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
    records,
    text,
    texts,
    unsupported,
)
from techdoctor.probes.disks import mount_table
from techdoctor.text import clean_line, duration

_SHOWN = 8
_MOST_HOMES = 20
_LOOKED_FOR = [
    *(name for name, _ in traces.OF_HOME),
    *(name for name, _ in traces.OF_SYSTEM),
    "systemd units and timers",
    "cron",
]
_FIELDS: Dict[str, Field] = {
    "found": records(
        "Programs that have made backups, the newest backup first.",
        tool=text("The program."),
        where=text("Where it keeps them, or what it was found by.", private="path"),
        age_s=number("Age of its last backup that succeeded.", "s"),
        same_disk=boolean("The copies lie on the disk they were made from, so that they do not outlive it."),
    ),
    "count": integer("How many keep their copies elsewhere and have succeeded at least once.", "count"),
    "same_disk": texts("Programs whose copies lie on the same disk."),
    "last_tool": text("The one with the newest backup that is kept elsewhere; empty for none."),
    "last_where": text("Where it is.", private="path"),
    "last_age_s": number("Its age.", "s"),
    "planned": texts("Units and crontabs that make backups.", private="path"),
    "planned_count": integer("How many.", "count"),
    "failing": texts("What failed at its last run.", private="path"),
    "failing_count": integer("How many.", "count"),
    "failing_name": text("The first of them; empty for none.", private="path"),
    "failing_unit": text("Its systemd unit; empty when it is none.", ""),
    "failing_why": text("Why it failed."),
    "failing_line": text("The last line of its log; empty when there is none.", private="text"),
    "looked_for": texts("What was looked for."),
    "closed_homes": integer("Home folders of others that may not be looked into.", "count"),
}


def reading(
    found: Sequence[Trace],
    planned: Sequence[Job],
    now_s: float,
    closed_homes: int = 0,
    line: str = "",
    looked_for: Optional[Sequence[str]] = None,
) -> Reading:
    """The fields.

    Args:
        found: What programs left behind, the newest first.
        planned: Units and crontabs.
        now_s: Seconds since 1970.
        closed_homes: Homes that were not looked into.
        line: Last line of the failing unit's log.
        looked_for: Names of what was looked for.
    """
    done = [Trace(job.name, job.name, now_s - job.age_s) for job in planned if job.age_s is not None and not job.failed]
    kept = [trace for trace in (*found, *done) if not trace.same_disk and trace.last_s is not None]
    kept.sort(key=lambda trace: -(trace.last_s or 0.0))
    bad = [(job.name, job.failed, True) for job in planned if job.failed]
    bad += [(trace.tool, trace.error, False) for trace in found if trace.error]
    last_s = kept[0].last_s if kept else None
    data: Dict[str, Value] = {
        "found": [
            {
                "tool": trace.tool,
                "where": mount_table.shown(trace.where),
                "age_s": None if trace.last_s is None else round(max(0.0, now_s - trace.last_s)),
                "same_disk": trace.same_disk,
            }
            for trace in found[:_SHOWN]
        ],
        "count": len(kept),
        "same_disk": list(dict.fromkeys(trace.tool for trace in found if trace.same_disk and trace.last_s is not None)),
        "last_tool": kept[0].tool if kept else "",
        "last_where": mount_table.shown(kept[0].where) if kept else "",
        "last_age_s": None if last_s is None else float(round(max(0.0, now_s - last_s))),
        "planned": [mount_table.shown(job.name) for job in planned[:_SHOWN]],
        "planned_count": len(planned),
        "failing": [mount_table.shown(name) for name, _, _ in bad[:_SHOWN]],
        "failing_count": len(bad),
        "failing_name": mount_table.shown(bad[0][0]) if bad else "",
        "failing_unit": bad[0][0] if bad and bad[0][2] else "",
        "failing_why": clean_line(bad[0][1]) if bad else "",
        "failing_line": line,
        "looked_for": list(looked_for or _LOOKED_FOR),
        "closed_homes": closed_homes,
    }
    return Reading(data, {"last_age_s": "no backup has succeeded as far as can be seen"} if last_s is None else {})


def homes() -> List[Home]:
    """The home of who asks; root looks into everybody's."""
    own = os.path.expanduser("~")
    found = [Home(own, os.environ)]
    if os.name == "posix" and os.geteuid() == 0:
        others = [*glob.glob("/home/*")[:_MOST_HOMES], "/root"]
        found += [Home(path, {}) for path in others if os.path.realpath(path) != os.path.realpath(own)]
    return found


def _closed() -> int:
    return sum(1 for path in glob.glob("/home/*") if os.path.isdir(path) and not os.access(path, os.R_OK | os.X_OK))


def _linux(probing: Probing) -> Reading:
    found = system.within(probing.left_s(3.0), lambda: traces.all_traces(homes()))
    uptime_s = float(system.read_text("/proc/uptime", 64).split()[0])
    planned = [*jobs.units(uptime_s), *jobs.crontabs()]
    failed = next((job.name for job in planned if job.failed), "")
    line = jobs.last_line(failed, min(1.5, probing.left_s())) if failed else ""
    return reading(found, planned, time.time(), _closed(), line)


def _macos(probing: Probing) -> Reading:
    """Time Machine; both commands end with 0 also when there is none, so their words count."""
    named = system.run(["tmutil", "latestbackup"], probing.left_s(6.0))
    if named.status == MISSING_TOOL:
        raise CannotMeasure(MISSING_TOOL, "the program tmutil is not installed")
    last_s = traces.parse_time_machine(named.out)
    asked = system.run(["tmutil", "destinationinfo"], probing.left_s(3.0))
    set_up = "Kind" in asked.out
    found = [Trace("Time Machine", named.out.strip(), last_s)] if last_s is not None else []
    planned = [Job("Time Machine")] if set_up else []
    own = [Home(os.path.expanduser("~"), os.environ)]
    found += [trace for _, look in traces.OF_HOME for trace in look(own[0])]
    names = ["Time Machine", *(name for name, _ in traces.OF_HOME)]
    return reading(sorted(found, key=lambda trace: -(trace.last_s or 0.0)), planned, time.time(), looked_for=names)


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("failing_count"):
        return clean_line(f"{data.get('failing_name')} failed")
    age = data.get("last_age_s")
    return clean_line(f"{data.get('last_tool')}, {duration(age)} ago") if isinstance(age, (int, float)) else "none seen"


PROBES = (
    Probe(
        name="backup.status",
        title="Backups",
        doc=(
            "What backup programs leave behind when they succeed: borg's and restic's caches, duplicity's manifests "
            "(Deja Dup), kopia's logs, Back In Time, rsnapshot, timeshift, snapper; systemd units and timers and lines "
            "of cron that make backups, and how the units' last run ended. No repository is opened, no password asked. "
            "Snapshots on the same disk are shown and do not count."
        ),
        fields=_FIELDS,
        methods={
            "linux": measured(_linux),
            "macos": measured(_macos, RECORDED, "tmutil's output as published in its manuals and on help pages"),
            "windows": unsupported("no recording of what File History and wbadmin say is at hand"),
        },
        timeout_s=8.0,
        summary=_summary,
    ),
)
