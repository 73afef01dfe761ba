"""Making a bundle: gather, redact in memory, scan the finished archive, then publish it in one step.

Only redacted text reaches the disk: the archive is built and searched in memory, and it is small.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import re
import secrets
import time
import zipfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from techdoctor import __version__
from techdoctor.bundle.environment import environment
from techdoctor.bundle.files import key_beside, publish
from techdoctor.bundle.identifiers import Identifier, own_identifiers
from techdoctor.bundle.pseudonyms import KEY_BYTES, Pseudonyms
from techdoctor.bundle.redact import WITHHELD, Redactor
from techdoctor.bundle.summary import Facts, summary
from techdoctor.errors import LeakFound, StateError, UsageError
from techdoctor.model import Value

SCHEMA = "techdoctor.bundle/1"
RULES_VERSION = 1
# Made of our own words and of digests only: a user called "items" is no leak there.
_OUR_WORDS = ("manifest.json", "redaction.json")
# A journal larger than this keeps its beginning and its end; the cut is a line that says so.
MOST_JOURNAL_LINES = 2000
MOST_JOURNAL_BYTES = 8 << 20
# Characters that no reader sees and that may turn a line around (Unicode TR 36, section 3.2).
_UNSEEN = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True)
class Contents:
    """What goes into a bundle, as measured; it is redacted on the way.

    Attributes:
        session: Session id; it names the file.
        diagnosis: The document of `diagnose --json`.
        journal: The session's journal; None when it was not saved.
        created_at: Seconds since 1970-01-01 UTC; the same contents give the same bytes.
        help_desk: name, contact, hours, as far as set.
        public: Names and addresses that need no hiding: probe targets, default inputs.
    """

    session: str
    diagnosis: Mapping[str, Value]
    journal: Path | None = None
    created_at: float = field(default_factory=time.time)
    help_desk: Mapping[str, str] = field(default_factory=dict)
    public: Collection[str] = ()


@dataclass(frozen=True)
class BundleResult:
    """A written bundle.

    Attributes:
        path: The file.
        members: Name -> bytes of each member.
        redactions: Kind -> how many values were hidden.
        summary: The text of summary.txt, fit to paste into a ticket.
        warnings: What a person should know, e.g. that the pseudonym map could not be kept.
    """

    path: Path
    members: Mapping[str, int]
    redactions: Mapping[str, int]
    summary: str
    warnings: tuple[str, ...] = ()


def create_bundle(
    contents: Contents,
    output: Path,
    map_path: Path | None = None,
    identifiers: Iterable[Identifier] | None = None,
) -> BundleResult:
    """Writes a bundle.

    Args:
        contents: What goes in.
        output: The file to write, or a folder in which it gets its name `TD-<session>.zip`.
        map_path: Where to keep pseudonym -> original on this machine (SessionStore.map_path); the
            key of the pseudonyms lies beside it. None keeps neither.
        identifiers: Names to hide; asked of this system when None.

    Raises:
        LeakFound: The finished archive still holds a known private value. No file is written.
        StateError: The disk is full or failed. No file is written.
        UsageError: The folder does not exist or may not be written.
    """
    warnings: list[str] = []
    key = _key(map_path, warnings)
    pseudonyms = Pseudonyms(key, contents.public)
    redactor = Redactor(pseudonyms, own_identifiers() if identifiers is None else identifiers)
    members, text = _members(contents, redactor)
    archive = _archive(members, contents.created_at)
    _scan(archive, redactor)
    path = output / f"TD-{_file_id(contents)}.zip" if output.is_dir() else output
    _publish(path, archive)
    if map_path is not None:
        try:
            publish(map_path, json.dumps(pseudonyms.map, ensure_ascii=False, indent=1).encode())
        except OSError as error:
            warnings.append(f"the pseudonym map could not be kept: {error.strerror or error}")
    sizes = {name: len(data) for name, data in members.items()}
    return BundleResult(path, sizes, dict(redactor.counts), text, tuple(warnings))


def _file_id(contents: Contents) -> str:
    """The session id; for a session that was not saved its time. Never a name of the machine or its user."""
    if re.fullmatch(r"[0-9a-z-]{1,40}", contents.session):
        return contents.session
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(contents.created_at))


def _key(map_path: Path | None, warnings: list[str]) -> bytes:
    if map_path is not None:
        try:
            return key_beside(map_path, KEY_BYTES)
        except OSError as error:
            warnings.append(f"pseudonyms are good for this bundle only: {error.strerror or error}")
    return secrets.token_bytes(KEY_BYTES)


def _members(contents: Contents, redactor: Redactor) -> tuple[dict[str, bytes], str]:
    """The members by name, redacted, and the summary's text."""
    journal = _journal_trees(contents.journal)
    around = environment(contents.created_at)
    diagnosis = dict(contents.diagnosis)
    for tree in (diagnosis, *journal):
        redactor.learn(tree)
    redactor.seal()
    redacted = redactor.tree(diagnosis)
    lines = [_shown(json.dumps(redactor.tree(tree), ensure_ascii=False)) for tree in journal]
    assert isinstance(redacted, dict)
    shown = Facts(
        diagnosis=redacted,
        environment=[redactor.text(line) for line in around],
        when=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(contents.created_at)),
        version=__version__,
        format=SCHEMA,
        redactions=sum(redactor.counts.values()),
        help_desk={name: redactor.text(text) for name, text in contents.help_desk.items()},
    )
    text = redactor.names(summary(shown))
    members = {
        "facts.json": _json(redacted),
        "redaction.json": _json(_redaction(redactor)),
        "session.jsonl": "".join(line + "\n" for line in lines).encode("utf-8", "replace"),
        "summary.txt": text.encode(),
    }
    members["manifest.json"] = _json(_manifest(contents, members, redactor))
    return members, text


def _journal_trees(path: Path | None) -> list[Value]:
    """The journal's lines; one that is no JSON is withheld, because no rule can be trusted on it."""
    if path is None:
        return []
    try:
        with path.open("rb") as stream:
            raw = stream.read(MOST_JOURNAL_BYTES)
    except OSError as error:
        return [{"left_out": f"the journal cannot be read: {error.strerror}"}]
    trees: list[Value] = []
    for line in raw.splitlines():
        try:
            trees.append(json.loads(line))
        except (ValueError, RecursionError):
            trees.append({"left_out": WITHHELD})
    if len(trees) <= MOST_JOURNAL_LINES:
        return trees
    half = MOST_JOURNAL_LINES // 2
    return [*trees[:half], {"left_out": f"{len(trees) - 2 * half} lines"}, *trees[-half:]]


def _redaction(redactor: Redactor) -> dict[str, Value]:
    return {
        "rules": RULES_VERSION,
        "counts": {kind: count for kind, count in sorted(redactor.counts.items()) if count},
        "withheld": redactor.errors,
        "note": "Addresses and names are pseudonyms made with a key that stayed on the machine.",
    }


def _manifest(contents: Contents, members: Mapping[str, bytes], redactor: Redactor) -> dict[str, Value]:
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(contents.created_at))
    return {
        "schema": SCHEMA,
        "session": contents.session,
        "created": created,
        "techdoctor": __version__,
        "complete": redactor.errors == 0 and contents.journal is not None,
        "items": [
            {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(members.items())
        ],
    }


def _json(tree: Value) -> bytes:
    return (_shown(json.dumps(tree, ensure_ascii=False, indent=1)) + "\n").encode("utf-8", "replace")


def _shown(text: str) -> str:
    """JSON in which nothing can turn a line around or hide: a technician opens these files with a pager."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _archive(members: Mapping[str, bytes], created_at: float) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data in sorted(members.items()):
            # ZIP knows no time before 1980.
            member = zipfile.ZipInfo(name, time.gmtime(max(created_at, 315532800.0))[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            member.external_attr = 0o100600 << 16
            archive.writestr(member, data)
    return out.getvalue()


def _scan(archive: bytes, redactor: Redactor) -> None:
    """Searches the finished archive member by member, as its reader will see it."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        for name in sorted(set(opened.namelist()) - set(_OUR_WORDS)):
            leak = redactor.leak_in(opened.read(name).decode("utf-8", "replace"))
            if leak:
                raise LeakFound(
                    f"the bundle was not written: {name} would still hold {leak} that belongs to this computer",
                    "please report this; the session itself is kept",
                )


def _publish(path: Path, archive: bytes) -> None:
    try:
        publish(path, archive)
    except OSError as error:
        message = f"the bundle cannot be written to {path}: {error.strerror or error}"
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR):
            raise UsageError(message, "name another place with --output") from None
        raise StateError(message, "nothing was left there; name another place with --output") from None
