"""Which programs wait for connections from outside, and on which port people log in. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
from typing import Dict, List, NamedTuple, Set

import psutil

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.text import clean_line

_SSH = ("sshd", "dropbear", "sshd.exe")
_PORT_LINE = re.compile(r"^\s*Port\s+(\d{1,5})\s*$", re.MULTILINE | re.IGNORECASE)


class Listener(NamedTuple):
    """A program that can be reached from outside."""

    port: int
    protocol: str
    program: str


def listeners() -> List[Listener]:
    """TCP ports that are open to other machines, with their programs as far as they may be seen."""
    found: Dict[int, Listener] = {}
    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return []  # macOS lets administrators only
    for connection in connections:
        address = connection.laddr
        if connection.status != psutil.CONN_LISTEN or not address or address.ip.startswith(("127.", "::1")):
            continue
        found.setdefault(address.port, Listener(address.port, "tcp", _name(connection.pid)))
    return [found[port] for port in sorted(found)]


def _name(pid: object) -> str:
    """Name of a program; that of a user called like an SSH server is told apart, for its port is kept open."""
    if not isinstance(pid, int):
        return ""
    try:
        process = psutil.Process(pid)
        name = clean_line(process.name(), 40)
        users = name in _SSH and os.name == "posix" and process.uids().real != 0
        return f"{name} of {clean_line(process.username(), 40)}" if users else name
    except psutil.Error:
        return ""


def ssh_ports(open_ports: List[Listener], environment: Dict[str, str]) -> List[int]:
    """Ports that must stay open so that nobody who works over SSH is shut out.

    Args:
        open_ports: What listens.
        environment: Where SSH_CONNECTION tells the port of this very session: client, its port, server, its port.
    """
    ports: Set[int] = {listener.port for listener in open_ports if listener.program in _SSH}
    words = environment.get("SSH_CONNECTION", "").split()
    if len(words) == 4 and re.fullmatch(r"[0-9]{1,5}", words[3]):
        ports.add(int(words[3]))
    if any(listener.program in ("systemd", "") for listener in open_ports):  # ssh.socket, or a program out of sight
        ports.update(port for port in _configured() if any(entry.port == port for entry in open_ports))
    return sorted(ports)


def _configured() -> List[int]:
    try:
        lines = system.read_text("/etc/ssh/sshd_config")
    except CannotMeasure:
        return [22] if os.path.exists("/etc/ssh") else []
    return [int(port) for port in _PORT_LINE.findall(lines)] or [22]
