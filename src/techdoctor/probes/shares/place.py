"""Where a shared folder lies: server, protocol and port, from the many ways people and systems write it.

CPython 3.9 syntax.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, Tuple
from urllib.parse import unquote, urlsplit

SMB, NFS, SFTP, WEBDAV, AFP = "smb", "nfs", "sftp", "webdav", "afp"

# Ports that file servers listen on. Source: IANA Service Name and Port Number Registry.
PORTS: Dict[str, Tuple[int, ...]] = {SMB: (445, 139), NFS: (2049,), SFTP: (22,), WEBDAV: (443, 80), AFP: (548,)}
# Asked when nobody knows what kind of server it is; a web page or a log-in shell alone is no file server.
USUAL = (445, 139, 2049, 548)

_SCHEMES = {
    "smb": SMB,
    "cifs": SMB,
    "nfs": NFS,
    "sftp": SFTP,
    "ssh": SFTP,
    "sshfs": SFTP,
    "dav": WEBDAV,
    "davs": WEBDAV,
    "http": WEBDAV,
    "https": WEBDAV,
    "afp": AFP,
}
# Kinds of file systems in Linux' and macOS' mount tables.
KINDS: Dict[str, str] = {
    "cifs": SMB,
    "smb3": SMB,
    "smbfs": SMB,
    "nfs": NFS,
    "nfs4": NFS,
    "fuse.sshfs": SFTP,
    "davfs": WEBDAV,
    "fuse.davfs2": WEBDAV,
    "webdav": WEBDAV,
    "afpfs": AFP,
}
_HOST = r"(?:\[[0-9a-fA-F:.]+(?:%\w+)?\]|[^\s/\\:@\[\]]+)"


@dataclass(frozen=True)
class Place:
    """A shared folder's place.

    Attributes:
        server: Host name or address, without brackets; empty when the text names none.
        kind: smb, nfs, sftp, webdav, afp, or empty when the text does not tell.
        port: Port when the text names one, else 0.
    """

    server: str = ""
    kind: str = ""
    port: int = 0

    @property
    def ports(self) -> Tuple[int, ...]:
        """The ports to knock at for it."""
        return (self.port,) if self.port else PORTS.get(self.kind, USUAL)


NOWHERE = Place()


def of_text(text: str) -> Place:
    r"""The place in what a person typed: \\nas\public, //nas/public, smb://nas/public, nas:/export.

    Plain paths ("/mnt/nas", "C:\\folder") give NOWHERE.
    """
    text = text.strip()
    if "://" in text:
        return _of_url(text)
    unc = re.match(rf"(?:\\\\|//)(?:[^\s/\\@]*@)?({_HOST})(?:[\\/]|$)", text)
    if unc:
        return Place(_plain(unc.group(1)), SMB)
    remote = re.match(rf"(?:[^\s/@]+@)?({_HOST}):(?:/|~)", text)
    if remote and not re.match(r"[A-Za-z]:[/\\]", text):
        return Place(_plain(remote.group(1)), NFS)
    return NOWHERE


def _of_url(text: str) -> Place:
    try:
        parts = urlsplit(text)
        port = parts.port or 0
    except ValueError:
        return NOWHERE
    scheme = parts.scheme.lower()
    port = port or {"http": 80, "dav": 80, "https": 443, "davs": 443}.get(scheme, 0)
    return Place(unquote(parts.hostname or ""), _SCHEMES.get(scheme, ""), port)


def of_mount(kind: str, source: str, options: Tuple[str, ...] = ()) -> Place:
    """The place of a mount.

    Args:
        kind: Kind of file system as the table of mounts has it, e.g. "nfs4".
        source: Its source, e.g. "//nas/public", "nas:/export", "user@nas:/home".
        options: Its options; addr= and port= are looked at.
    """
    known = KINDS.get(kind, "")
    found = of_text(source.partition("#")[2] if source.startswith("sshfs#") else source)
    server = found.server
    if not server and known == SFTP:
        remote = re.match(rf"(?:[^\s/@]+@)?({_HOST}):", source)
        server = _plain(remote.group(1)) if remote else ""
    values = dict(option.partition("=")[::2] for option in options)
    named = next(
        (values[key] for key in ("port", "directport") if re.fullmatch(r"[0-9]{1,5}", values.get(key, ""))), ""
    )
    port = int(named) if named and known != NFS else found.port
    return Place(server or values.get("addr", ""), known or found.kind, port) if server or known else NOWHERE


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".")
