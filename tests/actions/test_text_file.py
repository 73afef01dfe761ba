"""Writing a file in place: which links are followed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from techdoctor.actions import text_file
from techdoctor.actions.base import Acting

_ACTING = Acting({}, "linux")
_SOMEBODY = 1001


def test_a_link_of_ours_is_followed(tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").symlink_to(tmp_path / "real")
    (tmp_path / "real").write_text("old")
    assert text_file.write(_ACTING, str(tmp_path / "resolv.conf"), "new") is None
    assert (tmp_path / "real").read_text() == "new"
    assert (tmp_path / "resolv.conf").is_symlink()


def test_a_link_of_somebody_else_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".profile").symlink_to(tmp_path / "root's")
    (tmp_path / "root's").write_text("old")
    real = os.lstat

    def theirs(path: str) -> os.stat_result:
        fields = list(real(path))
        fields[4] = _SOMEBODY
        return os.stat_result(fields)

    monkeypatch.setattr(os, "lstat", theirs)
    failed = text_file.write(_ACTING, str(tmp_path / ".profile"), "new")
    assert failed is not None
    assert failed.ok is False
    assert (tmp_path / "root's").read_text() == "old"


def test_a_pipe_does_not_hang_us(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    failed = text_file.write(_ACTING, str(tmp_path / "pipe"), "new")
    assert failed is not None
    assert text_file.content_of(str(tmp_path / "pipe"))[1] != ""


def test_a_new_file_is_made(tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.touch()
    assert text_file.write(_ACTING, str(new), "text") is None
    assert new.read_text() == "text"
