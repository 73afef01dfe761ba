"""Which suspected cause comes first: likelihood over effort, from two words of the author.

Source: on Microsoft's published printer-troubleshooter network (win95pts, 22 causes) this order
needs 4.4 checks a case where a fixed help page needs 11.1; words instead of exact numbers cost half
a percent (docs/design.md, "Order").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from techdoctor.model import RISKS, Value
from techdoctor.playbooks.tree import Cause, Fix

# Steps of roughly three: four grades of the win95pts priors.
LIKELIHOOD: Mapping[str, float] = {"common": 0.3, "occasional": 0.1, "rare": 0.03, "very_rare": 0.01}
# Seconds a person spends; the classes of the same simulation.
EFFORT_S: Mapping[str, float] = {"probe": 1, "look": 25, "ask": 40, "do": 90, "replace": 300}
# Learned counts are used from this many ended sessions on, and the author's word counts as four.
SESSIONS_BEFORE_LEARNING = 30
PRIOR_WEIGHT = 4


def likelihood(cause: Cause, counts: Value) -> float:
    """The probability of a cause: the author's word, corrected by history.

    Args:
        cause: The cause.
        counts: [times it was the cause, sessions] or None.
    """
    prior = LIKELIHOOD[cause.likelihood]
    if isinstance(counts, list) and len(counts) == 2:
        hits, sessions = counts
        if isinstance(hits, int) and isinstance(sessions, int) and sessions >= SESSIONS_BEFORE_LEARNING:
            return (hits + PRIOR_WEIGHT * prior) / (sessions + PRIOR_WEIGHT)
    return prior


def effort_s(cause: Cause) -> float:
    """Seconds of the cheapest step that could settle or cure the cause."""
    efforts = [fix.effort for fix in cause.fixes] + ([cause.ask.effort] if cause.ask else [])
    return min((EFFORT_S[effort] for effort in efforts), default=EFFORT_S["do"])


def by_worth(causes: Sequence[tuple[str, Cause]], priors: Mapping[str, Value]) -> list[tuple[str, Cause]]:
    """Causes (global id, cause) with the best likelihood over effort first; ties keep their order."""
    return sorted(causes, key=lambda item: -likelihood(item[1], priors.get(item[0])) / effort_s(item[1]))


def fixes_in_order(fixes: Sequence[Fix]) -> list[Fix]:
    """Least risk first, asking others after what one can do, replacing things last, else as written."""
    return sorted(fixes, key=lambda fix: (fix.effort == "replace", fix.ends == "referred", RISKS.index(fix.risk)))
