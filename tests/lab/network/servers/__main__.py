"""Starts the servers of a role, says "ready" and serves until ended."""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path

from tests.lab.network.servers.clocks import Ntp, Stun
from tests.lab.network.servers.control import Control
from tests.lab.network.servers.names import BAD_WEB, CLOCK, OTHER_WEB, PUBLIC, WEB, WEB6, Resolver
from tests.lab.network.servers.web import Proxy, Web

_BY_NAME = {
    "expired.badssl.com": "expired",
    "self-signed.badssl.com": "selfsigned",
    "wrong.host.badssl.com": "wronghost",
    "untrusted-root.badssl.com": "untrusted",
}
ROUTER = "10.60.1.1"


def _tls(folder: Path, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


def _tls_by_name(folder: Path, control: Control) -> ssl.SSLContext:
    contexts = {name: _tls(folder, name) for name in ("good", "expired", "selfsigned", "wronghost", "untrusted")}
    base = _tls(folder, "good")

    def choose(sock: ssl.SSLObject | ssl.SSLSocket, name: str, context: ssl.SSLContext) -> None:
        sock.context = contexts[_BY_NAME.get(name, control.get("tls_cert", "good"))]

    base.sni_callback = choose
    return base


async def internet(control: Control, certificates: Path) -> None:
    """Public name servers, web, clock and STUN."""
    loop, resolver, web = asyncio.get_running_loop(), Resolver(control, forwards=False), Web(control)
    for address in PUBLIC:
        await resolver.serve(address)
    await loop.create_datagram_endpoint(lambda: Ntp(control), local_addr=(CLOCK, 123))
    for port in (3478, 19302):
        await loop.create_datagram_endpoint(Stun, local_addr=(WEB, port))
    for address in (WEB, WEB6, PUBLIC[1], BAD_WEB):
        await asyncio.start_server(web.talk, address, 80)
    tls = _tls_by_name(certificates, control)
    for address in (WEB, WEB6, OTHER_WEB, BAD_WEB, *PUBLIC):
        await asyncio.start_server(web.talk, address, 443, ssl=tls)


async def router(control: Control, certificates: Path) -> None:
    """Name forwarder, own page, sign-in page (8080), interceptor (8443), proxy (3128)."""
    await Resolver(control, forwards=True).serve(ROUTER)
    await asyncio.start_server(Web(control).talk, ROUTER, 80)
    await asyncio.start_server(Web(control, portal=True).talk, ROUTER, 8080)
    await asyncio.start_server(Proxy(control).talk, ROUTER, 3128)
    await asyncio.start_server(Web(control).talk, ROUTER, 8443, ssl=_tls(certificates, "intercept"))


async def main(role: str, control: Control, certificates: Path) -> None:
    await {"internet": internet, "router": router}[role](control, certificates)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Control(Path(sys.argv[2])), Path(sys.argv[3])))
