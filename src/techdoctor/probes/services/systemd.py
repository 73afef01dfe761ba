"""Asking systemd: properties of units, of the system's manager and of users' own, and their last log lines.

CPython 3.9 syntax.
"""

from __future__ import annotations

import glob
import json
import os
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, MISSING_TOOL, NOT_APPLICABLE, TIMEOUT
from techdoctor.text import clean_line

_MOST_USERS = 4
_MOST_JOURNAL_BYTES = 1 << 20
Properties = Mapping[str, str]


@dataclass(frozen=True)
class Manager:
    """A running systemd: the system's, or that of a user who is logged in or lingers.

    Attributes:
        uid: None for the system's manager, else whose it is.
        name: Name of that user, empty for the system's.
        prefix: Command in front of systemctl that takes on that user; empty when it is ours.
    """

    uid: Optional[int] = None
    name: str = ""
    prefix: Tuple[str, ...] = ()

    def systemctl(self, *words: str) -> Tuple[str, ...]:
        """A systemctl command for this manager."""
        return (*self.prefix, "systemctl", *(("--user",) if self.uid is not None else ()), *words)

    @property
    def env(self) -> Dict[str, str]:
        """Variables that the command needs."""
        return {} if self.uid is None else {"XDG_RUNTIME_DIR": f"/run/user/{self.uid}"}


def need_systemd(root: str = "/") -> None:
    """Makes sure that systemd runs here (sd_booted(3)).

    Raises:
        CannotMeasure: It does not.
    """
    if not os.path.isdir(os.path.join(root, "run/systemd/system")):
        raise CannotMeasure(NOT_APPLICABLE, "systemd does not look after the services here")


def user_managers() -> List[Manager]:
    """Managers of users that can be asked: our own, and as root those of others (the first few)."""
    found = []
    for socket in sorted(glob.glob("/run/user/*/systemd/private"))[:_MOST_USERS]:
        uid = int(socket.split("/")[3]) if socket.split("/")[3].isdigit() else -1
        if uid == os.geteuid():
            found.append(Manager(uid, user_name(uid)))
        elif system.is_admin() and uid > 0:
            group = _group(uid)
            if group is not None:
                become = ("setpriv", f"--reuid={uid}", f"--regid={group}", "--clear-groups")
                found.append(Manager(uid, user_name(uid), become))
    return found


def _group(uid: int) -> Optional[int]:
    """A user's group, by the table of users: the socket is theirs, and may be a link to a file of another group."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return None


def user_name(uid: int) -> str:
    """The name of a user, or the number where there is none."""
    import pwd

    try:
        return clean_line(pwd.getpwuid(uid).pw_name, 60)
    except KeyError:
        return str(uid)


def show(manager: Manager, which: Sequence[str], properties: Sequence[str], timeout_s: float) -> List[Properties]:
    """Properties of units, one mapping each; a pattern stands for the loaded units that match it.

    Raises:
        CannotMeasure: This manager cannot be asked.
    """
    command = manager.systemctl("show", "--no-pager", "-p", ",".join(properties), "--", *which)
    ran = system.run(command, timeout_s, cap_bytes=8 << 20, env=manager.env)
    if ran.status == "timeout":
        raise CannotMeasure(TIMEOUT, "systemd did not answer in time")
    if ran.status == "missing_tool":
        raise CannotMeasure(MISSING_TOOL, "systemctl is not installed")
    if not ran.worked and not ran.out.strip():
        status = DENIED if "ermi" in ran.err else NOT_APPLICABLE  # "Permission denied", "not permitted"
        raise CannotMeasure(status, "systemd could not be asked: " + clean_line(ran.err))
    return parse_show(ran.out)


def parse_show(text: str) -> List[Properties]:
    """Splits the output of `systemctl show` at its empty lines."""
    units: List[Properties] = []
    for block in text.split("\n\n"):
        pairs = [line.partition("=") for line in block.splitlines() if "=" in line]
        if pairs:
            units.append({key: value for key, _, value in pairs})
    return units


@dataclass(frozen=True)
class Line:
    """One line of the journal.

    Attributes:
        realtime_s: When it was written, seconds since 1970.
        message: What it says, cleaned.
        by_systemd: True for what systemd says about the unit itself.
        message_id: Id of the kind of message, or empty.
    """

    realtime_s: float
    message: str
    by_systemd: bool
    message_id: str


def journal(manager: Manager, unit: str, count: int, timeout_s: float) -> Optional[List[Line]]:
    """The last lines of a unit and about it, oldest first; None when this user may not see them."""
    if manager.uid is None:
        which: Tuple[str, ...] = ("-u", unit)
    else:
        uid = f"_UID={manager.uid}"
        which = (uid, f"_SYSTEMD_USER_UNIT={unit}", "+", uid, f"USER_UNIT={unit}")
    fields = "--output-fields=MESSAGE,MESSAGE_ID,_PID,_COMM"
    command = ("journalctl", "-q", "--no-pager", "-o", "json", fields, "-n", str(count), *which)
    ran = system.run(command, timeout_s, cap_bytes=_MOST_JOURNAL_BYTES)
    lines = parse_journal(ran.out)
    hidden = not ran.worked or (not lines and not system.is_admin())
    return None if hidden and not lines else lines


def parse_journal(text: str) -> List[Line]:
    """Parses `journalctl -o json`; a message that is no text (bytes) is left out."""
    lines = []
    for row in text.splitlines():
        try:
            entry = json.loads(row)
            when, message = float(entry["__REALTIME_TIMESTAMP"]) / 1e6, entry["MESSAGE"]
        except (ValueError, KeyError, TypeError):
            continue  # cut short, or without a message
        if isinstance(message, str):
            own = entry.get("_COMM") in ("systemd", "(systemd)")
            lines.append(Line(when, clean_line(message), own, str(entry.get("MESSAGE_ID", ""))))
    return lines
