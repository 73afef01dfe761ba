"""Which scanner drivers (SANE backends) this computer uses. CPython 3.9 syntax.

Source: sane-dll(5): a backend is a line of dll.conf or of a file in dll.d; sane-airscan(5): [devices] of airscan.conf.
"""

from __future__ import annotations

import glob
import os
import re
from typing import Dict, List, Mapping, Tuple

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL, NOT_APPLICABLE, Value
from techdoctor.probes.base import Probe, Probing, Reading, boolean, integer, measured, text, texts, unsupported

# Backends for scanners that need no driver of their own (eSCL, WSD).
DRIVERLESS = ("airscan", "escl")
MOST_NAMES = 30
_BUILT_IN = "/etc/sane.d"
# Where distributions keep the backends: Debian and its kin, Fedora and SUSE, Arch.
_LIBRARIES = ("/usr/lib/*/sane", "/usr/lib64/sane", "/usr/lib/sane", "/usr/local/lib/sane")
_LIST_S = 12.0
_NO_SANE = unsupported("SANE is the scanner system of Linux; here the system lists scanners in its own settings only")


def folders(env: Mapping[str, str]) -> List[str]:
    """Folders of settings, first come first served: SANE_CONFIG_DIR, with the built-in one behind a final colon."""
    given = env.get("SANE_CONFIG_DIR", "")
    if not given:
        return [_BUILT_IN]
    named = [folder for folder in given.split(":") if folder]
    return [*named, _BUILT_IN] if given.endswith(":") else named


def read_first(places: List[str], name: str) -> str:
    """The text of a settings file in the first folder that has it; empty when none has."""
    for folder in places:
        try:
            return system.read_text(os.path.join(folder, name), 1 << 16)
        except CannotMeasure:
            continue
    return ""


def lines_of(config: str) -> List[str]:
    """The lines of a settings file without comments."""
    bare = (line.partition("#")[0].strip() for line in config.splitlines())
    return [line for line in bare if line]


def enabled_backends(places: List[str]) -> List[str]:
    """Names of the backends that programs try, in order."""
    names = lines_of(read_first(places, "dll.conf"))
    for folder in places:
        for path in sorted(glob.glob(os.path.join(glob.escape(folder), "dll.d", "*"))):
            if not path.endswith((".dpkg-old", ".dpkg-new", "~", ".bak")):
                names += lines_of(read_first([os.path.dirname(path)], os.path.basename(path)))
    return list(dict.fromkeys(name for name in names if re.fullmatch(r"[\w.-]{1,60}", name)))


def configured_devices(places: List[str]) -> List[Tuple[str, str]]:
    """Scanners that are set up by address in airscan.conf: (name, address)."""
    more = [path for f in places for path in sorted(glob.glob(os.path.join(glob.escape(f), "airscan.d", "*.conf")))]
    configs = [read_first(places, "airscan.conf")]
    configs += [read_first([os.path.dirname(path)], os.path.basename(path)) for path in more]
    found, section = [], ""
    for line in (line for config in configs for line in lines_of(config)):
        if line.startswith("["):
            section = line.strip("[]").strip().lower()
        elif section == "devices" and "=" in line:
            name, _, address = line.partition("=")
            address = address.partition(",")[0].strip().strip('"')
            if address.startswith("http"):
                found.append((name.strip().strip('"'), address))
    return found


def has_library(backend: str) -> bool:
    """True when the program part of a backend is installed."""
    return any(glob.glob(os.path.join(folder, f"libsane-{backend}.so*")) for folder in _LIBRARIES)


def _measure_setup(probing: Probing) -> Reading:
    del probing
    places = folders(os.environ)
    if not read_first(places, "dll.conf") and not any(has_library(name) for name in (*DRIVERLESS, "test")):
        raise CannotMeasure(NOT_APPLICABLE, "the scanner system SANE is not installed")
    enabled = enabled_backends(places)
    ready = [name for name in DRIVERLESS if name in enabled and has_library(name)]
    devices = configured_devices(places)
    data: Dict[str, Value] = {
        "backends": list(enabled[:MOST_NAMES]),
        "backend_count": len(enabled),
        "driverless": bool(ready),
        "driverless_installed": any(has_library(name) for name in DRIVERLESS),
        "airscan": "airscan" in ready,
        "configured": [address for _, address in devices[:MOST_NAMES]],
        "folder": places[0],
    }
    return Reading(data)


def devices_listed(output: str) -> List[str]:
    """Device names in the output of `scanimage -L`."""
    return re.findall(r"^device `([^']+)' is a", output, re.MULTILINE)


def _measure_listed(probing: Probing) -> Reading:
    ran = system.run(["scanimage", "-L"], probing.left_s(_LIST_S))
    if ran.status == "missing_tool":
        raise CannotMeasure(MISSING_TOOL, "the program scanimage is not installed")
    if ran.status == "timeout":
        raise CannotMeasure("timeout", "the list of scanners did not come in time")
    names = devices_listed(ran.out)
    return Reading({"count": len(names), "names": list(names[:MOST_NAMES])})


PROBES = (
    Probe(
        name="scan.setup",
        title="Scanner drivers",
        doc="The SANE backends that programs try (dll.conf, dll.d), whether one for driverless scanners is among them, "
        "and scanners set up by address (airscan.conf).",
        fields={
            "backends": texts(f"Names of the backends that are switched on, at most {MOST_NAMES}."),
            "backend_count": integer("How many these are.", "count"),
            "driverless": boolean("A backend for scanners without a driver of their own is on and installed."),
            "driverless_installed": boolean("Such a backend is installed, on or not."),
            "airscan": boolean("It is sane-airscan, which takes scanners by address, too."),
            "configured": texts("Addresses of scanners that are set up by hand.", private="ip"),
            "folder": text("Folder of these settings."),
        },
        methods={"linux": measured(_measure_setup), "macos": _NO_SANE, "windows": _NO_SANE},
        summary=lambda data: f"{data.get('backend_count')} on, driverless {'on' if data.get('driverless') else 'off'}",
    ),
    Probe(
        name="scan.listed",
        title="Scanners found",
        doc="What scanning programs see: scanimage -L. Its exit code is 0 with no scanner, too.",
        fields={
            "count": integer("Scanners.", "count"),
            "names": texts(f"Their device names, at most {MOST_NAMES}.", private="text"),
        },
        methods={"linux": measured(_measure_listed), "macos": _NO_SANE, "windows": _NO_SANE},
        timeout_s=_LIST_S,
        cost="slow",
        network=True,
        reach="beyond",
        summary=lambda data: f"{data.get('count')} found",
    ),
)
