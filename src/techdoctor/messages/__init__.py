"""All text of the program that a person reads, by key, so that it can be translated.

A key begins with its area: "ask.yes" stands in en_ask.py. Text of playbooks, probe titles and the
documentation of fields stay where they are declared. CPython 3.9 syntax.
"""

from __future__ import annotations

import os
from typing import Optional

from techdoctor.messages.catalogue import Catalogue, wanted_languages

__all__ = ["Catalogue", "say"]

_catalogue: Optional[Catalogue] = None


def say(key: str, **values: object) -> str:
    """The text of `key` in the person's language, with `{name}` filled from `values`.

    Never raises: a key without a text gives the key, a value that is missing stays as `{name}`.

    Args:
        key: "<area>.<name>".
        values: For the places of the text; `n` also chooses between singular and plural.
    """
    global _catalogue  # noqa: PLW0603 - read once, from the environment the program was started in
    if _catalogue is None:
        _catalogue = Catalogue(wanted_languages(os.environ))
    return _catalogue.say(key, values)
