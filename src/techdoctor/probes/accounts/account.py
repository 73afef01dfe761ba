"""Probe account.state: may this person log in? Locked, expired, no shell, logins closed. CPython 3.9 syntax."""

from __future__ import annotations

import datetime
import os
import re
import struct
import time
from dataclasses import dataclass
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    number,
    records,
    text,
    unsupported,
)
from techdoctor.text import clean_line

_SHADOW = "/etc/shadow"
_FIRST_PERSON, _LAST_PERSON = 1000, 60000  # login.defs(5): UID_MIN, UID_MAX
_CLOSED = ("/etc/nologin", "/run/nologin", "/var/run/nologin")  # pam_nologin(8)
_NO_SHELLS = ("nologin", "false")
_MOST_SHOWN = 8
# pam_faillock's tally file: source, reserved, status, time (faillock.h of Linux-PAM). Status bit 0: it counts.
_TALLY = struct.Struct("=52sHHQ")
_VALID = 1


class Limits(NamedTuple):
    """faillock.conf(5): so many failures within `interval_s` lock for `unlock_s` (0: until it is reset)."""

    deny: int = 3
    interval_s: int = 900
    unlock_s: int = 600


@dataclass(frozen=True)
class Login:
    """What is known of one account; None where it cannot be seen.

    Attributes:
        locked: True when its password was locked (passwd -l).
        expired: Why the password or account has expired, empty when neither has.
        failures: Failed attempts that count against it now.
        locked_for_s: How long it stays locked for them; 0 when it is not.
        shell: Its login program, when that cannot be used; else empty.
    """

    user: str
    locked: Optional[bool]
    expired: Optional[str]
    failures: Optional[int]
    locked_for_s: float
    shell: str


def parse_limits(config: str) -> Limits:
    """Parses faillock.conf."""
    found = {m[1]: m[2] for m in re.finditer(r"^\s*(deny|fail_interval|unlock_time)\s*=\s*(\w+)", config, re.MULTILINE)}

    def value(name: str, default: int) -> int:
        word = found.get(name, "")
        return int(word) if word.isdigit() else 0 if word == "never" else default

    return Limits(value("deny", 3), value("fail_interval", 900), value("unlock_time", 600))


def count_failures(tally: bytes, limits: Limits, now_s: float) -> Sequence[float]:
    """Failures that count now, and for how many seconds they lock (0: not locked, inf: until it is reset)."""
    records_ = [_TALLY.unpack_from(tally, at) for at in range(0, len(tally) - _TALLY.size + 1, _TALLY.size)]
    times = [when for _, _, status, when in records_ if status & _VALID]
    latest = max(times, default=0)
    count = sum(1 for when in times if latest - when < limits.interval_s)
    if limits.deny <= 0 or count < limits.deny:
        return count, 0.0
    if not limits.unlock_s:
        return count, float("inf")
    return count, max(0.0, latest + limits.unlock_s - now_s)


def why_expired(fields: Sequence[str], today: int) -> str:
    """Why an account of /etc/shadow may not be used any more; empty when it may (shadow(5)).

    Args:
        fields: Its line, split at colons.
        today: Days since 1970.
    """

    def day(index: int) -> Optional[int]:
        return int(fields[index]) if len(fields) > index and fields[index].isdigit() else None

    changed, most, ends = day(2), day(4), day(7)
    if ends is not None and ends <= today:
        return f"the account ended on {_date(ends)}"
    if changed == 0:
        return "the password has to be changed at the next login"
    if changed is not None and most is not None and most < 99999 and changed + most < today:
        return f"the password was valid until {_date(changed + most)}"
    return ""


def _date(day: int) -> str:
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=min(day, 100_000))).isoformat()


def is_locked(password: str, asked: bool = False) -> bool:
    """True for a password that was locked with `passwd -l`: a mark before what was there.

    The mark alone means that there never was a password, as with accounts that log in by SSH key: that counts for
    the asked account only.
    """
    before = password.lstrip("!")
    if before == password:
        return asked and before.startswith("*")
    return asked or before not in ("", "*")


def _shadow() -> Dict[str, List[str]]:
    rows = [line.split(":") for line in system.read_text(_SHADOW).splitlines() if ":" in line]
    return {row[0]: row for row in rows}


def _own_status(user: str, timeout_s: float) -> Sequence[str]:
    """The line of one's own account, as passwd(1) tells it to oneself: `ann L 2024-10-04 0 99999 7 -1`."""
    ran = system.run(("passwd", "-S", user), timeout_s)
    words = ran.out.split()
    if not ran.worked or len(words) < 5:
        raise CannotMeasure(DENIED, "the state of accounts may be seen by administrators only (sudo)")
    try:
        changed = (_parse_date(words[2]) - datetime.date(1970, 1, 1)).days
    except ValueError:
        changed = 1
    return [user, "!$" if words[1] == "L" else "$", str(changed), words[3], words[4], "", "", ""]


def _parse_date(word: str) -> datetime.date:
    return datetime.datetime.strptime(word, "%m/%d/%Y" if "/" in word else "%Y-%m-%d").date()


def _failures(user: str, now_s: float) -> Sequence[Optional[float]]:
    try:
        limits = parse_limits(system.read_text("/etc/security/faillock.conf"))
    except CannotMeasure:
        limits = Limits()
    path = f"/run/faillock/{user}"
    try:
        return count_failures(system.read_regular(path, 1 << 20), limits, now_s)
    except FileNotFoundError:
        return 0, 0.0
    except OSError:
        return None, 0.0  # of someone else, and this user may not read it


def _people(wanted: str) -> List[object]:
    import pwd

    if wanted:
        try:
            return [pwd.getpwnam(wanted)]
        except (KeyError, ValueError):
            return []
    everybody = pwd.getpwall()
    return [p for p in everybody if _FIRST_PERSON <= p.pw_uid < _LAST_PERSON or p.pw_uid == os.getuid() != 0]


def _login(entry: object, shadow: Optional[Dict[str, List[str]]], asked: bool, probing: Probing) -> Optional[Login]:
    user, shell = str(getattr(entry, "pw_name", "")), str(getattr(entry, "pw_shell", ""))
    fields: Optional[Sequence[str]] = shadow.get(user) if shadow is not None else None
    if shadow is None and getattr(entry, "pw_uid", -1) == os.getuid():
        try:
            fields = _own_status(user, probing.left_s(2))
        except CannotMeasure:
            fields = None
    count, locked_for_s = _failures(user, time.time())
    usable = os.access(shell or "/bin/sh", os.X_OK) and os.path.basename(shell) not in _NO_SHELLS
    if not usable and not asked:
        return None  # made for a service: nobody logs in with it
    today = int(time.time() // 86400)
    return Login(
        user=clean_line(user, 60),
        locked=is_locked(fields[1], asked) if fields else None,
        expired=why_expired(fields, today) if fields else None,
        failures=None if count is None else int(count),
        locked_for_s=locked_for_s or 0.0,
        shell="" if usable else clean_line(shell or "none", 100),
    )


def reading(logins: Sequence[Login], wanted: str, closed: str) -> Reading:
    """The fields.

    Args:
        logins: The asked account, or all of people.
        wanted: The asked user, or empty.
        closed: The file that closes all logins, or empty.
    """
    locked = next((x for x in logins if x.locked or x.locked_for_s > 0), None)
    expired = next((x for x in logins if x.expired), None)
    shell = next((x for x in logins if x.shell), None)
    troubled = [x for x in logins if x.locked or x.locked_for_s > 0 or x.expired or x.shell]
    unseen = [x.user for x in logins if x.locked is None]
    rows: List[Value] = [
        {"user": x.user, "locked": bool(x.locked or x.locked_for_s > 0), "expired": x.expired or ""} for x in troubled
    ]
    data: Dict[str, Value] = {
        "user": wanted,
        "found": bool(logins),
        "checked": len(logins),
        "troubled": rows[:_MOST_SHOWN],
        "locked": bool(locked),
        "locked_user": locked.user if locked else "",
        "by_password": bool(locked and locked.locked),
        "failures": locked.failures if locked else 0,
        "unlocks_in_s": locked.locked_for_s if locked and locked.locked_for_s < float("inf") else 0.0,
        "expired": bool(expired),
        "expired_user": expired.user if expired else "",
        "expired_why": str(expired.expired) if expired else "",
        "no_shell": bool(shell),
        "shell": shell.shell if shell else "",
        "closed_by": closed,
        "closed": bool(closed),
    }
    data["locked_why"] = _why_locked(locked) if locked else ""
    gaps: Dict[str, str] = {}
    if unseen:
        why = "the state of accounts may be seen by administrators only (sudo)"
        gaps = {name: why for name in ("locked", "expired") if not data[name]}
        data.update(dict.fromkeys(gaps))
    return Reading(data, gaps)


def _why_locked(login: Login) -> str:
    if login.locked:
        return "its password is locked (passwd -S says L)"
    return f"{login.failures} wrong passwords in a row (pam_faillock)"


def _measure(probing: Probing) -> Reading:
    wanted = probing.text("user").strip()
    people = _people(wanted)
    shadow: Optional[Dict[str, List[str]]] = None
    try:
        shadow = _shadow()
    except CannotMeasure as error:
        if error.status == NOT_APPLICABLE and not people:
            raise
    if wanted and shadow is not None and people and wanted not in shadow:
        shadow = {**shadow, wanted: [wanted, "x"]}  # kept by a directory (LDAP): only what is local can be told
    logins = [_login(entry, shadow, bool(wanted), probing) for entry in people]
    closed = next((path for path in _CLOSED if os.path.exists(path)), "")
    return reading([login for login in logins if login], clean_line(wanted, 60), closed)


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("locked"):
        return clean_line(f"{data.get('locked_user')} is locked: {data.get('locked_why')}")
    if data.get("expired"):
        return clean_line(f"{data.get('expired_user')}: {data.get('expired_why')}")
    return "nothing keeps people out" if data.get("locked") is False else "partly hidden from this user"


PROBES = (
    Probe(
        name="account.state",
        title="Accounts of people",
        doc="Passwords that are locked or expired and accounts that ended (shadow(5); of oneself by passwd -S), wrong"
        " attempts counted by pam_faillock, login shells that cannot be used, and /etc/nologin.",
        fields={
            "user": text("The user who was asked for; empty when none was.", private="user"),
            "found": boolean("True when there is such an account."),
            "checked": integer("Accounts looked at.", "count"),
            "troubled": records(
                "Accounts that cannot log in; at most 8.",
                user=text("Name.", private="user"),
                locked=boolean("True when it is locked."),
                expired=text("Why it has expired; empty when it has not."),
            ),
            "locked": boolean("True when an account is locked."),
            "locked_user": text("Whose.", private="user"),
            "locked_why": text("Why, in words."),
            "by_password": boolean("True when the password was locked, not the attempts counted."),
            "failures": integer("Wrong attempts that count.", "count"),
            "unlocks_in_s": number("When it unlocks by itself; 0 when it does not.", "s"),
            "expired": boolean("True when a password or account has expired."),
            "expired_user": text("Whose.", private="user"),
            "expired_why": text("Why, in words."),
            "no_shell": boolean("True when the asked account has no login program that can be used."),
            "shell": text("That program.", private="path"),
            "closed": boolean("True when logins are closed for everybody."),
            "closed_by": text("The file that does it.", private="path"),
        },
        methods={
            "linux": measured(_measure),
            "macos": unsupported("no recorded output of pwpolicy or dscl for a locked account was found"),
            "windows": unsupported("no recorded output of Win32_UserAccount for a locked account was found"),
        },
        parameters={"user": Parameter("text", "Whose account; empty for all people.", "")},
        needs="admin",
        summary=_summary,
    ),
)
