"""The host name that a person mentions in a complaint."""

from __future__ import annotations

import re

_HOST = re.compile(
    r"(?<![\w@.-])(?P<sure>https?://|www\.(?=\w))?(?P<host>(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24})(?![\w@-])",
    re.IGNORECASE,
)
# Endings of names that are longer than two letters; two letters are a country (RFC 1591).
_ENDINGS = """
com org net edu gov mil int info biz app dev cloud online site shop xyz tech store blog email live news page name
pro mobi museum travel jobs cat coop aero local lan home internal intranet corp test example arpa berlin london
paris tokyo wien school academy office bank media agency studio digital world today
"""
ENDINGS = frozenset(_ENDINGS.split())
# Two letters that name a kind of file far more often than a country.
FILES = frozenset(("js", "py", "cs", "sh", "md", "ps", "ai", "db", "gz"))


def hostname_in(words: str) -> str:
    """The host name in a complaint ("cannot open www.example.org"), in small letters; empty when there is none."""
    for match in _HOST.finditer(words[:1000]):
        host = match.group("host")
        ending = host.rpartition(".")[2]
        if match.group("sure"):
            return ("www." if match.group("sure").lower().startswith("www") else "").lower() + host.lower()
        # "does not work.It says": no name is written with one capital behind its dot.
        sentence = ending[0].isupper() and not ending.isupper()
        country = len(ending) == 2 and ending.lower() not in FILES
        if not sentence and (country or ending.lower() in ENDINGS):
            return host.lower()
    return ""
