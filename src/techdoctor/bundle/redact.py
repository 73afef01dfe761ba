"""Redaction: by declared field type first, then by rules and known values on every text.

Two passes over the same trees: `learn` gathers what is private (typed fields, secrets that a rule
saw), `seal` makes the dictionary, `tree` and `text` give the redacted copies. A secret seen once
beside its key is so removed everywhere. An item whose redaction fails is withheld, not passed on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from techdoctor.bundle.dictionary import Dictionary
from techdoctor.bundle.identifiers import GENERIC, Identifier, worth_hiding
from techdoctor.bundle.pseudonyms import Pseudonyms
from techdoctor.bundle.secrets import SECRET_MARK, is_secret_key, looks_random, replace_secrets
from techdoctor.errors import UsageError
from techdoctor.model import ENDS, STATUSES, Value
from techdoctor.probes import registry
from techdoctor.probes.base import Field

WITHHELD = "[WITHHELD: redaction failed]"
# Caps that keep a bundle small; what is cut says so.
MOST_TEXT = 4000
MOST_ITEMS = 200
# Of a longer text only so many characters are looked at; what is kept of it lies well within.
MOST_SEEN = 4 * MOST_TEXT
# A secret that the cut divides is no longer known by its shape: the end is dropped.
CUT_MARGIN = 300
# Hashes of playbooks are public; elsewhere so long a hexadecimal number is taken for a secret.
_HASH_KEYS = ("hashes", "sha256")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAMED = {"host_name": "host", "user": "user", "ssid": "ssid", "serial": "serial"}
# The names by which our own documents call things; an identifier that is one of them is hidden shyly.
_VOCABULARY_WORDS = (
    "session playbook version created_at techdoctor host words event call fact probe status data gaps reason path node "
    "why end cause findings evidence fixes title text value unit field effort risk applied result commands answers "
    "inputs limits platform batch ask safe name printer service net disk perf print memory network system true false "
    "null secret withheld hidden user person mail domain ssid serial uuid path phone password header bearer basic "
    "token hash card iban hex jwt key query userinfo"
)
_VOCABULARY = frozenset(_VOCABULARY_WORDS.split())

_HOME = re.compile(
    r"""((?:/home|/Users|/var/home|[A-Za-z]:(?:\\{1,2}|/)Users)[/\\]{1,2})([^/\\\s:"'<>|,;)\]]+)""", re.I
)
_SHARED_HOMES = ("public", "shared", "default", "all")
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@(?:[\w-]+\.)+[A-Za-z]{2,}(?![\w-])")
_MAC = re.compile(
    r"(?<![0-9A-Za-z:.-])(?:[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}|"
    r"[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2})(?![0-9A-Za-z:])"
)
_V6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])")
_V4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)")
_V4_DASHED = re.compile(r"(?<=\bip-)\d{1,3}(?:-\d{1,3}){3}(?![\w-])")
_UUID = re.compile(r"(?<![0-9A-Za-z-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z-])")
_PHONE = re.compile(r"(?<![\w.+])\+\d{1,3}[ ()/-]{0,2}\d(?:[ ()/-]?\d){6,12}(?![\w.])")
# Folders below a home that say nothing about a person.
_PLAIN_FOLDERS_WORDS = (
    "downloads documents desktop pictures music videos movies library appdata local roaming temp tmp caches cache snap "
    "bin lib share log logs src node_modules venv trash applications"
)
_PLAIN_FOLDERS = frozenset(_PLAIN_FOLDERS_WORDS.split())


class Redactor:
    """Redacts text and JSON trees.

    Args:
        pseudonyms: Where identifiers get their pseudonyms.
        identifiers: This machine's own identifiers.

    Attributes:
        counts: Kind -> how many were hidden.
        errors: How many items were withheld because their redaction failed.
    """

    def __init__(self, pseudonyms: Pseudonyms, identifiers: Iterable[Identifier]) -> None:
        self.counts: Counter[str] = Counter()
        self.errors = 0
        self._pseudonyms = pseudonyms
        self._identifiers = list(identifiers)
        self._secrets: dict[str, str] = {}
        self._dictionary = Dictionary({})

    def learn(self, tree: Value) -> None:
        """Gathers the private values of a document; nothing is changed."""
        self._guarded(lambda: self._learn(tree))

    def seal(self) -> None:
        """Makes the dictionary of everything learnt. Redacting begins after this."""
        values = {
            item.value: self._pseudonyms.name(item.kind, item.value)
            for item in worth_hiding(self._identifiers)
            if not self._pseudonyms.is_public(item.value)
        }
        values.update(self._secrets)
        words = {word for name in registry.names() for word in re.split(r"[._]", name)}
        weak = {*_VOCABULARY, *words, *STATUSES, *ENDS, *GENERIC}
        self._dictionary = Dictionary(values, weak | {value for value in values if len(value) < 3})
        self.counts.clear()

    def text(self, text: str) -> str:
        """A text without secrets and with pseudonyms for identifiers."""
        return self._guarded(lambda: self._text(text))

    def names(self, text: str) -> str:
        """A text of our own making, without known values; what is redacted already stays as it is."""
        return self._guarded(lambda: self._dictionary.replace(text)[0])

    def tree(self, tree: Value) -> Value:
        """A redacted copy of a JSON document; facts in it are redacted by their declared fields."""
        return self._tree(tree, "")

    def leak_in(self, text: str) -> str:
        """Kind of the first known value that still stands in a finished text; empty when none does."""
        found = self._dictionary.first_in(text)
        return f"a known value of {len(found)} characters" if found else ""

    def _guarded(self, work: Callable[[], str | None]) -> str:
        try:
            return work() or ""
        except Exception:  # noqa: BLE001 - fail closed: whatever went wrong, the original never passes
            self.errors += 1
            return WITHHELD

    def _learn(self, tree: Value, declared: Field | None = None, key: str = "") -> None:
        if isinstance(tree, dict):
            fields = _declared_fields(tree)
            for name, value in tree.items():
                inner = _fact_field(fields) if name == "data" and fields is not None else None
                self._learn(value, inner or (declared.fields.get(name) if declared else None), _key(tree, name, key))
        elif isinstance(tree, list):
            for item in tree:
                self._learn(item, declared, key)
        elif isinstance(tree, str) and tree:
            private = declared.private if declared else ""
            if private in _NAMED and not self._pseudonyms.is_public(tree):
                if not self._pseudonyms.is_address(tree):
                    self._identifiers.append(Identifier(_NAMED[private], tree))
            elif key in _HASH_KEYS and _DIGEST.fullmatch(tree):
                return
            elif private == "secret" or is_secret_key(key):
                self._know_secret("field", tree)
            else:
                replace_secrets(tree[:MOST_SEEN], self._know_secret)

    def _know_secret(self, kind: str, value: str) -> str:
        """Remembers a secret that is unlike an ordinary word, so that it is removed everywhere."""
        value = value.strip("\"'")
        telling = re.search(r"\d|[^\w\s]|[a-z][A-Z]", value) or looks_random(value) or len(value) >= 20
        if len(value) >= 6 and telling and not value.isdecimal() and SECRET_MARK not in value:
            self._secrets.setdefault(value, f"{SECRET_MARK}{kind}]")
        return f"{SECRET_MARK}{kind}]"

    def _tree(self, tree: Value, key: str, declared: Field | None = None) -> Value:
        if isinstance(tree, dict):
            fields = _declared_fields(tree)
            out: dict[str, Value] = {}
            for name, value in tree.items():
                inner = _fact_field(fields) if name == "data" and fields is not None else None
                inner = inner or (declared.fields.get(name) if declared else None)
                shown = self.text(name)
                out[shown if shown not in out else f"{shown} ({len(out)})"] = self._tree(
                    value, _key(tree, name, key), inner
                )
            return out
        if isinstance(tree, list):
            items: list[Value] = [self._tree(item, key, declared) for item in tree[:MOST_ITEMS]]
            return items if len(tree) <= MOST_ITEMS else [*items, f"[{len(tree) - MOST_ITEMS} more left out]"]
        if isinstance(tree, str):
            return self._guarded(lambda: self._value(tree, key, declared.private if declared else ""))
        return tree

    def _value(self, value: str, key: str, private: str) -> str:
        if not value or (key in _HASH_KEYS and _DIGEST.fullmatch(value)):
            return value
        if private == "secret" or (is_secret_key(key) and not value.startswith(SECRET_MARK)):
            return self._count("secret:field", f"{SECRET_MARK}field]")
        if private in _NAMED and value.lower() not in GENERIC and not self._pseudonyms.is_public(value):
            if self._pseudonyms.is_address(value):  # a host known by its address only
                return self._count("ip", self._pseudonyms.address(value))
            if not re.search(r"[\s/@:]", value):
                return self._count(_NAMED[private], self._pseudonyms.name(_NAMED[private], value))
        if private == "path":
            value = self._path(value)
        return self._text(value)

    def _path(self, path: str) -> str:
        """Hides names below a home folder; extensions and folders of programs stay."""
        home = _HOME.match(path)
        if not home:
            return path
        parts = re.split(r"([/\\]+)", path[home.end() :])
        return home[0] + "".join(self._path_part(part) for part in parts)

    def _path_part(self, part: str) -> str:
        if not part or part[0] in "/\\." or part.lower() in _PLAIN_FOLDERS:
            return part
        stem, dot, extension = part.rpartition(".")
        plain = stem and len(extension) <= 5
        return self._pseudonyms.name("path", part) + (dot + extension if plain else "")

    def _text(self, text: str) -> str:
        cut = len(text) > MOST_SEEN
        text = replace_secrets(text[:MOST_SEEN], lambda kind, _: self._count(f"secret:{kind}", f"{SECRET_MARK}{kind}]"))
        text = _MAIL.sub(lambda m: self._count("mail", self._pseudonyms.name("mail", m[0])), text)
        text, known = self._dictionary.replace(text)
        self.counts["known"] += known
        text = _HOME.sub(self._home, text)
        text = _MAC.sub(lambda m: self._count("mac", self._pseudonyms.mac(m[0])), text)
        for pattern in (_V6, _V4):
            text = pattern.sub(lambda m: self._count("ip", self._pseudonyms.address(m[0])), text)
        text = _V4_DASHED.sub(lambda m: self._pseudonyms.address(m[0].replace("-", ".")).replace(".", "-"), text)
        text = _UUID.sub(lambda m: self._count("uuid", self._pseudonyms.name("uuid", m[0])), text)
        text = _PHONE.sub(lambda _: self._count("phone", "[PHONE]"), text)
        text = text[:-CUT_MARGIN] if cut else text
        return text if len(text) <= MOST_TEXT and not cut else f"{text[:MOST_TEXT]} [the rest is left out]"

    def _home(self, match: re.Match[str]) -> str:
        if match[2].lower() in _SHARED_HOMES or match[2].startswith("user-"):
            return match[0]
        return self._count("user", match[1] + self._pseudonyms.name("user", match[2]))

    def _count(self, kind: str, instead: str) -> str:
        self.counts[kind] += 1
        return instead


def _key(tree: Mapping[str, Value], name: str, above: str) -> str:
    """The key under which a value is judged. The `token` of an event of ours is no secret."""
    if above in _HASH_KEYS:
        return above
    return "" if name == "token" and "event" in tree else name


def _declared_fields(tree: Mapping[str, Value]) -> Mapping[str, Field] | None:
    """The declared fields of the probe, when the tree is a fact."""
    probe = tree.get("probe")
    if not isinstance(probe, str) or not isinstance(tree.get("data"), dict) or "status" not in tree:
        return None
    try:
        return registry.get(probe).fields
    except UsageError:
        return None  # a probe of another version: the rules on text are what is left


def _fact_field(fields: Mapping[str, Field]) -> Field:
    return Field("record", "the fact", fields=fields)
