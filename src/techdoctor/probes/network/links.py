"""net.link: is there an adapter, is it switched on, is it connected? No packet is sent. CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL, Value
from techdoctor.probes.base import (
    RECORDED,
    Params,
    Probe,
    Probing,
    Raws,
    Reading,
    Source,
    boolean,
    integer,
    measured,
    parsed,
    records,
    text,
    under_wine,
)
from techdoctor.probes.network import adapters
from techdoctor.probes.network.adapters import Adapter

# More adapters than this are not listed (a container host has hundreds); they are counted.
MOST_LISTED = 24
_IFCONFIG_SOURCE = "ifconfig -a of macOS 10.13, github.com/bmidgley/citizen-scientist, file i"


def _sources(params: Params) -> Sequence[Source]:
    radio = "/sys/class/rfkill/*/"
    switches = [Source(f"rfkill_{name}", path=radio + name, cap_bytes=64) for name in ("type", "soft", "hard")]
    return [*adapters.linux_sources(), *switches]


def _parse(raws: Raws, params: Params) -> Reading:
    return _reading(adapters.from_sysfs(raws), *_radio(raws))


def _radio(raws: Raws) -> Tuple[Optional[bool], str]:
    """Whether every Wi-Fi radio is blocked (None: there is none), and by what."""
    switches: Dict[str, Dict[str, str]] = {}
    for what in ("type", "soft", "hard"):
        for path, content in raws[f"rfkill_{what}"].files.items():
            switches.setdefault(path.split("/")[4], {})[what] = content.strip()
    wifi = [s for s in switches.values() if s.get("type") == "wlan"]
    if not wifi:
        return None, ""
    if not all("1" in (s.get("hard"), s.get("soft")) for s in wifi):
        return False, ""
    return True, "switch" if any(s.get("hard") == "1" for s in wifi) else "software"


def _reading(found: Sequence[Adapter], radio_blocked: Optional[bool] = None, blocked_by: str = "") -> Reading:
    candidates = adapters.uplinks(found)
    meant = _meant(candidates)
    carriers = [a.carrier for a in candidates if a.up]
    any_carrier = True if True in carriers else None if None in carriers else False
    data: Dict[str, Value] = {
        "up": any_carrier,
        "any_adapter": bool(candidates),
        "adapter_count": len(candidates),
        "any_admin_up": any(a.up for a in candidates),
        "any_carrier": any_carrier,
        "adapter": meant.name if meant else "",
        "kind": meant.kind if meant else "",
        "wifi_present": any(a.kind == adapters.WIFI for a in candidates) or radio_blocked is not None,
        "wifi_blocked": bool(radio_blocked),
        "blocked_by": blocked_by,
        "vpn_present": any(a.kind == adapters.VPN and a.up for a in found),
        "adapters": [a.to_record() for a in found[:MOST_LISTED]],
        "listed_of": len(found),
    }
    reason = "the system does not say whether the adapter is connected"
    return Reading(data, {name: reason for name in ("up", "any_carrier") if data[name] is None})


def _meant(candidates: Sequence[Adapter]) -> Optional[Adapter]:
    """The adapter a person would call "the connection": connected before on, cable before radio."""
    order = {adapters.WIRED: 0, adapters.WIFI: 1}
    return min(candidates, key=lambda a: (not (a.up and a.carrier), not a.up, order.get(a.kind, 2)), default=None)


def _macos_sources(params: Params) -> Sequence[Source]:
    return [Source("ifconfig", argv=("ifconfig", "-a"))]


def _macos(raws: Raws, params: Params) -> Reading:
    return _reading(adapters.from_ifconfig(raws["ifconfig"].need("the list of network adapters (ifconfig)")))


def _windows(probing: Probing) -> Reading:
    """Windows reports an adapter as "up" only when it is connected; "off" and "unplugged" look alike."""
    try:
        import psutil
    except ImportError:
        raise CannotMeasure(MISSING_TOOL, "the Python library psutil is not installed") from None
    found: List[Adapter] = []
    for name, stats in sorted(psutil.net_if_stats().items()):
        if re.match(r"Loopback|isatap|Teredo", name):
            continue
        virtual = name.startswith("vEthernet") or "VMware" in name or "VirtualBox" in name
        kind = adapters.VIRTUAL if virtual else adapters.WIFI if "Wi-Fi" in name else adapters.WIRED
        found.append(Adapter(name, kind, True, stats.isup, stats.mtu, device=not virtual))
    reading = _reading(found)
    gap = "Windows does not tell an adapter that is off from one that is unplugged this way"
    return Reading({**reading.data, "any_admin_up": None}, {**reading.gaps, "any_admin_up": gap})


def _summary(data: Mapping[str, Value]) -> str:
    if not data.get("any_adapter"):
        return "none found"
    state = "connected" if data.get("up") else "not connected" if data.get("any_admin_up") else "switched off"
    return f"{data.get('adapter')} {state}"


PROBES = (
    Probe(
        name="net.link",
        title="Network card",
        doc="Which adapters there are and whether one of them is switched on and connected. Loopback, bridges, "
        "pairs inside bridges, VLANs and tunnels are listed but do not count as a connection of their own.",
        fields={
            "up": boolean("A real adapter is switched on and connected (cable in, or Wi-Fi joined)."),
            "any_adapter": boolean("There is an adapter that could connect this machine."),
            "adapter_count": integer("How many such adapters.", "count"),
            "any_admin_up": boolean("One of them is switched on."),
            "any_carrier": boolean("One of them is connected."),
            "adapter": text("The adapter meant: connected before on, cable before Wi-Fi."),
            "kind": text("Its kind: wired, wifi, mobile, virtual or dialup."),
            "wifi_present": boolean("There is Wi-Fi hardware."),
            "wifi_blocked": boolean("Every Wi-Fi radio is switched off (airplane mode, switch)."),
            "blocked_by": text("What blocks it: switch, software, or empty."),
            "vpn_present": boolean("A tunnel adapter is switched on."),
            "adapters": records(
                f"All adapters, {MOST_LISTED} at most.",
                name=text("Name."),
                kind=text("Kind: wired, wifi, mobile, dialup, vpn, bridge, bond, vlan, virtual, loopback, other."),
                up=boolean("Switched on."),
                carrier=boolean("Connected; unknown where the system does not say."),
                mtu_bytes=integer("Largest packet, in bytes."),
            ),
            "listed_of": integer("How many adapters there are in all.", "count"),
        },
        methods={
            "linux": parsed(_sources, _parse),
            "macos": parsed(_macos_sources, _macos, RECORDED, _IFCONFIG_SOURCE),
            "windows": under_wine(measured(_windows)),
        },
        timeout_s=2.0,
        summary=_summary,
    ),
)
