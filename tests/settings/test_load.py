"""Precedence, origins, and every error at once with its place."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from techdoctor.errors import UsageError
from techdoctor.settings import check_limits, check_targets, load_settings, state_folder
from techdoctor.settings import toml as reading
from techdoctor.settings.table import TABLE
from tests.settings.conftest import Load


def test_defaults_without_any_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("techdoctor.settings.load.user_file", lambda _env: tmp_path / "none.toml")
    monkeypatch.setattr("techdoctor.settings.load.site_file", lambda _env: tmp_path / "none" / "none.toml")
    settings = load_settings({}, {})
    assert settings.offline is False
    assert settings.retention_days == 90
    assert settings.help_desk == {}
    assert settings.targets == {}
    assert settings.limits == {}
    assert settings.playbook_folders == []
    assert settings.warnings == ()
    assert settings.origin("offline") == "default"


def test_each_source_wins_over_the_next(load: Load) -> None:
    site, user = "retention_days = 1\n", "retention_days = 2\n"
    assert load(site=site).retention_days == 1
    assert load(user, site).retention_days == 2
    assert load(user, site, TECHDOCTOR_RETENTION_DAYS="3").retention_days == 3
    last = load(user, site, {"retention_days": 4}, TECHDOCTOR_RETENTION_DAYS="3")
    assert last.retention_days == 4
    assert load(user, site, {"retention_days": None}).retention_days == 2


def test_origins_name_file_and_line(load: Load, tmp_path: Path) -> None:
    settings = load(
        "# mine\nplain = true\n",
        '[help_desk]\nname = "IT"\n\ncontact = "4711"\n',
        {"technician": True},
        TECHDOCTOR_OFFLINE="1",
    )
    assert settings.origin("plain") == f"{tmp_path}/user.toml:2"
    assert settings.origin("help_desk.contact") == f"{tmp_path}/site.toml:4"
    assert settings.origin("technician") == "command line"
    assert settings.origin("offline") == "environment TECHDOCTOR_OFFLINE"
    assert settings.help_desk == {"name": "IT", "contact": "4711"}


def test_rows_show_every_setting_and_every_entry(load: Load, tmp_path: Path) -> None:
    rows = {row.key: row for row in load('[targets]\ninternet = ["192.0.2.1"]\n').rows()}
    assert set(rows) == {s.key for s in TABLE if s.type != "table"} | {"targets.internet"}
    assert rows["targets.internet"].value == ["192.0.2.1"]
    assert rows["targets.internet"].origin == f"{tmp_path}/user.toml:2"
    assert rows["offline"].doc


@pytest.mark.parametrize(("word", "value"), [("1", True), ("yes", True), ("ON", True), ("0", False), ("false", False)])
def test_words_for_true_and_false(load: Load, word: str, value: bool) -> None:
    assert load("offline = true" if not value else "", TECHDOCTOR_OFFLINE=word).offline is value


def test_empty_variable_is_not_set(load: Load) -> None:
    assert load("offline = true", TECHDOCTOR_OFFLINE="").offline is True


def test_tables_merge_by_entry(load: Load) -> None:
    settings = load(
        '[targets]\nntp = ["b"]\n[limits."net.dns"]\nslow_ms = 1\n',
        '[targets]\nntp = ["a"]\nportal = {url = "http://x/", code = 204}\n[limits.net.dns]\nslow_ms = 2\ndead_s = 3\n',
    )
    assert settings.targets == {"ntp": ["b"], "portal": {"url": "http://x/", "code": 204}}
    assert settings.limits == {"net.dns.slow_ms": 1, "net.dns.dead_s": 3}


def test_every_error_at_once_with_its_line(load: Load, tmp_path: Path) -> None:
    user = (
        'offlne = true\nretention_days = "x"\n[helpdesk]\ncontact = 1\n'
        "[limits.net.dns]\na = 1979-05-27\n[paths]\nstate = 'rel/x'\n"
    )
    with pytest.raises(UsageError) as raised:
        load(user, "plain = 1\n", {"language": 3}, TECHDOCTOR_RETENTION_DAYS="-1", TECHDOCTOR_OFLINE="1")
    mine, site = f"{tmp_path}/user.toml", f"{tmp_path}/site.toml"
    assert raised.value.message.splitlines() == [
        f"{site}:1: plain: must be true or false, not 1",
        f"{mine}:1: offlne: unknown setting; did you mean offline?",
        f'{mine}:2: retention_days: must be a whole number from 1 to 36500, not "x"',
        f"{mine}:4: helpdesk.contact: unknown setting; did you mean help_desk.contact?",
        f"{mine}:6: limits.net.dns.a: must be text, a number, true, false, a list or a table, not 1979-05-27",
        f'{mine}:8: paths.state: must be an absolute path, not "rel/x"',
        "TECHDOCTOR_OFLINE: unknown setting; did you mean TECHDOCTOR_OFFLINE?",
        'TECHDOCTOR_RETENTION_DAYS: must be a whole number from 1 to 36500, not "-1"',
        'command line: language: must be text in quotes ("..."), not 3',
    ]
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "place"),
    [("offline = \n", "1:11"), ("a = 1\n[b\n", "2:3"), ("offline = tru\n", "1:11"), ('x = "abc', "1:9")],
)
def test_broken_toml_has_line_and_column(load: Load, tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(UsageError) as raised:
        load(text)
    assert raised.value.message.startswith(f"{tmp_path}/user.toml:{place}: ")
    assert "(at " not in raised.value.message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('help_desk = "IT"', "help_desk: is a table of name, contact, hours"),
        ("targets = 5", "targets: is a table; write it as [targets]"),
        ("offline = {a = 1}", "offline: must be true or false"),
        ("retention_days = true", "must be a whole number"),
        ("retention_days = 0", "must be a whole number from 1 to 36500, not 0"),
        ("[paths]\nplaybooks = '/x'", "paths.playbooks: must be a list of paths"),
        ("[nothing_like_it]", "nothing_like_it: unknown setting"),
    ],
)
def test_wrong_shapes(load: Load, text: str, says: str) -> None:
    with pytest.raises(UsageError) as raised:
        load(text)
    assert says in raised.value.message


def test_lines_after_multi_line_texts_and_in_inline_tables(load: Load, tmp_path: Path) -> None:
    text = '[help_desk]\nhours = """\nretention_days = 5\noffline = 1\n"""\n\nnme = 1\n'
    with pytest.raises(UsageError, match=r"user\.toml:7: help_desk\.nme"):
        load(text)
    with pytest.raises(UsageError, match=r"user\.toml:2: help_desk\.nme"):
        load('\nhelp_desk = {name = "x", nme = 1}\n')


def test_named_file_that_is_missing_or_unreadable_is_an_error(tmp_path: Path) -> None:
    site = str(tmp_path / "none.toml")
    with pytest.raises(UsageError) as raised:
        load_settings({}, {"TECHDOCTOR_CONFIG": str(tmp_path), "TECHDOCTOR_SITE_CONFIG": site})
    assert f"TECHDOCTOR_SITE_CONFIG: {site} does not exist" in raised.value.message
    assert "cannot be read: Is a directory" in raised.value.message


@contextmanager
def as_nobody() -> Iterator[None]:
    """Gives root's rights up for a moment, so that permissions count."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_unreadable_default_file_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.write_text("offline = true")
    path.chmod(0)
    for folder in (tmp_path, *tmp_path.parents):  # pytest's own folders are private
        if folder.name.startswith(("test_", "popen-", "pytest-")):
            folder.chmod(0o755)
    monkeypatch.setattr("techdoctor.settings.load.user_file", lambda _env: path)
    monkeypatch.setattr("techdoctor.settings.load.site_file", lambda _env: tmp_path / "none")
    with as_nobody():
        settings = load_settings({}, {})
    assert settings.warnings == (f"{path} cannot be read: Permission denied; its settings are not in force",)


def test_file_that_does_not_answer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("named pipes are POSIX")
    pipe = tmp_path / "config.toml"
    os.mkfifo(pipe)
    monkeypatch.setattr(reading, "READ_DEADLINE_S", 0.1)
    with pytest.raises(UsageError, match=r"did not answer within 0\.1 s"):
        load_settings({}, {"TECHDOCTOR_CONFIG": str(pipe), "TECHDOCTOR_SITE_CONFIG": os.devnull})
    handle = os.open(pipe, os.O_WRONLY)  # lets the left-behind reader end
    os.close(handle)


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"\xff\xfe\x00", "is not UTF-8 text (byte 0)"), (b"#" * (2 << 20), "is larger than 1 MiB")],
)
def test_strange_files(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(data)
    with pytest.raises(UsageError) as raised:
        load_settings({}, {"TECHDOCTOR_CONFIG": str(path), "TECHDOCTOR_SITE_CONFIG": os.devnull})
    assert says in raised.value.message


def test_deep_nesting_is_refused(load: Load) -> None:
    with pytest.raises(UsageError):
        load("a = " + "[" * 100_000)


def test_paths_from_the_environment(load: Load, tmp_path: Path) -> None:
    folders = f"/a{os.pathsep}/b"
    settings = load(TECHDOCTOR_STATE_DIR=str(tmp_path), TECHDOCTOR_PLAYBOOKS=folders)
    assert state_folder(settings) == tmp_path
    assert settings.playbook_folders == [Path("/a"), Path("/b")]


KNOWN = {"net.dns": {"slow_ms": 300, "strict": True}, "net": {"x": 1}, "disk.full": None}


def test_limits_that_exist_are_fine(load: Load) -> None:
    settings = load('[limits."net.dns"]\nslow_ms = 500.5\nstrict = false\n[limits."disk.full"]\nwhatever = 1\n')
    check_limits(settings, KNOWN)
    assert settings.limits["net.dns.slow_ms"] == 500.5


def test_wrong_limits_are_all_named(load: Load, tmp_path: Path) -> None:
    text = '[limits."net.dns"]\nslow = 1\nstrict = 2\n[limits."net.dnss"]\nslow_ms = 1\n[limits]\nodd = 1\n'
    with pytest.raises(UsageError) as raised:
        check_limits(load(text), KNOWN)
    file = f"{tmp_path}/user.toml"
    assert raised.value.message.splitlines() == [
        f"{file}:2: limits.net.dns.slow: net.dns has no limit 'slow'; did you mean slow_ms?",
        f"{file}:3: limits.net.dns.strict: must be true or false, as in the playbook (True)",
        f"{file}:5: limits.net.dnss.slow_ms: net has no limit 'dnss.slow_ms'",
        f"{file}:7: limits.odd: unknown playbook",
    ]


def test_unknown_targets_are_named(load: Load) -> None:
    settings = load('[targets]\ninternt = ["x"]\nntp = ["y"]\n')
    with pytest.raises(UsageError, match=r"targets\.internt: unknown target; did you mean internet"):
        check_targets(settings, ["internet", "ntp"])
    check_targets(settings, ["internt", "ntp"])


def test_each_example_of_the_table_is_right(load: Load) -> None:
    for setting in TABLE:
        settings = load(setting.example)
        assert any(key.startswith(setting.key) for key in settings.values), setting.key
