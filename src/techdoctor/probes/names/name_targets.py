"""The documented places that name, certificate and clock probes ask. CPython 3.9 syntax.

A site may replace each list through the setting `targets`.
"""

from __future__ import annotations

from typing import Mapping, Sequence, Tuple

from techdoctor.model import Value

DEFAULT_NAME = "example.com"

# Public resolvers of three operators.
# Source: https://developers.cloudflare.com/1.1.1.1/ip-addresses/, https://developers.google.com/speed/public-dns/docs/using,
# https://www.quad9.net/service/service-addresses-and-features
PUBLIC_RESOLVERS: Sequence[str] = ("1.1.1.1", "8.8.8.8", "9.9.9.9")

# Names whose addresses are documented and do not change: an answer without one of them is false.
# Source: the same pages; both names resolve to the resolvers' own addresses.
KNOWN_ADDRESSES: Mapping[str, Tuple[str, ...]] = {
    "one.one.one.one": ("1.1.1.1", "1.0.0.1"),
    "dns.google": ("8.8.8.8", "8.8.4.4"),
}

# Source: https://developers.cloudflare.com/time-services/ntp/, https://developers.google.com/time, https://www.ntppool.org/
NTP_SERVERS: Sequence[str] = ("time.cloudflare.com", "pool.ntp.org", "time.google.com")

# Source: https://developers.cloudflare.com/realtime/turn/ (stun.cloudflare.com:3478), and Chromium OS's
# network_diagnostics_util.cc (STUN on 3478 and 19302 to 19309)
STUN_SERVERS: Sequence[str] = ("stun.cloudflare.com:3478", "stun.l.google.com:19302")

# Plain http by address, for the Date header alone (RFC 9110, section 6.6.1).
DATE_TARGETS: Sequence[str] = ("1.1.1.1",)


def listed(targets: Mapping[str, Value], key: str, default: Sequence[str]) -> Tuple[str, ...]:
    """The texts a site has set under `key`, else the default."""
    value = targets.get(key)
    return tuple(str(item) for item in value) if isinstance(value, list) and value else tuple(default)
