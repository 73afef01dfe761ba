"""The house rules, measured: sizes, Python 3.9 subset, the package graph, words that may not appear."""

from __future__ import annotations

import ast
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "techdoctor"
SOURCES = sorted(PACKAGE.rglob("*.py"))
SHIPPED_TO_REMOTE = [
    *(PACKAGE / name for name in ("model.py", "events.py", "errors.py", "text.py", "system.py")),
    *sorted((PACKAGE / "probes").rglob("*.py")),
    *sorted((PACKAGE / "actions").glob("*.py")),
]
DESIGN = ROOT / "docs" / "design.md"
MOST_LINES, MOST_FUNCTION_LINES, P95_FUNCTION_LINES, MEDIAN_LINES = 400, 80, 45, 130


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_no_file_and_no_function_outgrows_its_room() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in SOURCES}
    assert not {name: count for name, count in lines.items() if count > MOST_LINES}
    assert statistics.median(lines.values()) <= MEDIAN_LINES
    sizes = dict(entry for path in SOURCES for entry in functions(path))
    assert not {name: count for name, count in sizes.items() if count > MOST_FUNCTION_LINES}
    assert statistics.quantiles(sizes.values(), n=20)[-1] <= P95_FUNCTION_LINES


@pytest.mark.parametrize("path", SHIPPED_TO_REMOTE, ids=lambda path: path.stem)
def test_what_is_shipped_to_remote_hosts_is_python_3_9(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 9))
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Match), f"{path.name}:{node.lineno}: match"
        if isinstance(node, ast.Call):
            words = {keyword.arg for keyword in node.keywords}
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            assert not (name == "dataclass" and words & {"slots", "kw_only"}), f"{path.name}:{node.lineno}"
            assert not (name == "zip" and "strict" in words), f"{path.name}:{node.lineno}: zip(strict=)"
            assert not (name in ("isinstance", "issubclass") and isinstance(node.args[1], ast.BinOp)), (
                f"{path.name}:{node.lineno}: X | Y at run time"
            )


def test_vermin_agrees_that_the_subset_runs_on_3_9() -> None:
    vermin = str(Path(sys.executable).parent / "vermin")
    # Annotations are never evaluated there: `from __future__ import annotations`.
    command = [vermin, "-t=3.9-", "--no-tips", "--violations", "--backport", "typing", *map(str, SHIPPED_TO_REMOTE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module] if node.module != "techdoctor" else [f"techdoctor.{a.name}" for a in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("techdoctor.") and name.count(".")}
    return found


def package_graph() -> str:
    """The packages and who imports whom, as Mermaid; the bottom layer is left out: all use it."""
    bottom = {"model", "events", "text", "errors", "messages", "__version__"}
    edges: dict[str, set[str]] = {}
    for path in SOURCES:
        parts = path.relative_to(PACKAGE).parts
        owner = parts[0].removesuffix(".py")
        edges.setdefault(owner, set()).update(imports_of(path) - {owner} - bottom)
    lines = [f"    {owner} --> {used}" for owner in sorted(edges) for used in sorted(edges[owner])]
    return "\n".join(["```mermaid", "graph TD", *lines, "```"])


def test_the_package_graph_in_the_design_is_true() -> None:
    begin, end = "<!-- graph: begin (tests/test_house.py) -->", "<!-- graph: end -->"
    text = DESIGN.read_text()
    before, _, rest = text.partition(begin)
    old, _, after = rest.partition(end)
    graph = f"\n{package_graph()}\n"
    if os.environ.get("TECHDOCTOR_REGENERATE"):
        DESIGN.write_text(before + begin + graph + end + after)
        old = graph
    assert old == graph, "docs/design.md is stale: run with TECHDOCTOR_REGENERATE=1"


# What stands in the laboratories and must not be known to the program (design.md 5.4, "No tuning to the lab").
OF_THE_LABORATORY = re.compile(
    r"10\.60\.1\.|10\.77\.0\.|203\.0\.113\.|198\.51\.100\.|2001:db8:[12f]|netlab|labd|portal\.lab|Fake Laser",
    re.IGNORECASE,
)


def test_nothing_of_a_laboratory_is_known_to_the_program() -> None:
    files = [*SOURCES, *sorted((ROOT / "playbooks").glob("*.yaml"))]
    hits = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if OF_THE_LABORATORY.search(line)
    ]
    assert not hits


def test_every_command_stands_in_the_readme() -> None:
    from techdoctor.cli.table import MODULES

    readme = (ROOT / "README.md").read_text()
    assert [name for name in MODULES if f"techdoctor {name}" not in readme] == []
