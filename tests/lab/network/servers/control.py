"""How tests steer a running server: a JSON file that it looks at before each answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class Control:
    """The keys of a control file, read again when it changes.

    Keys: dns_mode (ok, timeout, refused, servfail, nxrewrite, hijack, truncate, garbage), dns_delay_ms,
    dns_hijack_ip, http_mode (ok, redirect, 500, 502, 503, 504), sick_sites (host to such a status),
    pac (text of /proxy.pac), http_delay_ms, portal_style (redirect, rewrite), ntp_offset_s, ntp_mode
    (ok, drop), proxy_mode (ok, auth, mute), tls_cert (name of a certificate).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = 0
        self._values: dict[str, Any] = {}

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key now."""
        changed = self._path.stat().st_mtime_ns
        if changed != self._changed:
            self._changed = changed
            self._values = json.loads(self._path.read_text())
        return self._values.get(key, default)
