"""What macOS' `system_profiler -json SPAirPortDataType` says of Wi-Fi. CPython 3.9 syntax."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, List, Optional

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE
from techdoctor.probes.wifi import air
from techdoctor.probes.wifi.air import Link, Network

_OFF, _JOINED = "spairport_status_off", "spairport_status_connected"
# Since macOS 15 names are kept from programs without Location permission.
_KEPT_BACK = "<redacted>"
_NEAR = ("spairport_airport_other_local_wireless_networks", "spairport_airport_local_wireless_networks")
_NOW = "spairport_current_network_information"


def interfaces(output: str) -> List[Dict[str, Any]]:
    """The Wi-Fi adapters, without the helper adapter of AirDrop (awdl0).

    Raises:
        CannotMeasure: The text is not that of system_profiler.
    """
    try:
        groups = json.loads(output)["SPAirPortDataType"]
        found = [entry for group in groups for entry in group.get("spairport_airport_interfaces", ())]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CannotMeasure(NOT_APPLICABLE, "system_profiler did not describe the Wi-Fi adapters") from None
    return [entry for entry in found if "spairport_status_information" in entry]


def link(entry: Dict[str, Any]) -> Link:
    """An adapter and what it is joined to."""
    status, now = entry["spairport_status_information"], entry.get(_NOW) or {}
    if status != _JOINED:
        return Link(str(entry.get("_name")), on=status != _OFF, joined=False)
    seen = _network(now)
    rate = now.get("spairport_network_rate")
    return Link(
        str(entry.get("_name")),
        on=True,
        joined=True,
        ssid=seen.ssid,
        bssid=seen.bssid,
        signal_dbm=seen.signal_dbm,
        channel=seen.channel,
        band=seen.band,
        security=seen.security,
        noise_dbm=_dbm(now, 1),
        rate_mbit_s=float(rate) if isinstance(rate, (int, float)) else None,
    )


def networks(entry: Dict[str, Any]) -> List[Network]:
    """The networks in range; a strength is told for some of them only."""
    return [_network(each) for key in _NEAR for each in entry.get(key) or ()]


def _network(each: Dict[str, Any]) -> Network:
    told = str(each.get("spairport_network_channel", ""))
    channel = re.match(r"\d+", told)
    band = re.search(r"\((\d)GHz", told)
    number = int(channel.group()) if channel else None
    bands = {"2": air.BAND_2, "5": air.BAND_5, "6": air.BAND_6}
    name = str(each.get("_name", ""))
    security = str(each.get("spairport_security_mode", "")).replace("spairport_security_mode_", "")
    return Network(
        None if name == _KEPT_BACK else name,
        str(each.get("spairport_network_bssid", "")),
        _dbm(each, 0),
        None,
        number,
        bands[band.group(1)] if band and band.group(1) in bands else air.band_of_channel(number),
        "" if security == "none" else security,
    )


def _dbm(each: Dict[str, Any], place: int) -> Optional[int]:
    """Signal (0) or noise (1) of "-40 dBm / -97 dBm"; 0 dBm stands for not measured."""
    numbers = re.findall(r"(-?\d+) dBm", str(each.get("spairport_signal_noise", "")))
    return int(numbers[place]) if len(numbers) > place and numbers[place] != "0" else None
