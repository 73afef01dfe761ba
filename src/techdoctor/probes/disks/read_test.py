"""Probe disk.read_test: can what is attached be read, and how long does a disk take? CPython 3.9 syntax."""

from __future__ import annotations

import os
import statistics
import threading
from typing import Dict, List, Mapping, Sequence, Tuple

from techdoctor import system
from techdoctor.errors import CannotMeasure
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
    number,
    records,
    text,
    texts,
    under_wine,
)
from techdoctor.probes.disks import child_python, mount_portable, mount_table, read_child, sector_child
from techdoctor.probes.disks.mount_table import Mount
from techdoctor.text import clean_line

_SHOWN = 16
_MOST_FOLDERS, _MOST_DISKS = 256, 12
_SPOTS = 5
HUNG = "no answer"
# What a failing disk or a file system that has given up answers (errno-base.h); EACCES and the like say nothing of it.
_BROKEN = frozenset(["EIO", "ENODATA", "EREMOTEIO", "EILSEQ", "ETIMEDOUT", "EUCLEAN", "EBADMSG", "ENXIO", "ENODEV"])

_FIELDS = {
    "failed": records(
        "What could not be read.",
        path=text("The folder, file or disk.", private="path"),
        kind=text("folder, file or disk."),
        error=text("Its name in errno.h (EIO ...), or 'no answer'."),
        mount=text("Where that disk is attached; the path itself for folders and files.", private="path"),
    ),
    "failed_count": integer("How many could not be read.", "count"),
    "failed_path": text("The first of them; empty for none.", private="path"),
    "failed_mount": text("Where it is attached; empty for none.", private="path"),
    "failed_error": text("The error there; empty for none."),
    "broken": boolean("One of them gave an error of the disk or the file system itself (EIO ...)."),
    "hung": texts("Folders and disks that did not answer in time.", private="path"),
    "disks": records(
        "Disks of which single blocks were read.",
        disk=text("The disk, e.g. sda."),
        mount=text("Where it is attached.", private="path"),
        ms=number("Middle time of one read of 4 KiB, past the cache.", "ms"),
    ),
    "slowest_disk": text("The one that took longest; empty for none."),
    "slowest_mount": text("Where it is attached.", private="path"),
    "slowest_ms": number("Its middle time of one read.", "ms"),
}


def disks_of(mounts: Sequence[Mount], sysfs: str = "/sys") -> Dict[str, Tuple[str, int]]:
    """Block device to (mount point, its size in sectors of 512 bytes), for what is attached here."""
    found: Dict[str, Tuple[str, int]] = {}
    for mount in mount_table.storage(mounts):
        real = os.path.realpath(f"{sysfs}/dev/block/{mount.device}")
        name = os.path.basename(real if os.path.isdir(real) else mount.source)
        if not mount.source.startswith("/dev/") or name in found:
            continue
        try:
            sectors = int(system.read_text(f"{sysfs}/class/block/{name}/size", 64))
        except (CannotMeasure, ValueError):
            continue  # not a block device
        if sectors >= 64:
            found[name] = (mount.point, sectors)
    return dict(list(found.items())[:_MOST_DISKS])


def spots(sectors: int) -> List[int]:
    """Sectors spread over a disk, the first and the last page of it among them."""
    last = max(0, sectors - 8) // 8
    return [last * spot // (_SPOTS - 1) * 8 for spot in range(_SPOTS)]


def reading(
    folders: Mapping[str, str],
    disks: Mapping[str, Tuple[str, int]],
    answers: Mapping[str, Mapping[str, Value]],
    sectors: Mapping[str, Sequence[Mapping[str, Value]]],
) -> Reading:
    """The fields.

    Args:
        folders: Path that was read to its kind: folder or file.
        disks: Disk to (mount point, sectors).
        answers: Path to the child's answer; one without has not answered.
        sectors: Disk to the answers of its spots; fewer than asked are silent.
    """
    failed, hung = _of_folders(folders, answers)
    timed: List[Dict[str, Value]] = []
    closed = False
    for name, (point, _) in disks.items():
        said = sectors.get(name, ())
        closed = closed or any(str(answer["error"]).startswith("open") for answer in said)
        broken = [str(answer["error"]) for answer in said if answer["error"] in _BROKEN]
        mount = mount_table.shown(point)
        if broken:
            failed.append({"path": name, "kind": "disk", "error": broken[0], "mount": mount})
        elif len(said) < _SPOTS:
            hung.append(name)
        times = [float(a["ms"]) for a in said if isinstance(a.get("ms"), float)]  # type: ignore[arg-type]  # just seen
        if times:
            timed.append({"disk": name, "mount": mount, "ms": round(statistics.median(times), 1)})
    timed.sort(key=lambda one: -float(str(one["ms"])))
    slowest: Mapping[str, Value] = timed[0] if timed else {}
    gaps = {}
    if not timed:
        why = (
            "disks may not be read directly here (needs administrator rights)" if closed else "no disk is attached here"
        )
        gaps = dict.fromkeys(("slowest_disk", "slowest_mount", "slowest_ms"), why)
    first: Mapping[str, Value] = failed[0] if failed else {}
    return Reading(
        {
            "failed": list(failed[:_SHOWN]),
            "failed_count": len(failed),
            **{f"failed_{key}": first.get(key, "") for key in ("path", "mount", "error")},
            "broken": bool(failed),
            "hung": hung[:_SHOWN],
            "disks": list(timed),
            **{f"slowest_{key}": slowest.get(key) for key in ("disk", "mount", "ms")},
        },
        gaps,
    )


def _of_folders(
    folders: Mapping[str, str], answers: Mapping[str, Mapping[str, Value]]
) -> Tuple[List[Dict[str, Value]], List[Value]]:
    failed: List[Dict[str, Value]] = []
    hung: List[Value] = []
    for path, kind in folders.items():
        error = str(answers.get(path, {"error": HUNG})["error"])
        shown = mount_table.shown(path)
        if error == HUNG:
            hung.append(shown)
        elif error in _BROKEN:
            failed.append({"path": shown, "kind": kind, "error": error, "mount": shown})
    return failed, hung


def _measure(probing: Probing) -> Reading:
    linux = probing.platform == "linux"
    mounts = mount_table.read() if linux else mount_portable.read()
    asked = probing.text("path")
    folders = {mount.point: "folder" for mount in mount_table.storage(mounts)[:_MOST_FOLDERS]}
    if asked:
        folders[os.path.abspath(os.path.expanduser(asked))] = "file"
    disks = disks_of(mounts) if linux else {}
    sectors: Dict[str, List[Mapping[str, Value]]] = {name: [] for name in disks}

    def read_disks() -> None:
        wanted = [f"{name} {sector}" for name, (_, count) in disks.items() for sector in spots(count)]
        for answer in child_python.ask_each(sector_child, wanted, probing.left_s(3.0)):
            sectors[str(answer["path"]).partition(" ")[0]].append(answer)

    thread = threading.Thread(target=read_disks, daemon=True)
    if disks:
        thread.start()
    answers = {
        str(tree["path"]): tree for tree in child_python.ask_each(read_child, list(folders), probing.left_s(3.0))
    }
    if disks:
        thread.join(probing.left_s())
    return reading(folders, disks, answers, sectors)


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("failed_count"):
        return clean_line(f"{data.get('failed_error')} in {data.get('failed_path')}")
    slowest = data.get("slowest_ms")
    return f"works, {slowest} ms" if slowest is not None else "works"


_ELSEWHERE = measured(_measure, UNTRIED, "the standard library's directory listing, run on Linux only")
PROBES = (
    Probe(
        name="disk.read_test",
        title="Reading the disks",
        doc=(
            "Lists the top folder of every file system and reads the asked file at five spots; as administrator also "
            "five blocks of 4 KiB spread over each attached disk, past the cache. All in child processes that are left "
            "behind when a disk or a file server hangs."
        ),
        fields=_FIELDS,
        methods={"linux": measured(_measure), "macos": _ELSEWHERE, "windows": under_wine(_ELSEWHERE)},
        parameters={"path": Parameter("path", "A file or folder to read too; empty for none.", default="")},
        timeout_s=5.0,
        cost="slow",
        summary=_summary,
    ),
)
