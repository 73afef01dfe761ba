from __future__ import annotations

import glob
import os
import pwd
from pathlib import Path

import pytest

from techdoctor import system
from techdoctor.model import Value
from techdoctor.probes.base import Raw
from techdoctor.probes.services import launchd, systemd, units, windows_services
from techdoctor.probes.services.systemd import Line, Manager
from techdoctor.probes.services.units import NOBODY_ASKED, Watched

CASES = Path(__file__).parent / "cases"
SHOWN = {unit["Id"]: unit for unit in systemd.parse_show((CASES / "show-systemd-252.txt").read_text())}
JOURNAL = systemd.parse_journal((CASES / "journal-systemd-252.txt").read_text())
_LATER_S = 1e9


def _entry(name: str, lines: list[Line] | None = None) -> dict[str, Value]:
    return units.record(Watched(Manager(), SHOWN[name], lines=lines), _LATER_S, 1e10)


def test_error_signal_watchdog_and_limit_are_told_apart() -> None:
    stopped, crashed, limit, dog = (_entry(f"{name}.service") for name in "abcd")
    assert (stopped["ended"], stopped["gave_up"], stopped["exit_status"]) == (False, False, 3)
    assert (crashed["ended"], crashed["signal"], crashed["gave_up"]) == (True, "SIGSEGV", False)
    assert (limit["gave_up"], limit["restarts"]) == (True, 5)
    assert (dog["ended"], dog["result"]) == (True, "watchdog")
    assert not units.is_failed(SHOWN["ssh.service"])


def test_words_for_why() -> None:
    assert units.why(_entry("a.service")) == "it ended with error code 3"
    assert units.why(_entry("b.service")) == "it crashed (SIGSEGV)"
    assert "watchdog" in units.why(_entry("d.service"))
    assert "memory" in units.why({"result": "oom-kill", "signal": "SIGKILL"})


def test_shell_that_tells_of_a_killed_command_counts_as_ended() -> None:
    killed = {**SHOWN["a.service"], "ExecMainStatus": "137"}
    entry = units.record(Watched(Manager(), killed), _LATER_S, 0.0)
    assert (entry["ended"], entry["signal"]) == (True, "SIGKILL")


def test_service_that_was_asked_to_end_was_not_ended_by_the_system() -> None:
    asked = {**SHOWN["b.service"], "ExecMainStatus": "15", "Result": "signal"}
    assert units.record(Watched(Manager(), asked), _LATER_S, 0.0)["ended"] is False


def test_restarts_of_the_journal_before_the_last_start_by_hand_do_not_count() -> None:
    when = JOURNAL[-1].realtime_s
    lines = [Line(when, "Scheduled restart job", True, "5eb03494b6584870a536b337290809b3")] * 4
    once = {**SHOWN["c.service"], "NRestarts": "1"}
    assert units.record(Watched(Manager(), once, lines=lines), _LATER_S, when + 1)["recent_restarts"] == 1


def test_hidden_log_is_a_gap_and_not_an_empty_log() -> None:
    hidden = units.reading([Watched(Manager(), SHOWN["a.service"])], NOBODY_ASKED, _LATER_S, 0.0)
    assert hidden.data["stopped_log"] is None
    assert "administrators" in hidden.gaps["stopped_log"]
    silent = units.reading([Watched(Manager(), SHOWN["a.service"], lines=[])], NOBODY_ASKED, _LATER_S, 0.0)
    assert silent.data["stopped_log"] == "it wrote nothing"


def test_journal_knows_what_systemd_says_itself() -> None:
    assert JOURNAL
    assert all(line.by_systemd for line in JOURNAL)
    assert systemd.parse_journal('{"MESSAGE": [1, 2], "__REALTIME_TIMESTAMP": "1"}\nnot json\n') == []


def test_asked_service() -> None:
    running = units.asked_about(SHOWN["ssh.service"], "ssh.service", [])
    assert (running["asked_found"], running["asked_running"], running["asked_well"]) == (True, True, True)
    gone = units.asked_about({"LoadState": "not-found", "Id": "shh.service"}, "shh.service", ["ssh.service"])
    assert (gone["asked_found"], gone["asked_near"]) == (False, ["ssh.service"])
    done = {**SHOWN["ssh.service"], "ActiveState": "inactive", "Type": "oneshot"}
    assert units.asked_about(done, "x", [])["asked_well"] is True


def test_launchd() -> None:
    raws = {"list": Raw("ok", (CASES / "macos-launchctl-list.txt").read_text())}
    data = launchd.parse(raws, {}).data
    assert data["failed_count"] == 2
    assert (data["stopped_unit"], data["ended_unit"]) == ("com.example.hello.plist", "com.example.worker")
    assert launchd.parse(raws, {"service": "com.example.sync"}).data["asked_well"] is True


def test_windows_judges_the_asked_service_only() -> None:
    spooler = {"name": "Spooler", "display_name": "Print Spooler", "status": "stopped", "start_type": "automatic"}
    asked = windows_services.reading([spooler], "spooler")
    assert (asked.data["asked_found"], asked.data["asked_well"]) == (True, False)
    assert "failed_count" in windows_services.reading([spooler], "").gaps


def test_a_user_s_own_group_is_taken_not_that_of_their_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The socket stands in a folder of that user's: it may be a link to a file of another group, or to nothing."""
    someone = next(entry for entry in pwd.getpwall() if entry.pw_uid > 0 and entry.pw_gid > 0)
    monkeypatch.setattr(glob, "glob", lambda _: [f"/run/user/{someone.pw_uid}/systemd/private"])
    monkeypatch.setattr(system, "is_admin", lambda: True)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "stat", lambda path: os.lstat(tmp_path / "a link to nothing"))
    (found,) = systemd.user_managers()
    assert found.prefix[:3] == ("setpriv", f"--reuid={someone.pw_uid}", f"--regid={someone.pw_gid}")
