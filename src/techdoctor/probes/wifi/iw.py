"""What `iw` and /proc/net/wireless say on Linux. CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Dict, List, Optional

from techdoctor.probes.wifi import air
from techdoctor.probes.wifi.air import Link, Network


def link(adapter: str, of_link: str, of_station: str) -> Link:
    """The link from `iw dev X link` and `iw dev X station dump`; not joined when the first says so."""
    joined = re.search(r"^Connected to ([0-9a-fA-F:]{17})", of_link, re.M)
    if joined is None:
        return Link(adapter, joined=False)
    values = {**_values(of_station), **_values(of_link)}
    frequency = _number(values.get("freq"))
    station = _values(of_station)
    return Link(
        adapter,
        joined=True,
        ssid=_name(values.get("SSID", "")),
        bssid=joined.group(1),
        signal_dbm=_whole(station.get("signal avg")) or _whole(values.get("signal")),
        channel=None if frequency is None else air.channel_of(frequency),
        band="" if frequency is None else air.band_of(frequency),
        rate_mbit_s=_number(values.get("tx bitrate")),
        receive_mbit_s=_number(values.get("rx bitrate")),
        sent=_whole(station.get("tx packets")),
        retried=_whole(station.get("tx retries")),
        failed=_whole(station.get("tx failed")),
    )


def level(adapter: str, wireless: str) -> Optional[int]:
    """Signal in dBm from /proc/net/wireless: the third number of the adapter's line, when it is one of dBm."""
    found = re.search(rf"^\s*{re.escape(adapter)}:\s+\S+\s+\S+\s+(-\d+)\.?", wireless, re.M)
    return int(found.group(1)) if found else None


def networks(dump: str) -> List[Network]:
    """Networks from `iw dev X scan dump` (the system's last scan)."""
    found = []
    for block in re.split(r"^(?=BSS [0-9a-f:]{17})", dump, flags=re.M):
        head = re.match(r"BSS ([0-9a-f:]{17})(.*)", block)
        if head is None:
            continue
        values = _values(block)
        frequency = _number(values.get("freq"))
        secret = "WPA" if re.search(r"^\s+(RSN|WPA):", block, re.M) else "WEP" if "Privacy" in block else ""
        found.append(
            Network(
                _name(values.get("SSID", "")),
                head.group(1),
                _whole(values.get("signal")),
                None,
                None if frequency is None else air.channel_of(frequency),
                "" if frequency is None else air.band_of(frequency),
                secret,
                "associated" in head.group(2),
            )
        )
    return found


def _values(text: str) -> Dict[str, str]:
    """Lines "key: value", the first of each key."""
    values: Dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.strip().partition(":")
        if colon:
            values.setdefault(key.strip(), value.strip())
    return values


def _name(text: str) -> str:
    r"""A network's name: iw writes bytes that are not printable as \x00."""
    raw = re.sub(r"\\x([0-9a-fA-F]{2})", lambda m: chr(int(m.group(1), 16)), text)
    return raw.encode("latin-1", "replace").decode("utf-8", "replace").strip("\0") if raw != text else text


def _number(text: Optional[str]) -> Optional[float]:
    found = re.match(r"-?\d+(?:\.\d+)?", text or "")
    return float(found.group()) if found else None


def _whole(text: Optional[str]) -> Optional[int]:
    found = _number(text)
    return None if found is None else round(found)
