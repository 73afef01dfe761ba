"""Looking texts up: languages, overlays, plurals, and never a crash."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from techdoctor.messages import say
from techdoctor.messages.catalogue import Catalogue, wanted_languages


@pytest.mark.parametrize(
    ("environ", "languages"),
    [
        ({}, []),
        ({"LANG": "C.UTF-8"}, []),
        ({"LANG": "en_GB.UTF-8"}, []),
        ({"LANG": "de_AT.UTF-8@euro"}, ["de_AT", "de"]),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "fr_FR"}, ["fr_FR", "fr"]),
        ({"LANG": "de_DE.UTF-8", "TECHDOCTOR_LANG": "pt-BR"}, ["pt_BR", "pt"]),
        ({"LANG": "de_DE.UTF-8", "TECHDOCTOR_LANG": "en"}, []),
        ({"LANG": "nl"}, ["nl"]),
        ({"LANG": "../../etc/passwd"}, []),
    ],
)
def test_the_language_comes_from_the_environment(environ: dict[str, str], languages: list[str]) -> None:
    assert wanted_languages(environ) == languages


def overlay(folder: Path, language: str, texts: object) -> None:
    (folder / f"{language}.json").write_text(json.dumps(texts), encoding="utf-8")


def test_an_overlay_covers_english_and_english_fills_its_holes(tmp_path: Path) -> None:
    overlay(tmp_path, "de", {"ask.yes": "ja"})
    catalogue = Catalogue(["de_AT", "de"], str(tmp_path))
    assert catalogue.say("ask.yes", {}) == "ja"
    assert catalogue.say("ask.no", {}) == "no"
    assert catalogue.problem == ""


def test_a_language_without_an_overlay_is_english(tmp_path: Path) -> None:
    assert Catalogue(["xx"], str(tmp_path)).say("ask.yes", {}) == "yes"


@pytest.mark.parametrize(
    ("language", "n", "text"),
    [("de", 0, "0 many"), ("de", 1, "1 one"), ("fr", 0, "0 one"), ("fr", 2, "2 many"), ("ja", 5, "5 one")],
)
def test_plurals(tmp_path: Path, language: str, n: int, text: str) -> None:
    overlay(tmp_path, language, {"report.fixes": ["{n} one", "{n} many"]})
    assert Catalogue([language], str(tmp_path)).say("report.fixes", {"n": n}) == text


@pytest.mark.parametrize(("n", "form"), [(1, "one"), (21, "one"), (3, "few"), (13, "many"), (5, "many"), (11, "many")])
def test_three_plural_forms(tmp_path: Path, n: int, form: str) -> None:
    overlay(tmp_path, "uk", {"report.fixes": ["one", "few", "many"]})
    assert Catalogue(["uk"], str(tmp_path)).say("report.fixes", {"n": n}) == form


def test_english_plurals() -> None:
    assert say("report.fixes", n=1) == "1 fix applied."
    assert say("report.fixes", n=2) == "2 fixes applied."
    assert say("report.fixes") == "{n} fixes applied."


def test_nothing_crashes() -> None:
    assert say("no.such_key", x=1) == "no.such_key"
    assert say("ask.nothing_here") == "ask.nothing_here"
    assert say("") == ""
    assert say("../x") == "../x"
    assert say("ask.invalid", given="{last} {0} {given.__class__}") == (
        "'{last} {0} {given.__class__}' is not one of the choices. Type a number from 1 to {last}, or {letters}, "
        "then Enter."
    )


@pytest.mark.parametrize("content", ["{", "[]", '"x"'])
def test_a_damaged_overlay_is_english_and_says_why(tmp_path: Path, content: str) -> None:
    (tmp_path / "de.json").write_text(content, encoding="utf-8")
    catalogue = Catalogue(["de"], str(tmp_path))
    assert catalogue.say("ask.yes", {}) == "yes"
    assert "de.json" in catalogue.problem


def test_a_damaged_text_costs_only_itself(tmp_path: Path) -> None:
    overlay(tmp_path, "de", {"ask.yes": 7, "ask.no": "nein", "report.fixes": []})
    catalogue = Catalogue(["de"], str(tmp_path))
    assert catalogue.say("ask.yes", {}) == "yes"
    assert catalogue.say("ask.no", {}) == "nein"
    assert catalogue.say("report.fixes", {"n": 1}) == "1 fix applied."
    assert "report.fixes" in catalogue.problem
