"""Web servers: plain and secure pages with the known connectivity-check bodies, sign-in page, proxy."""

from __future__ import annotations

import asyncio
import email.utils
import time
from urllib.parse import urlsplit

from tests.lab.network.servers.control import Control
from tests.lab.network.servers.names import ZONE
from tests.lab.network.servers.speedtest import SPEEDTEST

_BODIES = {
    "/connecttest.txt": b"Microsoft Connect Test",
    "/ncsi.txt": b"Microsoft NCSI",
    "/success.txt": b"success\n",
    "/canonical.html": b'<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>',
    "/hotspot-detect.html": b"<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>",
    "/nm": b"NetworkManager is online\n",
    "/check_network_status.txt": b"NetworkManager is online\n",
}
_FAULTS = {
    "500": "500 Internal Server Error",
    "502": "502 Bad Gateway",
    "503": "503 Service Unavailable",
    "504": "504 Gateway Timeout",
}
_LOGIN = b"<html>Please log in to WiFi</html>"
_BLOCK = bytes(1 << 16)


async def _head(reader: asyncio.StreamReader) -> tuple[list[str], dict[str, str]] | None:
    """The request line's words and the header fields; None at the end of the connection."""
    line = await reader.readline()
    if not line:
        return None
    fields: dict[str, str] = {}
    while (field := await reader.readline()) not in (b"\r\n", b""):
        key, _, value = field.decode("latin1").partition(":")
        fields[key.strip().lower()] = value.strip()
    return line.decode("latin1").split(), fields


class Web:
    """A web server; `portal` makes it the sign-in page of a hotel."""

    def __init__(self, control: Control, portal: bool = False) -> None:
        self._control, self._portal = control, portal

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection."""
        try:
            while (request := await _head(reader)) is not None:
                words, fields = request
                await reader.readexactly(int(fields.get("content-length") or 0))
                await asyncio.sleep(self._control.get("http_delay_ms", 0) / 1000)
                await self._reply(writer, words, fields.get("host", "").split(":")[0])
                if self._portal or fields.get("connection", "").lower() == "close":
                    break
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass  # the client went away or spoke no HTTP
        finally:
            writer.close()

    async def _reply(self, writer: asyncio.StreamWriter, words: list[str], host: str) -> None:
        method, path = [*words, "", ""][:2]
        status, extra, body, filler = self._page(path, host)
        head = (
            f"HTTP/1.1 {status}\r\nServer: lab\r\nDate: {self._date()}\r\n{extra}"
            f"Content-Length: {filler or len(body)}\r\nContent-Type: text/plain\r\n"
            f"Connection: {'close' if self._portal else 'keep-alive'}\r\n\r\n"
        )
        writer.write(head.encode())
        if method != "HEAD":
            writer.write(body)
            while filler > 0:
                writer.write(_BLOCK[:filler])
                filler -= len(_BLOCK[:filler])
                await writer.drain()
        await writer.drain()

    def _page(self, path: str, host: str) -> tuple[str, str, bytes, int]:
        """Status, further header lines, body, and bytes of filler instead of a body."""
        mode, plain = self._control.get("http_mode", "ok"), path.split("?", maxsplit=1)[0]
        if self._portal or mode == "redirect":
            if self._control.get("portal_style") == "rewrite":
                return "200 OK", "", _LOGIN, 0
            return "302 Found", f"Location: http://portal.lab/login?url=http://{host}{path}\r\n", _LOGIN, 0
        mode = self._control.get("sick_sites", {}).get(host, mode)
        if mode in _FAULTS:
            return _FAULTS[mode], "", b"oops", 0
        if host == "1.1.1.1":
            return "301 Moved Permanently", f"Location: https://1.1.1.1{path}\r\n", b"", 0
        if plain in SPEEDTEST:
            return "200 OK", "", SPEEDTEST[plain], 0
        if plain.startswith("/speedtest/random"):  # the client asks for pictures of so many pixels
            side = int(plain.rpartition("random")[2].partition("x")[0])
            return "200 OK", "", b"", 2 * side * side
        if plain == "/generate_204":
            return "204 No Content", "", b"", 0
        if plain == "/__down":
            return "200 OK", "", b"", int(path.partition("bytes=")[2] or 0)
        if plain.startswith("/bytes/"):
            return "200 OK", "", b"", int(plain.split("/")[2])
        return "200 OK", "", self._body(plain), 0

    def _body(self, plain: str) -> bytes:
        script: str = self._control.get("pac", "")
        return script.encode() if plain == "/proxy.pac" else _BODIES.get(plain, b"ok\n")

    def _date(self) -> str:
        return email.utils.formatdate(time.time() + self._control.get("ntp_offset_s", 0), usegmt=True)


class Proxy:
    """An HTTP proxy that forwards, or asks for a password."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection."""
        try:
            request = await _head(reader)
            if request is not None:
                await self._serve(*request, reader, writer)
        except (OSError, ValueError):
            pass  # either side went away
        finally:
            writer.close()

    async def _serve(
        self, words: list[str], fields: dict[str, str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self._control.get("proxy_mode") == "auth":
            writer.write(
                b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="lab"\r\n'
                b"Content-Length: 0\r\nConnection: close\r\n\r\n"
            )
            await writer.drain()
        elif self._control.get("proxy_mode") == "mute":
            await asyncio.sleep(60)
        elif words[0] == "CONNECT":
            host, port = words[1].rsplit(":", 1)
            far_reader, far_writer = await asyncio.open_connection(_address(host), int(port))
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer), return_exceptions=True)
        else:
            url = urlsplit(words[1])
            far_reader, far_writer = await asyncio.open_connection(_address(url.hostname or ""), url.port or 80)
            fields["connection"] = "close"
            lines = "".join(f"{key}: {value}\r\n" for key, value in fields.items())
            far_writer.write(f"{words[0]} {url.path or '/'} HTTP/1.1\r\n{lines}\r\n".encode())
            await _copy(far_reader, writer)


def _address(host: str) -> str:
    """What the proxy's own name server says; the router has none of its own settings."""
    known = ZONE.get(host, (None, None))
    return known[0] or known[1] or host


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while block := await source.read(1 << 16):
            target.write(block)
            await target.drain()
    finally:
        target.close()
