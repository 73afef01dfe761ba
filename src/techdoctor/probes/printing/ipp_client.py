"""Asking an IPP server: CUPS by its Unix socket, a printer by TCP or TLS (RFC 8011). CPython 3.9 syntax."""

from __future__ import annotations

import getpass
from dataclasses import dataclass, replace
from typing import Dict, Mapping, Optional, Tuple

from techdoctor.probes.network.bounded_http import HttpAnswer, exchange
from techdoctor.probes.network.bounded_socket import Endpoint, ExchangeFailed
from techdoctor.probes.printing.ipp_wire import (
    CHARSET,
    KEYWORD,
    LANGUAGE,
    NAME,
    OPERATION_GROUP,
    URI,
    Attribute,
    Group,
    Message,
    WireError,
    decode,
    encode,
)

# Operations (RFC 8011, section 5.4.15; 0x40xx: https://www.cups.org/doc/spec-ipp.html).
PRINT_JOB, CREATE_JOB, CANCEL_JOB = 0x02, 0x05, 0x08
GET_JOB_ATTRIBUTES, GET_JOBS, GET_PRINTER_ATTRIBUTES = 0x09, 0x0A, 0x0B
HOLD_JOB, RELEASE_JOB, PAUSE_PRINTER, RESUME_PRINTER = 0x0C, 0x0D, 0x10, 0x11
CUPS_GET_DEFAULT, CUPS_GET_PRINTERS, CUPS_ACCEPT_JOBS, CUPS_REJECT_JOBS = 0x4001, 0x4002, 0x4008, 0x4009
# Statuses that mean something to us (RFC 8011, appendix B).
NOT_FOUND, VERSION_NOT_SUPPORTED, BUSY = 0x406, 0x503, 0x507
_FIRST_FAILURE = 0x400

PRINTER_STATES: Mapping[int, str] = {3: "idle", 4: "processing", 5: "stopped"}
JOB_STATES: Mapping[int, str] = {
    3: "pending",
    4: "held",
    5: "processing",
    6: "stopped",
    7: "canceled",
    8: "aborted",
    9: "completed",
}
_HTTP_KINDS: Mapping[int, str] = {401: "unauthorized", 403: "forbidden", 404: "not_found", 426: "wants_tls"}


class IppFailed(Exception):
    """No usable IPP answer.

    Args:
        kind: A word of bounded_socket.ExchangeFailed, or unauthorized (HTTP 401), forbidden (403), not_found (404),
            wants_tls (426), http_error (another status), not_ipp (something else answered).
        detail: For a technician.
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True)
class IppTarget:
    """Whom to ask.

    Attributes:
        endpoint: Where to connect.
        path: HTTP path, percent-encoded.
        uri: The printer-uri to name; empty for requests to the server as a whole.
    """

    endpoint: Endpoint
    path: str = "/"
    uri: str = ""


def user_name() -> str:
    """The name to give as the requesting user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user id without a name
        return "anonymous"


def ask(
    target: IppTarget,
    operation: int,
    deadline: float,
    *,
    attributes: Optional[Mapping[str, Attribute]] = None,
    requested: Tuple[str, ...] = (),
    connect_s: float = 2.0,
    document: bytes = b"",
) -> Message:
    """Sends one request and returns the answer, also when its IPP status is an error.

    Args:
        target: Whom to ask.
        operation: Operation code.
        deadline: Monotonic time by which it has ended.
        attributes: Further operation attributes.
        requested: Names for requested-attributes; empty = the server's choice.
        connect_s: Most seconds for the connection.
        document: Data that follows the request (Print-Job).

    Raises:
        IppFailed: No IPP answer came.
    """
    message = request(target, operation, attributes or {}, requested)
    answer = _once(target, encode(message) + document, deadline, connect_s)
    if answer.code == VERSION_NOT_SUPPORTED:
        answer = _once(target, encode(replace(message, version=(1, 1))) + document, deadline, connect_s)
    return answer


def failed(answer: Message) -> bool:
    """True when the IPP status is an error."""
    return answer.code >= _FIRST_FAILURE


def status_text(answer: Message) -> str:
    """The server's own words for its status."""
    groups = answer.of(OPERATION_GROUP)
    words = groups[0].text("status-message") if groups else ""
    return words or f"IPP status 0x{answer.code:04x}"


def request(
    target: IppTarget,
    operation: int,
    attributes: Mapping[str, Attribute],
    requested: Tuple[str, ...],
) -> Message:
    """The request message; charset and language come first (RFC 8011, section 4.1.4)."""
    first: Dict[str, Attribute] = {
        "attributes-charset": Attribute(CHARSET, ("utf-8",)),
        "attributes-natural-language": Attribute(LANGUAGE, ("en",)),
    }
    if target.uri:
        first["printer-uri"] = Attribute(URI, (target.uri,))
    first.update({name: value for name, value in attributes.items() if name == "job-id"})
    if operation != CUPS_GET_PRINTERS:  # asked by name, cupsd leaves out the queues that this user may not use
        first["requesting-user-name"] = Attribute(NAME, (user_name(),))
    if requested:
        first["requested-attributes"] = Attribute(KEYWORD, requested)
    first.update(attributes)
    return Message(operation, (Group(OPERATION_GROUP, first),))


def _once(target: IppTarget, body: bytes, deadline: float, connect_s: float) -> Message:
    headers = {"Content-Type": "application/ipp", "Accept": "application/ipp"}
    try:
        answer = exchange(target.endpoint, target.path, body, headers=headers, deadline=deadline, connect_s=connect_s)
        if answer.status == 401 and target.endpoint.unix:
            # cupsd knows who is at the other end of its Unix socket and accepts the name for it.
            headers["Authorization"] = f"PeerCred {user_name()}"
            answer = exchange(
                target.endpoint, target.path, body, headers=headers, deadline=deadline, connect_s=connect_s
            )
    except ExchangeFailed as failure:
        kind = "not_ipp" if failure.kind == "not_http" else failure.kind
        raise IppFailed(kind, failure.detail) from None
    return _message(answer)


def _message(answer: HttpAnswer) -> Message:
    if answer.status != 200:
        realm = answer.headers.get("www-authenticate", "")
        raise IppFailed(_HTTP_KINDS.get(answer.status, "http_error"), f"HTTP {answer.status} {realm}".strip())
    if "application/ipp" not in answer.headers.get("content-type", "").lower():
        raise IppFailed("not_ipp", f"content type {answer.headers.get('content-type', 'unknown')}")
    try:
        return decode(answer.body)[0]
    except WireError as error:
        raise IppFailed("not_ipp", str(error)) from None
