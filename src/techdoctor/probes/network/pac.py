"""Automatic proxy configuration (PAC): fetching the script and trying the proxies it names.

The script is a program; it is not run. The proxies in its texts are tried instead. CPython 3.9 syntax.
"""

from __future__ import annotations

import re
from typing import Callable, Dict, List, Tuple
from urllib.parse import unquote, urlsplit

from techdoctor import system
from techdoctor.model import Value
from techdoctor.probes.network.bounded_http import exchange
from techdoctor.probes.network.bounded_socket import Endpoint, ExchangeFailed
from techdoctor.probes.network.proxy_setting import Setting, setting_of

_MOST_BYTES = 1 << 20
_MOST_PROXIES = 4
# What FindProxyForURL returns. Source: Navigator Proxy Auto-Config File Format (PROXY, HTTP, HTTPS, SOCKS, DIRECT)
_ENTRY = re.compile(r"\b(PROXY|HTTPS?|SOCKS5?|SOCKS4)\s+([\w.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})")
# A comment without an end takes the rest: looking for its end from each "/*" anew would take minutes.
_COMMENT = re.compile(r"(?:^|(?<=[\s;{}]))//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
Try = Callable[[Setting, float], Dict[str, Value]]


def proxies_of(script: str) -> Tuple[List[Setting], bool]:
    """The proxies a script names, in order, and whether it knows the direct way as well."""
    found: List[Setting] = []
    for kind, host, port in _ENTRY.findall(_COMMENT.sub("", script)):
        scheme = "socks5" if kind.startswith("SOCKS") else "https" if kind == "HTTPS" else "http"
        setting = setting_of("script", f"{scheme}://{host}:{port}")
        if setting is not None and setting not in found:
            found.append(setting)
    return found[:_MOST_PROXIES], bool(re.search(r"\bDIRECT\b", script))


def outcome(url: str, until: float, reach: Try) -> Dict[str, Value]:
    """What came of a script: that of the first proxy it names which does not work, else of the first.

    Returns:
        The reach fields of web.proxy; `reachable` None when nothing can be said.
    """
    failed: Dict[str, Value] = {"reachable": False, "name_known": True, "needs_login": False, "mute": False}
    failed.update(ms=None, status=None)
    try:
        script = _fetch(url, until)
    except ExchangeFailed as failure:
        unnamed = failure.kind == "name_unknown"
        return {**failed, "name_known": not unnamed, "error": "no_name" if unnamed else "no_script"}
    except ValueError:  # found automatically: where, only the desktop knows
        return dict.fromkeys((*failed, "error"), None)
    named, direct = proxies_of(script)
    tried = [reach(setting, until) for setting in named]
    works = [one for one in tried if one["reachable"] and not one["needs_login"] and not one["mute"]]
    if works or not tried or (direct and not any(one["needs_login"] for one in tried)):
        return works[0] if works else {**failed, "reachable": True, "error": ""}
    return tried[0]


def _fetch(url: str, until: float) -> str:
    """The script's text.

    Raises:
        ExchangeFailed: It cannot be fetched.
        ValueError: The address is none.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        try:
            return system.read_regular(unquote(parts.path), _MOST_BYTES).decode("utf-8", "replace")
        except OSError as error:
            raise ExchangeFailed("no_file", str(error)) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(url)
    secure = parts.scheme == "https"
    endpoint = Endpoint(parts.hostname, parts.port or (443 if secure else 80), secure)
    query = f"?{parts.query}" if parts.query else ""
    answer = exchange(endpoint, (parts.path or "/") + query, b"", headers={}, deadline=until, method="GET")
    if answer.status != 200:
        raise ExchangeFailed("status", str(answer.status))
    return answer.body.decode("utf-8", "replace")
