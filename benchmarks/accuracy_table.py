"""The tables of docs/accuracy.md from rows of benchmarks/accuracy.py."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

DOCUMENT = Path(__file__).parent.parent / "docs" / "accuracy.md"
FOLDER = Path(__file__).parent.parent / "docs" / "accuracy"
RIGHTS = {"root": "with root's rights", "none": "as an ordinary user without any rights"}

Row = Mapping[str, Any]


def good(row: Row, rights: str) -> bool:
    """Whether a row says what it must; without rights, an honest "not judged" will do for what needs them."""
    needy = rights == "none" and row.get("needs") == "root"
    return row["right"] == "yes" or (needy and row["right"] == "not judged")


def line(row: Row) -> str:
    """A row for somebody who watches."""
    found = row["found"] or row["end"] or row.get("error", "")
    told = f"{row['right']:10} {row['case']:24} {row['expected'] or '(none)':34} {found:36} {row['seconds']:6.2f}"
    if row.get("verify"):
        return f"{told}  verify is {row['verify']}"
    return told if row["right"] == "yes" else f"{told}  {row['words']!r} by {row['playbook']}: {row.get('path', '')}"


def summary(rows: Sequence[Row], rights: str) -> str:
    """One sentence about a run."""
    faults = [r for r in rows if r["expected"]]
    controls = [r for r in rows if not r["expected"]]
    told = f"{sum(r['right'] == 'yes' for r in faults)} of {len(faults)} faults right at the top"
    for word, saying in (("not first", "found but not at the top"), ("not judged", "not judged, and said so"),
                         ("not run", "not run")):  # fmt: skip
        count = sum(r["right"] == word for r in faults)
        told += f", {count} {saying}" if count else ""
    silent = sum(r["right"] == "yes" for r in controls)
    seconds = [r["seconds"] for r in rows if r["seconds"]] or [0.0]
    return (
        f"{told}; {silent} of {len(controls)} controls without a finding of severity problem; {RIGHTS[rights]}; "
        f"median {median(seconds):.1f} s, longest {max(seconds):.1f} s; "
        f"{sum(r['questions'] for r in rows)} questions asked."
    )


def write(area: str, head: Row, rows: Sequence[Row]) -> None:
    """Replaces the section of one area and its rights, and their lines in the file of raw results."""
    raw = FOLDER / f"{area}.jsonl"
    raw.parent.mkdir(exist_ok=True)
    marked = [{"rights": head["rights"], **row} for row in rows]
    kept = [each for each in map(json.loads, raw.read_text().splitlines()) if each["rights"] != head["rights"]] if (
        raw.exists()) else []  # fmt: skip
    both = sorted([*kept, head, *marked], key=lambda each: list(RIGHTS).index(each["rights"]))
    raw.write_text("".join(json.dumps(each, separators=(",", ":")) + "\n" for each in both))
    _put(f"{area} {head['rights']}", section(head, rows))


def section(head: Row, rows: Sequence[Row]) -> list[str]:
    """The lines of one table."""
    loads = [row["load"] for row in rows]
    busy = f"load average {min(loads):.1f} to {max(loads):.1f}"
    return [
        f"Commit `{head['commit']}`, {head['date']}, {head['machine']}; {busy}.  ",
        f"`{head['command']}`: {summary(rows, head['rights'])}",
        "",
        "| case | words | expected | found | right | alarms on a control | s | questions | confirmed |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *map(_cells, rows),
        *_unseen(rows),
    ]


def _cells(row: Row) -> str:
    words = " ".join([row["words"], *(f"`{option}`" for option in row.get("options", ()))])
    found = row["found"] or (row.get("error") or f"({row['end']})")
    right = {"no": "**no**", "not first": "**found but not at the top**"}.get(row["right"], row["right"])
    alarms = "" if row["expected"] else ", ".join(row["alarms"]) or "none"
    confirmed = "" if row["expected"] is None else "yes" if row["expected"] in row["confirmed"] else "no"
    cells = (row["case"], words, row["expected"] or "(no fault)", found, right, alarms, f"{row['seconds']:.2f}",
             str(row["questions"]), confirmed)  # fmt: skip
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _unseen(rows: Sequence[Row]) -> list[str]:
    """What could not be measured or judged for want of rights, in techdoctor's words."""
    reasons = {name: why for row in rows for name, why in row.get("unseen", {}).items()}
    if not reasons:
        return []
    told = [f"- `{name}`: {why}" for name, why in sorted(reasons.items())]
    return ["", "What needs more rights, and what techdoctor says of it then:", "", *told]


def _put(mark: str, lines: Sequence[str]) -> None:
    """Puts a table between its marks; an area that has none yet gets a section at the end."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    text = DOCUMENT.read_text()
    if begin not in text:
        area, rights = mark.split()
        text = f"{text.rstrip()}\n\n## {area.capitalize()}, {RIGHTS[rights]}\n{begin}\n{end}\n"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    DOCUMENT.write_text("\n".join([before + begin, *lines, end + after]))
