"""Emptying named places: nothing else, no link, no other file system, and everything shown before."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from techdoctor.actions import caches, empty_folder
from techdoctor.actions.base import Acting
from techdoctor.model import Value


def _acting(*names: str, **more: Value) -> Acting:
    listed: list[Value] = list(names)
    return Acting({"names": listed, "path": "", **more}, "linux")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder with one known and one unknown program's files."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    for name in ("pip/http/deep/x", "unknown/y", "thumbnails/z"):
        path = tmp_path / "cache" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 50_000)
    return tmp_path / "cache"


def test_what_is_named_is_shown_and_emptied(cache: Path) -> None:
    action = caches.ACTIONS[0]
    preview = action.preview(_acting("pip"))
    assert not preview.problem and not preview.needs_admin
    assert len(preview.commands) == 1 and f"everything in {cache}/pip  # " in preview.commands[0]
    assert (cache / "pip/http/deep/x").exists()
    outcome = action.apply(_acting("pip"))
    assert outcome.ok and outcome.text.endswith("deleted")
    assert list((cache / "pip").iterdir()) == []
    assert (cache / "unknown/y").exists() and (cache / "thumbnails/z").exists()


@pytest.mark.parametrize("name", ["unknown", "..", "/etc", "pip/../unknown", "logs", "crash_reports", "\x1b[31mx"])
def test_anything_else_is_refused_as_a_whole(cache: Path, name: str) -> None:
    action = caches.ACTIONS[0]
    assert "not among the places" in action.preview(_acting("pip", name)).problem
    outcome = action.apply(_acting("pip", name))
    assert not outcome.ok and "\x1b" not in outcome.text
    assert (cache / "pip/http/deep/x").exists()


def test_nothing_named_or_nothing_there(cache: Path) -> None:
    action = caches.ACTIONS[0]
    assert action.preview(_acting()).problem == "nothing was named"
    assert action.preview(_acting("spotify")).problem == "there is nothing in these places"


def test_links_are_removed_but_not_followed(cache: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (cache / "pip/link").symlink_to(outside)
    (cache / "pip/http/link").symlink_to(outside / "kept")
    assert caches.ACTIONS[0].apply(_acting("pip")).ok
    assert (outside / "kept").read_text() == "kept"
    assert list((cache / "pip").iterdir()) == []


def test_a_place_that_is_a_link_is_left_alone(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/kept").write_text("kept")
    (cache / "yarn").symlink_to(tmp_path / "outside")
    assert empty_folder.why_not(str(cache / "yarn")) == "it is a link to another place"
    with pytest.raises(OSError, match="yarn"):
        empty_folder.empty(str(cache / "yarn"))
    caches.ACTIONS[0].apply(_acting("yarn"))
    assert (tmp_path / "outside/kept").exists()


def test_why_not(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert empty_folder.why_not(str(tmp_path / "file")) == "it is not a folder"
    assert empty_folder.why_not(str(tmp_path / "none")) == "No such file or directory"
    assert empty_folder.why_not(str(tmp_path)) == ""


def test_the_bin_of_a_mount(cache: Path, tmp_path: Path) -> None:
    bin_ = tmp_path / "share/Trash"
    for part in ("files", "info"):
        (bin_ / part).mkdir(parents=True)
        (bin_ / part / "x").write_text("y" * 5000)
    assert caches.ACTIONS[0].apply(_acting("trash", path="/")).ok
    assert [list((bin_ / part).iterdir()) for part in ("files", "info")] == [[], []]


def test_system_places_need_an_administrator(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("techdoctor.system.is_admin", lambda: False)
    places, problem = caches.wanted(_acting("journal", "coredumps", "apt"))
    assert not problem
    commands = [_acting().elevated(place.command) for place in places]
    assert commands[0][:3] == ("sudo", "-n", "journalctl")
    assert commands[1] == ("sudo", "-n", "find", "/var/lib/systemd/coredump", "-xdev", "-type", "f", "-delete")
    assert caches.ACTIONS[0].preview(_acting("journal")).needs_admin


def test_what_cannot_be_deleted_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("x")

    def refuse(*args: object, **more: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "unlink", refuse)
    emptied = empty_folder.empty(str(tmp_path))
    assert (emptied.deleted, emptied.problems) == (0, ["a: Operation not permitted"])
