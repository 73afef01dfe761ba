"""Faults of the operating system's own services, made and mended by shell scripts in a booted machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests.lab.host.booted import Booted


@dataclass(frozen=True)
class Fault:
    """One way to break a system.

    Attributes:
        cause: Global id of the cause, or the playbook's id for a control.
        words: What people would type.
        make: Shell script that breaks it.
        mend: Shell script that puts everything back.
        until: Shell script that ends well once the fault is there.
        options: More words for the command line.
        env: Variables for it.
    """

    cause: str
    words: tuple[str, ...]
    make: str
    mend: str = "true"
    until: str = "true"
    options: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def broken(machine: Booted, fault: Fault) -> Iterator[Booted]:
    """The machine with a fault, mended afterwards."""
    try:
        machine.sh(fault.make)
        machine.wait_for(fault.until)
        yield machine
    finally:
        machine.sh(fault.mend)


_SERVICE_GONE = """
    systemctl stop lab.service lab.timer 2>/dev/null || true
    systemctl disable -q lab.service lab.timer 2>/dev/null || true
    rm -f /etc/systemd/system/lab.*
    systemctl daemon-reload
    systemctl reset-failed
"""
_FAILED = "systemctl is-failed -q lab"


def service(start: str, more: str = "", unit: str = "") -> str:
    """Script that writes lab.service and starts it."""
    return f"""
        cat > /etc/systemd/system/lab.service <<'END'
[Unit]
Description=Invoices of the lab
{unit}
[Service]
ExecStart={start}
{more}
END
        systemctl daemon-reload
        systemctl start --no-block lab
    """


def _service(cause: str, words: tuple[str, ...], make: str, until: str = _FAILED, mend: str = _SERVICE_GONE) -> Fault:
    return Fault(f"sys.service.{cause}", words, make, mend, until)


_AS_ANN = "setpriv --reuid=ann --regid=ann --init-groups env XDG_RUNTIME_DIR=/run/user/1500 systemctl --user"
_GROUP = "/sys/fs/cgroup/memory/lab"
_EATER = "x = []\nwhile True: x.append(bytearray(1 << 20))"
SERVICES: dict[str, Fault] = {
    "service ends with an error": _service(
        "failed",
        ("a background service does not run", "my invoices program on the server does not start any more"),
        service("/bin/sh -c 'echo cannot open /etc/invoices.conf; exit 3'"),
    ),
    "service without its program": _service("failed", ("a service failed to start",), service("/opt/not/there --now")),
    "service that never becomes ready": _service(
        "failed", ("Job for lab.service failed",), service("/bin/sleep 60", "Type=notify\nTimeoutStartSec=1")
    ),
    "service of a user": Fault(
        "sys.service.failed",
        ("a systemd unit failed",),
        f"""
            loginctl enable-linger ann
            until [ -S /run/user/1500/systemd/private ]; do sleep 0.1; done
            cd /home/ann; mkdir -p .config/systemd/user
            printf '[Service]\\nExecStart=/bin/sh -c "echo no share; exit 4"\\n' > .config/systemd/user/sync.service
            chown -R ann: /home/ann/.config
            {_AS_ANN} daemon-reload
            {_AS_ANN} start sync
        """,
        f"""
            {_AS_ANN} reset-failed || true
            loginctl disable-linger ann
            rm -r /home/ann/.config/systemd
        """,
        f"{_AS_ANN} is-failed -q sync",
    ),
    "service crashes at once, again and again": _service(
        "crash_loop",
        ("a service keeps crashing", "my server program starts, stops and starts again"),
        service("/bin/sh -c 'sleep 0.2; exit 1'", "Restart=always", "StartLimitIntervalSec=0"),
        '[ "$(systemctl show -P NRestarts lab)" -ge 3 ]',
    ),
    "service crashes every two seconds": _service(
        "crash_loop",
        ("the service crashes and restarts all the time",),
        service("/bin/sh -c 'exit 1'", "Restart=on-failure\nRestartSec=2", "StartLimitIntervalSec=0"),
        '[ "$(systemctl show -P NRestarts lab)" -ge 2 ]',
    ),
    "service is given up": _service(
        "crash_loop", ("Start request repeated too quickly",), service("/bin/sh -c 'exit 1'", "Restart=always")
    ),
    "cron stopped": Fault(
        "sys.service.scheduler_stopped",
        ("cron jobs do not run", "my nightly script was not executed"),
        "systemctl stop cron",
        "systemctl start cron",
    ),
    "cron masked": Fault(
        "sys.service.scheduler_stopped",
        ("scheduled tasks do not run",),
        "systemctl mask --now -q cron; echo '0 3 * * * true' | crontab -u ann -",
        "systemctl unmask -q cron; systemctl start cron; crontab -u ann -r",
    ),
    "timer stopped": Fault(
        "sys.service.scheduler_stopped",
        ("the timer does not fire",),
        """
            printf '[Service]\\nType=oneshot\\nExecStart=/bin/true\\n' > /etc/systemd/system/lab.service
            printf '[Timer]\\nOnCalendar=daily\\n[Install]\\nWantedBy=timers.target\\n' > /etc/systemd/system/lab.timer
            systemctl daemon-reload
            systemctl enable -q --now lab.timer
            systemctl stop lab.timer
        """,
        _SERVICE_GONE,
    ),
    "service with a fault of its memory": _service(
        "oom_or_signal", ("a server program was killed",), service("/bin/sh -c 'kill -SEGV $$$$'")
    ),
    "service killed from outside": _service(
        "oom_or_signal",
        ("my daemon died with status=9/KILL",),
        service("/bin/sleep 1000") + "\nsleep 0.3; systemctl kill -s KILL lab",
    ),
    "service without signs of life": _service(
        "oom_or_signal", ("service killed by watchdog",), service("/bin/sleep 1000", "WatchdogSec=1")
    ),
    "service above its memory limit": _service(
        "oom_or_signal",
        ("Failed with result signal",),
        f"""
            mount -o remount,rw,bind /sys/fs/cgroup/memory
            mkdir -p {_GROUP}
            echo 40M > {_GROUP}/memory.limit_in_bytes
            printf '%s' '{_EATER}' > /root/eater.py
        """
        + service(f"/bin/sh -c 'echo 0 > {_GROUP}/cgroup.procs; exec /usr/bin/env python3 /root/eater.py'"),
        mend=_SERVICE_GONE + f"\nrmdir {_GROUP} || true",
    ),
}
_REPUBLISH = """
    rm -rf /srv/packages/stable-security; rm -f /srv/packages/stable/*_1.1_*
    /root/publish; apt-get install -y --allow-downgrades tool=1.0 safe=1.0 >/dev/null 2>&1
"""
_HOLDER = "import fcntl, sys, time\nf = open(sys.argv[1], 'w')\nfcntl.lockf(f, fcntl.LOCK_EX)\ntime.sleep(100)"
_FREE = "kill $(cat /root/holder.pid); rm /root/holder.pid"


def _lock(path: str) -> str:
    return f"""
        printf '%s' "{_HOLDER}" > /root/holder.py
        setsid python3 /root/holder.py {path} >/dev/null 2>&1 </dev/null & echo $! > /root/holder.pid
        sleep 0.5
    """


def _update(cause: str, words: tuple[str, ...], make: str, mend: str) -> Fault:
    return Fault(f"sys.update.{cause}", words, make, mend)


UPDATES: dict[str, Fault] = {
    "updates wait": _update(
        "updates_pending",
        ("updates are waiting", "are there updates for my computer"),
        "/root/package tool 1.1 /srv/packages/stable; /root/publish",
        _REPUBLISH,
    ),
    "a security update waits": _update(
        "updates_pending",
        ("security updates are missing",),
        "/root/package safe 1.1 /srv/packages/stable-security; /root/publish",
        _REPUBLISH,
    ),
    "the system asks for a restart": _update(
        "reboot_pending",
        ("the computer wants to restart for updates", "System restart required"),
        "echo restart > /run/reboot-required; echo linux-base > /run/reboot-required.pkgs",
        "rm /run/reboot-required /run/reboot-required.pkgs",
    ),
    "a newer kernel": _update(
        "reboot_pending", ("Pending kernel upgrade",), "touch /boot/vmlinuz-99.1.0-2-amd64", "rm /boot/vmlinuz-99.*"
    ),
    "a replaced library in use": _update(
        "reboot_pending",
        ("a restart is required after the update",),
        """
            mkdir -p /usr/lib/lab
            cp /usr/lib/*-linux-gnu/libz.so.1 /usr/lib/lab/libz.so.1
        """
        + service("/usr/bin/env LD_PRELOAD=/usr/lib/lab/libz.so.1 /bin/sleep 1000")
        + "\nsleep 0.5; cp /usr/lib/lab/libz.so.1 /usr/lib/lab/new; mv /usr/lib/lab/new /usr/lib/lab/libz.so.1",
        _SERVICE_GONE + "\nrm -r /usr/lib/lab",
    ),
    "dpkg is locked": _update(
        "package_manager_locked",
        ("Could not get lock /var/lib/dpkg/lock-frontend", "cannot install software"),
        _lock("/var/lib/dpkg/lock-frontend"),
        _FREE,
    ),
    "the lists are locked": _update(
        "package_manager_locked",
        ("another process is using apt",),
        _lock("/var/lib/apt/lists/lock"),
        _FREE,
        # Only root may enter a folder on the way or read the file, so ordinary users go by /proc/locks.
    ),
    "a lock was left behind": _update(
        "package_manager_locked",
        ("unable to lock database",),
        "mkdir -p /var/lib/pacman; touch /var/lib/pacman/db.lck",
        "rm -rf /var/lib/pacman",
    ),
    "a set-up script fails": _update(
        "package_manager_broken",
        ("an installation was interrupted", "Sub-process /usr/bin/dpkg returned an error code (1)"),
        """
            /root/package bad 1.0 /root/debs '[ -e /root/mended ] || { echo no licence server; exit 7; }'
            apt-get install -y /root/debs/bad_1.0_all.deb >/dev/null 2>&1 || true
        """,
        "rm -f /root/mended; dpkg --purge --force-all bad >/dev/null 2>&1",
    ),
    "a dependency is missing": _update(
        "package_manager_broken",
        ("unmet dependencies",),
        """
            /root/package needy 1.0 /root/debs '' 'Depends: libnowhere3'
            dpkg -i /root/debs/needy_1.0_all.deb >/dev/null 2>&1 || true
        """,
        "dpkg --purge needy >/dev/null 2>&1",
    ),
    "a dependency was forced": _update(
        "package_manager_broken",
        ("a package is broken",),
        """
            /root/package needy 1.0 /root/debs '' 'Depends: libnowhere3'
            dpkg -i --force-depends /root/debs/needy_1.0_all.deb >/dev/null 2>&1
        """,
        "dpkg --purge needy >/dev/null 2>&1",
    ),
    "automatic updates set to 0": _update(
        "updates_off",
        ("automatic updates do not work",),
        """printf 'APT::Periodic::Update-Package-Lists "0";\\nAPT::Periodic::Unattended-Upgrade "0";\\n' \
            > /etc/apt/apt.conf.d/20auto-upgrades""",
        "rm /etc/apt/apt.conf.d/20auto-upgrades",
    ),
    "apt's timers masked": _update(
        "updates_off",
        ("updates do not come by themselves any more",),
        "systemctl mask -q --now apt-daily.timer apt-daily-upgrade.timer",
        "set -- apt-daily.timer apt-daily-upgrade.timer; systemctl unmask -q $@; systemctl start $@",
    ),
    "a package on hold": _update(
        "held_back", ("a program stays at an old version",), "apt-mark hold -qq tool", "apt-mark unhold -qq tool"
    ),
    "lists of last month": _update(
        "lists_stale",
        ("there are no updates any more", "updates fail"),
        "find /var/lib/apt/lists /var/lib/apt/periodic -exec touch -d '30 days ago' {} +",
        "find /var/lib/apt/lists -exec touch {} +",
    ),
    "lists never fetched": _update(
        "lists_stale",
        ("the software update finds nothing",),
        "rm -r /var/lib/apt/lists; mkdir -p /var/lib/apt/lists/partial",
        "/root/publish",
    ),
    "a system of 2017": _update(
        "system_too_old",
        ("my version is no longer supported",),
        """
            cp /usr/lib/os-release /root/os-release
            sed -i 's/VERSION_ID=.*/VERSION_ID="9"/; s/12 (bookworm)/9 (stretch)/' /usr/lib/os-release
        """,
        "cp /root/os-release /usr/lib/os-release",
    ),
}
_HEADER = "%-512s"
_OLD_DATABASE = (
    f"""mkdir -p /var/lib/clamav; printf '{_HEADER}' """
    "'ClamAV-VDB:16 Sep 2024 04-29 -0400:27400:2066898:90:x:y:raynman:1726475364' > /var/lib/clamav/daily.cvd"
)
_NEW_DATABASE = (
    "mkdir -p /var/lib/clamav; built=$(date -u '+%d %b %Y %H-%M +0000'); "
    f"printf '{_HEADER}' \"ClamAV-VDB:$built:27800:1:90:x:y:r:1\" > /var/lib/clamav/daily.cld"
)


def clam_unit(name: str) -> str:
    """Script that writes a unit named as Debian names it, with something else to run."""
    return f"""
        printf '[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=multi-user.target\\n' \
            > /etc/systemd/system/{name}.service
        systemctl daemon-reload
    """


_NO_CLAM = """
    systemctl stop clamav-daemon clamav-freshclam 2>/dev/null || true
    systemctl disable -q clamav-daemon clamav-freshclam 2>/dev/null || true
    rm -rf /var/lib/clamav /etc/systemd/system/clamav-*
    systemctl daemon-reload
"""
_OWN_RULES = """nft -f - <<'END'
table inet own {
    chain entry {
        type filter hook input priority 0; policy accept;
        iif lo accept
        tcp dport 22 accept
        counter drop
    }
}
END
"""
_NO_RULES = "ufw --force disable >/dev/null; nft flush ruleset"
PROTECTION: dict[str, Fault] = {
    "no firewall rules": Fault(
        "sec.av.firewall_off",
        ("is my firewall on", "the firewall is off"),
        _NO_RULES,
    ),
    "only single senders are refused": Fault(
        "sec.av.firewall_off",
        ("am I protected by a firewall",),
        """nft -f - <<'END'
table ip f2b {
    chain input {
        type filter hook input priority 0; policy accept;
        ip saddr 192.0.2.7 drop
    }
}
END""",
        _NO_RULES,
    ),
    "virus definitions of 2024": Fault(
        "sec.av.antivirus_stale",
        ("the virus definitions are old", "LibClamAV Warning: The virus database is older than 7 days"),
        _OLD_DATABASE,
        _NO_CLAM,
    ),
    "updater stopped, no definitions": Fault(
        "sec.av.antivirus_stale", ("clamav does not update",), clam_unit("clamav-freshclam"), _NO_CLAM
    ),
    "scanner stopped": Fault(
        "sec.av.antivirus_off",
        ("the antivirus does not run",),
        _NEW_DATABASE + clam_unit("clamav-daemon"),
        _NO_CLAM,
    ),
}
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
START: dict[str, Fault] = {
    "a service that takes long to start": Fault(
        "perf.boot.slow_unit",
        ("starting takes long", "my pc takes forever to boot"),
        """
            cat > /etc/systemd/system/lab.service <<'END'
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sleep 7
[Install]
WantedBy=multi-user.target
END
            systemctl daemon-reload
            systemctl enable -q --now lab.service
        """,
        _SERVICE_GONE,
    ),
}
FAULTS: dict[str, Fault] = {**SERVICES, **UPDATES, **PROTECTION, **ACCOUNTS, **LANGUAGE, **START}
CONTROLS: dict[str, Fault] = {
    "all services are well": Fault("sys.service", ("a background service does not run",), "true"),
    "a service runs and is disabled on purpose": Fault(
        "sys.service", ("a service does not start",), "systemctl disable -q ssh", "systemctl enable -q ssh"
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
        _SERVICE_GONE + "\nrm /run/lab-once",
        '[ "$(systemctl show -P NRestarts lab)" = 1 ]',
    ),
    "everything is up to date": Fault("sys.update", ("updates fail", "apt does not work"), "true"),
    "a firewall is on": Fault(
        "sec.av",
        ("is my firewall on",),
        _OWN_RULES,
        _NO_RULES,
    ),
    "fresh definitions and a running scanner": Fault(
        "sec.av",
        ("the antivirus is off",),
        _OWN_RULES + _NEW_DATABASE + clam_unit("clamav-daemon") + "\nsystemctl start clamav-daemon",
        _NO_CLAM + _NO_RULES,
    ),
    "accounts are open": Fault("acct.password", ("I cannot log in",), "true", options=("--set", "user=ann")),
    "installed language": Fault("sys.locale", ("wrong characters",), "true", env={"LANG": "C.UTF-8"}),
    "no language is set": Fault("sys.locale", ("wrong characters",), "true", env={"LANG": ""}),
}


def memory_limit_or_skip(machine: Booted) -> None:
    """Skips where the control groups of version 1 cannot be written from within."""
    if not machine.holds("test -e /sys/fs/cgroup/memory/memory.limit_in_bytes"):
        pytest.skip("needs the memory controller of cgroup v1")
