"""How a server fails, as the predicate of a summary; the fields keep the short names. CPython 3.9 syntax."""

from __future__ import annotations

from typing import Mapping

WORDS: Mapping[str, str] = {
    "no_name": "has a name that nobody knows",
    "name_silent": "has a name that could not be looked up",
    "no_script": "is not there",
    "timeout": "does not answer",
    "silent": "does not answer",
    "refused": "refuses the connection",
    "refused_port": "refuses the connection",
    "unreachable": "cannot be reached",
    "no_route": "cannot be reached: no way leads there",
    "prohibited": "is closed by a firewall on the way",
    "denied_here": "is closed by this computer itself",
    "reset": "breaks the connection off",
    "hangs": "stops in the middle",
    "certificate": "has a certificate that is not accepted",
    "tls": "makes no secure connection",
    "not_http": "answers, but not as a web server",
    "proxy_login": "is behind a proxy that asks for a password",
    "proxy_fails": "is behind a proxy that does not work",
    "garbage": "gives answers that cannot be read",
    "failed": "cannot be reached",
}


def in_words(error: object) -> str:
    """The words for a probe's `error` field; an unknown one with spaces for its underscores."""
    return WORDS.get(str(error), "fails: " + str(error).replace("_", " "))
