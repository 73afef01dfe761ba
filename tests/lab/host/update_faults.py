"""Faults of updates and of the package manager."""

from __future__ import annotations

from tests.lab.host.scripted_fault import Fault
from tests.lab.host.service_faults import SERVICE_GONE, service

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
        SERVICE_GONE + "\nrm -r /usr/lib/lab",
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
