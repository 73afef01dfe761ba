"""What backup programs leave behind when they have succeeded, read without asking them. CPython 3.9 syntax."""

from __future__ import annotations

import calendar
import configparser
import glob
import json
import os
import re
import time
from dataclasses import dataclass
from typing import Callable, Iterator, List, Mapping, Optional, Sequence, Tuple

from techdoctor import system
from techdoctor.text import clean_line

_MOST = 4000
_CAP_BYTES = 1 << 18


@dataclass(frozen=True)
class Trace:
    """What one program left behind.

    Attributes:
        tool: Name of the program.
        where: The repository, folder or configuration it was found by.
        last_s: When its last backup succeeded, in seconds since 1970; None when it never did, or does not say.
        error: Why its last run failed; empty when it did not, or does not say.
        same_disk: The copies lie on the disk they were made from: they do not outlive it.
    """

    tool: str
    where: str
    last_s: Optional[float] = None
    error: str = ""
    same_disk: bool = False


@dataclass(frozen=True)
class Home:
    """One person's folders.

    Attributes:
        path: The home folder.
        environment: Variables that move folders; only known of the person who asks.
    """

    path: str
    environment: Mapping[str, str]

    def folder(self, variable: str, usual: str) -> str:
        """A folder of the XDG Base Directory Specification: an absolute path, else the usual one below home."""
        named = self.environment.get(variable, "")
        return named if os.path.isabs(named) else os.path.join(self.path, usual)

    @property
    def cache(self) -> str:
        return self.folder("XDG_CACHE_HOME", ".cache")

    @property
    def config(self) -> str:
        return self.folder("XDG_CONFIG_HOME", ".config")


def _text(path: str) -> str:
    try:
        return system.read_regular(path, _CAP_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""  # not there, not ours to read, or no plain file


def _newest(paths: Sequence[str]) -> Optional[float]:
    times = []
    for path in paths[:_MOST]:
        try:
            times.append(os.lstat(path).st_mtime)
        except OSError:
            continue  # gone meanwhile
    return max(times, default=None)


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0


def utc(text: str) -> Optional[float]:
    """Seconds since 1970 of "2026-11-22T11:30:05.3", "2026-11-22 11:30:05" or "20261122T113005Z", all in UTC."""
    found = re.match(r"(\d{4})-?(\d\d)-?(\d\d)[T _](\d\d):?-?(\d\d):?-?(\d\d)", text.strip())
    try:
        return float(calendar.timegm(tuple(int(part) for part in found.groups()))) if found else None
    except ValueError:
        return None  # no such day


def borg(home: Home) -> Iterator[Trace]:
    """Borg's cache of each repository: [cache] timestamp is the manifest's, written by every finished archive."""
    base = home.environment.get("BORG_CACHE_DIR") or os.path.join(home.cache, "borg")
    for path in glob.glob(os.path.join(glob.escape(base), "*", "config"))[:32]:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(_text(path))
        except configparser.Error:
            continue
        section: Mapping[str, str] = dict(parser.items("cache")) if parser.has_section("cache") else {}
        # A repository that was made and never written to has a timestamp too, but no list of files.
        used = parser.has_option("integrity", "files") or _size(os.path.join(os.path.dirname(path), "files"))
        last = utc(section.get("timestamp", "")) if used else None
        yield Trace("borg", section.get("previous_location", "") or os.path.dirname(path), last)


def restic(home: Home) -> Iterator[Trace]:
    """Restic's cache keeps every snapshot's file, written when the snapshot was made."""
    base = home.environment.get("RESTIC_CACHE_DIR") or os.path.join(home.cache, "restic")
    for folder in glob.glob(os.path.join(glob.escape(base), "*", "snapshots"))[:32]:
        yield Trace("restic", os.path.dirname(folder), _newest(glob.glob(os.path.join(glob.escape(folder), "*", "*"))))


def duplicity(home: Home) -> Iterator[Trace]:
    """Duplicity's cache has a manifest for each finished backup with the time in its name (also Deja Dup's)."""
    for folder in glob.glob(os.path.join(glob.escape(home.cache), "duplicity", "*"))[:32]:
        times = []
        for path in glob.glob(os.path.join(glob.escape(folder), "*.manifest*")):
            stamp = re.search(r"(\d{8}T\d{6}Z)\.manifest", os.path.basename(path))
            times.append(utc(stamp.group(1)) if stamp and ".part" not in path else None)
        known = [at for at in times if at is not None]
        yield Trace("duplicity", folder, max(known, default=None))


def kopia(home: Home) -> Iterator[Trace]:
    """Kopia writes a log for each `snapshot create`, named so."""
    if os.path.isfile(os.path.join(home.config, "kopia", "repository.config")):
        logs = glob.glob(os.path.join(glob.escape(home.cache), "kopia", "cli-logs", "*snapshot-create*"))
        yield Trace("kopia", os.path.join(home.config, "kopia"), _newest(logs))


def back_in_time(home: Home) -> Iterator[Trace]:
    """Back In Time names its snapshots by local time below <path>/backintime/HOST/USER/PROFILE."""
    config = os.path.join(home.config, "backintime", "config")
    paths = re.findall(r"^profile\d+\.snapshots\.path=([^\0\n]+)$", _text(config), re.MULTILINE)
    for top in paths[:8]:
        found = glob.glob(os.path.join(glob.escape(top), "backintime", "*", "*", "*", "2*"))
        yield Trace("Back In Time", top, _newest(found))


def rsnapshot(root: str) -> Iterator[Trace]:
    """Rsnapshot touches the newest folder of its first level; its log says how the last run ended."""
    path = f"{root}/etc/rsnapshot.conf"
    config = dict(re.findall(r"^(snapshot_root|logfile)\t+(.+)$", _text(path), re.MULTILINE))
    if "snapshot_root" not in config:
        return
    newest = _newest(glob.glob(os.path.join(glob.escape(root + config["snapshot_root"].strip()), "*.0")))
    log = root + config.get("logfile", "/var/log/rsnapshot.log").strip()
    error = rsnapshot_error(_tail(log))
    if newest is not None or error:  # else it was installed and never set up
        yield Trace("rsnapshot", config["snapshot_root"].strip(), newest, error)


def _tail(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - (1 << 16)))
            return stream.read(1 << 16).decode("utf-8", "replace")
    except OSError:
        return ""


def rsnapshot_error(log: str) -> str:
    """Why the last run in rsnapshot's log failed; empty when it succeeded."""
    error = ""
    for line in log.splitlines():
        if line.endswith(": started") or "completed successfully" in line:
            error = ""
        elif "ERROR:" in line or "completed, but with some" in line:
            said = line.partition("ERROR:")[2].strip(" -") or line.partition("]")[2]
            error = error or clean_line(said, 120)
    return error


def timeshift(root: str) -> Iterator[Trace]:
    """Timeshift names its snapshots by local time; they lie on a disk of this computer."""
    found = []
    for top in (f"{root}/timeshift", f"{root}/run/timeshift/backup/timeshift", f"{root}/timeshift-btrfs"):
        found += glob.glob(os.path.join(glob.escape(top), "snapshots", "2*"))
    if found:
        yield Trace("timeshift", os.path.dirname(found[0]), _newest(found), same_disk=True)
        return
    for path in (f"{root}/etc/timeshift/timeshift.json", f"{root}/etc/timeshift.json"):
        try:
            if json.loads(_text(path) or "{}").get("backup_device_uuid"):
                yield Trace("timeshift", path, None, same_disk=True)
        except (ValueError, AttributeError):
            continue


def snapper(root: str) -> Iterator[Trace]:
    """Snapper's snapshots lie inside the volume they are of."""
    for path in glob.glob(f"{root}/etc/snapper/configs/*")[:16]:
        volume = re.search(r'^SUBVOLUME="([^"]+)"', _text(path), re.MULTILINE)
        if volume:
            found = glob.glob(os.path.join(glob.escape(root + volume.group(1)), ".snapshots", "*", "info.xml"))
            dates = [utc(match.group(1)) for one in found if (match := re.search(r"<date>([^<]+)</date>", _text(one)))]
            yield Trace("snapper", volume.group(1), max((d for d in dates if d), default=None), same_disk=True)


OF_HOME: Tuple[Tuple[str, Callable[[Home], Iterator[Trace]]], ...] = (
    ("borg", borg),
    ("restic", restic),
    ("duplicity (Deja Dup)", duplicity),
    ("kopia", kopia),
    ("Back In Time", back_in_time),
)
OF_SYSTEM: Tuple[Tuple[str, Callable[[str], Iterator[Trace]]], ...] = (
    ("rsnapshot", rsnapshot),
    ("timeshift", timeshift),
    ("snapper", snapper),
)


def all_traces(homes: Sequence[Home], root: str = "") -> List[Trace]:
    """Everything that is found in these homes and below `root`, the newest first."""
    found = [trace for home in homes for _, look in OF_HOME for trace in look(home)]
    found += [trace for _, look in OF_SYSTEM for trace in look(root)]
    return sorted(found, key=lambda trace: -(trace.last_s or 0.0))


def parse_time_machine(out: str) -> Optional[float]:
    """When the backup that `tmutil latestbackup` names was made; None when it names none.

    Source: tmutil(8): the path ends with the local time, e.g. /Volumes/bakvol/Backups.backupdb/mymac/2011-08-26-104514.
    """
    stamps = re.findall(r"/(\d{4}-\d\d-\d\d-\d{6})(?:\.backup|\.previous)?\s*$", out, re.MULTILINE)
    return time.mktime(time.strptime(stamps[-1], "%Y-%m-%d-%H%M%S")) if stamps else None
