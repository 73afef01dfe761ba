"""The page of a check-up: whole HTML, nothing that runs, foreign text harmless."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

from techdoctor.console.check_page import check_page
from tests.monitor.made import FOREIGN, check_up, finding

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Outline(HTMLParser):
    """Tags in order; fails on one that is closed wrongly."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def html_of_one() -> str:
    result = check_up(finding("perf.mem.full", title=FOREIGN), finding("disk.full.x", "note", "A note"))
    return check_page(result, f"host {FOREIGN}", result.begun_s, lambda probe, data: str(data.get("biggest_name")))


def test_nothing_runs_and_nothing_is_loaded() -> None:
    outline = Outline(html_of_one())
    assert not {"script", "link", "img", "iframe", "object", "form", "base"} & set(outline.tags)
    assert not [name for name in outline.attributes if name.startswith("on") or name in ("style", "src", "href")]


def test_the_policy_allows_this_style_and_nothing_else() -> None:
    html = html_of_one()
    [style] = re.findall(r"<style>(.*?)</style>", html, re.S)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in html


def test_foreign_text_is_text() -> None:
    html = html_of_one()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "\x1b" not in html


def test_worst_first_and_what_helps() -> None:
    html = html_of_one()
    assert html.index('class="card problem"') < html.index('class="card note"')
    assert "techdoctor diagnose --playbook perf.mem" in html
    assert "What helps:" in html


def test_a_healthy_machine() -> None:
    html = check_page(check_up(), "pc", 0.0, lambda *_: "")
    assert "Nothing wrong was found." in html
    Outline(html)
