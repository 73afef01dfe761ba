"""One page: connect (through a proxy or not), TLS with verification, GET, the status. CPython 3.9 syntax."""

from __future__ import annotations

import errno
import re
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Optional

_MOST_HEAD_BYTES = 1 << 14
_SECURE = 443


@dataclass(frozen=True)
class Route:
    """How to get to a page.

    Attributes:
        host: Where to connect: an address, or the proxy.
        port: Its port.
        name: The site.
        proxied: True when `host` is a proxy that is asked for a tunnel to the site's port 443.
    """

    host: str
    port: int
    name: str
    proxied: bool = False

    @property
    def secure(self) -> bool:
        return self.proxied or self.port == _SECURE


@dataclass(frozen=True)
class Page:
    """What came.

    Attributes:
        status: HTTP status; None when no page came.
        to_https: A redirect to https.
        error: Why none came: refused, unreachable, silent, reset, hangs, certificate, tls, not_http,
            proxy_login, proxy_fails.
        verify_code: OpenSSL's code of a refused certificate.
        message: The library's words.
    """

    status: Optional[int] = None
    to_https: bool = False
    error: str = ""
    verify_code: int = 0
    message: str = ""


def _not_connected(error: OSError) -> str:
    if isinstance(error, socket.timeout):
        return "silent"
    return "refused" if error.errno == errno.ECONNREFUSED else "unreachable"


class _NoTunnel(Exception):
    """The proxy did not open a way; args[0] is the error word."""


def fetch(route: Route, context: ssl.SSLContext, until: float) -> Page:
    """Fetches "/" of a site; only the head is read.

    Args:
        route: How.
        context: Verifies the certificate.
        until: Monotonic time by which it has ended.
    """
    try:
        link = socket.create_connection((route.host, route.port), timeout=max(0.05, until - time.monotonic()))
    except OSError as error:
        return Page(error=_not_connected(error), message=str(error))
    try:
        if route.proxied:
            _open_tunnel(link, route.name, until)
        if route.secure:
            link.settimeout(max(0.05, until - time.monotonic()))
            link = context.wrap_socket(link, server_hostname=route.name)
        return _get(link, route.name, until)
    except _NoTunnel as failure:
        return Page(error=str(failure.args[0]))
    except ssl.SSLCertVerificationError as failure:
        return Page(error="certificate", verify_code=failure.verify_code, message=failure.verify_message)
    except socket.timeout:
        return Page(error="hangs")
    except (ssl.SSLEOFError, ConnectionError) as failure:
        return Page(error="reset", message=str(failure))
    except ssl.SSLError as failure:
        return Page(error="tls", message=str(failure.reason or failure))
    except OSError as failure:
        return Page(error="unreachable", message=str(failure))
    finally:
        link.close()


def written(name: str) -> str:
    """A host name as it is sent: international ones in ASCII (RFC 3490)."""
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name.encode("ascii", "replace").decode("ascii")


def _head(link: socket.socket, until: float) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _MOST_HEAD_BYTES:
        left_s = until - time.monotonic()
        if left_s <= 0:  # a byte now and then must not keep us here
            raise socket.timeout
        link.settimeout(max(0.05, left_s))
        chunk = link.recv(4096)
        if not chunk:
            break
        head += chunk
    return head


def _open_tunnel(link: socket.socket, name: str, until: float) -> None:
    to = f"{written(name)}:{_SECURE}"
    link.sendall(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n".encode())
    found = re.match(rb"HTTP/\d\.\d (\d{3})", _head(link, until))
    status = int(found.group(1)) if found else 0
    if not 200 <= status < 300:
        raise _NoTunnel("proxy_login" if status == 407 else "proxy_fails")


def _get(link: socket.socket, name: str, until: float) -> Page:
    link.settimeout(max(0.05, until - time.monotonic()))
    lines = ["GET / HTTP/1.1", f"Host: {written(name)}", "User-Agent: techdoctor", "Accept: */*", "Connection: close"]
    link.sendall("\r\n".join([*lines, "", ""]).encode())
    head = _head(link, until)
    found = re.match(rb"HTTP/\d\.\d (\d{3})", head)
    if not found:
        return Page(error="not_http" if head else "reset")
    location = re.search(rb"(?im)^location:\s*(\S+)", head)
    to_https = bool(location and location.group(1).lower().startswith(b"https:"))
    return Page(int(found.group(1)), to_https and found.group(1).startswith(b"3"))
