"""The other commands from outside: bundle, session, playbook, probe, config, self-check."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from tests.cli.runs import Program

DEMO = ("diagnose", "--playbook", "t.demo", "--batch", "--json")


def test_a_bundle_of_the_last_session(program: Program, tmp_path: Path) -> None:
    code, document = program.json(*DEMO)
    assert code == 1
    code, written = program.json("bundle", "create", "--batch", "--json", "--output", str(tmp_path))
    assert code == 0
    path = Path(written["path"])
    assert path.name.startswith("TD-") and path.suffix == ".zip"
    with zipfile.ZipFile(path) as archive:
        assert {"summary.txt", "manifest.json", "session.jsonl"} <= set(archive.namelist())
        summary = archive.read("summary.txt").decode("ascii")
        whole = b"".join(archive.read(name) for name in archive.namelist())
    assert len(summary.splitlines()) <= 60
    assert "few name servers" in summary
    assert str(program.home).encode() not in whole
    shown = program.run("bundle", "show", str(path))
    assert shown.returncode == 0
    assert document["session"] in shown.stdout
    path.write_bytes(path.read_bytes()[:200])
    assert program.run("bundle", "show", str(path)).returncode == 2


def test_past_sessions_are_listed_shown_explained_and_forgotten(program: Program) -> None:
    session = program.json(*DEMO)[1]["session"]
    listed = program.json("session", "list", "--json")[1]["sessions"]
    assert [(row["session"], row["end"], row["cause"]) for row in listed] == [(session, "found", "t.demo.few")]
    shown = program.json("session", "show", session[:13], "--json")[1]
    assert (shown["cause"], shown["end"]) == ("t.demo.few", "found")
    explained = program.json("session", "explain", "--json")[1]
    assert explained["path"][0]["node"] == "triage"
    assert explained["order"][0]["cause"] == "t.demo.few"
    assert "There is nothing to take back" in program.run("session", "undo").stdout
    assert program.run("session", "forget", session).returncode == 0
    assert program.json("session", "list", "--json")[1]["sessions"] == []
    ended = program.run("diagnose", "--resume", session)
    assert ended.returncode == 2


def test_an_ended_session_cannot_be_resumed(program: Program) -> None:
    session = program.json(*DEMO)[1]["session"]
    done = program.run("session", "resume", session)
    assert done.returncode == 2
    assert "has ended" in done.stderr


def test_playbooks_can_be_listed_searched_and_checked(program: Program) -> None:
    listed = program.json("playbook", "list", "--json")[1]["playbooks"]
    assert {"net.connection", "net.dns", "disk.full", "perf.slow", "perf.mem", "print.printing"} <= {
        p["id"] for p in listed
    }
    assert all(p["title"] for p in listed)
    hits = program.json("playbook", "search", "--json", "nothing", "comes", "out", "of", "the", "printer")[1]["results"]
    assert hits[0]["id"] == "print.printing"
    assert set(hits[0]) >= {"id", "score", "why"}
    schema = json.loads(program.run("playbook", "schema").stdout)
    assert schema["$schema"].endswith("draft-07/schema#")
    assert program.json("playbook", "show", "net.dns", "--json")[1]["causes"]


def test_playbook_test_reports_a_failure(program: Program, tmp_path: Path) -> None:
    source = (Path(__file__).parent / "playbooks" / "t.demo.yaml").read_text()
    path = tmp_path / "t.demo.yaml"
    path.write_text(source.replace("fixes: [look, call]", "fixes: [look]"))
    done = program.run("playbook", "test", str(path), "--orders", "3")
    assert done.returncode == 1
    assert (
        "FAILED t.demo: few, and looking does not help: fixes: expected ['look'], got ['look', 'call']" in done.stdout
    )
    assert done.stdout.splitlines()[-1].startswith("1 passed, 1 failed")


def test_probes_are_listed_with_their_support(program: Program) -> None:
    probes = program.json("probe", "--list", "--json")[1]["probes"]
    names = [probe["name"] for probe in probes]
    assert names == sorted(names) and "net.link" in names
    for probe in probes:
        assert set(probe["platforms"]) == {"linux", "macos", "windows"}
        assert all(p["level"] != "not supported" or p["reason"] for p in probe["platforms"].values()), probe["name"]
        assert all(field["doc"] for field in probe["fields"].values())
    code, document = program.json("probe", "net.link", "dns.resolvers", "--json")
    assert code == 0
    assert document["schema"] == "techdoctor.facts/1"
    assert set(document["facts"]) == {"net.link", "dns.resolvers"}


def test_offline_probes_are_skipped_with_the_reason(program: Program) -> None:
    code, document = program.json("probe", "net.tcp_by_address", "--json")
    fact = document["facts"]["net.tcp_by_address"]
    assert (code, fact["status"]) == (3, "skipped")
    assert fact["reason"].startswith("offline")


def test_settings_are_shown_with_their_origin(program: Program) -> None:
    settings = program.json("config", "show", "--json")[1]["settings"]
    offline = next(row for row in settings if row["key"] == "offline")
    assert (offline["value"], offline["origin"]) == (True, "environment TECHDOCTOR_OFFLINE")


def test_the_self_check_names_what_is_there_and_what_is_missing(program: Program) -> None:
    seen = program.json("self-check", "--json")[1]["seen"]
    assert {entry["area"] for entry in seen} == {"rights", "tools", "packages", "paths", "playbooks"}
    assert next(entry for entry in seen if entry["name"] == "psutil")["ok"] is True


def test_completion_scripts_are_valid_shell(program: Program, tmp_path: Path) -> None:
    import shutil
    import subprocess

    for shell in ("bash", "zsh", "fish"):
        script = program.run("completion", shell).stdout
        assert "diagnose" in script
        found = shutil.which(shell)
        if found:
            path = tmp_path / shell
            path.write_text(script)
            assert subprocess.run([found, "-n", str(path)], check=False).returncode == 0
