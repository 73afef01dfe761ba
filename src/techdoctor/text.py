"""Text for people: foreign text made harmless, sizes and durations in words.

CPython 3.9 syntax: this module travels to remote hosts.
"""

from __future__ import annotations

import re

# C0 (but tab and newline), DEL, C1, and the bidirectional controls that can turn a line around
# (Unicode TR 36, section 3.2), zero-width characters and line/paragraph separators.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_ESCAPE_SEQUENCE = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]"  # CSI
    "|\x1b[\\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\\\)?"  # OSC, DCS, SOS, PM, APC up to their end
    "|\x1b[ -/]*[0-~]"
)


def clean(text: str, limit: int = 2000) -> str:
    """Makes text from a host, device, file or the network safe to show on several lines.

    Escape sequences go, other control characters become a visible `?`, tabs become spaces and
    anything beyond `limit` characters is cut with an ellipsis.
    """
    text = _ESCAPE_SEQUENCE.sub("", text).replace("\r\n", "\n").replace("\t", "    ")
    text = _UNSAFE.sub("?", text)
    return text if len(text) <= limit else text[: max(0, limit - 3)] + "..."


def clean_line(text: str, limit: int = 200) -> str:
    """Like `clean`, but the result is one line: every run of white space becomes a space."""
    return clean(" ".join(clean(text, limit * 4).split()), limit)


def size(count: float) -> str:
    """Bytes in IEC units for people: 1536 -> "1.5 KiB"."""
    sign, count = ("-", -count) if count < 0 else ("", count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if count < 1024 or unit == "TiB":
            break
        count /= 1024
    digits = 0 if unit == "B" or count >= 100 else 1
    return f"{sign}{count:.{digits}f} {unit}"


def duration(seconds: float) -> str:
    """Seconds for people: 0.0123 -> "12 ms", 75 -> "1 min 15 s", 90000 -> "1 d 1 h"."""
    if seconds < 0:
        return "-" + duration(-seconds)
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    parts = []
    for word, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, whole = divmod(whole, length)
        if count:
            parts.append(f"{count} {word}")
        if len(parts) == 2:
            break
    return " ".join(parts) or "0 s"


def quantity(value: object, unit: str) -> str:
    """A field's value with its unit for people; the unit is a field's declared unit."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(clean_line(str(item)) for item in value) or "none"
    if not isinstance(value, (int, float)):
        return clean_line(str(value))
    if unit == "bytes":
        return size(value)
    if unit == "s":
        return duration(value)
    shown = f"{value:.1f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    if unit in ("", "count"):
        return shown
    return f"{shown} {'%' if unit == 'percent' else unit}"
