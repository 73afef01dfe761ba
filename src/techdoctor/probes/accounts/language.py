"""Probe locale.settings: are the languages that are set also installed? CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
from typing import Dict, List, Mapping, NamedTuple, Sequence, Set

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL, NOT_APPLICABLE, TIMEOUT, Value
from techdoctor.probes.base import (
    UNTRIED,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    records,
    text,
    unsupported,
)
from techdoctor.text import clean_line

# locale(7), "Locale categories"; LANGUAGE names translations only and may name several that are not there.
VARIABLES = re.compile(r"LANG|LC_[A-Z]+")
_FILES = ("/etc/default/locale", "/etc/locale.conf")
_ALWAYS = {"", "c", "posix"}
_MOST_SHOWN = 8
# What Python writes over LC_CTYPE. Source: PEP 538, "locale coercion".
_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
_GIVEN = "/proc/self/environ"


class Setting(NamedTuple):
    """One language setting and where it stands: "environment" or a file."""

    variable: str
    value: str
    where: str


def same(name: str) -> str:
    """A name as it is compared: de_DE.UTF-8 is de_DE.utf8 in `locale -a` (setlocale(3) of glibc)."""
    language, dot, rest = name.partition(".")
    codeset, at, modifier = rest.partition("@")
    return f"{language}{dot}{re.sub('[^a-z0-9]', '', codeset.lower())}{at}{modifier}".lower()


def parse_file(content: str, where: str) -> List[Setting]:
    """Parses lines such as `LANG="de_DE.UTF-8"` (locale.conf(5))."""
    found = []
    for line in content.splitlines():
        name, _, value = line.strip().partition("=")
        if VARIABLES.fullmatch(name.strip()):
            found.append(Setting(name.strip(), value.strip().strip("\"'"), where))
    return found


def reading(settings: Sequence[Setting], installed: Set[str], current: str) -> Reading:
    """The fields.

    Args:
        settings: What is set, the environment before files.
        installed: `locale -a`, as `same` writes it.
        current: The value that decides on characters: LC_ALL, else LC_CTYPE, else LANG of the environment.
    """
    known = installed | _ALWAYS
    missing = [s for s in settings if same(s.value) not in known]
    first = missing[0] if missing else Setting("", "", "")
    codeset = same(current).partition(".")[2].partition("@")[0]
    rows: List[Value] = [_record(setting) for setting in missing[:_MOST_SHOWN]]
    return Reading(
        {
            "missing": rows,
            "missing_count": len(missing),
            "missing_variable": first.variable,
            "missing_value": clean_line(first.value, 60),
            "missing_where": clean_line(first.where, 100),
            "current": clean_line(current, 60),
            # C and nothing at all are what services and containers have: they show plain letters by design.
            "old_characters": same(current) not in _ALWAYS and codeset not in ("utf8", "") and not missing,
            "installed_count": len(installed),
        }
    )


def _record(setting: Setting) -> Dict[str, Value]:
    return {
        "variable": setting.variable,
        "value": clean_line(setting.value, 60),
        "where": clean_line(setting.where, 100),
    }


def environment() -> Dict[str, str]:
    """The language settings that this program was started with.

    Python puts LC_CTYPE=C.UTF-8 over one that names a missing language (PEP 538); Linux keeps what was given.
    """
    found = {name: value for name, value in os.environ.items() if VARIABLES.fullmatch(name)}
    if found.get("LC_CTYPE") in _COERCED:
        try:
            given = dict(entry.partition("=")[::2] for entry in system.read_text(_GIVEN, 1 << 20).split("\0"))
        except CannotMeasure:
            return found  # no procfs: what Python says has to do
        found.pop("LC_CTYPE")
        found.update({"LC_CTYPE": given["LC_CTYPE"]} if given.get("LC_CTYPE") else {})
    return found


def _measure(probing: Probing) -> Reading:
    ran = system.run(("locale", "-a"), probing.left_s(4))
    if not ran.worked:
        status = {"timeout": TIMEOUT, "missing_tool": MISSING_TOOL}.get(ran.status, NOT_APPLICABLE)
        raise CannotMeasure(status, "the installed languages could not be listed (locale -a)")
    installed = {same(line.strip()) for line in ran.out.splitlines() if line.strip()}
    session = environment()
    settings = [Setting(name, value, "environment") for name, value in session.items()]
    settings.sort(key=lambda s: (s.variable != "LC_ALL", s.variable != "LANG", s.variable))
    for path in _FILES:
        try:
            settings += parse_file(system.read_text(path, 65536), path)
        except CannotMeasure:
            continue  # each distribution has one of them
    current = next((session[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if session.get(name)), "")
    return reading(settings, installed, current)


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("missing_count"):
        return clean_line(f"{data.get('missing_variable')}={data.get('missing_value')} is not installed")
    return clean_line(str(data.get("current") or "none set"))


PROBES = (
    Probe(
        name="locale.settings",
        title="Language settings",
        doc="LANG and LC_* of the environment, /etc/default/locale and /etc/locale.conf, compared with locale -a.",
        fields={
            "missing": records(
                "Settings that name a language that is not installed; at most 8.",
                variable=text("Its variable."),
                value=text("The language it names."),
                where=text("environment, or the file."),
            ),
            "missing_count": integer("How many.", "count"),
            "missing_variable": text("The first variable; empty when none."),
            "missing_value": text("The language it names."),
            "missing_where": text("environment, or the file."),
            "current": text("The language that decides on characters; empty when none is set."),
            "old_characters": boolean("True when it is set to characters other than UTF-8."),
            "installed_count": integer("Languages installed.", "count"),
        },
        methods={
            "linux": measured(_measure),
            "macos": measured(_measure, UNTRIED, "the same locale(1) and variables"),
            "windows": unsupported("Windows brings its languages itself and installs them through Settings"),
        },
        summary=_summary,
    ),
)
