"""Check-ups for monitoring systems, read by those systems' own parsers."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from techdoctor.monitor.formats.nagios import CRITICAL, OK, UNKNOWN, WARNING, code_of, nagios
from techdoctor.monitor.formats.prometheus import prometheus
from techdoctor.session.check import CheckUp
from tests.monitor.made import FOREIGN, check_up, finding

# Monitoring Plugins Development Guidelines: 'label'=value[UOM];[warn];[crit];[min];[max]
PERFORMANCE = re.compile(r"('[^'=]+'|[^'= ]+)=-?\d+(\.\d+)?(e[+-]?\d+)?(s|ms|%|B)?(;[\d.:~@-]*){0,4}")
NEGATE = Path("/usr/lib/nagios/plugins/negate")


@pytest.mark.parametrize(
    ("severities", "code"),
    [
        ((), OK),
        (("note",), OK),
        (("note", "warning"), WARNING),
        (("problem",), CRITICAL),
        (("danger", "note"), CRITICAL),
    ],
)
def test_the_codes_are_those_of_a_plugin(severities: tuple[str, ...], code: int) -> None:
    assert code_of(check_up(*(finding("perf.mem.x", severity) for severity in severities))) == code


def test_nothing_judged_is_unknown() -> None:
    assert code_of(CheckUp()) == UNKNOWN
    assert nagios(CheckUp()).startswith("TECHDOCTOR UNKNOWN - ")


def test_the_first_line_has_one_bar_and_sound_performance_data() -> None:
    first, *rest = nagios(check_up(finding("perf.mem.full", title=FOREIGN))).splitlines()
    text, _, performance = first.partition(" | ")
    assert "|" not in text + performance + "".join(rest)
    assert "\x1b" not in first
    items = performance.split(" ")
    assert not [item for item in items if not PERFORMANCE.fullmatch(item)]
    assert "problems=1;;0;0" in items
    assert "'mem.usage.available_percent'=3.5%" in items


@pytest.mark.skipif(not NEGATE.exists(), reason="needs the package monitoring-plugins-common")
def test_a_real_wrapper_of_plugins_takes_it(tmp_path: Path) -> None:
    script = tmp_path / "plugin"
    text = nagios(check_up(finding("perf.mem.full")))
    script.write_text(f"#!{sys.executable}\nprint({text!r}, end='')\nraise SystemExit(2)\n")
    script.chmod(0o755)
    ran = subprocess.run(
        [NEGATE, "-s", "-o", "CRITICAL", "-c", "OK", script], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0
    assert ran.stdout.startswith("TECHDOCTOR OK - Memory is used up | ")


def test_prometheus_own_parser_reads_every_series() -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    families = {
        f.name: f for f in parser.text_string_to_metric_families(prometheus(check_up(finding("a.b.c", title=FOREIGN))))
    }
    [sample] = families["techdoctor_finding"].samples
    assert sample.labels["title"].startswith('a "b" \\ <script>')
    assert {s.labels["severity"]: s.value for s in families["techdoctor_findings"].samples}["problem"] == 1
    ratio = families["techdoctor_measured_ratio"].samples
    assert [(s.labels["probe"], s.labels["field"], s.value) for s in ratio] == [
        ("mem.usage", "available_percent", 0.035)
    ]
    assert all(family.documentation and family.type == "gauge" for family in families.values())


@pytest.mark.skipif(not shutil.which("promtool"), reason="needs the package prometheus")
def test_promtool_finds_nothing_wrong() -> None:
    text = prometheus(check_up(finding("a.b.c", title=FOREIGN)))
    ran = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")
