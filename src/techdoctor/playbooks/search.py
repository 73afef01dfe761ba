"""From a person's words to the playbook: titles, symptoms and signatures, ranked by bm25."""

from __future__ import annotations

import functools
import math
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from techdoctor.playbooks.hostnames import hostname_in
from techdoctor.playbooks.index import Entry
from techdoctor.playbooks.requests import is_request
from techdoctor.playbooks.words import RELATED_WEIGHT, Term, index_tokens, terms, words_of

__all__ = ["Hit", "clear_winner", "hostname_in", "search"]

# Columns and their weights. An id names the one thing it is about, a title says what a playbook is about; a
# symptom is one of many ways to say it; a signature is hardly ever met by chance. Chosen on the complaints
# of tests/playbooks/complaints.py.
WEIGHTS: Mapping[str, float] = {"id": 1.0, "title": 2.0, "symptoms": 1.5, "signatures": 4.0}
# Source: the constants of SQLite's own bm25() (sqlite.org/fts5.html, section 5.1.1).
_K1, _B = 1.2, 0.75
# What a complaint that says the whole title gains.
TITLE_BONUS = 0.5
# What a complaint gains that says a whole symptom and nothing else.
SYMPTOM_BONUS = 1.0
# How alike a symptom and a longer complaint are that says all of it and more.
WITHIN_SHARE = 0.7
# What a complaint gains that is a symptom word for word: "not", "nothing" and "no" turn a meaning round, though they
# are too frequent to find anything by.
WORDING_BONUS = 1.3
# What a word for a state (slow, hangs) counts beside a word for a thing (printer, VPN), and what a playbook keeps
# that knows none of the things named.
STATE_SHARE = 0.4
NO_THING_SHARE = 0.6
# A hit is clear when it stands this far before the next and explains at least half of the words.
CLEAR_LEAD = 1.35
CLEAR_COVERAGE = 0.5


@dataclass(frozen=True)
class Hit:
    """A playbook that fits a complaint.

    Attributes:
        id: Of the playbook.
        title: Of the playbook.
        score: Higher fits better; only comparable within one search.
        why: Which of the words it was found by.
        coverage: The share of the complaint's words that it explains, 0 to 1.
    """

    id: str
    title: str
    score: float
    why: str
    coverage: float = 0.0


@dataclass(frozen=True)
class Asked:
    """A complaint as the search sees it.

    Attributes:
        terms: Its words.
        said: The tokens that stand for the words themselves, without what is merely related.
        has_things: One of its words tells what is in trouble, not only how it behaves.
        wording: All its words as they were typed, the frequent ones as well.
    """

    terms: Sequence[Term]
    said: frozenset[str]
    has_things: bool
    wording: frozenset[str] = frozenset()

    @classmethod
    def of(cls, asked: Sequence[Term], words: str) -> Asked:
        said = {token for term in asked for token, weight in term.tokens.items() if weight > RELATED_WEIGHT}
        return cls(asked, frozenset(said), any(not term.is_state for term in asked), wording(words))

    def share(self, term: Term) -> float:
        """What a word counts: one for a state says little beside one for a thing."""
        return STATE_SHARE if self.has_things and term.is_state else 1.0


class Ranking(Protocol):
    """Scores all playbooks for one token."""

    def scores(self, token: str) -> Mapping[int, float]:
        """Number of the playbook to its bm25; higher fits better; only those with the token."""


def search(index: Sequence[Entry], words: str) -> list[Hit]:
    """The playbooks that fit a complaint, best first; empty when no word fits any, or it is a request to people."""
    if is_request(words):
        return []
    columns = [_columns(entry) for entry in index]
    asked = terms(_without_host(words), _vocabulary(tuple(index)))
    if not asked:
        return []
    ranking = ranking_of(columns)
    question = Asked.of(asked, words)
    hits = [_hit(entry, columns[number], number, question, ranking) for number, entry in enumerate(index)]
    found = [hit for hit in hits if hit is not None]
    return sorted(found, key=lambda hit: (-round(hit.score, 6), hit.id))


@functools.lru_cache(maxsize=8)
def _vocabulary(index: tuple[Entry, ...]) -> frozenset[str]:
    return frozenset(word for entry in index for text in entry.texts for word in _words_of(entry, text))


def _without_host(words: str) -> str:
    """A host name is a website's; its parts are no words."""
    host = hostname_in(words)
    return re.sub(rf"\S*{re.escape(host)}\S*", " website ", words, flags=re.IGNORECASE) if host else words


def clear_winner(hits: Sequence[Hit]) -> Hit | None:
    """The hit that may start without asking; None when a person should choose."""
    if not hits or hits[0].coverage < CLEAR_COVERAGE:
        return None
    if len(hits) > 1 and hits[0].score < CLEAR_LEAD * hits[1].score:
        return None
    return hits[0]


def ranking_of(columns: Sequence[Mapping[str, Sequence[str]]]) -> Ranking:
    """SQLite's FTS5 where this SQLite has it, else the same in Python."""
    try:
        return Fts5Ranking(columns)
    except sqlite3.OperationalError:
        return PythonRanking(columns)


def _words_of(entry: Entry, text: str) -> Sequence[str]:
    kept = entry.analysed.get(text)
    return kept[0] if kept is not None else words_of(text)


def _tokens_of(entry: Entry, text: str) -> Sequence[str]:
    kept = entry.analysed.get(text)
    return kept[1] if kept is not None else index_tokens(text)


@functools.lru_cache(maxsize=512)
def _columns(entry: Entry) -> dict[str, list[str]]:
    return {
        "id": index_tokens(entry.id.replace(".", " ")),
        "title": list(_tokens_of(entry, entry.title)),
        "symptoms": [token for text in entry.symptoms for token in _tokens_of(entry, text)],
        "signatures": [token for text in entry.signatures for token in _tokens_of(entry, text)],
    }


def _hit(entry: Entry, columns: Mapping[str, Sequence[str]], number: int, asked: Asked, ranking: Ranking) -> Hit | None:
    score, explained, things = 0.0, 0.0, False
    found_by: list[str] = []
    for term in asked.terms:
        parts = [(weight, weight * ranking.scores(token).get(number, 0.0)) for token, weight in term.tokens.items()]
        # The best reading of a word counts, not the sum: one word is one piece of evidence.
        weight, best = max(parts, key=lambda part: part[1], default=(0.0, 0.0))
        if best > 0:
            score += best * asked.share(term)
            explained += weight
            things = things or not term.is_state
            found_by.append(term.word)
    if not found_by:
        return None
    coverage = explained / len(asked.terms)
    title = set(columns["title"])
    bonus = 1 + TITLE_BONUS * len(title & asked.said) / max(1, len(title))
    bonus += SYMPTOM_BONUS * max((_likeness(asked.said, symptom) for symptom in _phrases_of(entry)), default=0.0)
    bonus += WORDING_BONUS * max((_likeness(asked.wording, text) for text in _wordings_of(entry)), default=0.0)
    if asked.has_things and not things:
        bonus *= NO_THING_SHARE
    score *= bonus * math.sqrt(coverage)
    return Hit(entry.id, entry.title, round(score, 4), ", ".join(found_by), round(coverage, 2))


@functools.lru_cache(maxsize=512)
def _phrases_of(entry: Entry) -> tuple[frozenset[str], ...]:
    """The tokens of the title and of each symptom."""
    return tuple(frozenset(_tokens_of(entry, text)) for text in (entry.title, *entry.symptoms))


@functools.lru_cache(maxsize=512)
def _wordings_of(entry: Entry) -> tuple[frozenset[str], ...]:
    """All words of the title and of each symptom."""
    return tuple(wording(text) for text in (entry.title, *entry.symptoms))


def wording(text: str) -> frozenset[str]:
    """The words of a text in lower case, plurals and short forms as they stand."""
    return frozenset(re.findall(r"[^\W_]+(?:'[a-z]+)?", text.lower()))


def _likeness(said: frozenset[str], symptom: frozenset[str]) -> float:
    """How much of two phrases is the same, 0 to 1; a symptom that stands whole within a longer story counts as well."""
    same = len(said & symptom)
    within = WITHIN_SHARE if len(symptom) > 1 and same == len(symptom) else 0.0
    return max(same / max(1, len(said | symptom)), within)


def rarity(books: int, with_token: int) -> float:
    """How much a token says, from the number of playbooks that have it; always above 0.

    SQLite's own measure is 0 for a token that half of the texts have, which in a library of six
    playbooks would make "internet" worthless; this is the one of Lucene.
    """
    return math.log(1 + (books - with_token + 0.5) / (with_token + 0.5))


def _sqlite_rarity(books: int, with_token: int) -> float:
    """Source: fts5_aux.c, fts5Bm25GetData."""
    return max(math.log((books - with_token + 0.5) / (with_token + 0.5)), 1e-6)


class Fts5Ranking:
    """bm25 by SQLite, in memory.

    Raises:
        sqlite3.OperationalError: This SQLite was built without FTS5.
    """

    def __init__(self, columns: Sequence[Mapping[str, Sequence[str]]]) -> None:
        self._books = len(columns)
        self._known: dict[str, Mapping[int, float]] = {}
        self._database = sqlite3.connect(":memory:")
        names = ", ".join(WEIGHTS)
        self._database.execute(f"CREATE VIRTUAL TABLE books USING fts5({names}, tokenize=\"unicode61 tokenchars '_'\")")
        places = ", ".join("?" for _ in WEIGHTS)
        rows = ([number, *(" ".join(c[name]) for name in WEIGHTS)] for number, c in enumerate(columns))
        self._database.executemany(f"INSERT INTO books (rowid, {names}) VALUES (?, {places})", rows)  # noqa: S608 - own names

    def scores(self, token: str) -> Mapping[int, float]:
        if token not in self._known:
            weights = ", ".join(str(weight) for weight in WEIGHTS.values())
            rows = self._database.execute(
                f"SELECT rowid, -bm25(books, {weights}) FROM books WHERE books MATCH ?",  # noqa: S608 - own numbers
                ['"' + token.replace('"', "") + '"'],
            ).fetchall()
            exchange = rarity(self._books, len(rows)) / _sqlite_rarity(self._books, len(rows))
            self._known[token] = {number: score * exchange for number, score in rows}
        return self._known[token]


class PythonRanking:
    """The same bm25 in Python."""

    def __init__(self, columns: Sequence[Mapping[str, Sequence[str]]]) -> None:
        self._columns = columns
        self._lengths = [sum(len(tokens) for tokens in c.values()) for c in columns]
        self._average = sum(self._lengths) / len(columns) if columns else 0.0

    def scores(self, token: str) -> Mapping[int, float]:
        often = {
            number: sum(weight * list(columns[name]).count(token) for name, weight in WEIGHTS.items())
            for number, columns in enumerate(self._columns)
        }
        found = {number: times for number, times in often.items() if times}
        worth = rarity(len(self._columns), len(found))
        return {number: worth * self._saturated(times, self._lengths[number]) for number, times in found.items()}

    def _saturated(self, often: float, length: int) -> float:
        return often * (_K1 + 1) / (often + _K1 * (1 - _B + _B * length / self._average))
