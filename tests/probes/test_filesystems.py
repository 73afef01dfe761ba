"""File systems put together from mounts and answers: order, roles, what is left out; and asked for real."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from techdoctor.probes.disks import child_python, filesystems, fs_ask, fs_child, fs_space, mount_portable, mount_table
from techdoctor.probes.disks.fs_ask import Answer
from techdoctor.probes.disks.mount_table import Mount
from techdoctor.probes.measure import measure_here

_GIB = 1 << 30


def _mount(point: str, device: str, kind: str = "xfs", *options: str) -> Mount:
    return Mount(device, "/", point, options or ("rw",), kind, f"/dev/{device}")


def _answer(point: str, device: str, total: int, avail: int, **more: int) -> Answer:
    free = more.pop("free_bytes", avail)
    left = more.pop("inodes_free", 900)
    answer = Answer(point, 0, point, device, folder=True, total_bytes=total, free_bytes=free, avail_bytes=avail)
    return replace(answer, inodes=1000, inodes_free=left)


def _order(*pairs: tuple[str, int, int]) -> list[str]:
    mounts = [_mount(point, point) for point, _, _ in pairs]
    answers = {point: _answer(point, point, total, avail) for point, total, avail in pairs}
    return [space.mount.point for space in fs_space.spaces(mounts, answers, {})]


def test_harm_is_little_in_percent_and_in_bytes_together() -> None:
    assert _order(("/big", 10000 * _GIB, 500 * _GIB), ("/small", 2 * _GIB, 50 << 20)) == ["/small", "/big"]
    assert _order(("/run/lock", 5 << 20, 5 << 20), ("/", 250 * _GIB, 4 * _GIB)) == ["/", "/run/lock"]
    assert _order(("/a", 100 * _GIB, 29 * _GIB // 10), ("/b", 500 * _GIB, 26 * _GIB // 5)) == ["/a", "/b"]


def test_of_two_full_ones_the_root_comes_first() -> None:
    mounts = [_mount("/data", "1:1"), _mount("/", "1:2")]
    answers = {m.point: _answer(m.point, m.device, _GIB, 0) for m in mounts}
    found = fs_space.spaces(mounts, answers, {"1:2": "root"})
    assert [space.role for space in found] == ["root", ""]


def test_percent_is_of_what_everybody_may_use() -> None:
    answer = _answer("/", "1:1", 1000, 0, free_bytes=50)
    assert fs_space.avail_percent(answer) == 0.0
    assert fs_space.avail_percent(_answer("/", "1:1", 1000, 475, free_bytes=525)) == 50.0


def test_reserve_only_where_the_kind_keeps_one() -> None:
    answer = _answer("/", "1:1", _GIB, 0, free_bytes=60 << 20)
    assert fs_space.Space(_mount("/", "1:1", "ext2"), answer).reserve_bytes == 60 << 20
    assert fs_space.Space(_mount("/", "1:1", "btrfs"), answer).reserve_bytes == 0


def test_what_ext4_keeps_from_root_too_is_no_reserve() -> None:
    answer = _answer("/", "999:1", _GIB, 0, free_bytes=_GIB // 50)
    assert fs_space.Space(_mount("/", "999:1", "ext4"), answer).reserve_bytes == max(0, _GIB // 50 - 4096)


def test_kinds_that_make_inodes_from_space_have_a_limit_only_while_they_have_space() -> None:
    full = _answer("/", "1:1", _GIB, 0, inodes_free=0)
    assert fs_space.Space(_mount("/", "1:1", "xfs"), full).inodes_free_percent == 100.0
    assert fs_space.Space(_mount("/", "1:1", "ext4"), full).inodes_free_percent == 0.0
    roomy = _answer("/", "1:1", _GIB, _GIB // 2, inodes_free=0)
    assert fs_space.Space(_mount("/", "1:1", "xfs"), roomy).inodes_free_percent == 0.0


def test_covered_gone_and_single_file_mounts_are_left_out() -> None:
    mounts = [_mount(f"/{name}", device) for name, device in (("a", "1:1"), ("b", "1:2"), ("c", "1:3"), ("d", "1:4"))]
    answers = {
        "/a": _answer("/a", "1:1", _GIB, 5),
        "/b": _answer("/b", "1:1", _GIB, 5),
        "/c": Answer("/c", error=2),
        "/d": Answer("/d", device="1:4", folder=False, total_bytes=_GIB),
    }
    assert [space.mount.point for space in fs_space.spaces(mounts, answers, {})] == ["/a"]


def test_an_overlay_with_the_numbers_of_its_disk_is_left_out_but_not_a_root() -> None:
    mounts = [_mount("/var", "1:1"), _mount("/run/merged", "0:9", "overlay"), _mount("/", "0:8", "overlay")]
    answers = {m.point: _answer(m.point, m.device, _GIB, 7) for m in mounts}
    assert {s.mount.point for s in fs_space.spaces(mounts, answers, {})} == {"/var", "/"}


def test_a_file_system_without_answer_is_hung_and_not_usable() -> None:
    found = fs_space.spaces([_mount("/net", "0:5", "nfs4")], {"/net": None}, {})
    record = fs_space.described(found[0])
    assert (record["hung"], record["usable"], record["network"]) == (True, False, True)


def test_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/u")
    monkeypatch.setenv("TMPDIR", "/tmp")
    mounts = [_mount("/", "1:1"), _mount("/home", "1:2"), _mount("/tmp", "1:3"), _mount("/boot", "1:4")]
    real = {"/home/u": "/home/u", "/tmp": "/tmp"}
    assert filesystems.roles_of(mounts, real) == {"1:1": "root", "1:2": "home", "1:3": "tmp", "1:4": "boot"}
    assert filesystems.roles_of(mounts[:1], real) == {"1:1": "root"}


def test_temporary_folder_has_its_own_fields() -> None:
    mounts = [_mount("/", "1:1"), _mount("/tmp", "1:2")]
    answers = {"/": _answer("/", "1:1", 100 * _GIB, 50 * _GIB), "/tmp": _answer("/tmp", "1:2", 4096, 0)}
    found = fs_space.spaces(mounts, answers, {"1:1": "root", "1:2": "tmp"})
    data = filesystems.summed_up(found)
    assert (data["worst_mount"], data["tmp_mount"], data["tmp_avail_bytes"]) == ("/", "/tmp", 0)
    assert (data["fullest_mount"], data["tmp_separate"], data["shm_separate"]) == ("/tmp", True, False)


def test_asked_for_real(tmp_path: Path) -> None:
    answers = fs_ask.ask([str(tmp_path), str(tmp_path / "not" / "there"), "/proc"], 5)
    space = os.statvfs(tmp_path)
    here = answers[str(tmp_path)]
    assert here is not None and here.total_bytes == space.f_blocks * space.f_frsize
    missing = answers[str(tmp_path / "not" / "there")]
    assert missing is not None and missing.real == str(tmp_path.resolve())
    proc = answers["/proc"]
    assert proc is not None and proc.total_bytes == 0


def test_what_was_not_got_to_in_time_does_not_hang(tmp_path: Path) -> None:
    late = child_python.ask(fs_child, {"paths": ["/", str(tmp_path)], "until": 0.0}, 10)  # its time is over already
    answers = fs_ask.parse(late, ["/", str(tmp_path)])
    assert [answer and answer.error for answer in answers.values()] == [fs_ask.NOT_TRIED, fs_ask.NOT_TRIED]
    answers = fs_ask.parse([{"path": "/b", "silent": True}], ["/a", "/b"])
    assert answers["/b"] is None and answers["/a"] is not None


def test_measured_here(tmp_path: Path) -> None:
    fact = measure_here("disk.filesystems", {"path": str(tmp_path)})
    assert fact.ok, fact.reason
    mounts = fact.data["mounts"]
    assert isinstance(mounts, list) and len(mounts) == 1
    assert fact.data["worst_mount"] is not None or fact.data["tmp_mount"] is not None


def test_names_that_are_not_utf_8_go_there_and_back(tmp_path: Path) -> None:
    odd = os.path.join(os.fsencode(tmp_path), b"caf\xe9")
    os.mkdir(odd)
    answers = fs_ask.ask([os.fsdecode(odd)], 5)
    answer = answers[os.fsdecode(odd)]
    assert answer is not None and answer.folder and not answer.error
    assert mount_table.shown(answer.path).endswith("caf\ufffd")


def test_the_portable_reading_runs_here() -> None:
    mounts = mount_portable.read()
    answers = mount_portable.ask([mount.point for mount in mounts])
    assert all(answer is not None and (answer.total_bytes > 0 or answer.error) for answer in answers.values())
    reading = filesystems.reading(mounts, "", 5.0, "windows")
    assert reading.data["mount_count"] == len({mount.device for mount in mounts})
