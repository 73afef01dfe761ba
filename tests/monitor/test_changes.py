"""What changed between two check-ups, and the inventory it is told from."""

from __future__ import annotations

from pathlib import Path

from techdoctor.console.changes import change_texts
from techdoctor.monitor.changes import changes_between
from techdoctor.monitor.inventory import Inventory, Seen, Taking, parse_dpkg
from techdoctor.monitor.kept import Kept, KeptCheckUps, KeptFinding, kept_of, since
from tests.monitor.made import check_up, finding

DPKG = """Package: bash
Status: install ok installed
Version: 5.2.15-2+b7
Description: shell
 more

Package: old-thing
Status: deinstall ok config-files
Version: 1.0

Package: zlib1g
Status: install ok installed
Version: 1:1.2.13
"""


def kept(*findings: tuple[str, str], healthy: tuple[str, ...] = ()) -> Kept:
    return Kept(1000.0, tuple(KeptFinding(gid, severity, f"title of {gid}") for gid, severity in findings), healthy)


def test_findings_are_new_worse_better_or_gone() -> None:
    before = kept(("a.x.one", "warning"), ("a.x.two", "danger"), ("a.y.three", "note"), ("a.z.four", "note"))
    now = kept(("a.x.one", "problem"), ("a.x.two", "warning"), ("a.w.five", "note"), healthy=("a.y",))
    changes = changes_between(before, now)
    assert [(c.kind, c.id) for c in changes.findings] == [
        ("worse", "a.x.one"),
        ("better", "a.x.two"),
        ("new", "a.w.five"),
        ("gone", "a.y.three"),
    ]  # a.z could not be judged now: its finding is not gone


def test_what_was_not_looked_at_is_not_gone() -> None:
    before, now = kept(("a.x.one", "warning")), kept(healthy=("a.x",))
    assert not changes_between(before, now, judged=["b.y"]).any


def test_packages_drivers_and_settings() -> None:
    old = Inventory({"bash": "1", "gone": "1"}, ("e1000", "snd"), {"p1": "c1", "p2": "c2", "p3": "c3"})
    new = Inventory({"bash": "2", "new": "1"}, ("e1000", "wl"), {"p1": "c1", "p2": "changed", "p4": "c4"})
    seen = Seen(new, {"p1": "/etc/a", "p2": "/etc/b", "p4": "/etc/d"})
    changes = changes_between(Kept(1.0, inventory=old), Kept(2.0, inventory=new), seen)
    assert change_texts(changes) == [
        "3 program packages: bash 1 -> 2, -gone, +new 1",
        "2 drivers (kernel modules): +wl, -snd",
        "2 settings files: /etc/b, +/etc/d",
        "1 settings file is gone.",
    ]


def test_dpkg_counts_what_is_installed() -> None:
    assert parse_dpkg(DPKG) == {"bash": "5.2.15-2+b7", "zlib1g": "1:1.2.13"}


def test_settings_are_kept_without_their_paths(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "secret-name.conf").write_text("password=1")
    (tmp_path / "etc" / "link").symlink_to("secret-name.conf")
    seen = Taking(str(tmp_path)).result()
    assert len(seen.inventory.settings) == 2
    assert "secret-name" not in str(seen.inventory.to_json())
    assert sorted(seen.paths.values()) == ["/etc/link", "/etc/secret-name.conf"]
    (tmp_path / "etc" / "secret-name.conf").write_text("password=2")
    again = Taking(str(tmp_path)).result()
    changes = changes_between(Kept(1.0, inventory=seen.inventory), Kept(2.0), again)
    assert [(c.kind, c.what) for c in changes.settings] == [("changed", "/etc/secret-name.conf")]


def test_check_ups_are_kept_and_found_by_time(tmp_path: Path) -> None:
    store = KeptCheckUps(tmp_path)
    assert store.baseline() is None
    assert store.history() == []
    result = check_up(finding("perf.mem.full"))
    taken = kept_of(result, Inventory({"a": "1"}, ("m",), {"x": "y"}))
    assert taken.figures["mem.usage.available_percent"] == 3.5
    store.keep_baseline(taken)
    assert store.baseline() == taken
    for at_s in (10.0, 20.0, 30.0):
        store.add(Kept(at_s))
    history = store.history()
    assert [k.at_s for k in history] == [10.0, 20.0, 30.0]
    assert [found.at_s if (found := since(history, t)) else None for t in (5, 10, 25, 99)] == [10.0, 10.0, 20.0, 30.0]


def test_a_damaged_file_is_as_good_as_none(tmp_path: Path) -> None:
    store = KeptCheckUps(tmp_path)
    store.keep_baseline(Kept(1.0))
    store.add(Kept(1.0))
    (tmp_path / "checks" / "baseline.json").write_text("{]")
    with (tmp_path / "checks" / "history.jsonl").open("a") as file:
        file.write('{"schema": "other"}\n[1, 2\n')
    assert store.baseline() is None
    assert [k.at_s for k in store.history()] == [1.0]
