"""web.reach: are web servers of several operators reached by number, on port 443 and on port 80? CPython 3.9 syntax."""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.model import Value
from techdoctor.probes.base import Probe, Probing, Reading, boolean, integer, number, portable, records, text
from techdoctor.probes.names.failure_words import in_words
from techdoctor.probes.network import knock, targets
from techdoctor.probes.network.knock import TCP, Answer, Knock

_WAIT_S = 1.6
_MARGIN_S = 0.1
# After both ports have answered once, the others get this long: how many there are is worth knowing.
_GRACE_S = 0.1
_HTTPS, _HTTP = 443, 80
# The loudest reason wins: what was said tells more than silence.
_LOUDEST = (knock.DENIED_HERE, knock.REFUSED, knock.UNREACHABLE, knock.NO_ROUTE, knock.SILENT)


def _measure(probing: Probing) -> Reading:
    v4, v6 = targets.internet(probing.settings.targets)
    plain_v4, plain_v6 = targets.plain_web(probing.settings.targets)
    if not any(knock.has_way_to(address) for address in v4):
        v4, plain_v4 = (), ()
    secure, plain = (v4, plain_v4) if v4 else (v6, plain_v6)
    knocks = [Knock(a, TCP, _HTTPS) for a in secure] + [Knock(a, TCP, _HTTP) for a in plain]
    wait_s = max(0.1, min(_WAIT_S, probing.left_s() - _MARGIN_S))
    return reading(knock.knock(knocks, wait_s, _Enough(bool(plain))))


class _Enough:
    """Ends the knocking a moment after both ports have answered."""

    def __init__(self, plain_too: bool) -> None:
        self._wanted = {_HTTPS, _HTTP} if plain_too else {_HTTPS}
        self._since: Optional[float] = None

    def __call__(self, answers: Sequence[Answer], gone_s: float) -> bool:
        if self._since is None and self._wanted <= {a.knock.port for a in answers if a.answered}:
            self._since = gone_s
        return self._since is not None and gone_s - self._since >= _GRACE_S


def reading(answers: Sequence[Answer]) -> Reading:
    """The probe's fields from all knocks."""
    secure = [a for a in answers if a.knock.port == _HTTPS]
    plain = [a for a in answers if a.knock.port == _HTTP]
    times = [a.ms for a in secure if a.answered and a.ms is not None]
    gaps: Dict[str, str] = (
        {} if plain else {"http_ok": "no plain web server is documented for this network's addresses"}
    )
    data: Dict[str, Value] = {
        "https_ok": any(a.answered for a in secure),
        "https_reached": sum(1 for a in secure if a.answered),
        "https_tried": len(secure),
        "https_error": _why(secure),
        "http_ok": any(a.answered for a in plain) if plain else None,
        "http_error": _why(plain),
        "said_here": any(a.error == knock.DENIED_HERE for a in answers),
        "ms": round(min(times), 1) if times else None,
        "targets": [
            {"address": a.knock.address, "port": a.knock.port, "ok": a.answered, "error": a.error} for a in answers
        ],
    }
    if not times:
        gaps["ms"] = "no secure server was reached"
    return Reading(data, gaps)


def _why(answers: Sequence[Answer]) -> str:
    """Why none was reached; empty when one was, or none was tried."""
    if not answers or any(a.answered for a in answers):
        return ""
    errors: List[str] = [a.error for a in answers]
    return next((word for word in _LOUDEST if word in errors), knock.SILENT)


def _summary(data: Mapping[str, Value]) -> str:
    if data["https_ok"]:
        return f"{data['https_reached']} of {data['https_tried']} secure servers reached"
    plain = ", plain ones are" if data["http_ok"] else ""
    return f"no secure server reached{plain}: each {in_words(data['https_error'])}"


PROBES = (
    Probe(
        name="web.reach",
        title="Web servers by number",
        doc="Connections to port 443 of three operators and to port 80, by number, each tried up to three times within "
        "two seconds; nothing is sent over them. IPv4, and IPv6 where there is no way out in IPv4. How a port fails "
        "tells how it is blocked: refused (reset), unreachable (an ICMP error such as prohibited), silent (dropped). "
        "Site settings: targets.internet, targets.date_servers.",
        fields={
            "https_ok": boolean("A connection to port 443 was taken."),
            "https_reached": integer("How many servers took one.", "count"),
            "https_tried": integer("How many were tried.", "count"),
            "https_error": text("Why none did: denied_here, refused, unreachable, no_route or silent; else empty."),
            "http_ok": boolean("A connection to port 80 was taken."),
            "http_error": text("Why none was, as https_error."),
            "said_here": boolean("This machine itself refused to send, as a local firewall does."),
            "ms": number("Time to the fastest secure server.", "ms"),
            "targets": records(
                "Each server.",
                address=text("Its address."),
                port=integer("443 or 80."),
                ok=boolean("It took the connection."),
                error=text("Why it did not, as https_error."),
            ),
        },
        methods=portable(_measure),
        timeout_s=3.0,
        network=True,
        reach="beyond",
        summary=_summary,
    ),
)
