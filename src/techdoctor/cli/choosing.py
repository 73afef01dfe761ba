"""Which playbook a complaint is about: by the search, by the person, or both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from techdoctor.cli.options import pairs
from techdoctor.errors import PlaybookError, UsageError
from techdoctor.messages import say

if TYPE_CHECKING:
    from techdoctor.cli.context import Context
    from techdoctor.cli.diagnosing import Wish
    from techdoctor.playbooks.index import Entry
    from techdoctor.playbooks.search import Hit

# In batch mode this many further playbooks are walked when the best one finds nothing and did not win clearly ...
MOST_FURTHER = 2
# ... if they fit the words at least by this share as well as the best one.
FURTHER_SHARE = 0.4


@dataclass(frozen=True)
class Choice:
    """The playbook to walk and what else the search found.

    Attributes:
        playbook: Its id.
        candidates: Ids of all hits, best first; empty when the winner is clear or a person chose.
        words: The complaint.
        further: Ids of the playbooks to walk when this one finds nothing, best first.
    """

    playbook: str
    candidates: tuple[str, ...] = ()
    words: str = ""
    further: tuple[str, ...] = ()


def choose(context: Context, wish: Wish) -> Choice | None:
    """The playbook to walk; None when none fits.

    Raises:
        UsageError: Batch mode with neither words nor a playbook.
        KeyboardInterrupt: The person left the menu.
    """
    if wish.playbook:
        return Choice(wish.playbook)
    index = context.library.index()
    for problem in context.library.unusable.values():
        context.terminal.progress(say("diagnose.unusable", problem=problem))
    return _choose_unasked(context, index, wish) if wish.batch else _choose_together(context, index, wish)


def _choose_together(context: Context, index: Sequence[Entry], wish: Wish) -> Choice:
    """A clear winner starts at once; else the person chooses, from hits or from the menu."""
    from techdoctor.playbooks.search import clear_winner, search

    words = wish.words.strip()
    while True:
        if not words:
            from techdoctor.console.menu import menu

            words = menu(context.terminal, index)
            if not words:
                raise KeyboardInterrupt
            if words in context.library.ids():
                return Choice(words, words=wish.words)
        hits = _with_inputs(context, search(index, words), wish)
        winner = clear_winner(hits)
        if winner is not None:
            return Choice(winner.id, words=words)
        if hits:
            from techdoctor.console.menu import choose as choose_from
            from techdoctor.session.triage import look, raised

            hits = raised(hits, look(context.local_host().measure))
            chosen = choose_from(context.terminal, hits)
            if chosen:
                return Choice(chosen, tuple(hit.id for hit in hits), words)
        else:
            from techdoctor.playbooks.requests import is_request

            context.terminal.progress(say("diagnose.request" if is_request(words) else "diagnose.no_hit_menu"))
        words = ""


def _choose_unasked(context: Context, index: Sequence[Entry], wish: Wish) -> Choice | None:
    """The best hit; the others are candidates unless it wins clearly."""
    from techdoctor.playbooks.search import clear_winner, search

    if not wish.words.strip():
        raise UsageError("no words and no --playbook", 'say what hurts: techdoctor diagnose "no internet" --batch')
    hits = _with_inputs(context, search(index, wish.words), wish)
    if not hits:
        return None
    if clear_winner(hits):
        return Choice(hits[0].id, words=wish.words)
    near = [hit.id for hit in hits[1:] if hit.score >= FURTHER_SHARE * hits[0].score]
    return Choice(hits[0].id, tuple(hit.id for hit in hits), wish.words, tuple(near[:MOST_FURTHER]))


def _with_inputs(context: Context, hits: Sequence[Hit], wish: Wish) -> list[Hit]:
    """The hits that have a use for what was given by --set; all of them when none has."""
    given = pairs(wish.inputs)
    if not given:
        return list(hits)
    return [hit for hit in hits if takes(context, hit.id, given)] or list(hits)


def takes(context: Context, playbook: str, names: Iterable[str]) -> bool:
    """True when a playbook, or one that it may call, has all of these inputs."""
    try:
        walked = context.library.with_callees(playbook).values()
    except PlaybookError:
        return False
    return set(names) <= {name for each in walked for name in each.inputs}
