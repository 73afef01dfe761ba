"""Whether the print service is alive, which one is used, and where it keeps waiting jobs. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
import shutil
import socket
import struct
from typing import Dict, Optional

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    UNTRIED,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    text,
    unsupported,
)
from techdoctor.probes.measure import OFFLINE_REASON
from techdoctor.probes.network.bounded_socket import Endpoint
from techdoctor.probes.printing.cups_server import PrintServer, chosen_server, local_socket
from techdoctor.probes.printing.ipp_client import CUPS_GET_DEFAULT, IppFailed, IppTarget, ask

NO_CUPS = unsupported("printing on Windows does not go through CUPS, and no method for its own spooler is written yet")
MACOS_REASON = "the same questions to CUPS's socket at /private/var/run/cupsd; not run on macOS yet"
_PROGRAMS = ("cupsd", "/usr/sbin/cupsd", "/usr/local/sbin/cupsd")


def _alive(endpoint: Endpoint, deadline: float) -> str:
    """Says "running", or why there is no answer. Any IPP status is a sign of life."""
    try:
        ask(IppTarget(endpoint), CUPS_GET_DEFAULT, deadline, requested=("printer-name",))
    except IppFailed as failure:
        return failure.kind
    return "running"


def _installed() -> bool:
    path = system.command_environment().get("PATH")
    return any(shutil.which(program, path=path) for program in _PROGRAMS)


def _configured_queues(root: str) -> Optional[int]:
    """How many queues are set up, seen without the scheduler; None when nothing tells."""
    try:
        return len(re.findall(r"^<(?:Default)?Printer ", system.read_text(f"{root}/printers.conf"), re.MULTILINE))
    except CannotMeasure as error:
        if error.status != DENIED:
            return 0
    try:
        return sum(1 for name in os.listdir(f"{root}/ppd") if name.endswith(".ppd"))
    except OSError:
        return None


def _kind_of_local(server: PrintServer, kind: str) -> str:
    # A missing socket, and nobody at the port that CUPS programs try in its place, is a scheduler that
    # was never started or ended cleanly; a socket that refuses was left behind by one that was killed.
    if kind == "no_socket" or (kind == "refused" and not server.endpoint.unix):
        return "stopped"
    return kind


def _measure_scheduler(probing: Probing) -> Reading:
    server = chosen_server(probing.platform, os.environ)
    own = local_socket(probing.platform)
    data: Dict[str, Value] = {
        "server": server.shown,
        "setting": server.setting,
        "elsewhere": server.elsewhere,
        "installed": _installed(),
        "configured_queues": _configured_queues("/etc/cups"),
    }
    gaps = {} if data["configured_queues"] is not None else {"configured_queues": "needs administrator rights (sudo)"}
    if server.elsewhere and probing.settings.offline:
        gaps.update(dict.fromkeys(("alive", "kind"), OFFLINE_REASON))
    else:
        kind = _alive(server.endpoint, probing.deadline)
        data["kind"] = kind if server.elsewhere else _kind_of_local(server, kind)
        data["alive"] = kind == "running"
    same = not server.elsewhere and server.endpoint.unix in ("", own)
    data["local_alive"] = (
        data.get("alive") is True if same else _alive(Endpoint(unix=own), probing.deadline) == "running"
    )
    return Reading(data, gaps)


def _summary_scheduler(data: Dict[str, Value]) -> str:
    where = " on another computer" if data.get("elsewhere") else ""
    return ("running" if data.get("alive") else str(data.get("kind") or "not asked").replace("_", " ")) + where


def request_root(server: PrintServer) -> str:
    """The folder in which the scheduler keeps jobs.

    The scheduler at the other end of the socket says which configuration it runs with; a scheduler
    started by the service manager uses the standard one.

    Raises:
        CannotMeasure: Its configuration may not be read.
    """
    files = "/etc/cups/cups-files.conf"
    found = re.search(r"\0-s\0([^\0]+)", _command_line_of_peer(server.endpoint.unix))
    if found:
        files = found.group(1)
    try:
        configured = re.findall(r"^\s*RequestRoot\s+(\S+)", system.read_text(files), re.MULTILINE | re.IGNORECASE)
    except CannotMeasure as error:
        if error.status == DENIED and found:
            raise
        configured = []
    standard = "/private/var/spool/cups" if system.platform_name() == "macos" else "/var/spool/cups"
    return str(configured[-1]) if configured else standard


def peer_pid(path: str) -> Optional[int]:
    """Process id of whoever listens at a Unix socket; None when nobody does or the system does not say."""
    if not path or not hasattr(socket, "SO_PEERCRED"):
        return None
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(1.0)
        try:
            link.connect(path)
            credentials = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return None
    return int(struct.unpack("3i", credentials)[0])


def _command_line_of_peer(path: str) -> str:
    pid = peer_pid(path)
    try:
        return system.read_text(f"/proc/{pid}/cmdline") if pid else ""
    except CannotMeasure:
        return ""  # then the standard configuration holds


def _measure_spool(probing: Probing) -> Reading:
    server = chosen_server(probing.platform, os.environ)
    if server.elsewhere:
        raise CannotMeasure(NOT_APPLICABLE, "the jobs are kept on another computer")
    folder = request_root(server)
    try:
        found = os.statvfs(folder)
    except FileNotFoundError:
        raise CannotMeasure(NOT_APPLICABLE, f"{folder} does not exist here") from None
    except OSError as error:
        raise CannotMeasure(DENIED, f"{folder} cannot be examined: {error.strerror}") from None
    # The scheduler runs as root and may use the reserve, but its filters write as another user.
    counts_inodes = found.f_files > 0
    return Reading(
        {
            "path": folder,
            "free_bytes": found.f_bavail * found.f_frsize,
            "free_inodes": found.f_favail if counts_inodes else None,
        },
        {} if counts_inodes else {"free_inodes": "this file system has no fixed number of files"},
    )


_METHODS = {
    "linux": measured(_measure_scheduler),
    "macos": measured(_measure_scheduler, UNTRIED, MACOS_REASON),
    "windows": NO_CUPS,
}
_SPOOL_METHODS = {
    "linux": measured(_measure_spool),
    "macos": measured(_measure_spool, UNTRIED, MACOS_REASON),
    "windows": NO_CUPS,
}
PROBES = (
    Probe(
        name="cups.scheduler",
        title="Print service",
        doc="Asks the print service (CUPS) that this user's programs talk to for a sign of life, over its Unix socket "
        "or by network, and says which setting chose it. Source: client.conf(5).",
        fields={
            "alive": boolean("It answers an IPP request."),
            "kind": text(
                "running, stopped (nobody there), refused (a socket left behind by a scheduler that was "
                "killed), hangs, timeout, denied, name_unknown, unreachable, or another failure of the connection."
            ),
            "server": text("The print server in use: a socket path or a host.", private="host_name"),
            "setting": text("What chose it: CUPS_SERVER, the path of a client.conf, or empty.", private="path"),
            "elsewhere": boolean("It is on another computer."),
            "local_alive": boolean("A print service of this computer itself answers, whether it is used or not."),
            "installed": boolean("The CUPS scheduler is installed on this computer."),
            "configured_queues": integer("Queues set up in /etc/cups, as far as they can be seen.", "count"),
        },
        methods=_METHODS,
        timeout_s=4.0,
        reach="decides",
        summary=lambda data: _summary_scheduler(dict(data)),
    ),
    Probe(
        name="cups.spool",
        title="Space for print jobs",
        doc="Free space and free inodes where the print service keeps jobs (RequestRoot of cups-files.conf(5)).",
        fields={
            "path": text("The folder.", private="path"),
            "free_bytes": integer("Free space for ordinary users.", "bytes"),
            "free_inodes": integer("Files that can still be created.", "count"),
        },
        methods=_SPOOL_METHODS,
    ),
)
