"""Probe boot.kernels: kernels kept in /boot beside the running one. CPython 3.9 syntax."""

from __future__ import annotations

import os
from typing import Dict, List, Mapping

from techdoctor.model import Value
from techdoctor.probes.base import Probe, Probing, Reading, integer, measured, text, texts, unsupported
from techdoctor.probes.disks import mount_table
from techdoctor.text import clean_line

_FOLDER = "/boot"
_PREFIX = "vmlinuz-"


def reading(files: Mapping[str, int], running: str) -> Reading:
    """The fields.

    Args:
        files: Name of each file in /boot to its size in bytes.
        running: Release of the running kernel, e.g. "6.1.0-18-amd64".
    """
    releases = sorted(name[len(_PREFIX) :] for name in files if name.startswith(_PREFIX) and "rescue" not in name)
    others: List[Value] = [mount_table.shown(release) for release in releases if release != running]
    sizes = [count for name, count in files.items() for release in releases if release != running and release in name]
    return Reading(
        {
            "running": running,
            "count": len(releases),
            "others": others,
            "other_count": len(others),
            "others_bytes": sum(sizes),
        }
    )


def _measure(probing: Probing) -> Reading:
    files: Dict[str, int] = {}
    for name in os.listdir(_FOLDER) if os.path.isdir(_FOLDER) else []:
        try:
            files[name] = os.lstat(os.path.join(_FOLDER, name)).st_size
        except OSError:
            continue  # removed meanwhile
    return reading(files, os.uname().release)


PROBES = (
    Probe(
        name="boot.kernels",
        title="Kernels kept",
        doc="Kernels in /boot (vmlinuz-RELEASE) and the space of everything there that carries the release of another.",
        fields={
            "running": text("Release of the running kernel."),
            "count": integer("Kernels in /boot.", "count"),
            "others": texts("Releases of those that do not run."),
            "other_count": integer("How many do not run.", "count"),
            "others_bytes": integer("Space of what belongs to those.", "bytes"),
        },
        methods={
            "linux": measured(_measure),
            "macos": unsupported("macOS keeps one kernel, in its sealed system volume"),
            "windows": unsupported("Windows keeps no kernels in a partition of their own"),
        },
        summary=lambda data: clean_line(f"{data.get('count') or 'none here'}; running: {data.get('running')}"),
    ),
)
