"""Services, updates, protection, accounts, language and start, broken for real in a booted systemd."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab import accuracy
from tests.lab.host.booted import Booted, booted, shared
from tests.lab.host.breakage import Outcome
from tests.lab.host.scripted_fault import Fault, broken
from tests.lab.host.system_faults import CONTROLS, FAULTS, memory_limit_or_skip

# One machine for all of it: xdist gives the whole group to one worker.
pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("booted")]


@pytest.fixture
def machine() -> Booted:
    return shared()


def _ask(machine: Booted, fault: Fault, *options: str, user: str = "", yes: tuple[str, ...] = ()) -> Outcome:
    return machine.diagnose(fault.words[0], *fault.options, *options, user=user, env=fault.env, yes=yes)


@dataclass(frozen=True)
class Mending:
    """A fault that one fix mends.

    Attributes:
        fix: The fix's id.
        before: Shell script that makes the fix possible, run after the fault.
        after: Shell script that ends well when it was mended.
        cleared: Shell script that puts back what mending left.
    """

    fix: str
    after: str
    before: str = "true"
    cleared: str = "true"


_ONCE = "printf '[Service]\\nExecStart=/bin/sleep 1000\\n' > /etc/systemd/system/lab.service; systemctl daemon-reload"
_UPGRADER = "test -e /usr/bin/unattended-upgrade || touch /usr/bin/unattended-upgrade /root/upgrader"
_NO_UPGRADER = "test ! -e /root/upgrader || rm /root/upgrader /usr/bin/unattended-upgrade"
MENDED: dict[str, Mending] = {
    "service ends with an error": Mending("start_anew", "systemctl is-active -q lab", _ONCE),
    "service crashes at once, again and again": Mending("start_anew", "systemctl is-active -q lab", _ONCE),
    "service killed from outside": Mending("start_anew", "systemctl is-active -q lab"),
    "cron stopped": Mending("start_cron", "systemctl is-active -q cron"),
    "cron masked": Mending("start_cron", "systemctl is-enabled -q cron && systemctl is-active -q cron"),
    "timer stopped": Mending("start_timer", "systemctl is-active -q lab.timer"),
    "a replaced library in use": Mending("restart_service", "systemctl is-active -q lab"),
    "a lock was left behind": Mending("clear_lock", "test ! -e /var/lib/pacman/db.lck"),
    "a set-up script fails": Mending("finish", 'test -z "$(dpkg --audit)"', "touch /root/mended"),
    "automatic updates set to 0": Mending(
        "switch_on",
        "apt-config dump | grep -q 'APT::Periodic::Unattended-Upgrade \"1\"'",
        _UPGRADER,
        f"rm -f /etc/apt/apt.conf.d/zz-techdoctor*; {_NO_UPGRADER}",
    ),
    "a package on hold": Mending("let_go", 'test -z "$(apt-mark showhold)"'),
    "lists of last month": Mending("fetch_lists", "true"),
    "no firewall rules": Mending(
        "switch_on", "ufw status | grep -q '^22/tcp *ALLOW' && ufw status | grep -q 'Status: active'"
    ),
    "scanner stopped": Mending(
        "switch_on", "systemctl is-active -q clamav-daemon", "ufw --force enable", "ufw --force disable"
    ),
    "password locked": Mending("unlock", "passwd -S ann | grep -q '^ann P'"),
    "three wrong passwords": Mending("forget_failures", 'test "$(faillock --user ann | grep -c V$)" = 0'),
    "language of the system is missing": Mending(
        "generate",
        "locale -a | grep -qx nl_BE.utf8",
        "cp /etc/locale.gen /root/locale.gen",
        "cp /root/locale.gen /etc/locale.gen; localedef --delete-from-archive nl_BE.utf8",
    ),
}


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in MENDED])
def test_fault_is_named(machine: Booted, name: str) -> None:
    fault = FAULTS[name]
    if "memory limit" in name:
        memory_limit_or_skip(machine)
    with broken(machine, fault):
        outcome = _ask(machine, fault)
    assert outcome.cause == fault.cause, outcome.tree["findings"]
    assert (outcome.tree["end"], outcome.code) == ("found", 1)
    assert accuracy.complaint_is_gone(outcome.tree) is not True


@pytest.mark.parametrize("name", CONTROLS)
def test_control_raises_no_alarm(machine: Booted, name: str) -> None:
    control = CONTROLS[name]
    with broken(machine, control):
        outcome = _ask(machine, control)
    assert (outcome.tree["playbook"], outcome.cause, outcome.findings) == (control.cause, None, {})
    assert outcome.tree["end"] == "not_reproduced"


SEEN_BY_ALL = ("service ends with an error", "service killed from outside", "cron stopped", "updates wait")
ALSO = ("dpkg is locked", "a package on hold", "password locked", "virus definitions of 2024")


@pytest.mark.parametrize("name", [*SEEN_BY_ALL, *ALSO])
def test_ordinary_user_is_told_too(machine: Booted, name: str) -> None:
    with broken(machine, FAULTS[name]):
        assert _ask(machine, FAULTS[name], user="ann").cause == FAULTS[name].cause


def test_ordinary_user_is_told_what_stays_hidden(machine: Booted) -> None:
    with broken(machine, FAULTS["service ends with an error"]):
        units = _ask(machine, FAULTS["service ends with an error"], user="ann").tree["facts"]["units"]
    assert units["data"]["failed"][0]["log_hidden"]
    assert "administrators" in units["gaps"]["stopped_log"]
    for name, cause in (
        ("no firewall rules", "sec.av.firewall_off"),
        ("a replaced library in use", "sys.update.reboot_pending"),
    ):
        with broken(machine, FAULTS[name]):
            outcome = _ask(machine, FAULTS[name], user="ann")
        assert outcome.cause is None
        reasons = {entry["cause"]: entry["reason"] for entry in outcome.tree["not_judged"]}
        assert "administrators only" in reasons[cause]


@pytest.mark.parametrize("name", MENDED)
def test_fault_is_mended(machine: Booted, name: str) -> None:
    fault, mending = FAULTS[name], MENDED[name]
    with broken(machine, fault):
        machine.sh(mending.before)
        try:
            outcome = _ask(machine, fault, yes=(mending.fix,))
            assert outcome.cause == fault.cause, outcome.tree["findings"]
            assert (outcome.tree["end"], outcome.code) == ("solved", 0), outcome.tree["findings"][0]["fixes"]
            assert machine.holds(mending.after)
        finally:
            machine.sh(mending.cleared)


@pytest.mark.parametrize(
    ("name", "fix"), [("service ends with an error", "start_anew"), ("a set-up script fails", "finish")]
)
def test_fix_that_does_not_help_is_not_called_solved(machine: Booted, name: str, fix: str) -> None:
    with broken(machine, FAULTS[name]):
        outcome = _ask(machine, FAULTS[name], yes=(fix,))
    assert outcome.cause == FAULTS[name].cause
    assert outcome.tree["end"] != "solved"
    assert outcome.code not in (0, 1)


_APPLY = """
import json, sys
from techdoctor.hosts.local import LocalHost
from techdoctor.probes.base import ProbeSettings
host, action, params = LocalHost(ProbeSettings(offline=True)), sys.argv[1], json.loads(sys.argv[2])
preview = host.preview(action, params)
assert not preview.problem and preview.undo, preview
done = host.apply(action, params)
assert done.ok, done
print(json.dumps(done.undo_token))
"""
_UNDO = """
import json, sys
from techdoctor.hosts.local import LocalHost
undone = LocalHost().undo(sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3]))
assert undone.ok, undone
"""
# Action -> parameters, fault beforehand, what holds once it is done, and what holds once it is undone.
UNDONE: dict[str, tuple[dict[str, str], str, str, str]] = {
    "service.enable": (
        {"service": "cron.service"},
        "cron masked",
        "systemctl is-active -q cron",
        '[ "$(systemctl is-enabled cron)" = masked ] && ! systemctl is-active -q cron',
    ),
    "service.disable": (
        {"service": "lab.service"},
        "a service that takes long to start",
        "! systemctl is-enabled -q lab",
        "systemctl is-enabled -q lab && systemctl is-active -q lab",
    ),
    "packages.clear_lock": (
        {"path": "/var/lib/pacman/db.lck"},
        "a lock was left behind",
        "test ! -e /var/lib/pacman/db.lck",
        "test -e /var/lib/pacman/db.lck",
    ),
    "packages.unhold": (
        {"package": "tool"},
        "a package on hold",
        'test -z "$(apt-mark showhold)"',
        '[ "$(apt-mark showhold)" = tool ]',
    ),
    "firewall.enable": (
        {},
        "no firewall rules",
        "ufw status | grep -q 'Status: active'",
        "ufw status | grep -q inactive",
    ),
    "account.unlock": (
        {"user": "ann"},
        "password locked",
        "passwd -S ann | grep -q '^ann P'",
        "passwd -S ann | grep -q '^ann L'",
    ),
    "locale.generate": (
        {"language": "nl_BE.UTF-8"},
        "language of the system is missing",
        "locale -a | grep -qx nl_BE.utf8",
        "! locale -a | grep -qx nl_BE.utf8",
    ),
}


@pytest.mark.parametrize("action", UNDONE)
def test_action_is_undone(machine: Booted, action: str) -> None:
    params, fault, done, undone = UNDONE[action]
    with broken(machine, FAULTS[fault]):
        token = machine.python(_APPLY, action, json.dumps(params))
        assert machine.holds(done)
        machine.python(_UNDO, action, json.dumps(params), token)
        assert machine.holds(undone)


def test_lock_that_is_held_is_never_removed(machine: Booted) -> None:
    with broken(machine, FAULTS["a lock was left behind"]):
        machine.sh(
            "cp /bin/sleep /root/pacman; setsid /root/pacman 60 >/dev/null 2>&1 </dev/null & echo $! > /root/pid"
        )
        try:
            lock = '{"path": "/var/lib/pacman/db.lck"}'
            ran = machine.run(sys.executable, "-c", _APPLY, "packages.clear_lock", lock)
            assert "holds /var/lib/pacman/db.lck" in ran.stderr
            assert machine.holds("test -e /var/lib/pacman/db.lck")
        finally:
            machine.sh("kill $(cat /root/pid)")


def test_asked_service_is_judged_alone(machine: Booted) -> None:
    with broken(machine, FAULTS["service ends with an error"]):
        assert machine.diagnose("service down", "--set", "service=ssh").cause is None
        assert machine.diagnose("service down", "--set", "service=lab").cause == "sys.service.failed"
        machine.sh("systemctl stop ssh")
        try:
            stopped = machine.diagnose("service down", "--set", "service=ssh", yes=("start_it",))
        finally:
            machine.sh("systemctl start ssh")
    assert (stopped.cause, stopped.tree["end"]) == ("sys.service.not_running", "solved")


def test_start_that_one_service_holds_up() -> None:
    def slow(root: Path) -> None:
        unit = "[Service]\nType=oneshot\nExecStart=/bin/sleep 8\n[Install]\nWantedBy=multi-user.target\n"
        (root / "etc/systemd/system/lab.service").write_text(unit)
        (root / "etc/systemd/system/multi-user.target.wants/lab.service").symlink_to("/etc/systemd/system/lab.service")

    with booted(slow) as machine:
        outcome = machine.diagnose("my computer takes ages to start")
    assert outcome.cause == "perf.boot.slow_unit"
    assert outcome.fact("boot")["culprit"] == "lab.service"
    assert outcome.fact("boot")["culprit_how"] == "chain"
