"""What lists and the search know of a playbook without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from techdoctor.model import PLATFORMS, Value

_TEXTS = ("id", "title", "audience")
_LISTS = ("symptoms", "signatures", "platforms")


@dataclass(frozen=True)
class Entry:
    """One playbook in a list: the keys of its file with the same names.

    Attributes:
        analysed: What the search makes of each of its texts, words and tokens; kept with the entry, because taking
            the texts of all playbooks apart takes longer than the search. Empty when it was not kept.
    """

    id: str
    title: str
    symptoms: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    platforms: tuple[str, ...] = PLATFORMS
    audience: str = "user"
    analysed: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict, compare=False)

    @property
    def texts(self) -> tuple[str, ...]:
        """What it can be found by, beside its id."""
        return (self.title, *self.symptoms, *self.signatures)

    def with_analysis(self) -> Entry:
        """This entry with its texts taken apart."""
        from techdoctor.playbooks.words import index_tokens, words_of

        found = {text: (words_of(text), tuple(index_tokens(text))) for text in self.texts}
        return replace(self, analysed=found)

    @property
    def area(self) -> str:
        """The first part of the id: "net", "disk", "print" ..."""
        return self.id.partition(".")[0]

    def to_json(self) -> Value:
        tree: dict[str, Value] = {name: getattr(self, name) for name in _TEXTS}
        tree.update({name: list(getattr(self, name)) for name in _LISTS})
        if self.analysed:
            kept: dict[str, Value] = {}
            kept.update({text: [list(words), list(tokens)] for text, (words, tokens) in self.analysed.items()})
            tree["analysed"] = kept
        return tree

    @staticmethod
    def from_json(tree: Value) -> Entry | None:
        """The entry of a tree as `to_json` writes it, or of a playbook's file; None when it is neither."""
        if not isinstance(tree, dict) or not isinstance(tree.get("id"), str) or not isinstance(tree.get("title"), str):
            return None
        lists: dict[str, tuple[str, ...]] = {}
        for name in _LISTS:
            items = tree.get(name, [] if name != "platforms" else list(PLATFORMS))
            if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
                return None
            lists[name] = tuple(str(item) for item in items)
        audience = str(tree.get("audience", "user"))
        return Entry(str(tree["id"]), str(tree["title"]), **lists, audience=audience, analysed=_analysed(tree))


def _analysed(tree: Mapping[str, Value]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    kept = tree.get("analysed")
    found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for text, pair in kept.items() if isinstance(kept, dict) else ():
        if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], list) and isinstance(pair[1], list):
            found[str(text)] = (tuple(map(str, pair[0])), tuple(map(str, pair[1])))
    return found
