"""net.captive_portal: does a sign-in page stand before the web? CPython 3.9 syntax."""

from __future__ import annotations

import http.client
import queue
import socket
import threading
import time
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence
from urllib.parse import urlsplit

from techdoctor.errors import CannotMeasure
from techdoctor.model import TIMEOUT, Value
from techdoctor.probes.base import Probe, Probing, Reading, boolean, integer, portable, records, text
from techdoctor.probes.network import targets
from techdoctor.probes.network.targets import PortalCheck

TRUE_PAGE, REDIRECT, REWRITE, SITE_FAULT, NO_ANSWER, NO_NAME = (
    "true_page",
    "redirect",
    "rewrite",
    "site_fault",
    "no_answer",
    "no_name",
)
_WAIT_S = 1.8
# Names may be dead: once the check by number is over, the named ones get this long in all.
_NAMES_WAIT_S = 1.3
_MARGIN_S = 0.1
_TRY_S = (0.7, 0.8, 2.0)  # a lost packet costs a second inside TCP, so the first tries are short
_MOST_BYTES = 64 * 1024
_NETWORK_LOGIN_REQUIRED = 511  # RFC 6585, section 6


@dataclass(frozen=True)
class Page:
    """What one check got.

    Attributes:
        host: The host asked, by name or number.
        verdict: One of the words above.
        status: HTTP status; None without an answer.
        location_host: Host that a redirect leads to.
    """

    host: str
    verdict: str
    status: Optional[int] = None
    location_host: str = ""


def judge(check: PortalCheck, status: int, location: str, body: str) -> Page:
    """Compares a page with the true one.

    A failure of the site itself (5xx, 4xx) says nothing about a portal.
    """
    if status == _NETWORK_LOGIN_REQUIRED:
        return Page(check.host, REWRITE, status)
    if 300 <= status < 400:
        target = urlsplit(location).hostname or check.host
        same = target == check.host or target.endswith("." + check.host)
        return Page(check.host, TRUE_PAGE if same else REDIRECT, status, target)
    if status >= 400:
        return Page(check.host, SITE_FAULT, status)
    expected = status == check.status and (check.text in body if check.text else not body.strip())
    return Page(check.host, TRUE_PAGE if expected else REWRITE, status)


def judge_by_number(status: int, location: str) -> Page:
    """The page at a known number: its true server only ever redirects to its own names."""
    target = urlsplit(location).hostname or ""
    if status == _NETWORK_LOGIN_REQUIRED:
        return Page(targets.BY_NUMBER, REWRITE, status)
    if 300 <= status < 400 and target:
        same = target in targets.BY_NUMBER_NAMES or target.endswith(".cloudflare.com")
        return Page(targets.BY_NUMBER, TRUE_PAGE if same else REDIRECT, status, target)
    return Page(targets.BY_NUMBER, SITE_FAULT, status)


def _measure(probing: Probing) -> Reading:
    checks = targets.portal_checks(probing.settings.targets)
    begun = time.monotonic()
    until = begun + max(0.1, min(_WAIT_S, probing.left_s() - _MARGIN_S))
    found: queue.SimpleQueue[Page] = queue.SimpleQueue()
    for check in checks:
        threading.Thread(target=_named, args=(check, until, found), daemon=True).start()
    threading.Thread(target=_numbered, args=(until, found), daemon=True).start()
    pages: List[Page] = []
    while len(pages) < len(checks) + 1:
        asked_by_number = any(page.host == targets.BY_NUMBER for page in pages)
        limit = begun + _NAMES_WAIT_S if asked_by_number else until
        try:
            pages.append(found.get(timeout=max(0.0, min(limit, until) - time.monotonic())))
        except queue.Empty:
            break
    return reading(pages, len(checks) + 1)


def _named(check: PortalCheck, until: float, found: queue.SimpleQueue[Page]) -> None:
    try:
        # IPv4 alone: many portals intercept nothing else, and a page by IPv6 would look true.
        addresses = socket.getaddrinfo(check.host, 80, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        found.put(Page(check.host, NO_NAME))
        return
    answer = _get(str(addresses[0][4][0]), check.host, check.path, until)
    found.put(judge(check, *answer) if answer else Page(check.host, NO_ANSWER))


def _numbered(until: float, found: queue.SimpleQueue[Page]) -> None:
    answer = _get(targets.BY_NUMBER, targets.BY_NUMBER, "/", until)
    found.put(judge_by_number(answer[0], answer[1]) if answer else Page(targets.BY_NUMBER, NO_ANSWER))


def _get(address: str, host: str, path: str, until: float) -> Optional[tuple[int, str, str]]:
    """Status, Location and body of a page by plain http, without any proxy; None without an answer."""
    for wait_s in _TRY_S:
        left = until - time.monotonic()
        if left <= 0:
            return None
        connection = http.client.HTTPConnection(address, 80, timeout=min(wait_s, left))
        try:
            headers = {"Host": host, "Connection": "close", "Cache-Control": "no-cache", "Accept": "*/*"}
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            # The body is read to its end: head and body often arrive apart.
            body = response.read(_MOST_BYTES).decode("utf-8", "replace")
            return response.status, response.getheader("Location") or "", body
        except (OSError, http.client.HTTPException):
            continue  # lost, refused or not HTTP: the next try, then "no answer"
        finally:
            connection.close()
    return None


def reading(pages: Sequence[Page], asked: int) -> Reading:
    """The probe's fields from all pages.

    Raises:
        CannotMeasure: No page came.
    """
    portals = [p for p in pages if p.verdict in (REDIRECT, REWRITE)]
    true_pages = [p for p in pages if p.verdict == TRUE_PAGE]
    if all(p.status is None for p in pages):
        raise CannotMeasure(TIMEOUT, "none of the known pages answered, so a sign-in page could not be looked for")
    judged = bool(portals or true_pages)
    number_is_true = any(p.host == targets.BY_NUMBER for p in true_pages)
    names_lie = bool(portals) and number_is_true and not any(p.host == targets.BY_NUMBER for p in portals)
    found = bool(portals) and not names_lie
    first = max(portals, key=lambda p: p.verdict == REDIRECT) if found else None
    data: Dict[str, Value] = {
        "found": found if judged else None,
        "kind": first.verdict if first else "",
        "location_host": first.location_host if first else "",
        "names_lie": names_lie,
        "true_pages": len(true_pages),
        "asked": asked,
        "pages": [
            {"host": p.host, "verdict": p.verdict, "status": p.status, "location_host": p.location_host} for p in pages
        ],
    }
    return Reading(data, {} if judged else {"found": "the known pages answered with errors of their own"})


def _summary(data: Mapping[str, Value]) -> str:
    return f"found, leads to {data.get('location_host') or 'a form'}" if data.get("found") else "none"


PROBES = (
    Probe(
        name="net.captive_portal",
        title="Sign-in page",
        doc="Asks the known check pages of three makers by plain http over IPv4, without proxy, to their end. "
        "A redirect to another host or a page with other content is a portal (RFC 8910, RFC 8952); a server error is "
        "not. One address is asked by number as well, for when names are dead or false: a portal changes that one too, "
        "lying name servers do not. Site setting: targets.portal.",
        fields={
            "found": boolean("A sign-in page stands before the web."),
            "kind": text("How: redirect or rewrite; empty when there is none."),
            "location_host": text("Host of the sign-in page, when it redirects.", private="host_name"),
            "names_lie": boolean("Pages asked by name are replaced, the one asked by number is not."),
            "true_pages": integer("How many pages came as they should.", "count"),
            "asked": integer("How many were asked.", "count"),
            "pages": records(
                "Each page that was settled.",
                host=text("Host asked."),
                verdict=text("true_page, redirect, rewrite, site_fault, no_answer or no_name."),
                status=integer("HTTP status."),
                location_host=text("Where a redirect leads.", private="host_name"),
            ),
        },
        methods=portable(_measure),
        timeout_s=3.0,
        network=True,
        reach="beyond",
        summary=_summary,
    ),
)
