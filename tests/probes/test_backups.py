"""Traces of backups: names, times and words as programs write them, and what is no backup."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from techdoctor.probes.backups import jobs, status, traces
from techdoctor.probes.backups.jobs import Job
from techdoctor.probes.backups.traces import Home, Trace

NOW = 1_795_000_000.0
# systemctl show of systemd 252 for a unit whose script ended with 2, and for one that has not run yet.
UNITS = """\
Result=exit-code
ExecMainExitTimestampMonotonic=3600000000
ExecMainStatus=2
ExecStart={ path=/usr/bin/borg ; argv[]=/usr/bin/borg create /mnt/repo::x /home ; ignore_errors=no }
Id=nightly.service
Description=Nightly copy
LoadState=loaded
ActiveState=failed

Result=success
ExecMainExitTimestampMonotonic=0
ExecMainStatus=0
Id=dpkg-db-backup.service
Description=Daily dpkg database backup service
LoadState=loaded
ActiveState=inactive
"""


def test_failed_unit() -> None:
    units = jobs.parse_shown(UNITS)
    assert [jobs.is_backup(unit) for unit in units] == [True, False]
    job = jobs.job_of(units[0], 7200.0)
    assert (job.name, job.failed, job.age_s) == ("nightly.service", "exit-code, exit status 2", 3600.0)


@pytest.mark.parametrize(
    ("table", "made"),
    [
        ("0 3 * * * root /usr/bin/borg create /mnt/repo::{now} /home\n", True),
        ("# 0 3 * * * root /usr/bin/rsnapshot daily\n", False),
        ("17 * * * * root cd / && run-parts --report /etc/cron.hourly\n", False),
    ],
)
def test_lines_of_cron(table: str, made: bool) -> None:
    assert jobs.parse_crontab(table) is made


def test_scripts_of_cron(tmp_path: Path) -> None:
    for name in ("cron.daily/dpkg", "cron.daily/apt-compat", "cron.weekly/my-backup"):
        (tmp_path / "etc" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "etc" / name).touch()
    assert [job.name for job in jobs.crontabs(str(tmp_path))] == [str(tmp_path / "etc/cron.weekly/my-backup")]


def test_rsnapshots_log_tells_how_the_last_run_ended() -> None:
    # rsnapshot 1.4.5.
    who = "[2026-11-22T11:48:47] /usr/bin/rsnapshot alpha:"
    good = f"{who} started\n{who} completed successfully\n"
    bad = f'{who} ERROR: backup /no/ localhost/ - Source directory "/no/" doesn\'t exist\n'
    assert traces.rsnapshot_error(good) == ""
    assert "doesn't exist" in traces.rsnapshot_error(good + bad)
    assert traces.rsnapshot_error(bad + good) == ""


def test_snapshots_on_the_same_disk_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "etc/snapper/configs").mkdir(parents=True)
    (tmp_path / "etc/snapper/configs/root").write_text('SUBVOLUME="/"\nFSTYPE="btrfs"\n')
    (tmp_path / ".snapshots/7").mkdir(parents=True)
    (tmp_path / ".snapshots/7/info.xml").write_text("<snapshot><num>7</num><date>2026-11-20 08:00:01</date></snapshot>")
    (tmp_path / "timeshift/snapshots/2026-11-20_08-00-01").mkdir(parents=True)
    found = traces.all_traces([], str(tmp_path))
    assert {(trace.tool, trace.same_disk) for trace in found} == {("snapper", True), ("timeshift", True)}
    data = status.reading(found, [], NOW).data
    assert (data["count"], data["last_age_s"]) == (0, None)
    assert sorted(str(name) for name in data["same_disk"] or []) == ["snapper", "timeshift"]  # type: ignore[union-attr] # a list


def test_borg_and_duplicity_of_another_cache_folder(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cache / "borg/abc").mkdir(parents=True)
    (cache / "borg/abc/files").write_text("x")
    config = "[cache]\nprevious_location = /mnt/repo\ntimestamp = 2026-11-22T11:30:05.332849\n"
    (cache / "borg/abc/config").write_text(config)
    (cache / "duplicity/def").mkdir(parents=True)
    for name in (
        "duplicity-full.20261101T113009Z.manifest",
        "duplicity-inc.20261101T113009Z.to.20261102T113009Z.manifest.gpg",
    ):
        (cache / "duplicity/def" / name).touch()
    found = traces.all_traces([Home(str(tmp_path), {"XDG_CACHE_HOME": str(cache)})], str(tmp_path))
    assert [(trace.tool, trace.last_s) for trace in found] == [
        ("borg", traces.utc("2026-11-22T11:30:05")),
        ("duplicity", traces.utc("20261102T113009Z")),
    ]


def test_time_machine() -> None:
    # tmutil latestbackup, real-world-systems.com/docs/tmutil.1.html; without a destination it names none.
    assert traces.parse_time_machine("/Volumes/bakvol/Backups.backupdb/mymac/2011-08-26-104514\n") == time.mktime(
        (2011, 8, 26, 10, 45, 14, 0, 0, -1)
    )
    assert traces.parse_time_machine("No destinations configured.\n") is None


def test_a_unit_that_succeeded_counts_and_a_failed_one_is_named() -> None:
    found = status.reading(
        [Trace("borg", "/mnt", NOW - 900_000)], [Job("a.service", "", 60.0), Job("b.service", "timeout", 5.0)], NOW
    )
    assert (found.data["last_tool"], found.data["last_age_s"]) == ("a.service", 60.0)
    assert (found.data["failing_name"], found.data["failing_unit"]) == ("b.service", "b.service")


def test_nothing_at_all() -> None:
    found = status.reading([], [], NOW, closed_homes=2)
    assert (found.data["count"], found.data["last_age_s"], found.data["closed_homes"]) == (0, None, 2)
    assert "last_age_s" in found.gaps


def test_a_day_that_does_not_exist_is_no_time() -> None:
    assert traces.utc("2026-99-99T99:99:99") is None


def test_a_path_that_is_none_in_somebody_s_settings(tmp_path: Path) -> None:
    config = tmp_path / ".config" / "backintime" / "config"
    config.parent.mkdir(parents=True)
    config.write_text("profile1.snapshots.path=/mnt/a\0b\nprofile2.snapshots.path=/mnt/c\n")
    assert [trace.where for trace in traces.back_in_time(Home(str(tmp_path), {}))] == ["/mnt/c"]
