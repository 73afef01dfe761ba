"""What lists and the search know of a playbook without loading it."""

from __future__ import annotations

from dataclasses import dataclass

from techdoctor.model import PLATFORMS, Value

_TEXTS = ("id", "title", "audience")
_LISTS = ("symptoms", "signatures", "platforms")


@dataclass(frozen=True)
class Entry:
    """One playbook in a list: the keys of its file with the same names."""

    id: str
    title: str
    symptoms: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    platforms: tuple[str, ...] = PLATFORMS
    audience: str = "user"

    @property
    def area(self) -> str:
        """The first part of the id: "net", "disk", "print" ..."""
        return self.id.partition(".")[0]

    def to_json(self) -> Value:
        tree: dict[str, Value] = {name: getattr(self, name) for name in _TEXTS}
        tree.update({name: list(getattr(self, name)) for name in _LISTS})
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
        return Entry(str(tree["id"]), str(tree["title"]), **lists, audience=str(tree.get("audience", "user")))
