"""Which server, which default, which queue, which jobs: the choices before anything is judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from techdoctor.model import Value
from techdoctor.probes.printing.cups_jobs import describe_last, describe_waiting
from techdoctor.probes.printing.cups_queue import describe, suggested_default
from techdoctor.probes.printing.cups_queues import Default, choose_queue, default_in
from techdoctor.probes.printing.cups_server import chosen_server, server_name_in
from techdoctor.probes.printing.ipp_client import user_name
from techdoctor.probes.printing.ipp_wire import BOOLEAN, INTEGER, KEYWORD, NAME, URI, Attribute, Group
from techdoctor.probes.printing.print_ready import default_blockers, job_blockers, queue_blockers

_NONE = Default("", "", False, "")


def _group(**values: Any) -> Group:
    tags = {bool: BOOLEAN, int: INTEGER, str: KEYWORD}
    tree = {}
    for name, value in values.items():
        listed = value if isinstance(value, list) else [value]
        tree[name.replace("_", "-")] = Attribute(tags[type(listed[0])], tuple(listed))
    return Group(4, tree)


def _queue(name: str = "q", state: int = 3, jobs: int = 0, accepting: bool = True, **more: Any) -> Group:
    return _group(
        printer_name=name, printer_state=state, queued_job_count=jobs, printer_is_accepting_jobs=accepting, **more
    )


@pytest.mark.parametrize(
    ("name", "elsewhere", "shown"),
    [
        ("/run/own.sock", False, "/run/own.sock"),
        ("localhost", False, "localhost"),
        ("localhost:6310", False, "localhost:6310"),
        ("127.0.0.1:631/version=1.1", False, "127.0.0.1:631"),
        ("[::1]:631", False, "[::1]:631"),
        ("print.example", True, "print.example"),
        ("192.0.2.9:8631", True, "192.0.2.9:8631"),
    ],
)
def test_server_from_the_environment(name: str, elsewhere: bool, shown: str) -> None:
    server = chosen_server("linux", {"CUPS_SERVER": name})
    assert (server.setting, server.elsewhere, server.shown) == ("CUPS_SERVER", elsewhere, shown)


def test_ports() -> None:
    assert chosen_server("linux", {"CUPS_SERVER": "print.example"}).endpoint.port == 631
    assert chosen_server("linux", {"CUPS_SERVER": "print.example", "IPP_PORT": "6310"}).endpoint.port == 6310
    assert chosen_server("linux", {"CUPS_SERVER": "print.example:99"}).endpoint.port == 99
    assert chosen_server("linux", {"CUPS_SERVER": "[2001:db8::9]:99"}).endpoint.host == "2001:db8::9"


def test_own_client_conf_wins_over_the_system_one(tmp_path: Path) -> None:
    own, system = tmp_path / "home/.cups", tmp_path / "etc"
    for folder, name in ((own, "own.example"), (system, "system.example")):
        folder.mkdir(parents=True)
        (folder / "client.conf").write_text(f"# a comment\nservername {name} # why\n")
    env = {"HOME": str(tmp_path / "home"), "CUPS_SERVERROOT": str(system)}
    assert chosen_server("linux", env).shown == "own.example"
    (own / "client.conf").unlink()
    found = chosen_server("linux", env)
    assert (found.shown, found.setting) == ("system.example", str(system / "client.conf"))
    assert chosen_server("linux", {**env, "CUPS_SERVER": "third.example"}).shown == "third.example"


def test_client_conf_without_a_server() -> None:
    assert server_name_in("# ServerName a\nUser b\nServerName\n") == ""


def test_default_in_lpoptions() -> None:
    assert default_in("Dest attic sides=one\nDefault office media=A4\n") == "office"
    assert default_in("Dest attic\n") == ""


def test_queue_choice() -> None:
    fine, paused, waiting = _queue("fine"), _queue("paused", state=5), _queue("waiting", jobs=2)
    three = {"fine": fine, "paused": paused, "waiting": waiting}
    assert choose_queue("paused", three, _NONE).by == "asked"
    assert choose_queue("nosuch", three, _NONE).queue is None
    assert choose_queue("", three, Default("fine", "server", True, "fine")).name == "fine"
    assert choose_queue("", three, Default("gone", "LPDEST", False, "")).name == "waiting"
    assert choose_queue("", {"fine": fine, "paused": paused}, _NONE).name == "paused"
    assert choose_queue("", {"fine": fine}, _NONE).by == "only"
    assert choose_queue("", {}, _NONE).by == "none"


def test_suggested_default() -> None:
    two = {"a": _queue("a"), "b": _queue("b")}
    assert suggested_default(Default("gone", "user", False, "b"), two) == "b"
    assert suggested_default(Default("gone", "user", False, ""), two) == ""
    assert suggested_default(Default("gone", "user", False, ""), {"a": _queue("a")}) == "a"


def test_who_is_denied() -> None:
    def denied(**lists: Any) -> object:
        named = {f"requesting_user_name_{key}": value for key, value in lists.items()}
        return describe(_queue("q", **named))["user_denied"]

    assert denied(denied=[user_name()]) is True
    assert denied(denied=["somebody-else"]) is False
    assert denied(allowed=["all"]) is False
    assert denied(allowed=["somebody-else"]) is True
    assert denied(allowed=["@staff"]) is None
    assert denied() is False


def test_secrets_in_device_uris_are_left_out() -> None:
    queue = Group(4, {"device-uri": Attribute(URI, ("smb://me:secret@server/laser",)), "n": Attribute(NAME, ("q",))})
    assert describe(queue)["uri"] == "smb://server/laser"


def _job(number: int, state: int, *reasons: str, began: int = 0) -> Group:
    times = {"job_printer_up_time": 1000, "time_at_creation": 900}
    if began:
        times["time_at_processing"] = began
    return _group(job_id=number, job_state=state, job_state_reasons=list(reasons) or ["none"], **times)


def test_jobs_in_front() -> None:
    jobs = [_job(1, 5, began=970), _job(2, 3), _job(3, 3), _job(4, 4, "job-hold-until-specified")]
    found = describe_waiting(jobs)
    assert (found["count"], found["pending"], found["held"], found["held_id"]) == (4, 2, 1, 4)
    assert (found["head_id"], found["head_state"], found["head_age_s"], found["behind_head"]) == (
        1,
        "processing",
        30.0,
        2,
    )


def test_pending_job_is_not_behind_itself() -> None:
    found = describe_waiting([_job(1, 3), _job(2, 3)])
    assert (found["head_id"], found["behind_head"], found["head_age_s"]) == (1, 1, 100.0)


def test_job_that_waits_for_a_password_is_not_on_hold_by_hand() -> None:
    found = describe_waiting([_job(1, 4, "cups-held-for-authentication")])
    assert (found["held"], found["held_for_password"]) == (0, 1)


def test_no_jobs() -> None:
    assert describe_waiting([])["head_age_s"] == 0.0
    assert describe_last([])["last_state"] == ""


def test_last_job_is_the_one_that_ended_last() -> None:
    old = _group(job_id=8, job_state=9, time_at_completed=500, job_printer_up_time=1000)
    new = _group(job_id=7, job_state=8, time_at_completed=990, job_printer_up_time=1000)
    found = describe_last([old, new])
    assert (found["last_id"], found["last_state"], found["last_age_s"]) == (7, "aborted", 10.0)


def test_blockers() -> None:
    paused: dict[str, Value] = {"paused": True, "accepting": False, "kind": "ipp", "relays": False}
    assert queue_blockers(paused, False, {}) == ["queue_paused", "queue_rejecting", "no_driver"]
    assert queue_blockers({"kind": "ipp", "relays": True}, False, {}) == []
    assert queue_blockers({"kind": "ipp"}, False, {"last_state": "completed"}) == []
    assert job_blockers({"held": 1}, {}, filter_stopped=True) == ["job_held", "filter_failed"]
    one = choose_queue("", {"a": _queue("a")}, _NONE)
    assert default_blockers(one, _NONE, 1) == []
    assert default_blockers(one, _NONE, 2) == ["no_default"]
    assert default_blockers(one, Default("gone", "LPDEST", False, ""), 1) == ["default_missing"]
    assert default_blockers(choose_queue("a", {}, _NONE), _NONE, 2) == []
