"""Looking a text up: English from Python tables, other languages laid over it from JSON.

CPython 3.9 syntax.
"""

from __future__ import annotations

import importlib
import os
import re
from typing import Callable, Dict, List, Mapping, Sequence, Tuple, Union

# One text, or its forms: singular first, then the plural (or plurals, where a language has more).
Text = Union[str, Tuple[str, ...]]

_PLACE = re.compile(r"\{(\w+)\}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(_[A-Za-z]{2,4})?")


def _english_form(n: float) -> int:
    return 0 if n == 1 else 1


def _french_form(n: float) -> int:
    return 0 if 0 <= n < 2 else 1


def _slavic_form(n: float) -> int:
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else 2


def _single_form(_: float) -> int:
    return 0


# Source: Unicode CLDR, "Language Plural Rules"; whole numbers only. Other languages count as English does.
_FORMS: Dict[str, Callable[[float], int]] = {
    "fr": _french_form,
    "ru": _slavic_form,
    "uk": _slavic_form,
    "ja": _single_form,
    "ko": _single_form,
    "zh": _single_form,
}


def wanted_languages(environ: Mapping[str, str]) -> List[str]:
    """Languages to look for, best first: "de_AT.UTF-8" gives ["de_AT", "de"]; English gives none."""
    for name in ("TECHDOCTOR_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        asked = environ.get(name, "")
        if asked:
            language = asked.split(".")[0].split("@")[0].replace("-", "_")
            if not _LANGUAGE.fullmatch(language) or language.startswith("en"):
                return []
            return list(dict.fromkeys((language, language.split("_")[0])))
    return []


class Catalogue:
    """The texts of one language, English where it has none.

    Args:
        languages: Best first; the first that has an overlay file is taken.
        folder: Where `<language>.json` overlays are: {"ask.yes": "ja", "report.fixes": ["one", "many"]}.

    Attributes:
        problem: Why an overlay that is there could not be used; empty when all is well.
    """

    def __init__(self, languages: Sequence[str] = (), folder: str = os.path.dirname(__file__)) -> None:
        self.problem = ""
        self._form: Callable[[float], int] = _english_form
        self._overlay: Dict[str, Text] = {}
        self._areas: Dict[str, Mapping[str, Text]] = {}
        for language in languages:
            path = os.path.join(folder, language + ".json")
            if os.path.exists(path):
                self._overlay = self._read(path)
                self._form = _FORMS.get(language.split("_")[0], _english_form)
                break

    def say(self, key: str, values: Mapping[str, object]) -> str:
        """The text of `key`; see `techdoctor.messages.say`."""
        text = self._overlay.get(key)
        form = self._form
        if text is None:
            text, form = self._english(key), _english_form
        if not isinstance(text, str):
            count = values.get("n")
            plural = form(count) if isinstance(count, (int, float)) else len(text) - 1
            text = text[min(plural, len(text) - 1)]
        return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), text)

    def _english(self, key: str) -> Text:
        area = key.partition(".")[0]
        if area not in self._areas:
            try:
                module = importlib.import_module(f"techdoctor.messages.en_{area}")
            except ModuleNotFoundError:
                self._areas[area] = {}
            else:
                self._areas[area] = module.TEXTS
        return self._areas[area].get(key, key)

    def _read(self, path: str) -> Dict[str, Text]:
        import json  # only another language than English pays for it

        try:
            with open(path, encoding="utf-8") as stream:
                tree = json.load(stream)
        except (OSError, ValueError) as error:
            self.problem = f"{path}: {error}"
            return {}
        if not isinstance(tree, dict):
            self.problem = f"{path}: not a JSON object"
            return {}
        texts: Dict[str, Text] = {}
        for key, text in tree.items():
            if isinstance(text, str):
                texts[key] = text
            elif isinstance(text, list) and text and all(isinstance(form, str) for form in text):
                texts[key] = tuple(text)
            else:
                self.problem = f"{path}: {key}: neither a text nor a list of texts"
        return texts
