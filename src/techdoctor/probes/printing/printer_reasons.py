"""What a printer's state reasons mean, by keyword family. Pure. CPython 3.9 syntax.

CUPS alone translates 795 keywords and vendors add their own, so keywords are matched by pattern, not by
list. Source: RFC 8011, section 5.4.12; PWG 5100.9 (printer alerts); cups locale/cups.pot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import List, Sequence, Tuple

# Family -> pattern over the keyword without its severity suffix; the first match counts, so what is
# only nearly empty or full stands before empty and full.
_FAMILIES: Tuple[Tuple[str, str], ...] = (
    ("queue_paused", r"(?:moving-to-)?paused|cups-.*|connecting-to-device|spool-area-full|none"),
    ("running_low", r".*-(?:low|almost-empty|near-empty|almost-full|near-full|almost-over|near-eol)"),
    ("paper_jam", r".*-jam(?:med)?"),
    ("waste_full", r".*waste.*-full"),
    ("output_full", r"output-.*-full|.*-stacker-full"),
    ("cover_open", r"(?:.*-)?(?:cover|door|interlock|lid)-(?:open|not-closed)"),
    ("toner_empty", r"(?:toner|ink|developer|marker|.*-toner|.*-ink|marker-.*)-(?:supply-)?empty|marker-supply-empty"),
    ("paper_out", r"media-(?:empty|needed)|(?:input|media)-.*(?:tray|magazine|roll|source).*-empty|media-.*-empty"),
    ("offline", r"offline|deactivated|shutdown|stopping|stopped-partly|timed-out"),
    ("busy", r"hold-new-jobs|resuming|configuration-change|testing"),
)
_COMPILED = tuple((family, re.compile(pattern)) for family, pattern in _FAMILIES)
_SEVERITY = re.compile(r"-(report|warning|error)$")
# No printer has more troubles at a time that mean anything; a hostile one sends thousands.
_MOST_REASONS = 50
# Families that never stop printing by themselves.
HARMLESS = ("running_low", "queue_paused", "busy")
# At the printer itself "paused" means that somebody took it off line at its panel.
_PAUSED_AT_PANEL = ("paused", "moving-to-paused")


@dataclass(frozen=True)
class Reason:
    """One state reason.

    Attributes:
        keyword: As the printer sent it.
        family: Its family, "other" when no pattern fits.
        severity: "report", "warning" or "error"; without a suffix a reason is an error (RFC 8011, 5.4.12).
    """

    keyword: str
    family: str
    severity: str


def read_reason(keyword: str) -> Reason:
    """Sorts one keyword.

    The suffix is cut for matching only: keywords like media-path-feed-error end in a word that looks
    like a severity, and lose nothing by that.
    """
    found = _SEVERITY.search(keyword)
    severity = found.group(1) if found else "error"
    base = _SEVERITY.sub("", keyword)
    for family, pattern in _COMPILED:
        if pattern.fullmatch(base):
            return Reason(keyword, family, severity)
    return Reason(keyword, "other", severity)


def read_reasons(keywords: Sequence[str]) -> List[Reason]:
    """Sorts keywords; "none", empty ones and those beyond the first fifty are left out."""
    return [read_reason(keyword) for keyword in keywords[:_MOST_REASONS] if keyword not in ("none", "")]


def device_families(reasons: Sequence[Reason]) -> List[str]:
    """Families of a device's own reasons, each once, where paused means taken off line."""
    families = [
        "offline" if _SEVERITY.sub("", reason.keyword) in _PAUSED_AT_PANEL else reason.family for reason in reasons
    ]
    return list(dict.fromkeys(families))


def blocking_families(reasons: Sequence[Reason], stopped: bool) -> List[str]:
    """Families that keep a device from printing now.

    A reason counts when it is an error, or when the device has stopped: the same empty tray is a
    report on an idle printer and a warning during a job (ippeveprinter of CUPS 2.4), so the
    severity alone proves nothing.

    Args:
        reasons: The device's own reasons.
        stopped: True when its state is stopped.
    """
    heavy = [reason for reason in reasons if stopped or reason.severity == "error"]
    return [family for family in device_families(heavy) if family not in HARMLESS]
