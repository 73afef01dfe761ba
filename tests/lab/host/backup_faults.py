"""Backups made by real programs into folders of our own: fresh, old, never, or failing."""

from __future__ import annotations

import shutil

import pytest

from tests.lab.host.disk_faults import Break, Fault
from tests.lab.host.disks import Machine

# Some days and a half ago, so that no time zone makes it a round number.
_OLD = "17 days ago"


def _tool(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"needs {program} (make packages installs it)")


def _prepared(files: Machine) -> str:
    """A shell line that sets up the person's folders; programs make backups in their name."""
    home = files.home
    files.sh(f"mkdir -p {home}/documents {files.folder}/drive; echo text > {home}/documents/letter.txt")
    return f"export HOME={home}; unset XDG_CACHE_HOME XDG_CONFIG_HOME; cd {files.folder}"


def _borg(files: Machine, when: str = "") -> None:
    _tool("borg", "faketime")
    fake = f"faketime '{when}' " if when else ""
    files.sh(f"{_prepared(files)}; {fake}borg init -e none drive/borg")
    files.sh(f"{_prepared(files)}; {fake}borg create drive/borg::one {files.home}/documents")


def _restic(files: Machine, when: str = "") -> None:
    _tool("restic")
    start = f"{_prepared(files)}; export RESTIC_PASSWORD=x"
    files.sh(f"{start}; restic init -q -r drive/restic; restic backup -q -r drive/restic {files.home}/documents")
    if when:  # restic is a Go program, which asks the kernel itself for the time
        files.sh(f"find {files.home}/.cache/restic -type f -exec touch -d '{when}' {{}} +")


def _duplicity(files: Machine, when: str = "") -> None:
    _tool("duplicity", "faketime")
    fake = f"faketime '{when}' " if when else ""
    files.sh(
        f"{_prepared(files)}; {fake}duplicity --no-encryption {files.home}/documents file://{files.folder}/drive/dup"
    )


def _rsnapshot(files: Machine, source: str) -> None:
    _tool("rsnapshot", "rsync")
    config = files.folder / "rsnapshot.conf"
    lines = ["config_version 1.2", f"snapshot_root {files.folder}/drive/", "cmd_rsync /usr/bin/rsync", "retain alpha 6"]
    lines += [f"logfile {files.folder}/rsnapshot.log", f"lockfile {files.folder}/pid", f"backup {source} localhost/"]
    _prepared(files)
    config.write_text("\n".join(line.replace(" ", "\t") for line in lines) + "\n")
    files.sh(
        f"touch /etc/rsnapshot.conf; mount --bind {config} /etc/rsnapshot.conf; rsnapshot alpha >/dev/null 2>&1 || true"
    )


def _nothing(files: Machine) -> None:
    _prepared(files)


def _only_made_never_used(files: Machine) -> None:
    _tool("borg")
    files.sh(f"{_prepared(files)}; borg init -e none drive/borg")


def _old_borg(files: Machine) -> None:
    _borg(files, _OLD)


def _old_restic(files: Machine) -> None:
    _restic(files, _OLD)


def _old_duplicity(files: Machine) -> None:
    _duplicity(files, _OLD)


def _failing_rsnapshot(files: Machine) -> None:
    _rsnapshot(files, "/no/such/folder/")


BACKUPS: dict[str, Fault] = {
    "no backup": ("none_found", _nothing),
    "repository never used": ("none_found", _only_made_never_used),
    "old borg backup": ("stale", _old_borg),
    "old restic backup": ("stale", _old_restic),
    "old duplicity backup": ("stale", _old_duplicity),
    "rsnapshot fails": ("failing", _failing_rsnapshot),
}


def _fresh_borg(files: Machine) -> None:
    _borg(files)


def _fresh_duplicity(files: Machine) -> None:
    _duplicity(files)


def _fresh_rsnapshot(files: Machine) -> None:
    _rsnapshot(files, f"{files.home}/documents/")


HEALTHY: dict[str, Break] = {
    "fresh borg backup": _fresh_borg,
    "fresh restic backup": _restic,
    "fresh duplicity backup": _fresh_duplicity,
    "fresh rsnapshot backup": _fresh_rsnapshot,
}
