"""Deleted files that are still open: found for real in this process, and put together from answers."""

from __future__ import annotations

import os
from pathlib import Path

from techdoctor.probes.disks.deleted_files import Candidates, Held, candidates, held_files, reading, unit_of
from techdoctor.probes.disks.fs_ask import Answer
from techdoctor.probes.disks.mount_table import Mount
from techdoctor.probes.measure import measure_here

_MOUNTS = [Mount("1:1", "/", "/", ("rw",), "ext4", "/dev/a"), Mount("1:2", "/", "/small", ("rw",), "tmpfs", "t")]


def _answer(device: str, inode: int, used: int, total: int, avail: int, links: int = 0) -> Answer:
    return Answer(
        "x",
        device=device,
        inode=inode,
        links=links,
        used_bytes=used,
        total_bytes=total,
        free_bytes=avail,
        avail_bytes=avail,
    )


def test_own_deleted_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "gone.log"
    with path.open("wb") as stream:
        stream.write(b"x" * 300_000)
        stream.flush()
        os.fsync(stream.fileno())
        path.unlink()
        seen = candidates()
        assert (os.getpid(), str(path)) in seen.links.values()
        fact = measure_here("disk.deleted_open", {"path": str(tmp_path)})
        assert fact.ok
        files = fact.data["files"]
        assert isinstance(files, list)
        mine = [f for f in files if isinstance(f, dict) and f["path"] == str(path)]
        assert mine and mine[0]["pid"] == os.getpid() and isinstance(mine[0]["bytes"], int)
        assert mine[0]["bytes"] >= 300_000


def test_a_name_that_only_looks_deleted_is_none(tmp_path: Path) -> None:
    found = {"/proc/7/fd/1": (7, "/x/a")}
    assert held_files(found, {"/proc/7/fd/1": _answer("1:1", 5, 10, 100, 0, links=1)}) == []
    assert held_files(found, {"/proc/7/fd/1": None}) == []


def test_a_file_held_twice_counts_once() -> None:
    found = {"/proc/7/fd/1": (7, "/x/a"), "/proc/9/fd/4": (9, "/x/a"), "/proc/7/fd/2": (7, "/x/b")}
    answer, other = _answer("1:1", 5, 4096, 8192, 0), _answer("1:1", 6, 8192, 8192, 0)
    held = held_files(found, {"/proc/7/fd/1": answer, "/proc/9/fd/4": answer, "/proc/7/fd/2": other})
    assert [(one.path, one.pids) for one in held] == [("/x/b", (7,)), ("/x/a", (7, 9))]


def test_the_full_file_system_comes_before_the_larger_file() -> None:
    held = [
        Held((1,), "/big", _answer("1:1", 1, 50 << 30, 100 << 30, 40 << 30)),
        Held((1,), "/small/x", _answer("1:2", 2, 4 << 20, 4 << 20, 0)),
        Held((1,), "/small/y", _answer("1:2", 3, 4096, 4 << 20, 0)),
    ]
    data = reading(held, 0, False, _MOUNTS).data
    assert (data["mount"], data["path"], data["held_bytes"]) == ("/small", "/small/x", (4 << 20) + 4096)
    assert data["total_bytes"] == (50 << 30) + (4 << 20) + 4096


def test_unseen_programs_make_nothing_found_unknown() -> None:
    assert Candidates({}, 3, 90).partial and not Candidates({}, 90, 1).partial
    nothing = reading([], 90, True, _MOUNTS)
    assert nothing.data.get("held_bytes") is None
    assert "sudo" in nothing.gaps["held_bytes"]
    found = reading([Held((1,), "/small/x", _answer("1:2", 2, 4 << 20, 4 << 20, 0))], 90, True, _MOUNTS)
    assert found.data["held_percent"] == 100.0 and not found.gaps


def test_nothing_held() -> None:
    data = reading([], 0, False, _MOUNTS).data
    assert (data["held_bytes"], data["pid"], data["path"]) == (0, 0, "")


def test_unit() -> None:
    assert unit_of("0::/system.slice/nginx.service\n") == "nginx.service"
    assert unit_of("1:name=systemd:/system.slice/system-getty.slice/getty@tty1.service\n") == "getty@tty1.service"
    assert unit_of("0::/user.slice/user-1000.slice/session-2.scope\n") == ""
    assert unit_of("") == ""
