"""Probe cpu.pressure: how long work waits for processor, disk and memory (Linux PSI). CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Sequence, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import Params, Probe, Raw, Raws, Reading, Source, number, parsed, unsupported

RESOURCES = ("cpu", "io", "memory")
_LINE = re.compile(r"^(some|full) avg10=([\d.]+) avg60=([\d.]+)", re.MULTILINE)


def sources(params: Params) -> Sequence[Source]:
    """The three PSI files."""
    return [Source(name, path=f"/proc/pressure/{name}") for name in RESOURCES]


def parse_psi(text: str) -> Dict[str, Tuple[float, float]]:
    """A PSI file as {"some": (avg10, avg60), "full": (...)}, in percent of the time.

    Source: kernel documentation, accounting/psi.rst.
    """
    return {kind: (float(ten), float(sixty)) for kind, ten, sixty in _LINE.findall(text)}


def parse(raws: Raws, params: Params) -> Reading:
    """Makes the fields; a kernel started without PSI gives EOPNOTSUPP or has no such files."""
    data: Dict[str, Value] = {}
    missing: List[str] = []
    for resource in RESOURCES:
        psi = parse_psi(raws.get(resource, Raw("absent")).text)
        if not psi:
            missing.append(resource)
        for kind in ("some", "full"):
            if kind == "full" and resource == "cpu":
                continue  # always zero for the whole system (psi.rst)
            averages = psi.get(kind)
            data[f"{resource}_{kind}_avg10"] = averages[0] if averages else None
            data[f"{resource}_{kind}_avg60"] = averages[1] if averages else None
    if len(missing) == len(RESOURCES):
        raise CannotMeasure(NOT_APPLICABLE, "this kernel does not measure pressure (PSI is off)")
    gaps = {name: "this kernel does not measure it" for name, value in data.items() if value is None}
    return Reading(data, gaps)


def _summary(data: Mapping[str, Value]) -> str:
    shown = [f"{resource} {data.get(f'{resource}_some_avg10')} %" for resource in RESOURCES]
    return "waiting for " + ", ".join(shown) + " of the time"


_WORDS = {"cpu": "a processor", "io": "a disk", "memory": "memory"}
_HOW_MUCH = {"some": "some", "full": "all"}
_FIELDS = {
    f"{resource}_{kind}_avg{span}": number(
        f"Share of the last {span} s in which {_HOW_MUCH[kind]} work waited for {_WORDS[resource]}.", "percent"
    )
    for resource in RESOURCES
    for kind in ("some", "full")
    for span in (10, 60)
    if (resource, kind) != ("cpu", "full")
}
_ONLY_LINUX = unsupported("only Linux measures pressure stalls")
PROBES = (
    Probe(
        name="cpu.pressure",
        title="Waiting work",
        doc="Pressure stall information of the whole machine. Source: kernel documentation, accounting/psi.rst.",
        fields=_FIELDS,
        methods={"linux": parsed(sources, parse), "macos": _ONLY_LINUX, "windows": _ONLY_LINUX},
        timeout_s=2.0,
        summary=_summary,
    ),
)
