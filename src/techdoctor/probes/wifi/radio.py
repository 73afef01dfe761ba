"""Probe wifi.radio: is there Wi-Fi hardware, does it work, is its radio switched on? CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.model import Value
from techdoctor.probes.base import (
    RECORDED,
    Params,
    Probe,
    Raws,
    Reading,
    Source,
    boolean,
    integer,
    parsed,
    records,
    text,
)
from techdoctor.probes.network import adapters
from techdoctor.probes.wifi import airport, netsh, sources
from techdoctor.probes.wifi.air import Link

_RFKILL = "/sys/class/rfkill/*/"
_PCI = "/sys/bus/pci/devices/*/"
_NETWORK_CONTROLLER = "0x0280"  # what Wi-Fi cards call themselves. Source: PCI Code and ID Assignment, class 02h, 80h
_MOST_LISTED = 8
CASES = "tests/probes/wifi/cases, sources named in its README"


def _linux_sources(params: Params) -> Sequence[Source]:
    switches = [Source(f"rfkill_{n}", path=_RFKILL + n, cap_bytes=64) for n in ("type", "soft", "hard", "name")]
    card = [Source(f"pci_{n}", path=_PCI + n, cap_bytes=64) for n in ("class", "vendor", "device")]
    used = [Source("pci_net", path=_PCI + "net/*/ifindex", cap_bytes=64)]
    return [*adapters.linux_sources(), *switches, *card, *used]


def _linux(raws: Raws, params: Params) -> Reading:
    wifi = [a for a in adapters.from_sysfs(raws) if a.kind == adapters.WIFI]
    switches = [s for s in by_device(raws, "rfkill_").values() if s.get("type") == "wlan"]
    hard = bool(switches) and all(s.get("hard") == "1" for s in switches)
    soft = bool(switches) and all(s.get("soft") == "1" or s.get("hard") == "1" for s in switches)
    cards = {name: files for name, files in by_device(raws, "pci_").items() if "class" in files}
    idle = [f for f in cards.values() if f["class"].startswith(_NETWORK_CONTROLLER) and "net" not in f]
    first = next(iter(sorted(wifi, key=lambda a: (not a.up, a.name))), None)
    return reading(
        adapter=first.name if first else "",
        present=bool(wifi or switches),
        on=bool(wifi) and not (hard or soft) if wifi or switches else None,
        blocked_by="switch" if hard else "software" if soft else "",
        adapter_up=first.up if first else None,
        idle_card=" ".join(f"{idle[0].get('vendor', '')}:{idle[0].get('device', '')}".split()) if idle else "",
        switches=switches,
    )


def by_device(raws: Raws, prefix: str) -> Dict[str, Dict[str, str]]:
    """Device to file name to content, of the sources whose names begin so."""
    found: Dict[str, Dict[str, str]] = {}
    for name, raw in raws.items():
        if name.startswith(prefix):
            for path, content in raw.files.items():
                device = re.match(r"/sys/(?:class/rfkill|bus/pci/devices)/([^/]+)/", path)
                if device:
                    found.setdefault(device.group(1), {})[name[len(prefix) :]] = content.strip()
    return found


def _windows_sources(params: Params) -> Sequence[Source]:
    return [Source("netsh", argv=sources.INTERFACES)]


def _windows(raws: Raws, params: Params) -> Reading:
    return of_links(netsh.links(raws["netsh"].need("netsh wlan show interfaces")))


def _macos_sources(params: Params) -> Sequence[Source]:
    return [Source("profiler", argv=sources.PROFILER, timeout_s=12.0)]


def _macos(raws: Raws, params: Params) -> Reading:
    return of_links([airport.link(e) for e in airport.interfaces(raws["profiler"].need("system_profiler"))])


def of_links(links: Sequence[Link]) -> Reading:
    """The fields from the adapters that Windows or macOS tell of."""
    if not links:
        return reading("", False, None, "", None, "", [])
    off = all(link.on is False for link in links)
    on = False if off else True if any(link.on for link in links) else None
    return reading(links[0].adapter, True, on, "software" if off else "", None, "", [])


def reading(
    adapter: str,
    present: bool,
    on: Optional[bool],
    blocked_by: str,
    adapter_up: Optional[bool],
    idle_card: str,
    switches: Sequence[Mapping[str, str]],
) -> Reading:
    """The probe's fields; `idle_card` is vendor:device of a Wi-Fi card that no driver makes an adapter of."""
    listed: List[Value] = [
        {"name": s.get("name", ""), "soft": s.get("soft") == "1", "hard": s.get("hard") == "1"} for s in switches
    ]
    data: Dict[str, Value] = {
        "present": present,
        "adapter": adapter,
        "on": on,
        "blocked": bool(blocked_by),
        "blocked_by": blocked_by,
        "adapter_up": adapter_up,
        "driverless": bool(idle_card) and not present,
        "idle_card": idle_card,
        "switches": listed[:_MOST_LISTED],
        "switch_count": len(switches),
    }
    why = "there is no Wi-Fi adapter" if not present else "the system does not tell it this way"
    return Reading(data, {key: why for key in ("on", "adapter_up") if data[key] is None})


def _summary(data: Mapping[str, Value]) -> str:
    if not data["present"]:
        return "a card without a driver" if data["driverless"] else "none here"
    return f"{data['adapter']} switched off ({data['blocked_by']})" if data["blocked"] else f"{data['adapter']} on"


PROBES = (
    Probe(
        name="wifi.radio",
        title="Wi-Fi radio",
        doc="Whether there is Wi-Fi hardware, whether a driver has made an adapter of it, and whether its radio is on: "
        "rfkill and PCI devices in Linux' sysfs, netsh wlan show interfaces, system_profiler SPAirPortDataType.",
        fields={
            "present": boolean("There is a Wi-Fi adapter, or a switch for one."),
            "adapter": text("Its name."),
            "on": boolean("Its radio is switched on."),
            "blocked": boolean("Every Wi-Fi radio is switched off."),
            "blocked_by": text("What switches it off: switch (on the case), software (airplane mode), or empty."),
            "adapter_up": boolean("The adapter itself is switched on."),
            "driverless": boolean("There is a Wi-Fi card, but no adapter: its driver or firmware is missing."),
            "idle_card": text("Vendor and device number of that card."),
            "switches": records(
                f"Radio switches of Wi-Fi, {_MOST_LISTED} at most.",
                name=text("Name."),
                soft=boolean("Off by software."),
                hard=boolean("Off by a switch on the case."),
            ),
            "switch_count": integer("How many there are.", "count"),
        },
        methods={
            "linux": parsed(_linux_sources, _linux),
            "macos": parsed(_macos_sources, _macos, RECORDED, CASES),
            "windows": parsed(_windows_sources, _windows, RECORDED, CASES),
        },
        timeout_s=13.0,
        summary=_summary,
    ),
)
