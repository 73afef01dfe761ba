"""The proxy that programs are told to use, and whether it is there. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
import socket
import time
import urllib.request
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Tuple
from urllib.parse import urlsplit

from techdoctor import system
from techdoctor.model import Value
from techdoctor.probes.base import Probe, Probing, Reading, boolean, integer, number, portable, text, texts
from techdoctor.probes.names import name_targets, system_lookup
from techdoctor.probes.names.dns_ask import error_class

_VARIABLES = ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
_EXCEPTIONS = ("no_proxy", "NO_PROXY")
_DEFAULT_PORTS = {"http": 8080, "https": 443, "socks": 1080, "socks4": 1080, "socks5": 1080, "socks5h": 1080}
_WAIT_S = 2.0


@dataclass(frozen=True)
class Setting:
    """A proxy that is set.

    Attributes:
        source: Who says so: "environment" or "system".
        scheme: "http", "https" or a kind of socks.
        host: Its name or address.
        port: Its port.
        script: Address of an automatic configuration script instead.
    """

    source: str
    scheme: str = ""
    host: str = ""
    port: int = 0
    script: str = ""


def setting_of(source: str, url: str) -> Optional[Setting]:
    """The proxy a URL names, without its password; None when it names none."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname:
        return None
    return Setting(source, parts.scheme, parts.hostname, port or _DEFAULT_PORTS.get(parts.scheme, 8080))


def from_environment(variables: Mapping[str, str]) -> Optional[Setting]:
    """The first proxy that a variable names."""
    named = (setting_of("environment", variables[name]) for name in _VARIABLES if variables.get(name))
    return next((setting for setting in named if setting), None)


def parse_gsettings(listed: str) -> Optional[Setting]:
    """Reads `gsettings list-recursively org.gnome.system.proxy` (GSettings schema of that name)."""
    values: Dict[Tuple[str, str], str] = {}
    for line in listed.splitlines():
        found = re.match(r"org\.gnome\.system\.proxy(?:\.(\w+))? ([\w-]+) (.*)", line)
        if found:
            values[(found.group(1) or "", found.group(2))] = found.group(3).strip().strip("'")
    mode = values.get(("", "mode"), "none")
    if mode == "auto":
        return Setting("system", script=values.get(("", "autoconfig-url"), "") or "found automatically (WPAD)")
    for kind, scheme in (("https", "http"), ("http", "http"), ("socks", "socks5")):
        host, port = values.get((kind, "host"), ""), values.get((kind, "port"), "0")
        if mode == "manual" and host and port.isdigit() and int(port):
            return Setting("system", scheme, host, int(port))
    return None


def _system(platform: str) -> Optional[Setting]:
    if platform == "linux":
        ran = system.run(["gsettings", "list-recursively", "org.gnome.system.proxy"], 1.0)
        return parse_gsettings(ran.out) if ran.worked else None
    proxies = urllib.request.getproxies()  # SystemConfiguration on macOS, the registry on Windows
    url = proxies.get("https") or proxies.get("http")
    return setting_of("system", url) if url else None


def _measure(probing: Probing) -> Reading:
    found = from_environment(os.environ) or _system(probing.platform)
    data: Dict[str, Value] = {
        "is_set": found is not None,
        "source": found.source if found else "",
        "host": found.host if found else "",
        "port": found.port if found else 0,
        "scheme": found.scheme if found else "",
        "script": found.script if found else "",
        "variables": [name for name in _VARIABLES if os.environ.get(name)],
        "exceptions": next((os.environ[name] for name in _EXCEPTIONS if os.environ.get(name)), ""),
    }
    if found is None or not found.host:
        why = "no proxy is set" if found is None else "the script decides which proxy is used"
        return Reading(data, dict.fromkeys(_REACH_FIELDS, why))
    if probing.settings.offline:
        return Reading(data, dict.fromkeys(_REACH_FIELDS, "offline: nothing may be sent beyond this machine"))
    return _reach(found, data, time.monotonic() + max(0.1, probing.left_s(_WAIT_S) - 0.1))


def _reach(found: Setting, data: Dict[str, Value], until: float) -> Reading:
    gaps = {"ms": "it was not reached", "status": "it said nothing"}
    data.update(reachable=False, name_known=True, needs_login=False, error="")
    addresses: Tuple[str, ...] = (found.host,)
    if not re.fullmatch(r"[0-9.]+|.*:.*", found.host):
        addresses = system_lookup.look_up(found.host, max(0.1, until - time.monotonic())).addresses
        if not addresses:
            data.update(name_known=False, error="no_name")
            return Reading(data, gaps)
    begun = time.monotonic()
    try:
        with socket.create_connection((addresses[0], found.port), timeout=max(0.05, until - begun)) as link:
            data.update(reachable=True, ms=round((time.monotonic() - begun) * 1000, 1))
            status = _status(link, until) if found.scheme.startswith("http") else None
    except socket.timeout:
        data["error"] = "timeout"
        return Reading(data, gaps)
    except OSError as error:
        data["error"] = error_class(error)
        return Reading(data, gaps)
    del gaps["ms"]
    if status is not None:
        data.update(status=status, needs_login=status == 407)
        del gaps["status"]
    return Reading(data, gaps)


def _status(link: socket.socket, until: float) -> Optional[int]:
    """What it answers when asked for a way to a documented address: 200, or 407 when it wants a password."""
    host = name_targets.TLS_TARGETS[0][1]
    link.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
    head = b""
    try:
        while b"\r\n" not in head and len(head) < 4096:
            link.settimeout(max(0.05, until - time.monotonic()))
            chunk = link.recv(1024)
            if not chunk:
                break
            head += chunk
    except OSError:
        return None
    found = re.match(rb"HTTP/\d\.\d (\d{3})", head)
    return int(found.group(1)) if found else None


_REACH_FIELDS: List[str] = ["reachable", "name_known", "needs_login", "error", "ms", "status"]


def _summary(data: Mapping[str, Value]) -> str:
    if not data["is_set"]:
        return "none is set"
    where = data["script"] or f"{data['host']}:{data['port']}"
    return f"{where} " + ("answers" if data["reachable"] else f"{data['error'] or 'not tried'}")


PROBES = (
    Probe(
        name="web.proxy",
        title="Proxy",
        doc="The proxy that variables or the desktop name (passwords left out), and what it answers to CONNECT "
        "(RFC 9110, section 9.3.6). Offline only the settings are read.",
        fields={
            "is_set": boolean("True when a proxy or a configuration script is set."),
            "source": text("environment or system; empty without one."),
            "scheme": text("http, https or a kind of socks."),
            "host": text("Name or address of the proxy.", "host_name"),
            "port": integer("Its port; 0 without one."),
            "script": text("Address of an automatic configuration script.", "text"),
            "variables": texts("Names of the variables that name a proxy."),
            "exceptions": text("Hosts that are reached without it, as written.", "text"),
            "reachable": boolean("True when it takes connections."),
            "name_known": boolean("False when its name cannot be looked up."),
            "needs_login": boolean("True when it wants a password (407)."),
            "error": text("no_name, timeout, refused_port, unreachable, prohibited or failed; empty when reached."),
            "ms": number("Time to connect.", "ms"),
            "status": integer("Its answer to CONNECT, e.g. 200 or 407."),
        },
        methods=portable(_measure),
        timeout_s=4.0,
        network=True,
        reach="decides",
        summary=_summary,
    ),
)
