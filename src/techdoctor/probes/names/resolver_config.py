"""Which name servers this machine is set to ask, and whether programs ask them at all.

CPython 3.9 syntax.
"""

from __future__ import annotations

import ipaddress
import re
import time
from dataclasses import dataclass
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    RECORDED,
    UNTRIED,
    Method,
    Parameter,
    Params,
    Probe,
    Probing,
    Raw,
    Raws,
    Reading,
    Source,
    boolean,
    integer,
    measured,
    parsed,
    text,
    texts,
    unsupported,
)
from techdoctor.probes.names import hosts_line
from techdoctor.probes.sources import gather

# The C library asks at most three servers, MAXNS. Source: resolv.conf(5), resolv.h.
MAX_SERVERS = 3
_MAX_NDOTS = 15  # RES_MAXNDOTS, resolv.conf(5)
STUBS = ("127.0.0.53", "127.0.0.54")  # systemd-resolved.service(8)
# Who writes resolv.conf says so in a comment at its top.
_WRITERS = (
    ("networkmanager", "NetworkManager"),
    ("systemd-resolved", "systemd-resolved"),
    ("resolvconf", "resolvconf"),
    ("dhclient", "dhclient"),
    ("dhcpcd", "dhcpcd"),
    ("connman", "ConnMan"),
    ("docker", "Docker"),
    ("wsl", "WSL"),
    ("tailscale", "Tailscale"),
)


@dataclass(frozen=True)
class Resolvers:
    """The name servers a machine asks.

    Attributes:
        servers: Addresses that questions end up at: behind systemd-resolved's stub, its uplinks.
        listed: Addresses as the C library is told them.
        forwarder: Address of a forwarder on this machine that programs ask; empty without one.
        uplinks_known: False when a local forwarder hides whom it asks.
        search: Domains tried behind a short name, in order.
        ndots: A name with fewer dots is tried with the search domains first.
        source: Where the list comes from.
        written_by: The program that keeps the file; empty when nobody says so.
        hosts_line: The services of nsswitch.conf's hosts line; empty when there is none.
        asks_dns: False when that line never leads to name servers.
    """

    servers: Tuple[str, ...]
    listed: Tuple[str, ...]
    forwarder: str = ""
    uplinks_known: bool = True
    search: Tuple[str, ...] = ()
    ndots: int = 1
    source: str = "resolv.conf"
    written_by: str = ""
    hosts_line: str = ""
    asks_dns: bool = True

    def tried_before(self, name: str) -> int:
        """How many longer names are looked up before the name itself is (resolv.conf(5), ndots)."""
        if name.endswith(".") or name.count(".") >= self.ndots:
            return 0
        return len(self.search)


@dataclass(frozen=True)
class _ResolvConf:
    servers: Tuple[str, ...]
    search: Tuple[str, ...]
    ndots: int
    written_by: str


def parse_resolv_conf(content: str) -> _ResolvConf:
    """Reads resolv.conf(5): a later search or domain line replaces an earlier one."""
    servers: List[str] = []
    search: Tuple[str, ...] = ()
    ndots, comments = 1, ""
    for line in content.splitlines():
        if line.lstrip().startswith(("#", ";")):
            comments += line.lower() + "\n"
            continue
        words = line.split()
        if len(words) < 2:
            continue
        keyword, values = words[0], words[1:]
        if keyword == "nameserver" and len(servers) < MAX_SERVERS and _is_server(values[0]):
            servers.append(values[0])
        elif keyword in ("search", "domain"):
            search = tuple(values if keyword == "search" else values[:1])
        elif keyword == "options":
            ndots = _ndots(values, ndots)
    writer = next((name for word, name in _WRITERS if word in comments), "")
    return _ResolvConf(tuple(servers), search, ndots, writer)


def _is_server(text: str) -> bool:
    """False for what the C library passes over, and for 0.0.0.0 and ::, which are no server's address.

    Source: Chromium OS calls these "no name server" too (dns_resolver_present_routine.cc).
    """
    try:
        return not ipaddress.ip_address(text.partition("%")[0]).is_unspecified
    except ValueError:
        return False


def _ndots(options: Sequence[str], before: int) -> int:
    for option in options:
        if re.fullmatch(r"ndots:\d{1,4}", option):
            before = min(_MAX_NDOTS, int(option[6:]))
    return before


def parse_linux(raws: Raws) -> Resolvers:
    """Puts together resolv.conf, nsswitch.conf and what systemd-resolved says of its uplinks."""
    file = raws["resolv_conf"]
    conf = parse_resolv_conf("" if file.status == "absent" else file.need("/etc/resolv.conf"))
    nsswitch = raws["nsswitch"].text if raws["nsswitch"].status == "ok" else ""
    local = next((server for server in conf.servers if _is_loopback(server)), "")
    common = {
        "search": conf.search,
        "ndots": conf.ndots,
        "written_by": conf.written_by,
        "hosts_line": hosts_line.services(nsswitch),
        "asks_dns": hosts_line.leads_to_servers(nsswitch),
    }
    if local in STUBS and raws["uplinks"].status == "ok":
        uplinks = parse_resolv_conf(raws["uplinks"].text).servers
        return Resolvers(uplinks, conf.servers, local, True, source="systemd-resolved", **common)  # type: ignore[arg-type] # by name
    return Resolvers(conf.servers, conf.servers, local, not local, **common)  # type: ignore[arg-type] # by name


def _is_loopback(server: str) -> bool:
    return server == "::1" or server.startswith("127.")


def parse_scutil(content: str) -> Resolvers:
    """Reads `scutil --dns` of macOS: the resolvers of its first part that are for all names.

    Supplemental resolvers come first there but serve their own domains only; resolvers with a
    `domain` likewise.

    Raises:
        CannotMeasure: The text is not that of scutil.
    """
    if "DNS configuration" not in content:
        raise CannotMeasure(NOT_APPLICABLE, "scutil --dns did not show a DNS configuration")
    part = content.partition("DNS configuration (for scoped queries)")[0]
    for block in re.split(r"\n\s*resolver #\d+\n", part)[1:]:
        if re.search(r"^\s*domain\s*:", block, re.M) or re.search(r"^\s*flags\s*:.*Supplemental", block, re.M):
            continue
        servers = tuple(re.findall(r"^\s*nameserver\[\d+\]\s*:\s*(\S+)", block, re.M))
        if servers:
            search = tuple(re.findall(r"^\s*search domain\[\d+\]\s*:\s*(\S+)", block, re.M))
            local = next((server for server in servers if _is_loopback(server)), "")
            return Resolvers(servers, servers, local, not local, search, source="scutil --dns")
    return Resolvers((), (), source="scutil --dns")


def linux_sources(params: Params) -> Sequence[Source]:
    return (
        Source("resolv_conf", path="/etc/resolv.conf", cap_bytes=1 << 16),
        Source("nsswitch", path="/etc/nsswitch.conf", cap_bytes=1 << 16),
        # Without the stub: the servers of all links, kept by systemd-resolved.service(8).
        Source("uplinks", path="/run/systemd/resolve/resolv.conf", cap_bytes=1 << 16),
    )


def macos_sources(params: Params) -> Sequence[Source]:
    return (Source("scutil", argv=("scutil", "--dns"), timeout_s=2.0),)


def current(platform: str, deadline: float) -> Resolvers:
    """What this machine is set to, for probes that go on to ask.

    Raises:
        CannotMeasure: It could not be read, or this platform has no documented way.
    """
    if platform == "linux":
        return parse_linux(gather(linux_sources({}), deadline))
    if platform == "macos":
        return parse_scutil(gather(macos_sources({}), min(deadline, time.monotonic() + 2))["scutil"].need("scutil"))
    raise CannotMeasure(NOT_APPLICABLE, NO_WINDOWS)


def listed_servers(probing: Probing) -> Tuple[str, ...]:
    """Addresses of the servers that programs ask, a local forwarder included.

    Raises:
        CannotMeasure: None is set, or the settings cannot be read.
    """
    servers = current(probing.platform, probing.deadline).listed
    if not servers:
        raise CannotMeasure(NOT_APPLICABLE, "no name server is set")
    return servers


def where_readable(measure: Callable[[Probing], Reading]) -> Dict[str, Method]:
    """Methods of a probe that asks the configured servers: where their list can be read."""
    return {
        "linux": measured(measure),
        "macos": measured(measure, UNTRIED, "portable sockets; the list of servers from recorded output of scutil"),
        "windows": unsupported(NO_WINDOWS),
    }


NO_WINDOWS = "reading the name servers of Windows has no recorded output to check it with yet"


def reading(found: Resolvers, params: Params) -> Reading:
    """The fields of `dns.resolvers`."""
    name = str(params.get("name") or "")
    gaps: Dict[str, str] = {}
    mdns: Optional[bool] = any(service.startswith("mdns") for service in found.hosts_line.split())
    if not found.hosts_line:
        mdns = None
        gaps["mdns"] = "no hosts line in nsswitch.conf"
    data: Mapping[str, Value] = {
        "count": len(found.servers),
        "servers": list(found.servers),
        "listed": list(found.listed),
        "search": list(found.search),
        "ndots": found.ndots,
        "extra_lookups": found.tried_before(name) if name else 0,
        "source": found.source,
        "written_by": found.written_by,
        "has_forwarder": bool(found.forwarder),
        "forwarder": found.forwarder,
        "all_v4": bool(found.servers) and not any(":" in server for server in found.servers),
        "uplinks_known": found.uplinks_known,
        "hosts_line": found.hosts_line,
        "asks_dns": found.asks_dns,
        "mdns": mdns,
    }
    return Reading(data, gaps)


def _linux(raws: Raws, params: Params) -> Reading:
    return reading(parse_linux(raws), params)


def _macos(raws: Mapping[str, Raw], params: Params) -> Reading:
    return reading(parse_scutil(raws["scutil"].need("scutil --dns")), params)


def _summary(data: Mapping[str, Value]) -> str:
    servers = data["servers"]
    return ", ".join(str(server) for server in servers) if isinstance(servers, list) and servers else "none is set"


PROBES = (
    Probe(
        name="dns.resolvers",
        title="Name server settings",
        doc="Which name servers are set, where the list comes from, and whether programs ask them at all "
        "(resolv.conf(5), nsswitch.conf(5); scutil --dns on macOS). Sends nothing.",
        parameters={"name": Parameter("hostname", "Name for which extra_lookups is counted.")},
        fields={
            "count": integer("Name servers that questions end up at.", "count"),
            "servers": texts("Their addresses, in order of use.", "ip"),
            "listed": texts("Addresses as the C library is told them (a stub included).", "ip"),
            "search": texts("Domains tried behind short names.", "host_name"),
            "ndots": integer("Names with fewer dots are tried with the search domains first.", "count"),
            "extra_lookups": integer("Names looked up before the asked one, because of search and ndots.", "count"),
            "source": text("Where the list comes from."),
            "written_by": text("Program that keeps resolv.conf; empty when nobody says so."),
            "has_forwarder": boolean("True when programs ask a forwarder on this machine."),
            "forwarder": text("Address of that forwarder.", "ip"),
            "all_v4": boolean("True when all of them have IPv4 addresses."),
            "uplinks_known": boolean("False when the local forwarder hides whom it asks."),
            "hosts_line": text("Services of the hosts line of nsswitch.conf; empty without one."),
            "asks_dns": boolean("True when host names are looked up at name servers at all."),
            "mdns": boolean("True when names on the local link (.local) are looked up by multicast."),
        },
        methods={
            "linux": parsed(linux_sources, _linux),
            "macos": parsed(macos_sources, _macos, RECORDED, "tests/probes/cases/dns.resolvers, sources named there"),
            "windows": unsupported(NO_WINDOWS),
        },
        timeout_s=3.0,
        summary=_summary,
    ),
)
