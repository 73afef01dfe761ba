"""Faults of the operating system's own services, all of them, and controls that are none."""

from __future__ import annotations

import pytest

from tests.lab.host.booted import Booted
from tests.lab.host.protection_faults import NEW_DATABASE, NO_CLAM, NO_RULES, OWN_RULES, PROTECTION, clam_unit
from tests.lab.host.scripted_fault import Fault
from tests.lab.host.service_faults import SERVICE_GONE, SERVICES, START, service
from tests.lab.host.update_faults import UPDATES

_OPEN = "usermod -U ann; chage -d 2026-01-01 -M 99999 -E -1 ann; faillock --user ann --reset"
_FAILLOCK = """
    cp /etc/pam.d/su /root/su.pam
    cat > /etc/pam.d/su <<'END'
auth sufficient pam_rootok.so
auth required pam_faillock.so preauth silent
auth [success=1 default=bad] pam_unix.so nodelay
auth [default=die] pam_faillock.so authfail
account required pam_permit.so
session required pam_permit.so
END
    for attempt in 1 2 3; do
        echo wrong | setpriv --reuid=65534 --regid=65534 --clear-groups su ann -c true 2>/dev/null || true
    done
    cp /root/su.pam /etc/pam.d/su
"""
ACCOUNTS: dict[str, Fault] = {
    "password locked": Fault(
        "acct.password.locked",
        ("I cannot log in", "my account is locked"),
        "passwd -q -l ann",
        _OPEN,
        options=("--set", "user=ann"),
    ),
    "three wrong passwords": Fault(
        "acct.password.locked", ("too many failed logins", "the computer does not accept my password"), _FAILLOCK, _OPEN
    ),
    "password too old": Fault(
        "acct.password.expired", ("my password has expired",), "chage -d 2020-01-01 -M 90 ann", _OPEN
    ),
    "password to be changed": Fault(
        "acct.password.expired", ("You are required to change your password",), "chage -d 0 ann", _OPEN
    ),
    "account ended": Fault("acct.password.expired", ("Your account has expired",), "chage -E 2026-01-01 ann", _OPEN),
    "logins closed": Fault(
        "acct.password.logins_closed", ("nobody can log in",), "echo closed > /etc/nologin", "rm /etc/nologin"
    ),
}
LANGUAGE: dict[str, Fault] = {
    "language of the session is missing": Fault(
        "sys.locale.locale_missing",
        ("perl: warning: Setting locale failed.", "umlauts are broken"),
        "true",
        env={"LANG": "sv_FI.UTF-8"},
    ),
    "LC_ALL is missing": Fault(
        "sys.locale.locale_missing",
        ("bash: warning: setlocale: LC_ALL: cannot change locale",),
        "true",
        env={"LANG": "C.UTF-8", "LC_ALL": "fr_BE.UTF-8"},
    ),
    "language of the system is missing": Fault(
        "sys.locale.locale_missing",
        ("wrong language",),
        "cp /etc/default/locale /root/locale; echo LANG=nl_BE.UTF-8 > /etc/default/locale",
        "cp /root/locale /etc/default/locale",
    ),
}
FAULTS: dict[str, Fault] = {**SERVICES, **UPDATES, **PROTECTION, **ACCOUNTS, **LANGUAGE, **START}
CONTROLS: dict[str, Fault] = {
    "all services are well": Fault("sys.service", ("a background service does not run",), "true"),
    "a service runs and is disabled on purpose": Fault(
        "sys.service", ("a service does not start",), "systemctl disable -q cron", "systemctl enable -q cron"
    ),
    "no cron is installed": Fault(
        "sys.service",
        ("cron jobs do not run",),
        "systemctl stop cron; mv /usr/sbin/cron /root; mv /lib/systemd/system/cron.service /root",
        """
            mv /root/cron /usr/sbin
            mv /root/cron.service /lib/systemd/system
            systemctl daemon-reload
            systemctl start cron
        """,
    ),
    "a service was restarted once": Fault(
        "sys.service",
        ("a service keeps crashing",),
        service("/bin/sh -c 'test -e /run/lab-once && exec sleep 1000; touch /run/lab-once; exit 1'", "Restart=always"),
        SERVICE_GONE + "\nrm /run/lab-once",
        '[ "$(systemctl show -P NRestarts lab)" = 1 ]',
    ),
    "everything is up to date": Fault("sys.update", ("updates fail", "apt does not work"), "true"),
    "a firewall is on": Fault(
        "sec.av",
        ("is my firewall on",),
        OWN_RULES,
        NO_RULES,
    ),
    "fresh definitions and a running scanner": Fault(
        "sec.av",
        ("the antivirus is off",),
        OWN_RULES + NEW_DATABASE + clam_unit("clamav-daemon") + "\nsystemctl start clamav-daemon",
        NO_CLAM + NO_RULES,
    ),
    "accounts are open": Fault("acct.password", ("I cannot log in",), "true", options=("--set", "user=ann")),
    "installed language": Fault("sys.locale", ("wrong characters",), "true", env={"LANG": "C.UTF-8"}),
    "no language is set": Fault("sys.locale", ("wrong characters",), "true", env={"LANG": ""}),
}


def memory_limit_or_skip(machine: Booted) -> None:
    """Skips where the control groups of version 1 cannot be written from within."""
    if not machine.holds("test -e /sys/fs/cgroup/memory/memory.limit_in_bytes"):
        pytest.skip("needs the memory controller of cgroup v1")
