"""A person's words as search terms: phrases, stop words, word forms, spelling, synonyms."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from techdoctor.playbooks.phrases import PHRASES
from techdoctor.playbooks.synonyms import CONCEPTS, FORMS_OF, RELATED, STATES, STOP_WORDS

# Nobody types a longer complaint; the rest would only cost time.
MAX_CHARACTERS = 1000
RELATED_WEIGHT = 0.5
REPAIRED_WEIGHT = 0.8
# Letters of a word that is easily taken for another one.
SHORT = 4
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Term:
    """One word of a question as the index knows it.

    Attributes:
        word: As the person wrote it, for the reason shown.
        tokens: Token of the index to its weight: 1 for the word itself, less for what is merely related.
    """

    word: str
    tokens: Mapping[str, float]

    @property
    def is_state(self) -> bool:
        """True when it tells how something behaves, not what it is."""
        own = [token.removeprefix("c_") for token, weight in self.tokens.items() if weight > RELATED_WEIGHT]
        return bool(own) and all(token in STATES for token in own)


def stem(word: str) -> str:
    """The common beginning of a word's forms: "freezing", "freezes" -> "freez"."""
    word = FORMS_OF.get(word, word)
    if "_" in word or any(letter.isdigit() for letter in word):
        return word
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return stem(word[: -len(ending)] + instead)
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        word = word[:-1]
    for ending in ("ing", "ed", "er"):
        if word.endswith(ending) and len(word) > len(ending) + 2 and re.search("[aeiouy]", word[: -len(ending)]):
            word = word[: -len(ending)]
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
                word = word[:-1]
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


@functools.cache
def _concepts() -> Mapping[str, tuple[str, ...]]:
    """Stem to the concepts it belongs to."""
    found: dict[str, dict[str, None]] = {}
    for concept, words in CONCEPTS.items():
        for word in (concept, *words.split()):
            found.setdefault(stem(word), {})[f"c_{concept}"] = None
    return {word: tuple(concepts) for word, concepts in found.items()}


@functools.cache
def _related() -> Mapping[str, tuple[str, ...]]:
    """Stem, or concept, to the tokens that are related to it."""
    found: dict[str, tuple[str, ...]] = {}
    for word, others in RELATED.items():
        tokens = tuple(token for other in others.split() for token in tokens_of(stem(other)))
        found[stem(word)] = tokens
        if word in CONCEPTS:
            found[f"c_{word}"] = tokens
    return found


@functools.cache
def _phrases() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(rf"\b(?:{phrase})\b"), instead) for phrase, instead in PHRASES.items())


@functools.cache
def known_words() -> frozenset[str]:
    """All words this module knows something about."""
    known = {word for words in CONCEPTS.values() for word in words.split()}
    return frozenset({*known, *CONCEPTS, *RELATED, *FORMS_OF, *STOP_WORDS})


@functools.lru_cache(maxsize=4096)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text in small letters, phrases put together, stop words gone."""
    text = unicodedata.normalize("NFKD", text[:MAX_CHARACTERS].lower())
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = text.replace("'", "").replace("\u2019", "")
    for pattern, instead in _phrases():
        text = pattern.sub(f" {instead} ", text)
    return tuple(word for word in _WORD.findall(text) if word not in STOP_WORDS)


def tokens_of(stemmed: str) -> tuple[str, ...]:
    """The index's tokens of a stem: its concepts, or itself."""
    return _concepts().get(stemmed, (stemmed,))


def index_tokens(text: str) -> list[str]:
    """A playbook's text as tokens; an error code counts whole and in its parts."""
    tokens: list[str] = []
    for word in words_of(text):
        tokens += tokens_of(stem(word))
        if "_" in word:
            tokens += [token for part in word.split("_") if part for token in tokens_of(stem(part))]
    return tokens


def terms(text: str, vocabulary: Collection[str]) -> list[Term]:
    """A question as terms, misspelt words repaired.

    Args:
        text: What the person typed.
        vocabulary: The words that stand in the index.
    """
    known = _known(frozenset(vocabulary))
    mended, typed = mend(text, known)
    found: dict[str, Term] = {}
    for word in words_of(mended):
        meant, weight = word, REPAIRED_WEIGHT if word in typed else 1.0
        if meant in STOP_WORDS:
            continue
        weights: dict[str, float] = {}
        own = tokens_of(stem(meant))
        for name in (stem(meant), *own):
            weights.update(dict.fromkeys(_related().get(name, ()), weight * RELATED_WEIGHT))
        for token in own:
            weights[token] = weight
        if "_" in word:
            parts = [token for part in word.split("_") for token in tokens_of(stem(part)) if part]
            weights.update({token: RELATED_WEIGHT for token in parts if token not in weights})
        found.setdefault(stem(meant), Term(typed.get(word, word), weights))
    return list(found.values())


@functools.lru_cache(maxsize=8)
def _known(vocabulary: frozenset[str]) -> frozenset[str]:
    """All words that need no repair: those of the index, of the synonyms, and of the phrases."""
    parts = {word for phrase in PHRASES for word in re.findall("[a-z]{4,}", re.sub(r"\\[a-zA-Z]", " ", phrase))}
    return known_words() | vocabulary | parts


@functools.lru_cache(maxsize=8)
def _stems(known: frozenset[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in known)


@functools.cache
def _long_stops() -> frozenset[str]:
    """Stems of the longer words that say nothing: "computers" and "computter" say as little as "computer"."""
    return frozenset(stem(word) for word in STOP_WORDS if len(word) > 6)


@functools.lru_cache(maxsize=8)
def _by_letter(known: frozenset[str]) -> Mapping[str, tuple[str, ...]]:
    """First letter to the known words, sorted: the repair looks at these only."""
    found: dict[str, list[str]] = {}
    for word in sorted(known):
        found.setdefault(word[:1], []).append(word)
    return {letter: tuple(words) for letter, words in found.items()}


def mend(text: str, known: frozenset[str]) -> tuple[str, Mapping[str, str]]:
    """Repairs misspelt words before phrases are put together: "secind screen" is a second screen.

    Returns:
        The text; and for each repaired word what was typed.
    """
    typed: dict[str, str] = {}

    def one(found: re.Match[str]) -> str:
        word = found[0]
        plain = word.replace("'", "").replace("\u2019", "")
        if len(plain) < SHORT or plain in known:
            return word
        if stem(plain) in _long_stops():
            return ""
        if stem(plain) in _stems(known):
            return word
        meant, weight = repaired(plain, _by_letter(known).get(plain[:1], ()))
        if weight == 1.0:
            return word
        typed[meant] = word
        return meant

    return re.sub(r"[^\W\d_]+(?:['\u2019][a-z]+)?(?![\w.])", one, text[:MAX_CHARACTERS].lower()), typed


def repaired(word: str, known: Collection[str]) -> tuple[str, float]:
    """The known word that was probably meant, and how much it counts; the word itself when there is none.

    One slip is allowed from four letters on, two from nine; the first letter must be right, as it nearly
    always is. In a word of four letters no letter may be another one: that makes too many words of others (desk, disk).
    """
    most = 0 if len(word) < 4 or any(c.isdigit() for c in word) else 1 if len(word) < 9 else 2
    best, nearest = word, most + 1
    for other in sorted(known):
        if other[:1] == word[:1] and abs(len(other) - len(word)) <= most:
            if len(word) == len(other) == SHORT and sorted(word) != sorted(other):
                continue
            distance = edit_distance(word, other, nearest + 1)
            # Of two words as near, the longer one: a letter is left out more often than one is added.
            if distance < nearest or (distance == nearest <= most and len(other) > len(best)):
                best, nearest = other, distance
    return best, REPAIRED_WEIGHT if nearest <= most else 1.0


def edit_distance(left: str, right: str, enough: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours between two words.

    Args:
        left: A word.
        right: Another.
        enough: Distances from here on need not be exact: this is returned instead.
    """
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        two_before, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, two_before[j - 2] + 1)
            row.append(cost)
        if min(row) >= enough:
            return enough
    return min(row[-1], enough)
