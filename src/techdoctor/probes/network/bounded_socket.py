"""Connecting under a deadline, with failures told apart: name, refusal, silence, no way, TLS.

CPython 3.9 syntax.
"""

from __future__ import annotations

import errno
import hashlib
import ipaddress
import queue
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Any, List, Tuple

_MOST_ADDRESSES = 4

NAME_UNKNOWN = "name_unknown"
NAME_SILENT = "name_silent"
NO_SOCKET = "no_socket"
DENIED = "denied"
REFUSED = "refused"
TIMEOUT = "timeout"
UNREACHABLE = "unreachable"
TLS = "tls"
RESET = "reset"
HANGS = "hangs"
NOT_HTTP = "not_http"
OVERSIZE = "oversize"


class ExchangeFailed(Exception):
    """The exchange failed.

    Args:
        kind: One of this module's words: name_unknown, name_silent (the name service gave no
            answer), no_socket, denied, refused, timeout (no connection), unreachable, tls,
            reset (closed in the middle), hangs (connected, then nothing or no end), not_http, oversize.
        detail: The system's words, for a technician.
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True)
class Endpoint:
    """Where to connect: a Unix socket path, or host and port with or without TLS."""

    host: str = ""
    port: int = 0
    tls: bool = False
    unix: str = ""


def is_loopback(host: str) -> bool:
    """True for localhost and loopback addresses written as numbers; no name is looked up."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def addresses_of(host: str, port: int, deadline: float) -> List[Tuple[int, Any]]:
    """Socket addresses of a host, at most a handful.

    Returns:
        Pairs of address family and socket address.

    Raises:
        ExchangeFailed: name_unknown or name_silent.
    """
    if host.lower() == "localhost":
        return [(socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET6, ("::1", port, 0, 0))]
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    # The resolver takes no deadline, so it gets a thread that can be left behind.
    threading.Thread(target=look_up, daemon=True, name="name lookup").start()
    try:
        found = answers.get(timeout=max(0.05, deadline - time.monotonic()))
    except queue.Empty:
        raise ExchangeFailed(NAME_SILENT, "the name lookup gave no answer in time") from None
    if isinstance(found, Exception):
        raise ExchangeFailed(NAME_UNKNOWN, str(found))
    return [(family, address) for family, _, _, _, address in found][:_MOST_ADDRESSES]


def connect(endpoint: Endpoint, deadline: float) -> socket.socket:
    """A connected socket, TLS not yet begun.

    Raises:
        ExchangeFailed: With the reason of the most telling address: refused says more than timeout.
    """
    if endpoint.unix:
        return _connect_one(getattr(socket, "AF_UNIX", -1), endpoint.unix, deadline)
    failures: List[ExchangeFailed] = []
    addresses = addresses_of(endpoint.host, endpoint.port, deadline)
    for index, (family, address) in enumerate(addresses):
        share = (deadline - time.monotonic()) / (len(addresses) - index)
        try:
            return _connect_one(family, address, time.monotonic() + max(0.05, share))
        except ExchangeFailed as failure:
            failures.append(failure)
    telling = [failure for failure in failures if failure.kind == REFUSED]
    raise (telling or failures or [ExchangeFailed(NAME_UNKNOWN, "no address")])[0]


def _connect_one(family: int, address: Any, deadline: float) -> socket.socket:
    if family < 0:
        raise ExchangeFailed(NO_SOCKET, "this system has no Unix sockets")
    try:
        link = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise ExchangeFailed(UNREACHABLE, str(error)) from None
    try:
        link.settimeout(max(0.05, deadline - time.monotonic()))
        link.connect(address)
    except OSError as error:
        link.close()
        raise ExchangeFailed(_kind_of(error), str(error)) from None
    return link


def _kind_of(error: OSError) -> str:
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return NO_SOCKET
    if isinstance(error, ConnectionRefusedError):
        return REFUSED
    if isinstance(error, socket.timeout) or error.errno in (errno.ETIMEDOUT, errno.EAGAIN):
        return TIMEOUT
    if isinstance(error, PermissionError):
        return DENIED
    return RESET if isinstance(error, ConnectionError) else UNREACHABLE


def begin_tls(link: socket.socket, deadline: float) -> Tuple[ssl.SSLSocket, str]:
    """TLS on a connected socket, whoever signed the certificate.

    Returns:
        The secure socket and the SHA-256 fingerprint of the server's certificate.

    Raises:
        ExchangeFailed: hangs or tls.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Printers sign their own certificates and speak old TLS. Nothing secret is sent, and the
    # fingerprint is reported, so being able to ask counts for more than a strict handshake.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    link.settimeout(max(0.05, deadline - time.monotonic()))
    try:
        secure = context.wrap_socket(link)
        certificate = secure.getpeercert(True) or b""
    except socket.timeout:
        raise ExchangeFailed(HANGS, "the TLS handshake gave no answer in time") from None
    except OSError as error:
        raise ExchangeFailed(TLS, str(error)) from None
    return secure, hashlib.sha256(certificate).hexdigest()
