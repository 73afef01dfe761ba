from __future__ import annotations

from pathlib import Path

from techdoctor.probes.services import scheduling

CASES = Path(__file__).parent / "cases"
TIMERS = (CASES / "timers-systemd-252.json").read_text()


def test_entries_are_counted_without_comments_and_variables() -> None:
    assert (
        scheduling.entries("# m h\nSHELL=/bin/sh\nMAILTO=a b\n\n17 * * * * root run-parts /etc/cron.hourly\n@daily x\n")
        == 2
    )


def test_crontabs_of_people_stand_first(tmp_path: Path) -> None:
    (tmp_path / "var/spool/cron/crontabs").mkdir(parents=True)
    (tmp_path / "var/spool/cron/crontabs/ann").write_text("0 3 * * * backup\n")
    (tmp_path / "etc/cron.d").mkdir(parents=True)
    (tmp_path / "etc/cron.d/app").write_text("# nothing\n")
    found, hidden = scheduling.jobs(str(tmp_path))
    assert (list(found), hidden) == ([f"{tmp_path}/var/spool/cron/crontabs/ann"], "")
    data = scheduling.reading(found, hidden, "", None, "/usr/sbin/cron", []).data
    assert (data["cron_needed"], data["cron_running"], data["user_jobs"]) == (True, False, 1)


def test_no_cron_and_no_jobs_is_no_need() -> None:
    data = scheduling.reading({}, "", "", None, "", []).data
    assert data["cron_needed"] is False


def test_enabled_timers_that_do_not_run() -> None:
    enabled = scheduling.stopped_timers(TIMERS, [])
    assert "apt-daily.timer" in enabled
    running = [{"Id": name, "ActiveState": "active"} for name in enabled]
    assert scheduling.stopped_timers(TIMERS, running) == []
    assert scheduling.stopped_timers("not json", []) == []
