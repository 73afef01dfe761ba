"""Probe disk.log_growth: which log grows, how fast, and which program writes it. CPython 3.9 syntax."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from typing import Dict, List, Mapping, Optional, Tuple

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    Field,
    Parameter,
    Probe,
    Probing,
    Reading,
    integer,
    measured,
    number,
    text,
    unsupported,
)
from techdoctor.probes.disks import mount_table
from techdoctor.probes.disks.deleted_files import unit_of
from techdoctor.probes.load import procfs
from techdoctor.text import clean_line, size

_FOLDER = "/var/log"
_MOST_FILES = 5000
_LINES = 3000
_JOURNAL_TIMEOUT_S = 2.5

_FIELDS: Dict[str, Field] = {
    "file": text("The log file that grew fastest; empty for none.", private="path"),
    "file_bytes_per_s": number("How fast it grew.", "bytes_per_s"),
    "file_bytes": integer("Its size.", "bytes"),
    "writer_pid": integer("A program that has it open; 0 for none seen."),
    "writer_name": text("That program's name."),
    "writer_unit": text("The system service that program belongs to; empty for none."),
    "all_bytes_per_s": number("How fast all log files together grew.", "bytes_per_s"),
    "full_in_s": number("Time until their file system is full if that goes on.", "s"),
    "avail_bytes": integer("Free where the logs lie.", "bytes"),
    "avail_percent": number("The same, of what everybody may use.", "percent"),
    "unit": text("The service that wrote most lines to the journal in the last minute; empty for none."),
    "unit_lines_per_min": number("Its lines a minute.", "count"),
    "suppressed": integer("Lines the journal threw away in that time because there were too many.", "count"),
}


def sizes(folder: str = _FOLDER) -> Dict[str, int]:
    """File below a folder to its size, the journal's files left out: they grow in steps of 8 MiB."""
    found: Dict[str, int] = {}
    for top, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not (top == folder and name == "journal")]
        for name in names:
            path = os.path.join(top, name)
            try:
                found[path] = os.lstat(path).st_size
            except OSError:
                continue  # rotated away meanwhile
            if len(found) >= _MOST_FILES:
                return found
    return found


def parse_journal(out: str) -> Tuple[str, float, int]:
    """The busiest service of `journalctl -o json`, its lines a minute, and lines thrown away.

    Source of the words: journald-rate-limit, "Suppressed 1234 messages from foo.service".
    """
    counted: Counter[str] = Counter()
    times: List[int] = []
    suppressed = 0
    for line in out.splitlines():
        try:
            entry: Mapping[str, object] = json.loads(line)
            times.append(int(str(entry["__REALTIME_TIMESTAMP"])))
        except (ValueError, KeyError):
            continue  # a line cut by the cap
        name = entry.get("_SYSTEMD_UNIT") or entry.get("SYSLOG_IDENTIFIER")
        counted[str(name or "unknown")] += 1
        words = str(entry.get("MESSAGE", "")).split()
        if len(words) > 2 and words[0] == "Suppressed" and words[1].isdigit() and words[2] == "messages":
            suppressed += int(words[1])
    if not counted:
        return "", 0.0, 0
    unit, lines = counted.most_common(1)[0]
    span_s = max((max(times) - min(times)) / 1e6, 1.0)
    # Fewer lines than asked for: they are all of the last minute, however close together.
    minutes = span_s / 60 if len(times) >= _LINES else 1.0
    return unit, round(lines / minutes, 1), suppressed


def writer_of(path: str, root: str = "/proc") -> Optional[int]:
    """A program that has a file open; None when none may be seen."""
    for pid in procfs.pids(root):
        try:
            for number_ in os.listdir(f"{root}/{pid}/fd"):
                if os.readlink(f"{root}/{pid}/fd/{number_}") == path:
                    return pid
        except OSError:
            continue  # someone else's, or ended
    return None


def _measure(probing: Probing) -> Reading:
    journal: List[system.Ran] = []

    def ask_journal() -> None:
        argv = ("journalctl", "-q", "--no-pager", "--since=-60s", "-o", "json", "-n", str(_LINES))
        fields = "--output-fields=_SYSTEMD_UNIT,SYSLOG_IDENTIFIER,MESSAGE"
        journal.append(system.run((*argv, fields), min(_JOURNAL_TIMEOUT_S, probing.left_s()), cap_bytes=4 << 20))

    asking = threading.Thread(target=ask_journal, daemon=True)
    asking.start()
    before, begun = sizes(), time.monotonic()
    wanted = probing.params.get("window_s")
    probing.cancelled.wait(min(float(wanted) if isinstance(wanted, (int, float)) else 1.0, probing.left_s()))
    after, window_s = sizes(), max(time.monotonic() - begun, 1e-3)
    asking.join(probing.left_s())
    if not os.path.isdir(_FOLDER):
        raise CannotMeasure(NOT_APPLICABLE, f"{_FOLDER} is not there")
    space = os.statvfs(_FOLDER)
    free = (
        space.f_bavail * space.f_frsize,
        100 * space.f_bavail / max(1, space.f_blocks - space.f_bfree + space.f_bavail),
    )
    return reading(before, after, window_s, free, journal[0] if journal else None)


def reading(
    before: Mapping[str, int],
    after: Mapping[str, int],
    window_s: float,
    free: Tuple[int, float],
    journal: Optional[system.Ran],
) -> Reading:
    """The fields from two listings of log files and the journal's last minute.

    Args:
        before: File to size.
        after: The same, later.
        window_s: Time between the two.
        free: Free bytes where they lie, and percent of what everybody may use.
        journal: What journalctl said; None when it did not end.
    """
    growth = {path: count - before.get(path, 0) for path, count in after.items() if count > before.get(path, 0)}
    fastest = max(growth, key=lambda path: (growth[path], path), default="")
    rate = sum(growth.values()) / window_s
    pid = writer_of(fastest) if fastest else None
    data: Dict[str, Value] = {
        "file": mount_table.shown(fastest),
        "file_bytes_per_s": round(growth.get(fastest, 0) / window_s, 1),
        "file_bytes": after.get(fastest, 0),
        "writer_pid": pid or 0,
        "writer_name": "".join(procfs.names_of([pid])) if pid else "",
        "writer_unit": unit_of((procfs.read_bytes(f"/proc/{pid}/cgroup") or b"").decode()) if pid else "",
        "all_bytes_per_s": round(rate, 1),
        "full_in_s": round(free[0] / rate, 1) if rate > 0 else None,
        "avail_bytes": free[0],
        "avail_percent": round(free[1], 2),
    }
    gaps = {} if rate > 0 else {"full_in_s": "no log file grew"}
    if journal is not None and journal.worked:
        data["unit"], data["unit_lines_per_min"], data["suppressed"] = parse_journal(journal.out)
    else:
        status = "it did not end in time" if journal is None else journal.status
        reason = "the journal cannot be read" + ("" if status == "ok" else f": {status.replace('_', ' ')}")
        gaps.update(unit=reason, unit_lines_per_min=reason, suppressed=reason)
    return Reading(data, gaps)


def _summary(data: Mapping[str, Value]) -> str:
    rate = data.get("all_bytes_per_s")
    return clean_line(f"{size(rate)}/s in {data.get('file')}") if isinstance(rate, (int, float)) and rate else "quiet"


PROBES = (
    Probe(
        name="disk.log_growth",
        title="Growing logs",
        doc=(
            "Sizes of all files below /var/log, twice, and the journal's lines of the last minute by service. The "
            "program named is one that has the file open; with a log service (rsyslogd) that is the service, not its "
            "source."
        ),
        fields=_FIELDS,
        methods={
            "linux": measured(_measure),
            "macos": unsupported("where macOS' programs log is not read yet"),
            "windows": unsupported("the event log has a fixed size and fills no disk"),
        },
        parameters={"window_s": Parameter("float", "Length of the sample in seconds.", default=1.0)},
        timeout_s=5.0,
        cost="slow",
        needs="admin",
        summary=_summary,
    ),
)
