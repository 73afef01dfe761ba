"""Bundles that strangers send: each refused with one line, in bounded time and memory."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from techdoctor.bundle import BundleResult, read_bundle, show_bundle
from techdoctor.errors import BundleError, UsageError


def _manifest(members: dict[str, bytes], schema: str = "techdoctor.bundle/1") -> bytes:
    items = [{"name": n, "bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in members.items()]
    return json.dumps({"schema": schema, "session": "s", "items": items}).encode()


def _zip(members: dict[str, bytes], manifest: bytes | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
        archive.writestr("manifest.json", _manifest(members) if manifest is None else manifest)
    return out.getvalue()


def _named(name: str) -> Callable[[], bytes]:
    return lambda: _zip({name: b"x"})


def _twice() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", b"1")
        archive.writestr("b.txt", b"2")
    return out.getvalue().replace(b"b.txt", b"a.txt")


def _link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        member = zipfile.ZipInfo("a.txt")
        member.create_system, member.external_attr = 3, 0o120777 << 16
        archive.writestr(member, b"/etc/passwd")
    return out.getvalue()


def _lying_size() -> bytes:
    """A member whose headers say 10 bytes and whose stream gives 10 MB."""
    data = bytearray(_zip({"a.txt": b"\0" * 10_000_000}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", data, data.index(mark) + offset, 10)
    return bytes(data)


def _many() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(30_000):
            archive.writestr(zipfile.ZipInfo(f"m{number}"), b"")
    return out.getvalue()


def _million_declared() -> bytes:
    """An end record that promises a central directory of 4 GiB."""
    return b"PK\x03\x04" + b"\0" * 100 + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, 2**32 - 1, 0, 0)


def _zip64() -> bytes:
    plain = _zip({"a.txt": b"x"})
    return plain[:-22] + struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1) + plain[-22:]


def _encrypted_flag() -> bytes:
    data = bytearray(_zip({"a.txt": b"x"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _lzma() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.txt", b"x")
    return out.getvalue()


def _with_manifest(manifest: object) -> Callable[[], bytes]:
    return lambda: _zip({"a.txt": b"x"}, json.dumps(manifest).encode())


def _bomb() -> bytes:
    return _zip({"a.txt": b"\0" * (12 << 20)})


def _many_bombs() -> bytes:
    return _zip({f"a{n}.txt": os.urandom(1 << 18) + b"\0" * (14 << 20) for n in range(6)})


HOSTILE: dict[str, Callable[[], bytes]] = {
    "traversal": _named("../../etc/cron.d/x"),
    "absolute": _named("/etc/passwd"),
    "backslashes": _named("..\\..\\x"),
    "drive": _named("c:/x"),
    "upper case": _named("A.txt"),
    "too deep": _named("a/b/c"),
    "device": _named("con.txt"),
    "device below": _named("a/lpt1"),
    "trailing dot": _named("a."),
    "escape sequence": _named("a\x1b[31m"),
    "folder": _named("a/"),
    "no name": _named("\u00e9.txt"),
    "twice": _twice,
    "link": _link,
    "bomb": _bomb,
    "six bombs": _many_bombs,
    "lying size": _lying_size,
    "30,000 members": _many,
    "huge directory": _million_declared,
    "zip64": _zip64,
    "encrypted": _encrypted_flag,
    "other packing": _lzma,
    "truncated": lambda: _zip({"a.txt": os.urandom(5000)})[:3000],
    "head cut off": lambda: _zip({"a.txt": os.urandom(5000)})[2000:],
    "something behind": lambda: _zip({"a.txt": b"x"}) + b"#!/bin/sh",
    "empty": lambda: b"",
    "text": lambda: b"not a zip at all, but long enough to look at its end" * 3,
    "no manifest": lambda: _zip({"a.txt": b"x"}).replace(b"manifest.json", b"manifesx.json"),
    "manifest no json": lambda: _zip({"a.txt": b"x"}, b"\xff\xfe{"),
    "manifest deep": lambda: _zip({"a.txt": b"x"}, b"[" * 200_000),
    "manifest a list": _with_manifest([]),
    "newer version": _with_manifest({"schema": "techdoctor.bundle/9", "items": []}),
    "unlisted member": _with_manifest({"schema": "techdoctor.bundle/1", "items": []}),
    "items no list": _with_manifest({"schema": "techdoctor.bundle/1", "items": 7}),
    "absent member": lambda: _zip({}, _manifest({"b.txt": b"x"})),
    "wrong sum": lambda: _zip({"a.txt": b"x"}, _manifest({"a.txt": b"y"})),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_bundle_is_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(HOSTILE[kind]())
    tracemalloc.start()
    begun = time.process_time()
    try:
        with pytest.raises(BundleError) as raised:
            show_bundle(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - begun < 5
    assert peak < 150 << 20
    assert raised.value.exit_code == 2
    assert "\n" not in raised.value.message
    assert "\x1b" not in raised.value.message


def test_no_such_file_and_a_folder_are_usage_errors(tmp_path: Path) -> None:
    for path in (tmp_path / "none.zip", tmp_path):
        with pytest.raises(UsageError, match="there is no bundle"):
            read_bundle(path)


def test_escape_sequences_in_members_are_not_shown(tmp_path: Path) -> None:
    members = {"summary.txt": b"\x1b]0;owned\x07hello \x1b[31mred"}
    path = tmp_path / "x.zip"
    path.write_bytes(_zip(members))
    listing = show_bundle(path)
    assert "\x1b" not in listing.summary
    assert "hello red" in listing.summary


def test_listing_tells_members_and_what_was_hidden(bundle: BundleResult) -> None:
    tree = show_bundle(bundle.path).to_json()
    assert tree["session"] == "20261122-0915-k3f"
    assert tree["created"] == "2026-11-22T09:15:00Z"
    assert isinstance(tree["members"], list)
    assert len(tree["members"]) == 4
    redactions = tree["redactions"]
    assert isinstance(redactions, dict)
    assert "secret:password" in redactions


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), noise=st.binary(min_size=1, max_size=12), cut=st.integers(0, 200))
def test_damaged_bytes_never_end_in_a_traceback(
    tmp_path: Path, bundle: BundleResult, place: int, noise: bytes, cut: int
) -> None:
    data = bundle.path.read_bytes()
    at = place % len(data)
    path = tmp_path / "damaged.zip"
    path.write_bytes((data[:at] + noise + data[at + len(noise) :])[: len(data) - cut])
    try:
        assert show_bundle(path).session
    except BundleError as error:
        assert error.message.startswith(str(path))  # noqa: PT017 - either outcome is right, a traceback is not
