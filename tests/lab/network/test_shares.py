"""The real program against real file servers and mounts: Samba, SFTP and SSHFS on the lab's neighbour."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.lab.accuracy import complaint_is_gone
from tests.lab.network.conftest import Breaker
from tests.lab.network.diagnosis import Record, assert_found, diagnose, serious
from tests.lab.network.faults import share
from tests.lab.network.lab import Lab

pytestmark = pytest.mark.lab

_BY_NAME = ("--set", "name=nas")
_BY_ADDRESS = ("--set", "path=smb://nas/public")
# Fault, options, what a person would type, the cause that must be found.
_FAULTS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("share_name_unknown", _BY_ADDRESS, "the network drive is not available", "server_unreachable"),
    ("share_server_off", _BY_NAME, "the NAS is gone", "server_unreachable"),
    ("share_refused", _BY_NAME, "I cannot reach the file server", "server_unreachable"),
    ("share_filtered", _BY_ADDRESS, "cannot open the shared folder", "server_unreachable"),
    ("share_hangs", (), "opening the shared folder freezes the file manager", "stale_mount"),
    ("share_program_died", (), "the network folder gives Transport endpoint is not connected", "stale_mount"),
    ("share_server_left", (), "the shared drive hangs", "server_unreachable"),
    ("share_not_connected", (), "my shared drive is missing", "not_connected"),
)
# Source: the issue: nothing takes longer than 8 s on a quiet machine; laboratories are not always quiet.
_MOST_S = 16.0


@pytest.mark.parametrize(("fault", "options", "words", "cause"), _FAULTS, ids=[row[0] for row in _FAULTS])
def test_fault_is_found(
    breaking: Breaker, fault: str, options: tuple[str, ...], words: str, cause: str, record_property: Record
) -> None:
    with breaking(fault) as lab:
        report = diagnose(lab, *words.split(), *options)
    record_property("row", (fault, cause, report["cause"], report["seconds"]))
    assert_found(report, f"net.share.{cause}", _MOST_S)


@pytest.mark.parametrize(
    ("control", "options"),
    [("share_works", _BY_ADDRESS), ("share_works", _BY_NAME), ("share_mounted", ())],
    ids=["by address", "by name", "mounted"],
)
def test_control_gives_no_finding(breaking: Breaker, control: str, options: tuple[str, ...]) -> None:
    with breaking(control) as lab:
        report = diagnose(lab, "--playbook", "net.share", *options)
    assert serious(report) == []
    assert (report["end"], report["exit_code"]) == ("not_reproduced", 0)
    assert complaint_is_gone(report) is True


def test_without_any_shared_folder_a_server_must_be_named(breaking: Breaker) -> None:
    with breaking("none") as lab:
        report = diagnose(lab, "--playbook", "net.share")
    assert (report["end"], report["findings"], report["exit_code"]) == ("inconclusive", [], 3)


def test_a_folder_that_hangs_because_its_server_is_off_is_told_as_its_consequence(breaking: Breaker) -> None:
    with breaking("share_server_left") as lab:
        report = diagnose(lab, "--playbook", "net.share")
    assert [f["id"] for f in report["findings"]] == ["net.share.server_unreachable", "net.share.stale_mount"]


@pytest.mark.parametrize(
    ("fault", "cause"), [("link_down", "net.connection.adapter_off"), ("no_carrier", "net.connection.no_carrier")]
)
def test_a_dead_link_comes_first(breaking: Breaker, fault: str, cause: str) -> None:
    with breaking(fault) as lab:
        share.name_it(lab)
        report = diagnose(lab, "--playbook", "net.share", *_BY_NAME)
    assert report["cause"] == cause


def test_dead_names_come_first(breaking: Breaker) -> None:
    with breaking("dns_timeout") as lab:
        report = diagnose(lab, "--playbook", "net.share", "--set", "name=files.example.com")
    assert report["cause"] == "net.dns.server_silent"


_ACT = """
import json, sys
from techdoctor.hosts.local import LocalHost
host, name, given, token = LocalHost(), sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
outcome = host.undo(name, given, token) if token else host.apply(name, given)
print(json.dumps({"ok": outcome.ok, "text": outcome.text, "token": outcome.undo_token}))
"""


def _in_place(lab: Lab, *command: str) -> str:
    """Runs a command on the client where mounts and unmounts stay, as on a real machine."""
    done = lab.world.run("client", [sys.executable, *command], env=lab.client_environment())
    assert done.out, done.err
    return done.out


def _act(lab: Lab, name: str, given: dict[str, str], token: object = None) -> dict[str, Any]:
    outcome: dict[str, Any] = json.loads(_in_place(lab, "-c", _ACT, name, json.dumps(given), json.dumps(token)))
    return outcome


def _state(lab: Lab) -> list[str]:
    facts = json.loads(_in_place(lab, "-m", "techdoctor", "probe", "share.mounts", "--json"))["facts"]
    return [entry["state"] for entry in facts["share.mounts"]["data"]["shares"]]


def test_a_hanging_folder_is_let_go_and_connected_again(breaking: Breaker) -> None:
    with breaking("share_hangs") as lab:
        point = str(share.mounted_at(lab))
        assert _state(lab) == ["hung"]
        done = _act(lab, "share.let_go", {"path": point})
        assert done["ok"] is True, done
        assert _state(lab) == []
        # The table of mounts does not hold SSHFS' own options; the lab's server speaks without a log-in.
        back = _act(lab, "share.let_go", {"path": point}, {**done["token"], "options": ["directport=22", "user_id=0"]})
        assert back["ok"] is True, back
        assert _state(lab) == ["ok"]


def test_a_disk_is_never_let_go(breaking: Breaker) -> None:
    with breaking("none") as lab:
        assert _act(lab, "share.let_go", {"path": "/"})["ok"] is False


# In one command, so that both see the same mounts.
_MEND_AND_UNDO = """
"$1" -m techdoctor diagnose --playbook net.share --batch --json --fix safe > report.json
"$1" -m techdoctor probe share.mounts --json > mended.json
"$1" -m techdoctor session undo --yes "$(sed -n 's/.*"session": "\\(.*\\)",/\\1/p' report.json | head -n1)" >&2
"$1" -m techdoctor probe share.mounts --json > undone.json
cat report.json mended.json undone.json | tr -d '\\n' | sed 's/}{/}\\n{/g'
"""


def test_a_folder_that_is_set_up_is_connected_and_disconnected_again(breaking: Breaker) -> None:
    with breaking("share_not_connected") as lab:
        done = lab.client(["sh", "-c", f"cd {lab.folder}/home\n{_MEND_AND_UNDO}", "sh", sys.executable])
        report, *facts = (json.loads(line) for line in done.out.splitlines())
    assert (report["end"], report["cause"]) == ("solved", "net.share.not_connected"), done.err
    states = [[e["state"] for e in fact["facts"]["share.mounts"]["data"]["shares"]] for fact in facts]
    assert states == [["ok"], ["absent"]], done.err
