"""Faults of services, scheduled tasks and the start of the system."""

from __future__ import annotations

from tests.lab.host.scripted_fault import Fault

SERVICE_GONE = """
    systemctl stop lab.service lab.timer 2>/dev/null || true
    systemctl disable -q lab.service lab.timer 2>/dev/null || true
    rm -f /etc/systemd/system/lab.*
    systemctl daemon-reload
    systemctl reset-failed
"""
BACKUP_GONE = SERVICE_GONE.replace("lab.", "borg-backup.")
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


def _service(cause: str, words: tuple[str, ...], make: str, until: str = _FAILED, mend: str = SERVICE_GONE) -> Fault:
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
        SERVICE_GONE,
    ),
    "timer of a backup stopped": Fault(
        "sys.service.scheduler_stopped",
        ("the timer of the nightly backup does not run",),
        """
            printf '[Service]\\nType=oneshot\\nExecStart=/bin/true\\n' > /etc/systemd/system/borg-backup.service
            printf '[Timer]\\nOnCalendar=daily\\n[Install]\\nWantedBy=timers.target\\n' \\
                > /etc/systemd/system/borg-backup.timer
            systemctl daemon-reload
            systemctl enable -q --now borg-backup.timer
            systemctl stop borg-backup.timer
        """,
        BACKUP_GONE,
    ),
    "unit of a backup fails": Fault(
        "backup.fail.failing",
        ("the nightly backup fails", "backup did not run"),
        """
            printf '[Service]\\nType=oneshot\\nExecStart=/bin/sh -c "echo no such repository; exit 2"\\n' \\
                > /etc/systemd/system/borg-backup.service
            printf '[Timer]\\nOnCalendar=daily\\n[Install]\\nWantedBy=timers.target\\n' \\
                > /etc/systemd/system/borg-backup.timer
            systemctl daemon-reload
            systemctl enable -q --now borg-backup.timer
            systemctl start borg-backup.service || true
        """,
        BACKUP_GONE,
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
        mend=SERVICE_GONE + f"\nrmdir {_GROUP} || true",
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
        SERVICE_GONE,
    ),
}
