"""One proxy as a session, a desktop or a system names it. CPython 3.9 syntax."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 8080, "https": 443, "socks": 1080, "socks4": 1080, "socks5": 1080, "socks5h": 1080}


_SECRET = re.compile(r"//[^/?#]*@")


@dataclass(frozen=True)
class Setting:
    """A proxy that is set.

    Attributes:
        source: Who says so: "environment", "gnome", "kde" or "system".
        scheme: "http", "https" or a kind of socks.
        host: Its name or address.
        port: Its port.
        script: Address of an automatic configuration script instead; may hold a password, see `shown_script`.
        exceptions: Hosts that are reached without it, as written.
    """

    source: str
    scheme: str = ""
    host: str = ""
    port: int = 0
    script: str = ""
    exceptions: str = ""

    @property
    def shown_script(self) -> str:
        """The script's address without name, password and what follows a question mark."""
        return _SECRET.sub("//", self.script.partition("?")[0].partition("#")[0], count=1)


def host_of(text: str) -> str:
    """A proxy's host as desktops keep it, without the name and password that people put in front of it."""
    return text.rpartition("@")[2]


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
