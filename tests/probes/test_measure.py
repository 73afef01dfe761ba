"""One probe call: whatever happens becomes a fact."""

from __future__ import annotations

import sys
import time
import types
from pathlib import Path

import pytest

from techdoctor.errors import CannotMeasure, UsageError
from techdoctor.probes import registry
from techdoctor.probes.base import (
    Method,
    Parameter,
    Params,
    Probe,
    ProbeSettings,
    Probing,
    Raws,
    Reading,
    Source,
    everywhere,
    measured,
    parsed,
    text,
    unsupported,
)
from techdoctor.probes.measure import measure_here
from techdoctor.probes.sources import gather

FIELDS = {"word": text("A word.")}


def declare(monkeypatch: pytest.MonkeyPatch, method: Method, **more: object) -> None:
    module = types.ModuleType("techdoctor.probes.made_up")
    probe = Probe("test.probe", "Test", "For tests.", FIELDS, everywhere(method), **more)  # type: ignore[arg-type] # each test gives what it needs
    module.PROBES = (probe,)  # type: ignore[attr-defined] # a module made at run time
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(registry.MODULES, "test.probe", "made_up")


def test_good_data_becomes_a_fact_with_the_declared_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, measured(lambda _: Reading({"word": "yes", "stray": 1}, {"word": "why"})))
    fact = measure_here("test.probe", {})
    assert (fact.status, dict(fact.data), dict(fact.gaps)) == ("ok", {"word": "yes"}, {"word": "why"})


def test_a_crash_is_a_fact_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_: Probing) -> Reading:
        raise ZeroDivisionError("\x1b[31moops")

    declare(monkeypatch, measured(crash))
    fact = measure_here("test.probe", {})
    assert (fact.status, fact.reason) == ("crashed", "the check itself failed: ZeroDivisionError: oops")
    assert not fact.data


def test_what_cannot_be_measured_keeps_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_: Probing) -> Reading:
        raise CannotMeasure("denied", "needs administrator rights")

    declare(monkeypatch, measured(denied))
    assert measure_here("test.probe", {}).status == "denied"
    declare(monkeypatch, unsupported("there is none"))
    fact = measure_here("test.probe", {})
    assert (fact.status, fact.reason) == ("not_applicable", "there is none")


def test_offline_skips_what_would_send(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, measured(lambda _: Reading({"word": "sent"})), reach="beyond")
    assert measure_here("test.probe", {}).status == "ok"
    fact = measure_here("test.probe", {}, settings=ProbeSettings(offline=True))
    assert (fact.status, fact.reason) == ("skipped", "offline: nothing may be sent beyond this machine")


def test_parameters_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = {"how": Parameter("text", "How.", "a", ("a", "b")), "who": Parameter("text", "Who.", required=True)}
    declare(monkeypatch, measured(lambda p: Reading({"word": p.text("how")})), parameters=parameters)
    assert measure_here("test.probe", {"who": "x"}).data["word"] == "a"
    for wrong in ({}, {"who": "x", "how": "c"}, {"who": "x", "else": 1}):
        with pytest.raises(UsageError):
            measure_here("test.probe", wrong)  # type: ignore[arg-type] # plain values


def test_an_unknown_probe_names_the_nearest() -> None:
    with pytest.raises(UsageError) as error:
        measure_here("dns.lokup", {})
    assert error.value.hint == "did you mean dns.lookup?"


def test_raw_sources_are_read_side_by_side_and_twice_for_a_rate(tmp_path: Path) -> None:
    path = tmp_path / "counter"
    path.write_text("1")
    (tmp_path / "a.x").write_text("A")
    (tmp_path / "b.x").write_text("B")
    sources = [
        Source("first", path=str(path)),
        Source("second", path=str(path), at_s=0.3),
        Source("absent", path=str(tmp_path / "none")),
        Source("many", path=str(tmp_path / "*.x")),
        Source("tool", argv=("no-such-tool-anywhere",)),
        Source("slow1", argv=(sys.executable, "-c", "import time; time.sleep(0.5); print(1)")),
        Source("slow2", argv=(sys.executable, "-c", "import time; time.sleep(0.5); print(2)")),
        Source("never", argv=(sys.executable, "-c", "import time; time.sleep(60)"), timeout_s=0.5),
    ]
    begun = time.monotonic()
    raws = gather(sources, begun + 10)
    assert {n: r.status for n, r in raws.items()} == {
        "first": "ok", "second": "ok", "absent": "absent", "many": "ok", "tool": "missing_tool",
        "slow1": "ok", "slow2": "ok", "never": "timeout",
    }  # fmt: skip
    assert [text.strip() for text in raws["many"].files.values()] == ["A", "B"]
    assert raws["second"].taken_s - raws["first"].taken_s >= 0.25
    with pytest.raises(CannotMeasure, match="the tool: the tool is not installed"):
        raws["tool"].need("the tool")


def test_a_parsed_probe_gets_its_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("hello")

    def sources(_: Params) -> list[Source]:
        return [Source("file", path=str(tmp_path / "f"))]

    def parse(raws: Raws, _: Params) -> Reading:
        return Reading({"word": raws["file"].need("the file")})

    declare(monkeypatch, parsed(sources, parse))
    assert measure_here("test.probe", {}).data["word"] == "hello"
