"""Secure connections: is the other side's certificate accepted here, and if not, why. CPython 3.9 syntax."""

from __future__ import annotations

import datetime
import os
import socket
import ssl
import statistics
import threading
import time
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor.model import Value
from techdoctor.probes.base import (
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    number,
    portable,
    records,
    text,
    texts,
)
from techdoctor.probes.names import system_lookup
from techdoctor.probes.names.dns_ask import error_class
from techdoctor.probes.network import certificate, targets
from techdoctor.probes.network.certificate import Certificate

_PORT = 443
_MARGIN_S = 0.2
# A handshake takes three round trips; what has not come by now waits for a repetition in vain.
_WAIT_S = 2.2
# A first packet lost is repeated after a second (RFC 6298, section 2.1).
_CONNECT_S = 1.5
# Verification codes as OpenSSL numbers them. Source: its header x509_vfy.h
_EXPIRED, _NOT_YET_VALID = 10, 9
_UNKNOWN_ISSUER = (18, 19, 20, 21)
_WRONG_NAME = 62
# Variables that redirect whom programs trust (OpenSSL, curl, requests).
CA_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


@dataclass
class Handshake:
    """One attempt at a secure connection.

    Attributes:
        error: "" when the certificate was accepted; "certificate", "tls", or a class of dns_ask.
        verify_code: OpenSSL's code when the certificate was refused; 0 otherwise.
        shown: The certificate that was refused.
    """

    host: str
    address: str
    error: str = "timeout"
    message: str = ""
    verify_code: int = 0
    tcp_ms: Optional[float] = None
    tls_ms: Optional[float] = None
    shown: Optional[Certificate] = None


def _measure(probing: Probing) -> Reading:
    context = ssl.create_default_context()  # before any time is taken: it costs 70 ms of CPU
    trust = _trust(context)
    if probing.settings.offline:
        reason = "offline: nothing may be sent beyond this machine"
        return Reading(trust, dict.fromkeys((*_ALL_FIELDS, "name_ok", "name_error"), reason))
    name = probing.text("name")
    known = targets.secure_hosts()
    hosts: List[Tuple[str, str]] = [*known, *([(name, "")] if name else [])]
    tried = _try_all(hosts, context, time.monotonic() + min(_WAIT_S, probing.left_s() - _MARGIN_S))
    return _reading(trust, tried[: len(known)], tried[-1] if name else None)


def _trust(context: ssl.SSLContext) -> Dict[str, Value]:
    paths = ssl.get_default_verify_paths()
    count = context.cert_store_stats()["x509_ca"]
    # Certificates of a folder are read when they are needed, so the store does not count them.
    folder = paths.capath
    in_folder = bool(folder) and os.path.isdir(folder) and any(os.scandir(folder))
    return {
        "ca_count": count,
        "ca_store_empty": count == 0 and not in_folder,
        "ca_redirected": any(os.environ.get(name) for name in CA_VARIABLES[:2]),
        "ca_environment": [f"{name}={os.environ[name]}" for name in CA_VARIABLES if os.environ.get(name)],
    }


def _try_all(hosts: Sequence[Tuple[str, str]], context: ssl.SSLContext, until: float) -> List[Handshake]:
    tried = [Handshake(host, address) for host, address in hosts]
    threads = [threading.Thread(target=_try, args=(shake, context, until), daemon=True) for shake in tried]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return tried


def _try(shake: Handshake, context: ssl.SSLContext, until: float) -> None:
    if not shake.address:
        found = system_lookup.look_up(shake.host, max(0.1, until - time.monotonic()))
        if not found.addresses:
            shake.error, shake.message = "no_name", found.error
            return
        shake.address = next((a for a in found.addresses if ":" not in a), found.addresses[0])
    try:
        with _connected(shake, until) as sock:
            begun = time.monotonic()
            with context.wrap_socket(sock, server_hostname=shake.host):
                shake.tls_ms, shake.error = (time.monotonic() - begun) * 1000, ""
    except ssl.SSLCertVerificationError as error:
        shake.error, shake.verify_code, shake.message = "certificate", error.verify_code, error.verify_message
        _look_at_certificate(shake, until)
    except socket.timeout:
        shake.error = "timeout"
    except ssl.SSLError as error:
        shake.error, shake.message = "tls", str(error.reason or error)
    except OSError as error:
        broken_off = isinstance(error, ConnectionError) and shake.tcp_ms is not None
        shake.error, shake.message = "tls" if broken_off else error_class(error), str(error)


def _connected(shake: Handshake, until: float) -> socket.socket:
    begun = time.monotonic()
    sock = socket.create_connection((shake.address, _PORT), timeout=max(0.05, min(_CONNECT_S, until - begun)))
    shake.tcp_ms = (time.monotonic() - begun) * 1000
    sock.settimeout(max(0.05, until - time.monotonic()))
    return sock


def _look_at_certificate(shake: Handshake, until: float) -> None:
    """Connects once more without verifying, only to read whose certificate was refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        sock = _connected(shake, until)
        with sock, context.wrap_socket(sock, server_hostname=shake.host) as link:
            shake.shown = certificate.read(link.getpeercert(binary_form=True) or b"")
    except (OSError, certificate.NotACertificate):
        return  # the refusal and its code are known; only the name of the issuer is missing


def _reading(trust: Mapping[str, Value], tried: Sequence[Handshake], asked: Optional[Handshake]) -> Reading:
    refused = [shake for shake in tried if shake.error == "certificate"]
    unknown = [shake for shake in refused if shake.verify_code in _UNKNOWN_ISSUER]
    issuers = {shake.shown.issuer for shake in unknown if shake.shown is not None}
    times = [shake.tls_ms for shake in tried if shake.tls_ms is not None]
    first = next(iter(refused), None)
    data: Dict[str, Value] = {
        **trust,
        "count": len(tried),
        "accepted": sum(1 for shake in tried if not shake.error),
        "refused": len(refused),
        "unreachable": sum(1 for shake in tried if shake.error not in ("", "certificate")),
        "broken_off": sum(1 for shake in tried if shake.error == "tls"),
        "verify_code": first.verify_code if first else 0,
        "verify_message": first.message if first else "",
        "issuer": first.shown.issuer if first and first.shown else "",
        "all_same_unknown_issuer": len(tried) > 1 and len(unknown) == len(tried) and len(issuers) == 1,
        "all_expired": bool(tried) and all(shake.verify_code == _EXPIRED for shake in tried),
        "all_not_yet_valid": bool(tried) and all(shake.verify_code == _NOT_YET_VALID for shake in tried),
        "tls_ms": round(statistics.median(times), 1) if times else None,
        "hosts": [_row(shake) for shake in [*tried, *([asked] if asked else [])]],
    }
    gaps = {} if times else {"tls_ms": "no secure connection came about"}
    if asked is None:
        gaps.update(dict.fromkeys(("name_ok", "name_error"), "no name was given"))
    else:
        data.update(name_ok=not asked.error, name_error=asked.error)
    return Reading(data, gaps)


def _row(shake: Handshake) -> Dict[str, Value]:
    shown = shake.shown
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "host": shake.host,
        "address": shake.address,
        "accepted": not shake.error,
        "error": shake.error,
        "message": shake.message,
        "verify_code": shake.verify_code,
        "wrong_name": shake.verify_code == _WRONG_NAME,
        "issuer": shown.issuer if shown else "",
        "expires_in_s": None if shown is None else round((shown.not_after - now).total_seconds()),
        "tcp_ms": None if shake.tcp_ms is None else round(shake.tcp_ms, 1),
        "tls_ms": None if shake.tls_ms is None else round(shake.tls_ms, 1),
    }


_ALL_FIELDS = {
    "count": integer("Documented hosts that were tried.", "count"),
    "accepted": integer("Hosts whose certificate was accepted.", "count"),
    "refused": integer("Hosts whose certificate was refused.", "count"),
    "unreachable": integer("Hosts where no handshake came about at all.", "count"),
    "broken_off": integer("Hosts that took the connection and broke the handshake off.", "count"),
    "verify_code": integer("OpenSSL's code of the first refusal (x509_vfy.h); 0 without one."),
    "verify_message": text("The same in words.", "text"),
    "issuer": text("Who signed the first refused certificate.", "text"),
    "all_same_unknown_issuer": boolean("True when all hosts show certificates of one issuer unknown here."),
    "all_expired": boolean("True when all certificates are expired by this computer's clock."),
    "all_not_yet_valid": boolean("True when all certificates are not valid yet by this computer's clock."),
    "tls_ms": number("Median time of the handshakes.", "ms"),
    "hosts": records(
        "Each host that was tried.",
        host=text("Its name.", "host_name"),
        address=text("The address that was connected to.", "ip"),
        accepted=boolean("True when its certificate was accepted."),
        error=text("certificate, tls, no_name, timeout, refused_port, unreachable, prohibited or failed; else empty."),
        message=text("The library's words for it.", "text"),
        verify_code=integer("OpenSSL's code of a refusal; 0 without one."),
        wrong_name=boolean("True when the certificate is for other names."),
        issuer=text("Who signed a refused certificate.", "text"),
        expires_in_s=integer("Seconds until a refused certificate ends; negative when it has.", "s"),
        tcp_ms=number("Time to connect.", "ms"),
        tls_ms=number("Time of the handshake.", "ms"),
    ),
}


def _summary(data: Mapping[str, Value]) -> str:
    if data["count"] is None:
        return f"{data['ca_count']} trusted issuers"
    return f"{data['accepted']} of {data['count']} certificates accepted"


PROBES = (
    Probe(
        name="web.tls",
        title="Secure connections",
        doc="Handshake and verification with hosts of two operators at documented addresses (no lookup needed), and "
        "with an asked host; who signed what is refused; whom this computer trusts, and variables that change that.",
        parameters={"name": Parameter("hostname", "A host to try besides; its name is looked up by the system.")},
        fields={
            **_ALL_FIELDS,
            "name_ok": boolean("True when the asked host's certificate was accepted."),
            "name_error": text("As error of hosts, for the asked host."),
            "ca_count": integer("Issuers that are trusted here (those in a folder are not counted).", "count"),
            "ca_store_empty": boolean("True when no issuer at all is trusted here."),
            "ca_redirected": boolean("True when a variable redirects the trust of this program (OpenSSL)."),
            "ca_environment": texts("Variables that redirect the trust, as NAME=value.", "path"),
        },
        methods=portable(_measure),
        timeout_s=5.0,  # Chromium OS waits 5 s for a handshake. Source: https_latency_routine.cc
        network=True,
        reach="decides",
        summary=_summary,
    ),
)
