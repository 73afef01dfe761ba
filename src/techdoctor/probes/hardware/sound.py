"""Probe sound.output: where sound goes, and whether it is muted. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    Params,
    Probe,
    Raw,
    Raws,
    Reading,
    Source,
    boolean,
    integer,
    parsed,
    records,
    text,
    texts,
    unsupported,
)
from techdoctor.text import clean_line

_MOST = 8
_PERCENT = re.compile(r"(\d+)%")
_WPCTL = re.compile(r"Volume:\s*([\d.]+)(\s*\[MUTED\])?")
_CARD = re.compile(r"^\s*\d+ \[.*?\]: (.+)$", re.M)
_PLAYBACK = re.compile(r"Playback (?:\d+ )?(?:\[(\d+)%\] )?(?:\[[-\d.]+dB\] )?\[(on|off)\]")
# What PulseAudio and PipeWire offer where there is no real device. Source: PulseAudio's module-always-sink,
# PipeWire's fallback-sink module.
_DUMMIES = ("auto_null", "fallback-sink")


def pactl(*words: str) -> Tuple[str, ...]:
    """A call of pactl that never starts a sound server by itself: it does where no server is named.

    Source: pulse-client.conf(5), autospawn; pulseaudio(1), PULSE_SERVER.
    """
    if os.environ.get("PULSE_SERVER") or not hasattr(os, "getuid"):
        return ("pactl", *words)
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return ("env", f"PULSE_SERVER=unix:{runtime}/pulse/native", "pactl", *words)


def sources(params: Params) -> Sequence[Source]:
    """The kernel's cards, and the sound server or mixer of this session."""
    return [
        Source("cards", path="/proc/asound/cards", cap_bytes=16384),
        Source("info", argv=pactl("info"), timeout_s=2.0, cap_bytes=16384),
        Source("sinks", argv=pactl("list", "sinks"), timeout_s=2.0, cap_bytes=1 << 18),
        Source("wpctl", argv=("wpctl", "get-volume", "@DEFAULT_AUDIO_SINK@"), timeout_s=2.0, cap_bytes=4096),
        Source("amixer", argv=("amixer", "sget", "Master"), timeout_s=2.0, cap_bytes=16384),
    ]


def parse(raws: Raws, params: Params) -> Reading:
    """Makes the fields: the sound server's view first, else the kernel's mixer.

    Raises:
        CannotMeasure: There is no sound system here at all, or nobody may ask it.
    """
    cards = _cards(raws["cards"])
    server = _server(raws["info"])
    sinks = parse_sinks(raws["sinks"].text) if server else []
    if cards is None and not server:
        raise CannotMeasure(NOT_APPLICABLE, "this computer has no sound system (often a server or a virtual one)")
    real = [sink for sink in sinks if not sink["dummy"]]
    default = _default(raws["info"].text, sinks) if server else None
    data: Dict[str, Value] = {
        "server": server,
        "cards": [clean_line(card, 80) for card in (cards or [])[:_MOST]],
        "card_count": len(cards or []),
        "no_device": not real if server else not cards,
        "unused_cards": bool(cards) and bool(server) and not real,
        "device": default["description"] if default else "",
        "muted": None,
        "volume_percent": None,
        "sinks": list(sinks[:_MOST]),
    }
    gaps: Dict[str, str] = {}
    muted, volume = _level(default, raws)
    if muted is None:
        gaps = dict.fromkeys(("muted", "volume_percent"), "no sound server and no mixer could be asked in this session")
    data["muted"], data["volume_percent"] = muted, volume
    return Reading(data, gaps)


def _cards(raw: Raw) -> Optional[List[str]]:
    """The kernel's sound cards; None when it has no sound at all. Source: sound/designs/procfile.rst."""
    if raw.status != "ok":
        return None
    return _CARD.findall(raw.text)


def _server(raw: Raw) -> str:
    """The sound server's name; empty when none answers."""
    if raw.status != "ok" or raw.exit_code != 0:
        return ""
    found = re.search(r"^Server Name: (.+)$", raw.text, re.M)
    return clean_line(found[1], 60) if found else "pulseaudio"


def parse_sinks(listing: str) -> List[Dict[str, Value]]:
    """The devices that `pactl list sinks` shows."""
    found: List[Dict[str, Value]] = []
    for block in re.split(r"^Sink #", listing, flags=re.M)[1:]:
        words = dict(re.findall(r"^\t(Name|Description|Mute|Volume|State): (.*)$", block, re.M))
        percents = [int(p) for p in _PERCENT.findall(words.get("Volume", ""))]
        name = words.get("Name", "")
        found.append(
            {
                "name": clean_line(name, 120),
                "description": clean_line(words.get("Description", ""), 80),
                "muted": words.get("Mute") == "yes",
                "volume_percent": max(percents) if percents else None,
                "dummy": name in _DUMMIES,
            }
        )
    return found


def _default(info: str, sinks: Sequence[Dict[str, Value]]) -> Optional[Dict[str, Value]]:
    found = re.search(r"^Default Sink: (.+)$", info, re.M)
    name = found[1].strip() if found else ""
    return next((sink for sink in sinks if sink["name"] == name), sinks[0] if sinks else None)


def _level(default: Optional[Mapping[str, Value]], raws: Raws) -> Tuple[Optional[bool], Optional[int]]:
    """Whether it is muted and how loud it is, by whatever answers; (None, None) when nothing does."""
    if default is not None:
        volume = default["volume_percent"]
        return default["muted"] is True, volume if isinstance(volume, int) else None
    found = _WPCTL.search(raws["wpctl"].text)
    if found:
        return bool(found[2]), round(float(found[1]) * 100)
    channels = _PLAYBACK.findall(raws["amixer"].text)
    if not channels:
        return None, None
    percents = [int(percent) for percent, _ in channels if percent]
    return all(switch == "off" for _, switch in channels), max(percents) if percents else None


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("no_device"):
        return "no sound device" + (" is used" if data.get("unused_cards") else "")
    words = [clean_line(str(data.get("device") or ""))] if data.get("device") else []
    if data.get("muted"):
        words.append("muted")
    if data.get("volume_percent") is not None:
        words.append(f"volume {data['volume_percent']} %")
    return ", ".join(words) or f"{data.get('card_count')} sound cards"


PROBES = (
    Probe(
        name="sound.output",
        title="Sound",
        doc="Sound cards, the sound server's devices, mute, volume. Source: /proc/asound, pactl, wpctl, amixer(1).",
        fields={
            "server": text("Sound server that answers; empty when none does."),
            "cards": texts(f"At most {_MOST} cards that the kernel knows."),
            "card_count": integer("How many there are.", "count"),
            "no_device": boolean("There is nothing that could make a sound: no card, or only a stand-in for one."),
            "unused_cards": boolean("The kernel knows a card, but the sound server uses none."),
            "device": text("Where sound goes."),
            "muted": boolean("It is muted."),
            "volume_percent": integer("Its volume.", "percent"),
            "sinks": records(
                f"At most {_MOST} devices of the sound server.",
                name=text("Name."),
                description=text("In words."),
                muted=boolean("It is muted."),
                volume_percent=integer("Volume.", "percent"),
                dummy=boolean("A stand-in that makes no sound."),
            ),
        },
        methods={
            "linux": parsed(sources, parse),
            "macos": unsupported("no recorded output of macOS' volume settings to test against"),
            "windows": unsupported("Windows tells mute and volume only to programs with a COM interface"),
        },
        timeout_s=4.0,
        summary=_summary,
    ),
)
