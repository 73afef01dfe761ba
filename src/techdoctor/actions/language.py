"""Making a language setting that is named but not installed. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
import shutil
from typing import List, Mapping, Tuple

from techdoctor import system
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.actions.text_file import shown_change
from techdoctor.errors import CannotMeasure
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.accounts.language import same
from techdoctor.probes.base import Parameter
from techdoctor.text import clean_line

_TITLE = "Make the language"
_LIST = "/etc/locale.gen"
_SUPPORTED = "/usr/share/i18n/SUPPORTED"
_SOURCES = "/usr/share/i18n/locales"
_NAME = re.compile(r"(?P<language>[A-Za-z]{2,3}(_[A-Z]{2,3})?)(\.(?P<codeset>[A-Za-z0-9-]+))?(?P<modifier>@[a-z]+)?")


def supported_line(table: str, name: str) -> str:
    """The line of the table of known languages that makes a name, e.g. "de_DE.UTF-8 UTF-8"; empty when none does."""
    for line in table.splitlines():
        words = line.split()
        if len(words) == 2 and same(words[0]) == same(name):
            return " ".join(words)
    return ""


def added(listing: str, line: str) -> str:
    """/etc/locale.gen with a line in it that counts; a commented one is made to count."""
    rows = listing.splitlines()
    commented = [i for i, row in enumerate(rows) if row.lstrip("# ").split() == line.split()]
    if commented:
        rows[commented[0]] = line
    else:
        rows.append(line)
    return "\n".join(rows) + "\n"


def _steps(acting: Acting) -> Tuple[str, List[Tuple[str, ...]], str]:
    """New content of /etc/locale.gen (empty: untouched), commands, and why it cannot be done."""
    name = acting.text("language")
    match = _NAME.fullmatch(name)
    if not match:
        return "", [], f"'{clean_line(name)}' is not the name of a language setting"
    path = system.command_environment().get("PATH")
    if os.path.exists(_LIST) and shutil.which("locale-gen", path=path) and os.path.isdir(_SOURCES):
        try:
            line = supported_line(system.read_text(_SUPPORTED), name)
            listing = system.read_text(_LIST)
        except CannotMeasure as error:
            return "", [], error.reason
        if not line:
            return "", [], f"no language called {clean_line(name)} is known"
        return added(listing, line), [acting.elevated(("locale-gen",))], ""
    source = match["language"] + (match["modifier"] or "")
    if shutil.which("localedef", path=path) and os.path.exists(os.path.join(_SOURCES, source)):
        argv = ("localedef", "-i", source, "-f", match["codeset"] or "UTF-8", name)
        return "", [acting.elevated(argv)], ""
    package = "locales" if os.path.exists("/var/lib/dpkg/status") else f"glibc-langpack-{match['language'][:2]}"
    return "", [], f"the sources of languages are not installed; install the package {package} first"


def _listing() -> str:
    try:
        return system.read_text(_LIST)
    except CannotMeasure:
        return ""


def _preview(acting: Acting) -> ActionPreview:
    content, commands, problem = _steps(acting)
    lines = shown_change(_LIST, _listing(), content) if content else ()
    title = f"{_TITLE}: {clean_line(acting.text('language'))}"
    undo = "The language is removed again."
    return ActionPreview(title, (*lines, *map(shown, commands)), not system.is_admin(), undo, "", problem)


def _apply(acting: Acting) -> ActionOutcome:
    content, commands, problem = _steps(acting)
    if problem:
        return ActionOutcome(False, problem)
    token: Mapping[str, Value] = {"listing": _listing() if content else None}
    outcome = ActionOutcome(True, "", dict(token))
    if content:
        outcome = outcome_of(acting.run(acting.elevated(("tee", _LIST)), stdin=content), "", token)
    for argv in commands if outcome.ok else ():
        outcome = outcome_of(acting.run(argv), f"{clean_line(acting.text('language'))} was made", token)
    return outcome


def _undo(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    name, listing = acting.text("language"), token.get("listing")
    if not _NAME.fullmatch(name):
        return ActionOutcome(False, "that is not the name of a language setting")
    if isinstance(listing, str):
        put_back = acting.run(acting.elevated(("tee", _LIST)), stdin=listing)
        if not put_back.worked:
            return outcome_of(put_back, "")
    stored = re.sub("[^a-z0-9]", "", name.partition(".")[2].partition("@")[0].lower())
    archived = name.replace(name.partition(".")[2].partition("@")[0], stored) if stored else name
    ran = acting.run(acting.elevated(("localedef", "--delete-from-archive", archived)))
    return outcome_of(ran, f"{clean_line(name)} was removed again")


ACTIONS = (
    Action(
        name="locale.generate",
        title=_TITLE,
        doc="Debian and its kin: a line of /etc/locale.gen, then locale-gen; elsewhere localedef.",
        preview=_preview,
        apply=_apply,
        parameters={"language": Parameter("text", "Name as in LANG, e.g. de_DE.UTF-8.", required=True)},
        touches=("locale.*",),
        undo_name="locale.remove_again",
        undo=_undo,
        platforms=("linux",),
    ),
)
