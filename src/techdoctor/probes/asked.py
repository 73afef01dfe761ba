"""The places beyond this machine that probes ask, and the names to replace them by. CPython 3.9 syntax."""

from __future__ import annotations

from typing import Dict, List, Mapping

from techdoctor.model import Value
from techdoctor.probes.names import name_targets
from techdoctor.probes.network import targets


def asked(own: Mapping[str, Value]) -> Dict[str, List[str]]:
    """Target name to what is asked now: the site's own list, else the documented default.

    Args:
        own: The setting `targets`.
    """
    v4, v6 = targets.internet(own)
    pages = [f"http://{c.host}{c.path} {c.status} {c.text}".rstrip() for c in targets.portal_checks(own)]
    return {
        "internet": [*v4, *v6],
        "portal": pages,
        "download": [targets.download(own)],
        "public_resolvers": list(name_targets.listed(own, "public_resolvers", name_targets.PUBLIC_RESOLVERS)),
        "ntp_servers": list(name_targets.listed(own, "ntp_servers", name_targets.NTP_SERVERS)),
        "stun_servers": list(name_targets.listed(own, "stun_servers", name_targets.STUN_SERVERS)),
        "date_servers": list(name_targets.listed(own, "date_servers", name_targets.DATE_TARGETS)),
    }
