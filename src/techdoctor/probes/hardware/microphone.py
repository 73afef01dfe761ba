"""Probe sound.input: whether a microphone is there, and whether it is muted. CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    UNTRIED,
    Params,
    Probe,
    Raws,
    Reading,
    Source,
    boolean,
    integer,
    parsed,
    text,
    unsupported,
)
from techdoctor.probes.hardware.sound import pactl
from techdoctor.text import clean_line

_PERCENT = re.compile(r"(\d+)%")
_CAPTURE = re.compile(r"Capture \d+ \[(\d+)%\].*?\[(on|off)\]")


def sources(params: Params) -> Sequence[Source]:
    """The kernel's list of sound devices, and the sound server or mixer of this session."""
    return [
        Source("pcm", path="/proc/asound/pcm", cap_bytes=16384),
        Source("info", argv=pactl("info"), timeout_s=2.0, cap_bytes=16384),
        Source("inputs", argv=pactl("list", "sources"), timeout_s=2.0, cap_bytes=1 << 18),
        Source("amixer", argv=("amixer", "sget", "Capture"), timeout_s=2.0, cap_bytes=16384),
    ]


def parse(raws: Raws, params: Params) -> Reading:
    """Makes the fields: the sound server's view first, else the kernel's mixer.

    Raises:
        CannotMeasure: There is no sound system here at all.
    """
    kernel = raws["pcm"].text if raws["pcm"].status == "ok" else None
    served = raws["info"].status == "ok" and raws["info"].exit_code == 0
    if kernel is None and not served:
        raise CannotMeasure(NOT_APPLICABLE, "this computer has no sound system (often a server or a virtual one)")
    known = sum("capture" in line for line in (kernel or "").splitlines())
    inputs = _inputs(raws["inputs"].text) if served else []
    default = _default(raws["info"].text, inputs)
    data: Dict[str, Value] = {
        "capture_count": known,
        "no_device": not inputs if served else known == 0,
        "device": clean_line(str(default["description"]), 80) if default else "",
        "muted": default["muted"] if default else None,
        "volume_percent": default["volume"] if default else None,
    }
    channels = _CAPTURE.findall(raws["amixer"].text) if not served else []
    if channels:
        data["muted"] = all(switch == "off" for _, switch in channels)
        data["volume_percent"] = max(int(percent) for percent, _ in channels)
    missing = "no sound server and no mixer could be asked in this session"
    return Reading(data, {name: missing for name in ("muted", "volume_percent") if data[name] is None})


def _inputs(listing: str) -> List[Dict[str, Value]]:
    """The microphones of `pactl list sources`; a monitor only repeats what the speakers play."""
    found: List[Dict[str, Value]] = []
    for block in re.split(r"^Source #", listing, flags=re.M)[1:]:
        words = dict(re.findall(r"^\t(Name|Description|Mute|Volume|Monitor of Sink): (.*)$", block, re.M))
        if words.get("Monitor of Sink", "n/a") != "n/a" or words.get("Name", "").endswith(".monitor"):
            continue
        percents = [int(percent) for percent in _PERCENT.findall(words.get("Volume", ""))]
        found.append(
            {
                "name": words.get("Name", ""),
                "description": words.get("Description", ""),
                "muted": words.get("Mute") == "yes",
                "volume": max(percents) if percents else None,
            }
        )
    return found


def _default(info: str, inputs: Sequence[Dict[str, Value]]) -> Optional[Dict[str, Value]]:
    found = re.search(r"^Default Source: (.+)$", info, re.M)
    name = found[1].strip() if found else ""
    return next((each for each in inputs if each["name"] == name), inputs[0] if inputs else None)


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("no_device"):
        return "no microphone"
    words = [str(data.get("device") or "microphone"), "muted" if data.get("muted") else ""]
    return ", ".join(word for word in words if word)


PROBES = (
    Probe(
        name="sound.input",
        title="Microphone",
        doc="Microphones, mute and volume. Source: /proc/asound/pcm, pactl(1), amixer(1).",
        fields={
            "capture_count": integer("Devices that could record, as the kernel counts them.", "count"),
            "no_device": boolean("There is nothing to record from."),
            "device": text("Where sound is recorded from."),
            "muted": boolean("It is muted."),
            "volume_percent": integer("How loud it is set.", "percent"),
        },
        methods={
            "linux": parsed(sources, parse, UNTRIED, "values of the tools' manuals; nothing to record from here"),
            "macos": unsupported("no recorded output of macOS' input settings to test against"),
            "windows": unsupported("Windows tells mute and volume only to programs with a COM interface"),
        },
        timeout_s=4.0,
        summary=_summary,
    ),
)
