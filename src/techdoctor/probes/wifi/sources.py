"""Where this room's probes get their texts from, on this machine. CPython 3.9 syntax."""

from __future__ import annotations

import time
from typing import Dict, List, Mapping, Sequence

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE
from techdoctor.probes.base import Probing, Raw, Source
from techdoctor.probes.network import adapters
from techdoctor.probes.sources import gather

PROFILER = ("system_profiler", "-json", "SPAirPortDataType")
INTERFACES = ("netsh", "wlan", "show", "interfaces")
_PROFILER_S = 12.0  # it scans, which takes some seconds
NO_ADAPTER = "this computer has no Wi-Fi adapter that works"


def adapters_of_linux() -> List[adapters.Adapter]:
    """The Wi-Fi adapters, switched on ones first.

    Raises:
        CannotMeasure: There is none, or sysfs cannot be read.
    """
    found = adapters.from_sysfs(gather(adapters.linux_sources(), time.monotonic() + 1.0))
    wifi = [a for a in found if a.kind == adapters.WIFI]
    if not wifi:
        raise CannotMeasure(NOT_APPLICABLE, NO_ADAPTER)
    return sorted(wifi, key=lambda a: (not a.up, not a.carrier, a.name))


def commands(probing: Probing, named: Mapping[str, Sequence[str]], timeout_s: float) -> Dict[str, Raw]:
    """Runs commands side by side: name to argv."""
    sources = [Source(name, argv=tuple(argv), timeout_s=timeout_s) for name, argv in named.items()]
    return gather(sources, min(probing.deadline, time.monotonic() + timeout_s))


def profiler(probing: Probing) -> str:
    """What macOS tells of its Wi-Fi.

    Raises:
        CannotMeasure: It could not be had.
    """
    wait_s = probing.left_s(_PROFILER_S)
    return commands(probing, {"profiler": PROFILER}, wait_s)["profiler"].need("system_profiler")


def netsh(probing: Probing, *words: str) -> str:
    """What `netsh wlan show ...` prints.

    Raises:
        CannotMeasure: It could not be run.
    """
    return commands(probing, {"netsh": ("netsh", "wlan", "show", *words)}, probing.left_s(4.0))["netsh"].need("netsh")


def text_or_nothing(path: str) -> str:
    """A file's text, empty when it cannot be read."""
    try:
        return system.read_text(path, 1 << 16)
    except CannotMeasure:
        return ""
