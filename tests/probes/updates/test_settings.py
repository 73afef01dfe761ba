from __future__ import annotations

import datetime
import os
from pathlib import Path

from techdoctor.probes.updates import automatic, restart, support

TODAY = datetime.date(2026, 11, 22)
TIMER = {"Id": "apt-daily.timer", "LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"}


def test_switched_off_by_a_setting() -> None:
    settings = automatic.parse_periodic('APT::Periodic "";\nAPT::Periodic::Unattended-Upgrade "0";\n')
    data = automatic.apt_reading(settings, True, [TIMER])
    assert (data["switched_off"], data["set_up"]) == (True, False)


def test_masked_timer_counts_where_updates_are_set_up() -> None:
    masked = {**TIMER, "LoadState": "masked", "ActiveState": "inactive", "UnitFileState": "masked"}
    on = automatic.apt_reading({"Unattended-Upgrade": "1"}, True, [masked])
    assert (on["switched_off"], on["off_timer"]) == (True, "apt-daily.timer")
    never = automatic.apt_reading({}, False, [masked])
    assert (never["switched_off"], never["off_timer"]) == (False, "apt-daily.timer")


def test_default_of_debian_is_not_switched_off() -> None:
    assert automatic.apt_reading({}, False, [TIMER])["switched_off"] is False


def test_dnf_that_fetches_and_does_not_install() -> None:
    timer = {**TIMER, "Id": "dnf-automatic.timer"}
    assert automatic.dnf_reading("[commands]\napply_updates = no\n", [timer])["switched_off"] is True
    assert automatic.dnf_reading("apply_updates = yes\n", [timer])["switched_off"] is False


def test_age_of_lists_is_that_of_the_newest(tmp_path: Path) -> None:
    lists = tmp_path / "var/lib/apt/lists"
    (lists / "partial").mkdir(parents=True)
    assert automatic.lists_written_s("apt", str(tmp_path)) is None
    (lists / "deb_dists_x_InRelease").touch()
    os.utime(lists / "deb_dists_x_InRelease", (1e9, 1e9))
    os.utime(lists, (1.1e9, 1.1e9))
    assert automatic.lists_written_s("apt", str(tmp_path)) == 1.1e9
    (lists / "deb_dists_x-security_InRelease").touch()
    os.utime(lists / "deb_dists_x-security_InRelease", (1.05e9, 1.05e9))
    assert automatic.lists_written_s("apt", str(tmp_path)) == 1.05e9


def test_newer_kernel_counts_when_it_came_after_the_start() -> None:
    names = {"vmlinuz-6.1.0-9-amd64": 50.0, "vmlinuz-6.1.0-18-amd64": 150.0, "config-6.1.0-18-amd64": 150.0}
    assert restart.newest_kernel(names, "6.1.0-9-amd64", 100.0) == "6.1.0-18-amd64"
    assert restart.newest_kernel(names, "6.1.0-9-amd64", 200.0) == ""
    assert restart.newest_kernel(names, "6.1.0-18-amd64", 0.0) == ""


def test_replaced_files_of_packages_only() -> None:
    maps = (
        "7f1 r-xp 0 fe:00 1 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)\n"
        "7f2 rw-s 0 00:01 2 /dev/zero (deleted)\n7f3 rw-s 0 00:05 3 /memfd:x (deleted)\n"
        "7f4 r--p 0 fe:00 4 /tmp/x.so (deleted)\n"
    )
    assert restart.replaced(maps) == ["/usr/lib/x86_64-linux-gnu/libssl.so.3"]


def test_a_path_with_other_paths_in_it_is_nobody_s_package() -> None:
    """A file of such a name once took minutes to read, and was taken for a replaced library."""
    path = "/tmp/x" + " /usr/lib/libssl.so.3" * 190 + " (deleted)"
    assert restart.replaced(f"7f1 r-xp 0 fe:00 1 {path}\n" * 1000) == []
    assert restart.replaced("7f1 r-xp 0 fe:00 1                    /usr/bin/a b (deleted)") == ["/usr/bin/a b"]


def test_hidden_programs_are_a_gap(monkeypatch: object) -> None:
    seen = restart.reading(True, ["linux-base"], "", "6.1", [], 0)
    assert (seen.data["whole_system"], seen.data["program_count"]) == (True, 0)
    assert "linux-base" in str(seen.data["why"])


def test_windows_registry_keys() -> None:
    assert restart.windows_reading({restart.WINDOWS_KEYS[1]}).data["required"] is True
    assert restart.windows_reading(set()).data["required"] is False


def test_debian_counts_with_its_long_term_support() -> None:
    table = (
        "version,codename,series,created,release,eol,eol-lts,eol-elts\n"
        "12,Bookworm,bookworm,2021-08-14,2023-06-10,2026-07-11,2028-06-30,2033-06-30\n"
    )
    assert support.end_by_distro_info(table, "12") == "2028-06-30"
    assert support.end_by_distro_info(table, "1") == ""


def test_ubuntu_counts_without_a_contract() -> None:
    table = (
        "version,codename,series,created,release,eol,eol-server,eol-esm\n"
        "20.04 LTS,Focal,focal,a,b,2025-05-29,2025-05-29,2030-04-23\n"
    )
    assert support.end_by_distro_info(table, "20.04") == "2025-05-29"


def test_days_left_and_unknown_ends() -> None:
    assert support.reading("x", "9", "2022-06-30", "", TODAY).data["days_left"] == -1606
    unknown = support.reading("x", "99", "", "", TODAY)
    assert unknown.data.get("days_left") is None
    assert "days_left" in unknown.gaps
    assert support.parse_os_release('ID=debian\nVERSION_ID="12"\n# x=y\n') == {"ID": "debian", "VERSION_ID": "12"}


def test_windows_by_build_but_not_long_term_editions() -> None:
    assert support.windows_reading(19045, "Core", TODAY).data["days_left"] == -404
    assert "ends" in support.windows_reading(19045, "EnterpriseS", TODAY).gaps
