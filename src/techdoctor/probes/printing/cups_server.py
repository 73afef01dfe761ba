"""Which print server this user's programs talk to, and why. CPython 3.9 syntax.

Source: client.conf(5) and cups/usersys.c of CUPS 2.4: CUPS_SERVER, then ~/.cups/client.conf, then
client.conf in CUPS_SERVERROOT, then the local Unix socket, then localhost:631.
"""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from typing import Mapping

from techdoctor.errors import CannotMeasure
from techdoctor.probes.network.bounded_socket import Endpoint, is_loopback
from techdoctor.system import read_text

# The domain sockets that CUPS is built with (config-scripts/cups-defaults.m4).
_SOCKETS: Mapping[str, tuple[str, ...]] = {
    "linux": ("/run/cups/cups.sock", "/var/run/cups/cups.sock"),
    "macos": ("/private/var/run/cupsd", "/var/run/cupsd"),
}
_IPP_PORT = 631


@dataclass(frozen=True)
class PrintServer:
    """The chosen print server.

    Attributes:
        endpoint: Where to connect.
        setting: What chose it: "CUPS_SERVER", the path of a client.conf, or empty (built in).
        elsewhere: True when it is on another computer.
        shown: Its name for people.
    """

    endpoint: Endpoint
    setting: str
    elsewhere: bool
    shown: str


def server_root(env: Mapping[str, str]) -> str:
    """The folder of the system-wide client settings."""
    return env.get("CUPS_SERVERROOT") or "/etc/cups"


def user_folder(env: Mapping[str, str]) -> str:
    """The folder of this user's print settings; empty without a home."""
    home = env.get("HOME", "")
    return os.path.join(home, ".cups") if home else ""


def read_optional(path: str) -> str:
    """A settings file's text; empty when it is absent or not for this user, as for libcups itself."""
    try:
        return read_text(path, 1 << 16)
    except CannotMeasure:
        return ""


def server_name_in(client_conf: str) -> str:
    """The last ServerName of a client.conf; empty when there is none."""
    name = ""
    for line in client_conf.splitlines():
        words = line.split("#")[0].split()
        if len(words) >= 2 and words[0].lower() == "servername":
            name = words[1]
    return name


def local_socket(platform: str) -> str:
    """Path of the local scheduler's Unix socket: the one that exists, else the first that could."""
    places = _SOCKETS.get(platform, _SOCKETS["linux"])
    return next((path for path in places if os.path.exists(path)), places[0])


def chosen_server(platform: str, env: Mapping[str, str]) -> PrintServer:
    """The print server that programs of this user talk to."""
    name, setting = env.get("CUPS_SERVER", "").strip(), "CUPS_SERVER"
    folders = [folder for folder in (user_folder(env), server_root(env)) if folder]
    for folder in folders:
        if not name:
            setting = os.path.join(folder, "client.conf")
            name = server_name_in(read_optional(setting))
    if name:
        return _named(name, setting, env)
    path = local_socket(platform)
    if os.path.exists(path):
        return PrintServer(Endpoint(unix=path), "", False, path)
    # Without the socket CUPS programs try the port, and so do we: cupsd may listen on that alone.
    return PrintServer(Endpoint("localhost", _port(env)), "", False, path)


def _port(env: Mapping[str, str]) -> int:
    text = env.get("IPP_PORT", "")
    return int(text) if text.isdigit() and 0 < int(text) < 65536 else _IPP_PORT


def _named(name: str, setting: str, env: Mapping[str, str]) -> PrintServer:
    if name.startswith("/"):
        return PrintServer(Endpoint(unix=name), setting, False, name)
    bare = name.partition("/version=")[0]
    found = re.fullmatch(r"\[([^\]]+)\](?::(\d{1,5}))?|([^:]+)(?::(\d{1,5}))?", bare)
    host = (found.group(1) or found.group(3)) if found else bare
    port = (found.group(2) or found.group(4)) if found else None
    endpoint = Endpoint(host, int(port) if port else _port(env))
    return PrintServer(endpoint, setting, not _is_this_computer(host), bare)


def _is_this_computer(host: str) -> bool:
    own = socket.gethostname().lower()
    return is_loopback(host) or host.lower() in (own, own.partition(".")[0])
