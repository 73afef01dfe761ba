"""Asking a network scanner what it is doing: eSCL, the protocol behind AirScan. CPython 3.9 syntax.

Source: eSCL Technical Specification of the Mopria Alliance, 2.97: ScannerStatus and its AdfState.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Tuple
from urllib.parse import urlsplit

from techdoctor.probes.network.bounded_http import exchange
from techdoctor.probes.network.bounded_socket import Endpoint, ExchangeFailed

_PATH = "/eSCL"


@dataclass(frozen=True)
class ScannerAddress:
    """Where a scanner is.

    Attributes:
        host, port, tls: Where to connect.
        path: Path of its eSCL service, without a final slash.
    """

    host: str
    port: int
    tls: bool = False
    path: str = _PATH

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{self.path}"


@dataclass(frozen=True)
class ScannerState:
    """What came of asking it.

    Attributes:
        error: Empty when it answered; else a word of bounded_socket, "http_<status>" or "not_escl".
        state: Idle, Processing, Testing, Stopped or Down.
        feeder: Its AdfState, e.g. ScannerAdfEmpty; empty without a feeder.
    """

    error: str = ""
    state: str = ""
    feeder: str = ""


def read_address(text: str) -> ScannerAddress:
    """An address as a person or a settings file gives it: a host, host:port or a URL; never raises."""
    if "://" not in text:
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ScannerAddress("", 0)
    tls = parts.scheme == "https"
    return ScannerAddress(host, port or (443 if tls else 80), tls, parts.path.rstrip("/") or _PATH)


def ask_state(address: ScannerAddress, deadline: float) -> ScannerState:
    """Asks for the scanner's status; never raises."""
    endpoint = Endpoint(address.host, address.port, address.tls)
    try:
        answer = exchange(
            endpoint,
            f"{address.path}/ScannerStatus",
            b"",
            headers={"Accept": "text/xml"},
            deadline=deadline,
            method="GET",
        )
    except ExchangeFailed as failure:
        return ScannerState("not_escl" if failure.kind == "not_http" else failure.kind)
    if answer.status != 200:
        return ScannerState(f"http_{answer.status}")
    state, feeder = read_status(answer.body.decode("utf-8", "replace"))
    return ScannerState("", state, feeder) if state else ScannerState("not_escl")


def read_status(document: str) -> Tuple[str, str]:
    """State and feeder state of a ScannerStatus document; empty where it says none.

    Read by pattern: the answer of a stranger is no food for an XML parser, which would expand its entities.
    """
    state = re.search(r"<(?:\w+:)?State>\s*(\w{1,40})\s*<", document)
    feeder = re.search(r"<(?:\w+:)?AdfState>\s*(\w{1,60})\s*<", document)
    return state.group(1) if state else "", feeder.group(1) if feeder else ""
