"""web.site: does one site open, the way a browser would open it? CPython 3.9 syntax."""

from __future__ import annotations

import ipaddress
import queue
import ssl
import threading
import time
from typing import Callable, Dict, List, Mapping, Optional, Sequence, TypeVar

from techdoctor.model import Value
from techdoctor.probes.base import Parameter, Probe, Probing, Reading, boolean, integer, number, portable, text
from techdoctor.probes.names import name_targets, system_lookup
from techdoctor.probes.names.failure_words import in_words
from techdoctor.probes.network import knock, page, proxy_settings
from techdoctor.probes.network.knock import TCP, Answer, Knock
from techdoctor.probes.network.page import Page, Route
from techdoctor.probes.network.proxy_setting import Setting

_KNOCK_S = 1.5
_PAGE_S = 1.6
_LOOK_UP_S = 1.6
_MARGIN_S = 0.1
# A second exchange is begun beside one that takes this long: lost packets must not read as silence.
_HEDGE_S = 0.45
_MOST_ADDRESSES = 3
_HOME = tuple(
    ipaddress.ip_network(n)
    for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)
T = TypeVar("T")


def _measure(probing: Probing) -> Reading:
    context = ssl.create_default_context()  # before any time is taken: it costs 70 ms of CPU
    name = probing.text("name")
    begun = time.monotonic()
    until = begun + probing.left_s() - _MARGIN_S
    proxy = next((setting for setting in proxy_settings.everything(probing.platform) if _carries(setting, name)), None)
    if proxy is not None:
        route = Route(proxy.host, proxy.port, name, proxied=True)
        secure = _hedged(lambda: page.fetch(route, context, min(until, time.monotonic() + _PAGE_S)))
        return reading(name, "", secure, None, True, begun)
    looked = system_lookup.look_up(name, max(0.1, min(_LOOK_UP_S, until - time.monotonic())))
    if not looked.addresses:
        silent = looked.error in (system_lookup.TIMEOUT, system_lookup.TRY_AGAIN)
        failed = Page(error="name_silent" if silent else "no_name")
        return reading(name, "", failed, None, False, begun)
    return _direct(name, _mixed(looked.addresses), context, until, begun)


def _carries(setting: Setting, name: str) -> bool:
    """True when pages of a site are asked for at this proxy; only http proxies are spoken to here."""
    plain = bool(setting.host) and setting.scheme == "http"
    return plain and not proxy_settings.excepted(name, setting.exceptions)


def _mixed(addresses: Sequence[str]) -> List[str]:
    """The first of each family, then the next: what a browser tries (RFC 8305)."""
    v6, v4 = [a for a in addresses if ":" in a], [a for a in addresses if ":" not in a]
    return [*v4[:1], *v6[:1], *v4[1:], *v6[1:]][:_MOST_ADDRESSES]


def _direct(name: str, addresses: Sequence[str], context: ssl.SSLContext, until: float, begun: float) -> Reading:
    knocks = [Knock(address, TCP, port) for address in addresses for port in (443, 80)]
    wait_s = max(0.1, min(_KNOCK_S, until - time.monotonic()))
    answers = knock.knock(knocks, wait_s, _enough)
    secure, plain = (_reached(answers, port) for port in (443, 80))
    pages: Dict[int, Page] = {}

    def fetch(answer: Answer, port: int) -> None:
        route = Route(answer.knock.address, port, name)
        limit = min(until, time.monotonic() + _PAGE_S)
        pages[port] = _hedged(lambda: page.fetch(route, context, limit))

    threads = [
        threading.Thread(target=fetch, args=(answer, port), daemon=True)
        for answer, port in ((secure, 443), (plain, 80))
        if answer is not None
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    first = pages.get(443, Page(error="hangs")) if secure else Page(error=_why(answers, 443))
    second = pages.get(80, Page(error="hangs")) if plain else Page(error=_why(answers, 80))
    address = secure.knock.address if secure else plain.knock.address if plain else addresses[0]
    return reading(name, address, first, second, False, begun)


def _enough(answers: Sequence[Answer], gone_s: float) -> bool:
    """Both ports have answered, or the secure one a moment ago."""
    good = {a.knock.port: a.ms or 0.0 for a in answers if a.answered}
    return len(good) == 2 or (443 in good and gone_s * 1000 - good[443] > 150)


def _reached(answers: Sequence[Answer], port: int) -> Optional[Answer]:
    good = [a for a in answers if a.answered and a.knock.port == port]
    return min(good, key=lambda a: a.ms or 0.0) if good else None


def _why(answers: Sequence[Answer], port: int) -> str:
    errors = {a.error for a in answers if a.knock.port == port}
    order = (knock.DENIED_HERE, knock.REFUSED, knock.UNREACHABLE, knock.SILENT, knock.NO_ROUTE)
    return next((word for word in order if word in errors), knock.SILENT)


def _hedged(work: Callable[[], Page]) -> Page:
    """The better of two tries, the second begun only when the first takes long or breaks off."""
    found: queue.SimpleQueue[Page] = queue.SimpleQueue()
    threads = [threading.Thread(target=lambda: found.put(work()), daemon=True) for _ in range(2)]
    threads[0].start()
    try:
        first = found.get(timeout=_HEDGE_S)
        if first.status is not None or first.error not in ("reset", "hangs"):
            return first
        threads[1].start()
        return _better(first, found.get(timeout=_PAGE_S))
    except queue.Empty:
        threads[1].start()
    try:
        first = found.get(timeout=_PAGE_S + _HEDGE_S)
        return first if first.status is not None else _better(first, found.get(timeout=_PAGE_S))
    except queue.Empty:
        return Page(error="hangs")


def _better(first: Page, second: Page) -> Page:
    return second if second.status is not None else first


def reading(
    name: str, address: str, secure: Page, plain: Optional[Page], via_proxy: bool, begun: Optional[float] = None
) -> Reading:
    """The probe's fields.

    Args:
        name: The site.
        address: Where it was reached; empty when it was not.
        secure: What came of https.
        plain: What came of plain http; None when that was not tried.
        via_proxy: True when a proxy was asked for it.
        begun: Monotonic time at which the probe began; None leaves the time out.
    """
    plain_serves = plain is not None and plain.status is not None and not plain.to_https
    # A device at home may serve nothing but plain pages; a site of the internet is opened by https first.
    at_home = bool(address) and _is_home(address)
    shown = plain if plain is not None and plain_serves and secure.status is None and at_home else secure
    status = shown.status if shown.status is not None else plain.status if plain_serves and plain else None
    ok = shown.status is not None and shown.status < 500
    gaps: Dict[str, str] = {}
    data: Dict[str, Value] = {
        "name": name,
        "ok": ok,
        "error": "" if shown.status is not None else shown.error,
        "name_known": secure.error not in ("no_name", "name_silent") if secure.error != "name_silent" else None,
        "status": status,
        "fault": status is not None and status >= 500,
        "http_ok": None if plain is None else plain.status is not None,
        "verify_code": secure.verify_code,
        "message": secure.message,
        "address": address,
        "via_proxy": via_proxy,
        "ms": None if begun is None or not ok else round((time.monotonic() - begun) * 1000, 1),
    }
    reasons = {
        "name_known": "the name servers did not answer",
        "status": "no page came",
        "http_ok": "plain http was not tried",
        "ms": "no page came",
    }
    gaps.update({field: why for field, why in reasons.items() if data[field] is None})
    return Reading(data, gaps)


def _is_home(address: str) -> bool:
    number_ = ipaddress.ip_address(address.partition("%")[0])
    return any(number_ in network for network in _HOME if network.version == number_.version)


def _summary(data: Mapping[str, Value]) -> str:
    if data["ok"]:
        return f"{data['name']} answers ({data['status']})"
    return f"{data['name']} " + (f"has a fault ({data['status']})" if data["fault"] else in_words(data["error"]))


PROBES = (
    Probe(
        name="web.site",
        title="The site",
        doc="Opens one site as a browser would: its name by the system's own lookup, the proxy that is set, else its "
        "addresses of both families; the certificate is checked; one GET of / by https, and beside it by http. Nothing "
        "is disclosed by it: the site and the name servers are those that the person's own browser uses for it.",
        parameters={"name": Parameter("hostname", "The site.", name_targets.DEFAULT_NAME)},
        fields={
            "name": text("The site.", "host_name"),
            "ok": boolean("A page came by https (for a device at home also by http) with a status below 500."),
            "error": text(
                "no_name, name_silent, silent, refused, unreachable, denied_here, no_route, reset, hangs, certificate, "
                "tls, not_http, proxy_login, proxy_fails; empty when a page came."
            ),
            "name_known": boolean("False when its name does not exist."),
            "status": integer("Status of the page."),
            "fault": boolean("The site answers with a fault of its own (5xx)."),
            "http_ok": boolean("Plain http gave a page, whatever its status."),
            "verify_code": integer("OpenSSL's code when its certificate was refused; else 0."),
            "message": text("The library's words for a failed secure connection.", "text"),
            "address": text("Where it was reached or tried.", "ip"),
            "via_proxy": boolean("A proxy was asked for it."),
            "ms": number("Time until the page came, lookup included.", "ms"),
        },
        methods=portable(_measure),
        timeout_s=3.6,
        network=True,
        reach="beyond",
        summary=_summary,
    ),
)
