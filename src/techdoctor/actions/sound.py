"""Changes to sound: switch it on again, loud enough to be heard. CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Sequence, Tuple

from techdoctor.actions.base import Acting, Action, shown
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.hardware.sound import pactl

_TITLE = "Switch the sound on"
# Quieter than this counts as silent beside a fan; half is loud enough to hear and harms nobody.
_SILENT_PERCENT, _HEARD_PERCENT = 10, 50
_PERCENT = re.compile(r"(\d+)%")
_WPCTL = re.compile(r"Volume:\s*([\d.]+)(\s*\[MUTED\])?")

_Commands = List[Tuple[str, ...]]


def _now(acting: Acting) -> Tuple[str, bool, int]:
    """Who rules the sound of this session, whether it is muted, and its volume in percent; "" when nobody does."""
    mute, volume = (acting.run(pactl(f"get-sink-{what}", "@DEFAULT_SINK@")) for what in ("mute", "volume"))
    percents = [int(percent) for percent in _PERCENT.findall(volume.out)]
    if mute.worked and percents:
        return "pactl", "yes" in mute.out, max(percents)
    found = _WPCTL.search(acting.run(("wpctl", "get-volume", "@DEFAULT_AUDIO_SINK@")).out)
    if found:
        return "wpctl", bool(found[2]), round(float(found[1]) * 100)
    mixer = acting.run(("amixer", "sget", "Master"))
    percents = [int(percent) for percent in _PERCENT.findall(mixer.out)]
    if mixer.worked and percents:
        return "amixer", "[on]" not in mixer.out, max(percents)
    return "", False, 0


def _set(ruler: str, muted: bool, percent: int) -> _Commands:
    """The commands that bring sound to a state."""
    if ruler == "pactl":
        sink = "@DEFAULT_SINK@"
        return [
            pactl("set-sink-volume", sink, f"{percent}%"),
            pactl("set-sink-mute", sink, "1" if muted else "0"),
        ]
    if ruler == "wpctl":
        sink = "@DEFAULT_AUDIO_SINK@"
        return [
            ("wpctl", "set-volume", sink, f"{percent / 100:.2f}"),
            ("wpctl", "set-mute", sink, "1" if muted else "0"),
        ]
    return [("amixer", "sset", "Master", f"{percent}%", "mute" if muted else "unmute")]


def _wanted(percent: int) -> int:
    return percent if percent > _SILENT_PERCENT else _HEARD_PERCENT


def _preview(acting: Acting) -> ActionPreview:
    ruler, _, percent = _now(acting)
    if not ruler:
        return ActionPreview(_TITLE, problem="no sound server and no mixer answers in this session")
    commands = tuple(shown(command) for command in _set(ruler, False, _wanted(percent)))
    return ActionPreview(_TITLE, commands, undo="It is muted again, at the volume it had.")


def _apply(acting: Acting) -> ActionOutcome:
    ruler, muted, percent = _now(acting)
    if not ruler:
        return ActionOutcome(False, "no sound server and no mixer answers in this session")
    problem = _run(acting, _set(ruler, False, _wanted(percent)))
    token: Dict[str, Value] = {"ruler": ruler, "muted": muted, "percent": percent}
    return ActionOutcome(not problem, problem or f"sound is on, volume {_wanted(percent)} %", token)


def _undo(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    ruler, percent = str(token.get("ruler")), token.get("percent")
    if ruler not in ("pactl", "wpctl", "amixer") or not isinstance(percent, int) or not 0 <= percent <= 200:
        return ActionOutcome(False, "what was noted before the change does not fit")
    problem = _run(acting, _set(ruler, token.get("muted") is True, percent))
    return ActionOutcome(not problem, problem or "the sound is as it was")


def _run(acting: Acting, commands: Sequence[Tuple[str, ...]]) -> str:
    """Runs commands in turn; what went wrong, empty when nothing did."""
    for command in commands:
        ran = acting.run(command)
        if not ran.worked:
            return f"{shown(command)}: {ran.err.strip() or ran.status}"
    return ""


ACTIONS = (
    Action(
        name="sound.unmute",
        title=_TITLE,
        doc="By pactl, wpctl or amixer, whichever answers in this session; a volume of 10 % or less becomes 50 %.",
        preview=_preview,
        apply=_apply,
        touches=("sound.output",),
        undo_name="sound.mute_again",
        undo=_undo,
        platforms=("linux",),
        least_risk="none",
    ),
)
