"""Reading a bundle that a stranger sent: nothing in it is trusted and nothing is extracted to disk."""

from __future__ import annotations

import hashlib
import io
import json
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from techdoctor.errors import BundleError, UsageError
from techdoctor.model import Value
from techdoctor.text import clean_line

SCHEMA = "techdoctor.bundle/1"
MANIFEST = "manifest.json"
# Quotas; a bundle of ours has five to 150 members and at most 3 MB.
MOST_FILE_BYTES = 32 << 20
MOST_MEMBERS = 2000
MOST_DIRECTORY_BYTES = 1 << 20
MOST_MEMBER_BYTES = 16 << 20
MOST_BYTES = 64 << 20
MOST_RATIO = 200
RATIO_COUNTS_FROM_BYTES = 1 << 20
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}(?:/[a-z0-9][a-z0-9._-]{0,59})?")
# Source: Microsoft, "Naming Files, Paths, and Namespaces": device names, with any extension.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
_END_RECORD = struct.Struct("<4s4H2LH")  # PKWARE APPNOTE 4.3.16
_ZIP64_LOCATOR_BYTES = 20  # PKWARE APPNOTE 4.3.15
_ENCRYPTED = 0x1
# What zipfile and zlib raise for damaged archives, beside BadZipFile.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    LookupError,
    OverflowError,
)


@dataclass(frozen=True)
class Bundle:
    """A checked bundle, in memory.

    Attributes:
        path: Where it came from.
        manifest: The manifest's tree.
        members: Name -> content, sums checked; the manifest included.
    """

    path: Path
    manifest: Mapping[str, Value]
    members: Mapping[str, bytes]

    def text(self, name: str) -> str:
        """A member as text; empty when there is none. Foreign text: clean it before showing."""
        return self.members.get(name, b"").decode("utf-8", "replace")

    def tree(self, name: str) -> dict[str, Value]:
        """A JSON member.

        Raises:
            BundleError: It is missing or no JSON object.
        """
        return _object(self.members.get(name, b""), name)


def read_bundle(path: Path) -> Bundle:
    """Reads and checks a bundle within quotas on members, bytes, ratio and names.

    Raises:
        BundleError: It is damaged, hostile, or of an unknown version; one line says why.
        UsageError: There is no such file, or it may not be read.
    """
    try:
        if not path.is_file():
            raise UsageError(f"there is no bundle {path}", "see: techdoctor session list")
        with path.open("rb") as stream:
            data = stream.read(MOST_FILE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        _check_frame(data)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _members(archive)
        manifest = _checked_manifest(members)
    except _DAMAGE as error:
        raise BundleError(f"{path} is damaged or no bundle: {clean_line(str(error), 120)}") from None
    except BundleError as error:
        raise BundleError(f"{path} is refused: {error.message}", error.hint) from None
    return Bundle(path, manifest, members)


def _check_frame(data: bytes) -> None:
    """Bounds the central directory before zipfile reads it; a million entries are refused unread."""
    if len(data) > MOST_FILE_BYTES:
        raise BundleError(f"it is larger than {MOST_FILE_BYTES >> 20} MiB")
    if len(data) < _END_RECORD.size:
        raise BundleError("it is no zip archive")
    mark, *_, total, size, _, comment = _END_RECORD.unpack(data[-_END_RECORD.size :])
    if mark != b"PK\x05\x06" or comment:
        raise BundleError("it is no zip archive, is cut off, or has something behind its end")
    if data[-_ZIP64_LOCATOR_BYTES - _END_RECORD.size :][:4] == b"PK\x06\x07":
        raise BundleError("it is a ZIP64 archive; a bundle is never that large")
    if total > MOST_MEMBERS or size > MOST_DIRECTORY_BYTES:
        raise BundleError(f"it has more than {MOST_MEMBERS} members")


def _members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = archive.infolist()
    if len(entries) > MOST_MEMBERS:
        raise BundleError(f"it has more than {MOST_MEMBERS} members")
    seen: set[str] = set()
    for entry in entries:
        _check_entry(entry)
        if entry.filename in seen:
            raise BundleError(f"the member {entry.filename} is there twice")
        seen.add(entry.filename)
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise BundleError(f"it unpacks to more than {MOST_BYTES >> 20} MiB")
    return {entry.filename: _content(archive, entry) for entry in entries}


def _check_entry(entry: zipfile.ZipInfo) -> None:
    shown = clean_line(entry.orig_filename, 60)
    parts = entry.filename.split("/")
    if entry.orig_filename != entry.filename or not _NAME.fullmatch(entry.filename) or ".." in entry.filename:
        raise BundleError(f"the member name '{shown}' is not allowed")
    if any(_DEVICE.fullmatch(part) or part.endswith(".") for part in parts):
        raise BundleError(f"the member name '{shown}' is not allowed")
    mode = entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise BundleError(f"the member '{shown}' is no ordinary file")
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BundleError(f"the member '{shown}' is packed in an unknown way")
    if entry.file_size > MOST_MEMBER_BYTES:
        raise BundleError(f"the member '{shown}' is larger than {MOST_MEMBER_BYTES >> 20} MiB")
    if entry.file_size > RATIO_COUNTS_FROM_BYTES and entry.file_size > MOST_RATIO * max(1, entry.compress_size):
        raise BundleError(f"the member '{shown}' unpacks to more than {MOST_RATIO} times its size")


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Reads one member and counts what really comes, whatever its header says."""
    with archive.open(entry) as stream:
        data = stream.read(entry.file_size + 1)
    if len(data) != entry.file_size:
        raise BundleError(f"the member '{entry.filename}' is not as large as it says")
    return data


def _checked_manifest(members: Mapping[str, bytes]) -> Mapping[str, Value]:
    if MANIFEST not in members:
        raise BundleError(f"it has no {MANIFEST}: it was not made by techdoctor")
    manifest = _object(members[MANIFEST], MANIFEST)
    schema = manifest.get("schema")
    if schema != SCHEMA:
        raise BundleError(
            f"unknown version {clean_line(str(schema), 40)!r}, this one reads {SCHEMA}", "use a newer one"
        )
    items = manifest.get("items")
    listed: set[str] = set()
    for item in items if isinstance(items, list) else []:
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(name, str) or name not in members or name in listed:
            raise BundleError(f"its {MANIFEST} lists a member that is not there: {clean_line(str(name), 60)}")
        listed.add(name)
        data = members[name]
        if item.get("bytes") != len(data) or item.get("sha256") != hashlib.sha256(data).hexdigest():
            raise BundleError(f"the member '{name}' was changed: its sum is not that of the {MANIFEST}")
    extra = sorted(set(members) - listed - {MANIFEST})
    if extra:
        raise BundleError(f"the member '{extra[0]}' is not in its {MANIFEST}")
    return manifest


def _object(data: bytes, name: str) -> dict[str, Value]:
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        tree = None
    if not isinstance(tree, dict):
        raise BundleError(f"its {name} is no JSON object")
    return tree
