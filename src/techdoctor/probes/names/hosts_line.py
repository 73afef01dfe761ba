"""The hosts line of nsswitch.conf(5): which services look host names up, and whether name servers are among them.

CPython 3.9 syntax.
"""

from __future__ import annotations

import re
from typing import List, Tuple

# Services that ask name servers. Source: nsswitch.conf(5), nss-resolve(8).
_ASKING = ("dns", "resolve")
# These leave names that are not theirs to the next service whatever action stands behind them: they say
# "unavailable" to them, not "not found". Source: nss-mdns README, "minimal" variants.
_LOCAL_NAMES_ONLY = ("mdns_minimal", "mdns4_minimal", "mdns6_minimal")


def entries(content: str) -> List[Tuple[str, str]]:
    """The services of the hosts line in order, each with the actions behind it ("[NOTFOUND=return]", lower case)."""
    for line in content.splitlines():
        found = re.match(r"\s*hosts\s*:([^#]*)", line)
        if found:
            return [
                (service, " ".join(actions.lower().split()))
                for service, actions in re.findall(r"([^\s\[\]]+)((?:\s*\[[^\]]*\])*)", found.group(1))
            ]
    return []


def services(content: str) -> str:
    """The names of the services alone; empty when there is no hosts line."""
    return " ".join(service for service, _ in entries(content))


def leads_to_servers(content: str) -> bool:
    """True when a name that no local source knows ends up at a name server.

    Without a hosts line the C library asks name servers by itself.
    """
    listed = entries(content)
    for service, actions in listed:
        if service in _ASKING:
            return True
        if _stops_when_not_found(actions) and service not in _LOCAL_NAMES_ONLY:
            return False
    return not listed


def _stops_when_not_found(actions: str) -> bool:
    """True when "not found" ends the search: by name, or by "anything but" another status."""
    for status, action in re.findall(r"(!?\w+)\s*=\s*(\w+)", actions):
        meant = status == "notfound" or (status.startswith("!") and status != "!notfound")
        if meant and action == "return":
            return True
    return False
