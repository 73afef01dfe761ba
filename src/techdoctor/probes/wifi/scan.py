"""Probe wifi.scan: which networks are in range, and is the wanted one among them? CPython 3.9 syntax."""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL, Value
from techdoctor.probes.base import (
    RECORDED,
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    records,
    text,
    texts,
)
from techdoctor.probes.wifi import air, airport, iw, netsh, nmcli, sources
from techdoctor.probes.wifi.air import Network
from techdoctor.probes.wifi.radio import CASES

_SHOWN = 16
_SCAN_S = 7.0  # a scan of all channels takes 3 to 5 s
_QUICK_S = 1.5


def _linux(probing: Probing) -> Reading:
    name = sources.adapters_of_linux()[0].name
    asked = {"list": (*nmcli.LIST, "ifname", name), "saved": nmcli.SAVED, "dump": ("iw", "dev", name, "scan", "dump")}
    raws = sources.commands(probing, asked, probing.left_s(_SCAN_S))
    found: List[Network] = []
    if raws["list"].status == "ok" and raws["list"].exit_code == 0:
        found = nmcli.networks(raws["list"].text, nmcli.LIST[3].split(","))
    elif raws["dump"].status == "ok" and raws["dump"].exit_code == 0:
        found = iw.networks(raws["dump"].text)
    else:
        raise CannotMeasure(MISSING_TOOL, "neither nmcli nor iw is installed, or they tell nothing")
    saved = nmcli.saved(raws["saved"].text) if raws["saved"].exit_code == 0 else None
    return reading(found, probing.text("network"), saved)


def _windows(probing: Probing) -> Reading:
    found = netsh.networks(sources.netsh(probing, "networks", "mode=bssid"))
    return reading(found, probing.text("network"), netsh.saved(sources.netsh(probing, "profiles")))


def _macos(probing: Probing) -> Reading:
    entries = airport.interfaces(sources.profiler(probing))
    return reading([n for entry in entries for n in airport.networks(entry)], probing.text("network"), None)


def reading(found: Sequence[Network], wanted: str, saved: Optional[Sequence[str]]) -> Reading:
    """The probe's fields.

    Args:
        found: Networks in range, one entry per access point.
        wanted: Name of the network a person wants; empty for any that is saved.
        saved: Names of saved networks; None when they are not known.
    """
    ranked = sorted(found, key=lambda n: -n.strength)
    secret = bool(found) and all(n.ssid is None for n in found)
    names = [wanted] if wanted else list(saved or ())
    mine = [n for n in ranked if n.ssid and n.ssid in names]
    seen: Optional[bool] = bool(mine) if names and not secret else None
    best = next(iter(mine), None)
    used = next((n for n in ranked if n.in_use), best)
    crowd = air.overlapping(found, used.channel, used.ssid or "") if used and used.band == air.BAND_2 else []
    data: Dict[str, Value] = {
        "count": len(found),
        "networks": [n.to_record() for n in ranked[:_SHOWN]],
        "hidden_count": sum(1 for n in found if n.ssid == ""),
        "wanted": wanted,
        "saved_count": None if saved is None else len(saved),
        "wanted_seen": seen,
        "wanted_name": best.ssid if best else wanted or None,
        "wanted_dbm": _dbm(best),
        "wanted_bands": [*sorted({n.band for n in mine if n.band})],
        "better_band_percent": max(
            (round(n.strength) for n in mine if n.band in (air.BAND_5, air.BAND_6)), default=None
        ),
        "crowd_count": len(crowd),
    }
    why = "the system keeps the names secret (Location permission)" if secret else "no network was named, none is saved"
    reasons = {"wanted_seen": why, "saved_count": "the list of saved networks is not read here"}
    return Reading(
        data, {k: reasons.get(k, "the wanted network is not in range") for k, v in data.items() if v is None}
    )


def _dbm(network: Optional[Network]) -> Optional[int]:
    return None if network is None else network.signal_dbm


def _summary(data: Mapping[str, Value]) -> str:
    if data["wanted_seen"] is False:
        return f"{data['count']} in range, not the wanted one"
    return f"{data['count']} in range"


PROBES = (
    Probe(
        name="wifi.scan",
        title="Wi-Fi networks in range",
        doc="Networks in range: nmcli device wifi list (scans when the last scan is older than 30 s), else iw dev X "
        "scan dump; netsh wlan show networks mode=bssid; system_profiler SPAirPortDataType. Strengths in percent are "
        "turned into dBm by the scale of whoever gave them.",
        parameters={"network": Parameter("text", "Name of the wanted network; empty for the saved ones.", default="")},
        fields={
            "count": integer("Access points in range.", "count"),
            "networks": records(
                f"The strongest, {_SHOWN} at most.",
                ssid=text("Name; empty when hidden.", private="ssid"),
                signal_dbm=integer("Strength.", "dbm"),
                signal_percent=integer("Strength in percent.", "percent"),
                channel=integer("Channel."),
                band=text("2.4, 5 or 6 (GHz)."),
                security=text("How it is protected; empty for open."),
            ),
            "hidden_count": integer("Those that hide their names.", "count"),
            "wanted": text("The network a person named.", private="ssid"),
            "saved_count": integer("Networks this computer has joined before.", "count"),
            "wanted_seen": boolean("The wanted network (or a saved one) is in range."),
            "wanted_name": text("The strongest of these, else the one named.", private="ssid"),
            "wanted_dbm": integer("Its strength.", "dbm"),
            "wanted_bands": texts("Bands on which it is seen."),
            "better_band_percent": integer("Its strength at 5 or 6 GHz.", "percent"),
            "crowd_count": integer("Other networks on the same or overlapping channels at 2.4 GHz.", "count"),
        },
        methods={
            "linux": measured(_linux, RECORDED, CASES),
            "macos": measured(_macos, RECORDED, CASES),
            "windows": measured(_windows, RECORDED, CASES),
        },
        timeout_s=13.0,
        cost="slow",
        summary=_summary,
    ),
)
