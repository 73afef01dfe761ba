"""Rights of files: whom they let through, what one's own folder must be like, locks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from techdoctor.actions import registry
from techdoctor.actions.base import Acting
from techdoctor.model import Value
from techdoctor.probes.files import access, home

ME = 1000


def _status(mode: int, owner: int, group: int = 1000) -> os.stat_result:
    return os.stat_result((mode, 1, 1, 1, owner, group, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("mode", "owner", "group", "wanted", "allowed"),
    [
        (0o100644, ME, 5, 2, True),
        (0o100644, 0, 5, 2, False),
        (0o100664, 0, 1000, 2, True),
        (0o100044, ME, 5, 4, False),  # the owner's own bits decide, however wide the others are
        (0o40711, 0, 5, 1, True),
        (0o40700, 0, 5, 1, False),
    ],
)
def test_rights_as_the_kernel_reads_them(mode: int, owner: int, group: int, wanted: int, allowed: bool) -> None:
    assert access.allows(_status(mode, owner, group), wanted, ME, [1000]) is allowed


def test_root_is_let_through() -> None:
    assert access.allows(_status(0o100000, ME), 6, 0, [])


def test_no_path_is_no_finding() -> None:
    assert access._NOTHING["asked"] == ""
    assert access._NOTHING["closed_folder"] == ""


def test_file_that_can_be_made(tmp_path: Path) -> None:
    found = access.reading(str(tmp_path / "new.txt"), os.geteuid()).data
    assert (found["exists"], found["may_write"], found["kind"]) == (False, True, "")


def test_names_of_the_bad_sort(tmp_path: Path) -> None:
    path = tmp_path / "a\nb\udc80"
    path.mkdir()
    found = access.reading(str(path), os.geteuid()).data
    assert (found["exists"], found["kind"]) == (True, "folder")


@pytest.mark.parametrize(
    ("lock", "content", "who"),
    [
        (".~lock.letter.odt#", ",anna,laptop,22.11.2026 10:00,file:///x;", "anna"),
        ("~$letter.odt", "\x04anna", ""),
        ("~$tter.odt", "\x04anna", ""),
    ],
)
def test_lock_files_of_office_programs(tmp_path: Path, lock: str, content: str, who: str) -> None:
    (tmp_path / lock).write_text(content)
    assert access.office_lock(str(tmp_path / "letter.odt")) == (str(tmp_path / lock), who)


def test_locks_by_number_of_the_file() -> None:
    # proc_locks(5); the second line waits for the first.
    table = "1: POSIX  ADVISORY  WRITE 1234 fe:01:524301 0 EOF\n1: -> POSIX  ADVISORY  WRITE 77 fe:01:524301 0 EOF\n"
    assert access.parse_locks(table, "fe:01", 524301) == 1234
    assert access.parse_locks(table, "fe:01", 5) == 0


def test_home_in_order(tmp_path: Path) -> None:
    (tmp_path / ".config/app").mkdir(parents=True)
    (tmp_path / "closed by choice").mkdir(mode=0o500)
    assert home.look(str(tmp_path), os.geteuid()) == []


def test_home_without_rights_and_with_a_strangers_settings(tmp_path: Path) -> None:
    (tmp_path / ".config/app").mkdir(parents=True)
    (tmp_path / ".config").chmod(0o500)
    assert home.look(str(tmp_path), os.geteuid()) == [(str(tmp_path / ".config"), home.MODE)]
    (tmp_path / ".config").chmod(0o700)
    found = dict(home.look(str(tmp_path), os.geteuid() + 1))
    assert found[str(tmp_path / ".config")] == home.OWNER
    assert str(tmp_path / ".config/app") not in found


def test_what_this_program_leaves_is_nobodys_fault(tmp_path: Path) -> None:
    (tmp_path / ".cache/techdoctor/playbooks").mkdir(parents=True)
    found = dict(home.look(str(tmp_path), os.geteuid() + 1))
    assert list(found) == [str(tmp_path)]


def test_an_undo_does_not_follow_links_that_came_since(tmp_path: Path) -> None:
    """The owner of the home folder puts a link to a file of root's in the place of what root has mended."""
    mended, target = tmp_path / "home" / ".config" / "x", tmp_path / "root's"
    mended.parent.mkdir(parents=True)
    (target / "x").mkdir(parents=True)
    (target / "x").chmod(0o700)
    undo = registry.get("home.make_own").undo
    assert undo is not None
    acting = Acting({"paths": [str(mended)]}, "linux")
    token: dict[str, Value] = {"before": {str(mended): [os.getuid(), os.getgid(), 0o755]}}
    mended.symlink_to(target / "x")
    assert undo(acting, token).ok is False
    mended.unlink()
    mended.parent.rmdir()
    mended.parent.symlink_to(target)
    assert undo(acting, token).ok is False
    assert (target / "x").stat().st_mode & 0o777 == 0o700
