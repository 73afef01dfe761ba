"""The proxy that programs are told to use, and whether it is there. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor.model import Value
from techdoctor.probes.base import (
    RECORDED,
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    number,
    text,
    texts,
)
from techdoctor.probes.names import name_targets, system_lookup
from techdoctor.probes.names.dns_ask import error_class
from techdoctor.probes.names.failure_words import in_words
from techdoctor.probes.network import pac, proxy_settings, targets
from techdoctor.probes.network.proxy_setting import Setting
from techdoctor.probes.network.proxy_settings import VARIABLES

_WAIT_S = 1.9
_MARGIN_S = 0.1
_MOST_LINES = 10
_REACH_FIELDS = ("reachable", "name_known", "needs_login", "mute", "error", "ms", "status")
_OFFLINE = "offline: nothing may be sent beyond this machine"


def _measure(probing: Probing) -> Reading:
    settings = proxy_settings.everything(probing.platform)
    used = [s for s in settings if not proxy_settings.excepted(probing.text("name"), s.exceptions)]
    until = time.monotonic() + max(0.1, probing.left_s(_WAIT_S) - _MARGIN_S)
    if not used or probing.settings.offline:
        named = next(iter(used or settings), None)
        why = _OFFLINE if used else "no proxy is set" if not settings else "the asked host is reached without it"
        return Reading({**_said(named, settings), "applies": bool(used)}, dict.fromkeys(_REACH_FIELDS, why))
    tried = _try_all(used, until)
    # One that does not work is the one to tell about; otherwise the first is.
    chosen, outcome = next(
        ((s, o) for s, o in tried if o["reachable"] is False or o["needs_login"] or o["mute"]), tried[0]
    )
    gaps = {name: _GAPS[name] for name in ("ms", "status") if outcome.get(name) is None}
    if outcome.get("reachable") is None:
        gaps = dict.fromkeys(_REACH_FIELDS, "which proxy the script chooses could not be found out")
    return Reading({**_said(chosen, settings), "applies": True, **outcome}, gaps)


_GAPS = {"ms": "it was not reached", "status": "it said nothing"}


def _said(chosen: Optional[Setting], settings: Sequence[Setting]) -> Dict[str, Value]:
    """What stands in the settings."""
    lines = proxy_settings.lines_that_set(chosen) if chosen else []
    where: List[Value] = [f"{line.path}:{line.number}" for line in lines]
    return {
        "is_set": chosen is not None,
        "source": chosen.source if chosen else "",
        "host": chosen.host if chosen else "",
        "port": chosen.port if chosen else 0,
        "scheme": chosen.scheme if chosen else "",
        "script": chosen.shown_script if chosen else "",
        "count": len({(s.host, s.port, s.script) for s in settings}),
        "variables": [name for name in VARIABLES if os.environ.get(name)],
        "exceptions": chosen.exceptions if chosen else "",
        "where": where[:_MOST_LINES],
        "where_known": bool(lines) or bool(chosen and chosen.source != proxy_settings.ENVIRONMENT),
    }


def _try_all(used: Sequence[Setting], until: float) -> List[Tuple[Setting, Dict[str, Value]]]:
    """What came of each, all tried at the same time."""
    outcomes: Dict[Setting, Dict[str, Value]] = {}

    def one(setting: Setting) -> None:
        outcomes[setting] = pac.outcome(setting.script, until, _reach) if setting.script else _reach(setting, until)

    threads = [threading.Thread(target=one, args=(setting,), daemon=True) for setting in used]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()) + _MARGIN_S / 2)
    return [(setting, outcomes.get(setting) or _outcome(error="timeout")) for setting in used]


def _outcome(**known: Value) -> Dict[str, Value]:
    return {
        "reachable": False,
        "name_known": True,
        "needs_login": False,
        "error": "",
        "ms": None,
        "status": None,
        **known,
    }


def _reach(setting: Setting, until: float) -> Dict[str, Value]:
    """Connects to a proxy and asks it for a way out."""
    addresses: Tuple[str, ...] = (setting.host,)
    if not re.fullmatch(r"[0-9.]+|.*:.*", setting.host):
        looked = system_lookup.look_up(setting.host, max(0.1, until - time.monotonic()))
        addresses = looked.addresses
        if not addresses:
            # Silence is the name server's failing, not the proxy's.
            known = looked.error in (system_lookup.TIMEOUT, system_lookup.TRY_AGAIN)
            return _outcome(name_known=None if known else False, error="name_silent" if known else "no_name")
    begun = time.monotonic()
    try:
        with socket.create_connection((addresses[0], setting.port), timeout=max(0.05, until - begun)) as link:
            ms = round((time.monotonic() - begun) * 1000, 1)
            status = _status(link, until) if setting.scheme.startswith("http") else None
    except socket.timeout:
        return _outcome(error="timeout")
    except OSError as error:
        return _outcome(error=error_class(error))
    mute = status is None and setting.scheme == "http"
    return _outcome(reachable=True, ms=ms, status=status, needs_login=status == 407, mute=mute)


def _status(link: socket.socket, until: float) -> Optional[int]:
    """What it answers when asked for a way to a documented address: 200, or 407 when it wants a password."""
    host = targets.SECURE_V4[0][1]
    try:
        link.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        head = b""
        while b"\r\n" not in head and len(head) < 4096 and time.monotonic() < until:
            link.settimeout(max(0.05, until - time.monotonic()))
            chunk = link.recv(1024)
            if not chunk:
                break
            head += chunk
    except OSError:
        return None
    found = re.match(rb"HTTP/\d\.\d (\d{3})", head)
    return int(found.group(1)) if found else None


def _summary(data: Mapping[str, Value]) -> str:
    if not data["is_set"]:
        return "none is set"
    where = data["script"] or f"{data['host']}:{data['port']}"
    if data["reachable"]:
        return f"{where} " + ("asks for a password" if data["needs_login"] else "answers")
    return f"{where} " + (in_words(data["error"]) if data["error"] else "was not tried")


PROBES = (
    Probe(
        name="web.proxy",
        title="Proxy",
        doc="The proxies that variables, GNOME, KDE or the system name (passwords left out), whether one is used for "
        "the asked host (no_proxy), where it is set, and what it answers to CONNECT (RFC 9110, section 9.3.6). Of a "
        "configuration script the proxies it names are tried. Offline only the settings are read.",
        parameters={
            "name": Parameter("hostname", "The host that a page is wanted from.", name_targets.DEFAULT_NAME),
        },
        fields={
            "is_set": boolean("True when a proxy or a configuration script is set."),
            "applies": boolean("True when one is used for the asked host (no exception covers it)."),
            "source": text("environment, gnome, kde or system; empty without one."),
            "scheme": text("http, https or a kind of socks."),
            "host": text("Name or address of the proxy.", "host_name"),
            "port": integer("Its port; 0 without one."),
            "script": text("Address of an automatic configuration script.", "text"),
            "count": integer("How many different ones are set.", "count"),
            "variables": texts("Names of the variables that name a proxy."),
            "exceptions": text("Hosts that are reached without it, as written.", "text"),
            "where": texts("Files that set the variable, as path:line, at most ten.", "path"),
            "where_known": boolean("True when a file or the desktop is known to set it."),
            "reachable": boolean("True when it takes connections."),
            "name_known": boolean("False when its name cannot be looked up."),
            "needs_login": boolean("True when it wants a password (407)."),
            "mute": boolean("True when it takes connections and then says nothing."),
            "error": text(
                "no_name, name_silent, timeout, refused_port, unreachable, prohibited, no_script or failed; else empty."
            ),
            "ms": number("Time to connect.", "ms"),
            "status": integer("Its answer to CONNECT, e.g. 200 or 407."),
        },
        methods={
            "linux": measured(_measure),
            "macos": measured(_measure, RECORDED, "scutil --proxy as quoted in the tests of mac-system-proxy"),
            "windows": measured(_measure, RECORDED, "reg query as quoted in the tests of bruno; not run there"),
        },
        timeout_s=4.0,
        network=True,
        reach="decides",
        summary=_summary,
    ),
)
