from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from techdoctor.probes.accounts import account, language
from techdoctor.probes.accounts.account import Limits, Login
from techdoctor.probes.accounts.language import Setting

# pam_faillock of Linux-PAM 1.5.2, Debian 12, after three wrong passwords at su.
TALLY = base64.b64decode((Path(__file__).parent / "cases/faillock-three-failures.base64").read_text())
INSTALLED = {"c", "posix", "c.utf8", "de_de.utf8"}


def test_failures_lock_for_a_while() -> None:
    latest = 1795349000.0 + 3600
    count, locked_for_s = account.count_failures(TALLY, Limits(), latest - 3600)
    assert count == 3
    assert locked_for_s > 0
    assert account.count_failures(TALLY, Limits(), latest + 1e6)[1] == 0.0
    assert account.count_failures(TALLY, Limits(deny=5), latest)[1] == 0.0
    assert account.count_failures(TALLY, Limits(unlock_s=0), latest + 1e6)[1] == float("inf")


def test_limits_of_faillock() -> None:
    assert account.parse_limits("# deny = 9\ndeny = 5\nunlock_time = never\n") == Limits(5, 900, 0)


@pytest.mark.parametrize(
    ("password", "asked", "locked"),
    [("!$y$x", False, True), ("$y$x", True, False), ("!", False, False), ("!", True, True), ("*", False, False)],
)
def test_locked_password(password: str, asked: bool, locked: bool) -> None:
    assert account.is_locked(password, asked) is locked


def test_why_expired() -> None:
    today = 20779  # 2026-11-22
    assert account.why_expired(["ann", "$", "20000", "0", "99999", "7", "", "", ""], today) == ""
    assert "2020-03-31" in account.why_expired(["ann", "$", "18262", "0", "90", "7", "", "", ""], today)
    assert "next login" in account.why_expired(["ann", "$", "0", "0", "99999", "7", "", "", ""], today)
    assert "ended on 2026-01-01" in account.why_expired(
        ["ann", "$", "20000", "0", "99999", "7", "", "20454", ""], today
    )


def test_hidden_state_is_a_gap() -> None:
    hidden = account.reading([Login("ann", None, None, None, 0.0, "")], "ann", "")
    assert hidden.data["locked"] is None
    assert "administrators" in hidden.gaps["locked"]
    seen = account.reading([Login("ann", False, "", 3, 60.0, ""), Login("bob", None, None, 0, 0.0, "")], "", "")
    assert (seen.data["locked"], seen.data["by_password"], seen.data["locked_user"]) == (True, False, "ann")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux' /proc")
def test_a_language_that_python_wrote_over_is_seen() -> None:
    """PEP 538: Python itself replaces LC_CTYPE when it names a missing language."""
    code = "from techdoctor.probes.accounts.language import environment; print(environment())"
    kept = {name: value for name, value in os.environ.items() if not language.VARIABLES.fullmatch(name)}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "LC_CTYPE": "xx_XX.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "{'LC_CTYPE': 'xx_XX.UTF-8'}"


def test_names_of_languages_compare_as_the_library_does() -> None:
    assert language.same("de_DE.UTF-8") == language.same("de_DE.utf8") == "de_de.utf8"
    assert language.same("de_DE.UTF-8@euro") == "de_de.utf8@euro"


def test_missing_language() -> None:
    settings = [Setting("LANG", "fr_FR.UTF-8", "environment"), Setting("LC_TIME", "C.UTF-8", "/etc/default/locale")]
    data = language.reading(settings, INSTALLED, "fr_FR.UTF-8").data
    assert (data["missing_count"], data["missing_variable"], data["missing_where"]) == (1, "LANG", "environment")


@pytest.mark.parametrize("value", ["", "C", "POSIX", "C.UTF-8", "de_DE.utf8"])
def test_what_is_always_there_is_never_missing(value: str) -> None:
    data = language.reading([Setting("LANG", value, "environment")], INSTALLED, value).data
    assert (data["missing_count"], data["old_characters"]) == (0, False)


def test_settings_of_a_file() -> None:
    content = '#  File\nLANG="de_DE.UTF-8"\nLANGUAGE=de\nLC_TIME=C\n'
    assert [s.variable for s in language.parse_file(content, "x")] == ["LANG", "LC_TIME"]
