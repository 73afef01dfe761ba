"""Where VPN connections are set up on this machine: configuration files, and programs that use one now.

CPython 3.9 syntax.
"""

from __future__ import annotations

import glob
import os
import re
from dataclasses import replace
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor import system
from techdoctor.probes.vpn import configs
from techdoctor.probes.vpn.configs import TCP, TLS, Connection

# Options of openconnect(8) whose word is a cookie, a password, a key or a form's answer, and must not be taken for a
# server: it would be shown and looked up.
_SECRETS = frozenset(
    ["-C", "--cookie", "-p", "--key-password", "--mca-key-password", "-F", "--form-entry", "--token-secret", "--passwd"]
)
_SERVER = re.compile(r"(?:https?://)?(?:[^@/\s]*@)?[\w-]+(?:\.[\w-]+)+\.?(?::[0-9]{1,5})?(?:/\S*)?")
_MOST_FILES, _MOST_BYTES = 48, 256 * 1024
_PLACES: Mapping[str, Sequence[str]] = {
    "linux": (
        "/etc/openvpn/*.conf",
        "/etc/openvpn/*.ovpn",
        "/etc/openvpn/client/*.conf",
        "/etc/openvpn/client/*.ovpn",
        "/etc/wireguard/*.conf",
        "/etc/NetworkManager/system-connections/*",
        "/run/NetworkManager/system-connections/*",
        "/etc/swanctl/conf.d/*.conf",
        "/etc/ipsec.conf",
    ),
    "macos": (
        "/usr/local/etc/wireguard/*.conf",
        "/opt/homebrew/etc/wireguard/*.conf",
        "~/Library/Application Support/Tunnelblick/Configurations/*.tblk/Contents/Resources/config.ovpn",
    ),
    "windows": (
        r"C:\Program Files\OpenVPN\config\*.ovpn",
        r"~\OpenVPN\config\*.ovpn",
        r"~\AppData\Roaming\Microsoft\Network\Connections\Pbk\rasphone.pbk",
        r"C:\ProgramData\Microsoft\Network\Connections\Pbk\rasphone.pbk",
    ),
}
# Folders that ordinary users may often not look into, although a VPN may be set up there.
_CLOSED = ("/etc/wireguard", "/etc/NetworkManager/system-connections", "/etc/openvpn/client")


def connections(platform: str) -> List[Connection]:
    """The VPNs set up here whose server can be read, those of running programs first."""
    found: Dict[Tuple[str, int, str], Connection] = {}
    for connection in [*_of_programs(), *_of_files(_PLACES.get(platform, ()))]:
        if connection.server:
            found.setdefault((connection.server, connection.port, connection.kind), connection)
    return list(found.values())


def closed_folders() -> List[str]:
    """Folders where VPNs may be set up that this user may not read."""
    return [folder for folder in _CLOSED if os.path.isdir(folder) and not os.access(folder, os.R_OK | os.X_OK)]


def _of_files(patterns: Sequence[str]) -> List[Connection]:
    paths = [path for pattern in patterns for path in sorted(glob.glob(os.path.expanduser(pattern)))]
    return [c for path in paths[:_MOST_FILES] if (c := _read(path)) is not None]


def _read(path: str) -> Optional[Connection]:
    try:
        content = system.read_regular(path, _MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return None  # not for this user; `closed_folders` tells where that may hide one
    return configs.of_file(path, content)


def _of_programs() -> List[Connection]:
    """What running VPN programs were told on their command lines."""
    try:
        import psutil
    except ImportError:
        return []
    found = []
    try:
        processes = list(psutil.process_iter(["name"]))
    except OSError:
        return []  # Wine lists no processes; the files are still found
    for process in processes:
        name = str(process.info["name"] or "").lower()
        if not name.startswith(("openvpn", "openconnect")):
            continue
        try:
            words, folder = process.cmdline(), process.cwd()
        except psutil.Error:
            continue  # it has ended, or is another user's: its file may still be found
        connection = of_command(words, folder)
        if connection is not None:
            found.append(replace(connection, running=True))
    return found


def of_command(words: Sequence[str], folder: str) -> Optional[Connection]:
    """The connection a VPN program's command line names; None when it names none.

    Args:
        words: Program and arguments.
        folder: The folder it works in, for relative names of files.
    """
    if "openconnect" in os.path.basename(words[0] if words else "").lower():
        server = next((w for w in reversed(_public(words[1:])) if _SERVER.fullmatch(w)), "")
        place = (server.partition("://")[2] or server).partition("/")[0].rpartition("@")[2]
        host, port = configs.host_and_port(place)
        return Connection(host, TLS, host, port or 443, TCP, source="openconnect")
    given = _options(words[1:])
    config = given.get("config") or ([words[1]] if len(words) == 2 and not words[1].startswith("-") else [])
    if config:
        path = os.path.join(*given.get("cd", [folder])[:1], config[0])
        read = _read(path)
        if read is not None and read.server:
            return read
    return configs.openvpn_options(given, "openvpn", "openvpn") if "remote" in given else None


def _public(words: Sequence[str]) -> List[str]:
    """The words of an openconnect command that are no option and follow none which takes a secret."""
    before = ("", *words)
    return [word for last, word in zip(before, words) if not word.startswith("-") and last not in _SECRETS]


def _options(words: Sequence[str]) -> Dict[str, List[str]]:
    """--name word word ... as in an OpenVPN configuration file."""
    given: Dict[str, List[str]] = {}
    current: List[str] = []
    for word in words:
        if word.startswith("--"):
            current = given.setdefault(word[2:], [])
        else:
            current.append(word)
    return given
