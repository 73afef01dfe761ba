"""The check-up as a page of one HTML file."""

from __future__ import annotations

import time

from techdoctor.console.changes import ChangesLike, change_texts, changes_heading
from techdoctor.console.check import CheckUpLike, check_end_line, measured_of, severity_word
from techdoctor.console.page import card, listed, page, paragraph, shown
from techdoctor.console.wording import Summarise
from techdoctor.messages import say
from techdoctor.model import SEVERITIES, Finding
from techdoctor.text import clean_line

_MOST_FIXES = 4


def check_page(
    result: CheckUpLike, host: str, at_s: float, summarise: Summarise, changes: ChangesLike | None = None
) -> str:
    """The whole page.

    Args:
        result: What the check-up found.
        host: Name of the machine.
        at_s: When it began, seconds since 1970-01-01 UTC.
        summarise: Words for a probe's data.
        changes: What changed since an earlier check-up, if that was asked for.
    """
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(at_s))
    title = say("page.check_title", host=host)
    body = [
        "<header>",
        f"<h1>{shown(title)}</h1>",
        paragraph(check_end_line(result)),
        paragraph(when, "dim"),
        "</header>",
    ]
    body += [
        "<main>",
        *_findings(result, summarise),
        *_changes(changes),
        *_healthy(result),
        *_not_judged(result),
        "</main>",
    ]
    body.append(f"<footer>{paragraph(say('page.made_by'), 'dim')}</footer>")
    return page(title, "en", body)


def _findings(result: CheckUpLike, summarise: Summarise) -> list[str]:
    worst_first = sorted(result.findings, key=lambda finding: -SEVERITIES.index(finding.severity))
    html: list[str] = [f"<h2>{shown(say('page.findings'))}</h2>"]
    if not worst_first:
        well = say("check.all_well") if result.healthy else say("check.nothing_judged")
        return [*html, *card("good" if result.healthy else "warning", say("page.result"), well, [])]
    for finding in worst_first:
        inside = [paragraph(text) for text in [measured_of(finding, result.facts, summarise)] if text]
        inside += _fixes(finding)
        playbook = clean_line(finding.id.rpartition(".")[0])
        command = f"techdoctor diagnose --playbook {playbook}"
        inside.append(f"<p>{shown(say('page.command'))} <code>{shown(command)}</code></p>")
        inside += _evidence(finding)
        html += card(finding.severity, severity_word(finding.severity), clean_line(finding.title).rstrip("."), inside)
    return html


def _fixes(finding: Finding) -> list[str]:
    texts = [clean_line(fix.text, 600) for fix in finding.fixes if fix.text][:_MOST_FIXES]
    return [paragraph(say("page.helps")), *listed(texts)] if texts else []


def _evidence(finding: Finding) -> list[str]:
    texts = [clean_line(item.text) for item in finding.evidence if item.text]
    if not texts:
        return []
    return [
        f'<details class="dim"><summary>{shown(say("page.evidence"))}</summary>',
        *listed([*texts, finding.id]),
        "</details>",
    ]


def _changes(changes: ChangesLike | None) -> list[str]:
    if changes is None:
        return []
    return [f"<h2>{shown(changes_heading(changes))}</h2>", *listed(change_texts(changes, most=50))]


def _healthy(result: CheckUpLike) -> list[str]:
    if not result.healthy:
        return []
    titles = [clean_line(result.titles.get(name, name)).rstrip(".") for name in result.healthy]
    return [f"<h2>{shown(say('page.healthy'))}</h2>", *listed(titles)]


def _not_judged(result: CheckUpLike) -> list[str]:
    rows: dict[str, list[str]] = {}
    for entry in (*result.not_judged, *result.not_here):
        rows.setdefault(clean_line(entry.reason, 300), []).append(
            clean_line(result.titles.get(entry.cause, entry.cause))
        )
    if not rows:
        return []
    html = [f"<h2>{shown(say('page.not_judged'))}</h2>", '<details class="dim">']
    html += [
        f"<summary>{shown(say('page.not_judged_count', n=len(result.not_judged) + len(result.not_here)))}</summary>",
        "<table>",
    ]
    for reason, names in rows.items():
        html.append(f"<tr><td>{shown('; '.join(names), 2000)}</td><td>{shown(reason)}</td></tr>")
    return [*html, "</table>", "</details>"]
