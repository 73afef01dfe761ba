"""Changes to queues, jobs and the default printer: what is shown is what runs, and it can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from techdoctor import system
from techdoctor.actions import registry
from techdoctor.actions.base import Acting
from techdoctor.actions.print_service import with_default
from techdoctor.model import Value


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home of its own and a print server that is not there."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CUPS_SERVER", str(tmp_path / "none.sock"))
    monkeypatch.setenv("CUPS_SERVERROOT", str(tmp_path))
    return tmp_path


def _acting(**params: Value) -> Acting:
    return Acting(params, "linux", timeout_s=5)


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "a#b", "a\x1b[31m", "x" * 200])
@pytest.mark.parametrize("action", ["print.resume_queue", "print.accept_jobs", "print.set_default"])
def test_names_that_no_queue_can_have_are_refused(action: str, name: str) -> None:
    declared = registry.get(action)
    assert declared.preview(_acting(printer=name)).problem
    assert not declared.apply(_acting(printer=name)).ok


@pytest.mark.parametrize("job", ["", "0", "-1", "1; rm", None, "office-3"])
def test_what_is_no_job_number_is_refused(job: Value) -> None:
    declared = registry.get("print.cancel_job")
    assert declared.preview(_acting(job=job)).problem
    assert not declared.apply(_acting(job=job)).ok


def test_preview_shows_the_command_with_its_server(monkeypatch: pytest.MonkeyPatch, own_settings: Path) -> None:
    tools = own_settings / "bin"
    tools.mkdir()
    (tools / "cupsenable").write_text("#!/bin/sh\n")
    (tools / "cupsenable").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setattr(system, "is_admin", lambda: True)
    shown = registry.get("print.resume_queue").preview(_acting(printer="office"))
    assert shown.commands == (f"cupsenable -h {own_settings}/none.sock office",)
    assert not shown.needs_admin
    monkeypatch.setattr(system, "is_admin", lambda: False)
    shown = registry.get("print.resume_queue").preview(_acting(printer="office"))
    assert shown.commands == (f"sudo -n cupsenable -h {own_settings}/none.sock office",)
    assert shown.needs_admin


def test_without_tool_the_operation_is_shown_and_its_failure_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "command_environment", lambda extra=None: {"PATH": "/nonexistent"})
    declared = registry.get("print.resume_queue")
    assert "0x0011" in declared.preview(_acting(printer="office")).commands[0]
    outcome = declared.apply(_acting(printer="office"))
    assert (outcome.ok, outcome.undo_token) == (False, None)
    assert "no_socket" in outcome.text


def test_service_of_another_socket_is_not_started() -> None:
    assert "not kept by this system" in registry.get("print.start_service").preview(_acting()).problem


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "Default office\n"),
        ("Default gone\n", "Default office\n"),
        ("Default gone media=A4\nDest office sides=one\n", "Default office sides=one\nDest gone media=A4\n"),
        ("Dest attic a=b c=d\nDefault office\n", "Default office\nDest attic a=b c=d\n"),
    ],
)
def test_default_line(before: str, after: str) -> None:
    assert with_default(before, "office") == after
    assert with_default(after, "office") == after


@pytest.mark.parametrize("before", [None, "Default gone\n"])
def test_default_is_set_and_put_back(own_settings: Path, before: str | None) -> None:
    file = own_settings / ".cups/lpoptions"
    if before is not None:
        file.parent.mkdir()
        file.write_text(before)
    declared = registry.get("print.set_default")
    assert "+ Default office" in "\n".join(declared.preview(_acting(printer="office")).commands)
    outcome = declared.apply(_acting(printer="office"))
    assert outcome.ok
    assert file.read_text().startswith("Default office\n")
    assert declared.undo is not None
    assert outcome.undo_token is not None
    assert declared.undo(_acting(printer="office"), outcome.undo_token).ok
    assert (file.read_text() if file.exists() else None) == before
