"""The documented places that connection probes ask. CPython 3.9 syntax.

A site replaces them through the setting `targets`: "internet" (a list of addresses), "portal" (a list of
texts "http://host/path expected-status expected-text") and "download" (a list with one address).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence, Tuple
from urllib.parse import urlsplit

from techdoctor.model import Value
from techdoctor.probes.network.knock import has_way_to

# Anycast addresses that three operators document, reached by https (443), names (53) and ping.
# Source: https://developers.cloudflare.com/1.1.1.1/ip-addresses/
# Source: https://developers.google.com/speed/public-dns/docs/using
# Source: https://www.quad9.net/service/service-addresses-and-features
INTERNET_V4: Sequence[str] = ("1.1.1.1", "8.8.8.8", "9.9.9.9")
INTERNET_V6: Sequence[str] = ("2606:4700:4700::1111", "2001:4860:4860::8888", "2620:fe::fe")


@dataclass(frozen=True)
class PortalCheck:
    """A plain http page that systems ask to find sign-in pages.

    Attributes:
        host: Its name.
        path: Path on it.
        status: Status of the true page.
        text: What the true page's body begins with or contains; empty for an empty body.
    """

    host: str
    path: str
    status: int
    text: str


# Source: https://support.mozilla.org/kb/captive-portal (Firefox: detectportal.firefox.com)
# Source: https://learn.microsoft.com/windows-server/networking/ncsi/ncsi-overview (connecttest.txt)
# Source: https://support.apple.com/guide/deployment/ (captive.apple.com, hotspot-detect.html)
PORTAL_CHECKS: Sequence[PortalCheck] = (
    PortalCheck("detectportal.firefox.com", "/success.txt", 200, "success"),
    PortalCheck("www.msftconnecttest.com", "/connecttest.txt", 200, "Microsoft Connect Test"),
    PortalCheck("captive.apple.com", "/hotspot-detect.html", 200, "Success"),
)

# Plain http by number, for when names are dead or false: the true server sends everybody on to https under
# one of its own names. Source: https://developers.cloudflare.com/1.1.1.1/ip-addresses/ (one.one.one.one)
BY_NUMBER = "1.1.1.1"
BY_NUMBER_NAMES: Sequence[str] = ("1.1.1.1", "one.one.one.one", "cloudflare-dns.com", "cloudflare.com")

# Plain web servers at documented addresses. Source: the same page (both serve port 80 and send on to https).
PLAIN_WEB_V4: Sequence[str] = ("1.1.1.1", "1.0.0.1")
PLAIN_WEB_V6: Sequence[str] = ("2606:4700:4700::1111", "2606:4700:4700::1001")


def plain_web(targets: Mapping[str, Value]) -> Tuple[Sequence[str], Sequence[str]]:
    """The IPv4 and IPv6 addresses that take plain http by number; a site that sets date_servers means these too."""
    value = targets.get("date_servers")
    if not isinstance(value, list) or not value:
        return PLAIN_WEB_V4, PLAIN_WEB_V6
    wanted = [str(item) for item in value]
    return [a for a in wanted if ":" not in a], [a for a in wanted if ":" in a]


# Hosts that serve https on a documented address under a documented name, so no lookup is needed.
# Source: as above (one.one.one.one) and https://developers.google.com/speed/public-dns/docs/doh (dns.google)
SECURE_V4: Sequence[Tuple[str, str]] = (("one.one.one.one", "1.1.1.1"), ("dns.google", "8.8.8.8"))
SECURE_V6: Sequence[Tuple[str, str]] = (
    ("one.one.one.one", "2606:4700:4700::1111"),
    ("dns.google", "2001:4860:4860::8888"),
)


def secure_hosts() -> Sequence[Tuple[str, str]]:
    """Name and address of the documented https hosts, in the family that has a way out (IPv4 where both have)."""
    return SECURE_V4 if any(has_way_to(address) for _, address in SECURE_V4) else SECURE_V6


# A place that sends as many bytes as asked for, for measuring. Source: https://github.com/cloudflare/speedtest
DOWNLOAD = "https://speed.cloudflare.com/__down?bytes={bytes}"


def download(targets: Mapping[str, Value]) -> str:
    """Where to download from to load the line; `{bytes}` in it stands for the size."""
    value = targets.get("download")
    return str(value[0]) if isinstance(value, list) and value else DOWNLOAD


def internet(targets: Mapping[str, Value]) -> Tuple[Sequence[str], Sequence[str]]:
    """The IPv4 and IPv6 addresses to reach for "the internet works"."""
    value = targets.get("internet")
    if not isinstance(value, list) or not value:
        return INTERNET_V4, INTERNET_V6
    wanted = [str(item) for item in value]
    return [a for a in wanted if ":" not in a], [a for a in wanted if ":" in a]


def portal_checks(targets: Mapping[str, Value]) -> Sequence[PortalCheck]:
    """The pages to ask for a sign-in page."""
    value = targets.get("portal")
    if not isinstance(value, list) or not value:
        return PORTAL_CHECKS
    return [_check(str(item)) for item in value]


def _check(line: str) -> PortalCheck:
    url, _, rest = line.partition(" ")
    status, _, text = rest.partition(" ")
    parts = urlsplit(url)
    return PortalCheck(parts.hostname or url, parts.path or "/", int(status) if status.isdigit() else 200, text)
