"""Where a queue sends its jobs: the parts of a device URI. Pure. CPython 3.9 syntax."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

# Scheme -> default port. Source: backend documentation of CUPS, https://www.cups.org/doc/network.html.
_PORTS = {"ipp": 631, "ipps": 631, "http": 80, "https": 443, "socket": 9100, "lpd": 515, "smb": 445}
_IPP = ("ipp", "ipps", "http", "https")
_LOCAL = ("parallel", "serial", "scsi")
_VIRTUAL = ("file", "cups-pdf", "cups-brf", "", "pipe", "tea4cups")


@dataclass(frozen=True)
class DeviceUri:
    """A device URI, taken apart.

    Attributes:
        scheme: Lower case, e.g. "ipp".
        kind: "ipp" (can be asked), "network" (a port can be tried), "usb", "local", "dnssd",
            "virtual" or "other" (only its own driver knows the way).
        host: Host name or address; empty when there is none.
        port: Port, 0 when there is none.
        path: Path with the leading slash, percent-encoded as in the URI.
        tls: True when the connection begins with TLS.
        shown: The URI without user name and password.
    """

    scheme: str
    kind: str
    host: str
    port: int
    path: str
    tls: bool
    shown: str


def read_device_uri(uri: str) -> DeviceUri:
    """Takes a device URI apart; never raises, what makes no sense is of kind "other"."""
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return DeviceUri(uri.partition(":")[0].lower()[:20], "other", "", 0, "/", False, without_secret(uri))
    scheme = parts.scheme.lower()
    tls = scheme in ("ipps", "https")
    if "._tcp." in host.lower():  # queues that CUPS makes by itself name the announced service as the host
        return DeviceUri(scheme, "dnssd", "", 0, parts.path or "/", tls, without_secret(uri))
    if scheme in _PORTS and host:
        kind = "ipp" if scheme in _IPP else "network"
        return DeviceUri(
            scheme, kind, unquote(host), port or _PORTS[scheme], parts.path or "/", tls, without_secret(uri)
        )
    return DeviceUri(scheme, _kind(scheme, parts), "", 0, parts.path or "/", tls, without_secret(uri))


def _kind(scheme: str, parts: SplitResult) -> str:
    if scheme == "usb" or (scheme in ("hp", "hpfax") and parts.path.startswith("/usb/")):
        return "usb"
    if scheme in _LOCAL:
        return "local"
    if scheme in _VIRTUAL:
        return "virtual"
    return "dnssd" if scheme == "dnssd" else "other"


def without_secret(uri: str) -> str:
    """The URI without `user:password@`."""
    return re.sub(r"(?<=//)[^/@]*@", "", uri)


def service_name(uri: str) -> str:
    """The announced service that a URI names, e.g. "Office Laser._ipp._tcp.local"; empty when it names none."""
    found = re.match(r"\w+://([^/?]+)", uri)
    name = unquote(found.group(1)).rstrip(".") if found else ""
    return name if "._tcp." in name else ""
