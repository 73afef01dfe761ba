"""Faults of shared folders: the neighbour is a file server (a real smbd, and SFTP for a real SSHFS mount)."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tests.lab.network.faults.base import INPUT, Fault, filtered, nothing
from tests.lab.network.lab import HEALTHY_ETC, Lab
from tests.lab.network.namespaces import CannotBuild

SERVER = "10.60.1.20"
_SMB_FOLDERS = ("private", "lock", "state", "cache", "pid", "ncalrpc")
_SMB_CONF = """[global]
interfaces = {server}/24
bind interfaces only = yes
smb ports = 445
disable netbios = yes
load printers = no
private dir = {folder}/private
lock directory = {folder}/lock
state directory = {folder}/state
cache directory = {folder}/cache
pid directory = {folder}/pid
ncalrpc dir = {folder}/ncalrpc
log file = {folder}/log
[public]
path = {folder}
"""
_START_S = 8.0


def _until(lab: Lab, what: str, command: str) -> None:
    """Waits until a shell command works on the client.

    Raises:
        CannotBuild: It never did.
    """
    end = time.monotonic() + _START_S
    while lab.world.run("client", ["bash", "-c", command]).code:
        if time.monotonic() > end:
            raise CannotBuild(f"{what} did not come up")
        time.sleep(0.05)


def serve_smb(lab: Lab) -> None:
    """Starts Samba on the neighbour, and gives it the name "nas".

    Samba needs more users than an ordinary user's namespace has; there whoever listens at its port must do.
    """
    if os.geteuid() != 0:
        name_it(lab)
        lab.serve("smbd", "neighbour", ["socat", "TCP-LISTEN:445,fork,reuseaddr", "EXEC:/bin/cat"])
        _until(lab, "the listener", f"exec 3<>/dev/tcp/{SERVER}/445")
        return
    folder = lab.folder / "smb"
    for name in _SMB_FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "smb.conf").write_text(_SMB_CONF.format(server=SERVER, folder=folder))
    name_it(lab)
    lab.serve("smbd", "neighbour", ["smbd", "-F", "--no-process-group", "-s", str(folder / "smb.conf")])
    _until(lab, "smbd", f"exec 3<>/dev/tcp/{SERVER}/445")


def name_it(lab: Lab) -> None:
    """Gives the neighbour the name "nas" on the client."""
    lab.write_etc("hosts", f"{HEALTHY_ETC['hosts']}{SERVER} nas\n")


def _stop_smb(lab: Lab) -> None:
    lab.world.stop("smbd")


def mounted_at(lab: Lab) -> Path:
    """Where the client mounts the neighbour's folder."""
    return lab.folder / "mnt"


def mount(lab: Lab) -> None:
    """Mounts a folder of the neighbour on the client, by SFTP without encryption (sshfs -o directport)."""
    source = _serve_files(lab)
    lab.serve("sshfs", "client", ["sshfs", "-f", "-o", "directport=22", source, str(mounted_at(lab))])
    _until(lab, "the mount", f"test -e {mounted_at(lab)}/letter.txt")


def _serve_files(lab: Lab) -> str:
    """Starts the neighbour's SFTP server and returns what to mount."""
    files = lab.folder / "files"
    files.mkdir(exist_ok=True)
    mounted_at(lab).mkdir(exist_ok=True)
    (files / "letter.txt").write_text("hello\n")
    server = ["socat", "TCP-LISTEN:22,fork,reuseaddr", "EXEC:/usr/lib/openssh/sftp-server"]
    lab.serve("sftp", "neighbour", server)
    _until(lab, "the SFTP server", f"exec 3<>/dev/tcp/{SERVER}/22")
    return f"{SERVER}:{files}"


def _sshfs(lab: Lab) -> int:
    """Process id of sshfs, as this program sees it."""
    found = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if _is_sshfs(lab, path)]
    return found[0]


def _is_sshfs(lab: Lab, path: Path) -> bool:
    try:
        words = path.read_bytes().split(b"\0")
    except OSError:
        return False
    return words[0] == b"sshfs" and os.fsencode(mounted_at(lab)) in words


def _unmount(lab: Lab) -> None:
    lab.world.run("client", ["umount", "-l", str(mounted_at(lab))])
    lab.world.stop("sshfs")
    lab.world.stop("sftp")


def _hang(lab: Lab) -> None:
    mount(lab)
    os.kill(_sshfs(lab), signal.SIGSTOP)


def _wake(lab: Lab) -> None:
    os.killpg(os.getpgid(_sshfs(lab)), signal.SIGCONT)  # nsenter, which started it, has stopped along with it
    _unmount(lab)


def _leave(lab: Lab) -> None:
    mount(lab)
    os.kill(_sshfs(lab), signal.SIGKILL)


def _leave_with_server(lab: Lab) -> None:
    mount(lab)
    _switch_off(lab)


def _return_with_server(lab: Lab) -> None:
    _switch_on(lab)
    _unmount(lab)


def _switch_off(lab: Lab) -> None:
    lab.ip("neighbour", "link set eth0 down")


def _switch_on(lab: Lab) -> None:
    lab.ip("neighbour", "link set eth0 up")


def _unplug(lab: Lab) -> None:
    serve_smb(lab)
    _switch_off(lab)


def _plug(lab: Lab) -> None:
    _switch_on(lab)
    _stop_smb(lab)


def _forget_mount(lab: Lab) -> None:
    lab.write_etc("fstab", f"{_serve_files(lab)} {mounted_at(lab)} fuse.sshfs directport=22,_netdev 0 0\n")


def _no_fstab(lab: Lab) -> None:
    (lab.folder / "etc" / "fstab").unlink()
    lab.world.stop("sftp")


_CLOSED = filtered("share_filtered", "", "neighbour", f"{INPUT} tcp dport {{ 139, 445, 548, 2049 }} drop")


def _close(lab: Lab) -> None:
    serve_smb(lab)
    _CLOSED.inject(lab)


def _open(lab: Lab) -> None:
    _CLOSED.heal(lab)
    _stop_smb(lab)


FAULTS = (
    Fault("share_name_unknown", "the file server's name is not known", nothing, nothing),
    Fault("share_server_off", "the file server is switched off", _unplug, _plug),
    Fault("share_refused", "the server is there, its file sharing is off", name_it, nothing),
    Fault("share_filtered", "the server's firewall drops file sharing", _close, _open),
    Fault("share_hangs", "opening the shared folder freezes everything", _hang, _wake),
    Fault("share_program_died", "the shared folder gives errors", _leave, _unmount),
    Fault(
        "share_server_left", "the shared folder hangs since the server is off", _leave_with_server, _return_with_server
    ),
    Fault("share_not_connected", "the shared drive is missing", _forget_mount, _no_fstab),
)

CONTROLS = (
    Fault("share_works", "a file server that answers", serve_smb, _stop_smb, healthy=True),
    Fault("share_mounted", "a folder of another computer that is mounted and answers", mount, _unmount, healthy=True),
)
