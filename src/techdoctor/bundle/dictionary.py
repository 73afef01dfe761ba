"""Known values and their odd spellings as one pattern: what is hidden wherever it stands."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

_WORD_BREAK = r"(?:[\s._+-]|%20|%2[BDE]|%5F){1,3}"
_TRANSLITERATED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
# A letter in front of the value is no boundary: "joanna" does not hold the user "anna". But the last
# digit of a percent-encoded character is one, and so is the letter of an escaped line break.
_BEFORE = r"(?:(?<![^\W_])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"
_AFTER = r"(?![^\W_])"


class Dictionary:
    """Literal values with what stands instead; found in any case, percent-encoded, escaped or transliterated.

    Args:
        values: Value -> replacement.
        weak: Those of them that are also words of our own vocabulary: hidden only where the place
            shows that a name is meant (a home folder, an e-mail address, after user=).
    """

    def __init__(self, values: Mapping[str, str], weak: Iterable[str] = ()) -> None:
        kept_weak = {word.lower() for word in weak}
        self._instead: dict[str, str] = {}
        strong: list[str] = []
        shy: list[str] = []
        for value in sorted(values, key=len, reverse=True):
            for form in spellings(value):
                key = _folded(form)
                if key and key not in self._instead:
                    self._instead[key] = values[value]
                    (shy if value.lower() in kept_weak else strong).append(form)
        self._strong = _pattern(strong, _BEFORE, _AFTER)
        place = r"(?:(?<=[/\\](?:home)[/\\])|(?<=[/\\]Users[/\\])|(?<=\buser=)|(?<=\buser )|(?<=\buser:)|(?<=@))"
        self._shy = _pattern(shy, place, _AFTER)
        self._shy_mail = _pattern(shy, _BEFORE, r"(?=@)")

    def replace(self, text: str) -> tuple[str, int]:
        """The text without known values, and how many there were."""
        count = 0
        for pattern in (self._strong, self._shy, self._shy_mail):
            if pattern is not None:
                text, n = pattern.subn(self._hide, text)
                count += n
        return text, count

    def first_in(self, text: str) -> str:
        """The first known value that stands in a text (as it stands there); empty when none does."""
        found = self._strong.search(text) if self._strong else None
        return found[0] if found else ""

    def _hide(self, match: re.Match[str]) -> str:
        return self._instead.get(_folded(match[0]), "[HIDDEN]")


def spellings(value: str) -> Iterator[str]:
    """The value as it may be written elsewhere: encoded, escaped, without accents."""
    plain = unicodedata.normalize("NFC", value)
    without_accents = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    forms = [plain, unicodedata.normalize("NFD", plain), plain.translate(_TRANSLITERATED), without_accents]
    forms += [quote(plain, safe=""), json.dumps(plain)[1:-1]]
    yield from dict.fromkeys(form for form in forms if form)


def _folded(text: str) -> str:
    """One key for all joinings of the same words: "Anna Meier", "anna.meier", "ANNA%20MEIER"."""
    return re.sub(_WORD_BREAK, " ", text.strip(), flags=re.IGNORECASE).lower()


def _pattern(forms: list[str], before: str, after: str) -> re.Pattern[str] | None:
    if not forms:
        return None
    tree: dict[str, object] = {}
    for form in forms:
        branch = tree
        for piece in _pieces(form.lower()):
            branch = branch.setdefault(piece, {})  # type: ignore[assignment]  # the tree is made of itself
        branch[""] = {}
    return re.compile(f"{before}(?:{_alternatives(tree)}){after}", re.IGNORECASE)


def _pieces(form: str) -> Iterator[str]:
    """Pattern pieces of a value: its characters, with any joining between its words."""
    for part in re.split(r"([\s._-]+)", form):
        if re.fullmatch(r"[\s._-]+", part):
            yield _WORD_BREAK
        else:
            yield from (re.escape(c) for c in part)


def _alternatives(tree: Mapping[str, object]) -> str:
    """A pattern that shares beginnings: thousands of values cost little more than one."""
    branches = []
    for piece, below in sorted(tree.items(), key=lambda item: item[0] == ""):
        assert isinstance(below, dict)
        branches.append(piece + (_alternatives(below) if below else ""))
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
