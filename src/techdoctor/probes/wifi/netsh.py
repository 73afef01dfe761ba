"""What Windows' `netsh wlan show` says, in whatever language: by the order and the form of its lines.

Labels are translated, values like hardware addresses, percentages and "802.11ac" are not, and the order of
the lines is that of the program. Since Windows 11 24H2 it answers only with Location permission.
Source: https://learn.microsoft.com/windows/win32/nativewifi/wi-fi-access-location-changes
CPython 3.9 syntax.
"""

from __future__ import annotations

import re
from typing import List, Optional, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED
from techdoctor.probes.wifi import air
from techdoctor.probes.wifi.air import Link, Network

_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", re.I)
_GUID = re.compile(r"\{?[0-9a-zA-Z]{8}(?:-[0-9a-zA-Z]{4}){3}-[0-9a-zA-Z]{12}\}?")
_RADIO = re.compile(r"802\.11\w+")
# How the words for "on" end in the radio's two lines. English and German as recorded; others are told by difference.
_ON = ("on", "aktiviert")

Rows = List[Tuple[str, str]]


def check(output: str) -> str:
    """The output itself.

    Raises:
        CannotMeasure: Windows refused, for want of Location permission.
    """
    if "ms-settings:privacy-location" in output:
        raise CannotMeasure(
            DENIED, "Windows tells about Wi-Fi only when Location is allowed (Settings > Privacy > Location)"
        )
    return output


def links(output: str) -> List[Link]:
    """Adapters from `netsh wlan show interfaces`.

    Raises:
        CannotMeasure: Windows refused.
    """
    blocks: List[Rows] = []
    before: Rows = []
    for label, value in _rows(check(output)):
        if _GUID.fullmatch(value):
            blocks.append([before[-2] if len(before) > 1 else ("", ""), (label, value)])
        elif blocks:
            blocks[-1].append((label, value))
        before.append((label, value))
    return [_link(block) for block in blocks]


def _rows(output: str) -> Rows:
    """Label and value of each line; a line without a colon continues the one before, behind a line feed."""
    rows: Rows = []
    for line in output.splitlines():
        label, colon, value = line.partition(":")
        if colon:
            rows.append((label.strip(), value.strip()))
        elif line.strip() and rows and line.startswith(" " * 8):
            rows[-1] = (rows[-1][0], f"{rows[-1][1]}\n{line.strip()}")
    return rows


def _link(rows: Rows) -> Link:
    addresses = [n for n, (_, value) in enumerate(rows) if _MAC.fullmatch(value)]
    adapter, radio = rows[0][1], _radio_is_on(rows)
    if len(addresses) < 2:
        return Link(adapter, on=radio, joined=False)
    access_point = addresses[1]
    after = rows[access_point + 1 :]
    percent = next((int(m.group(1)) for _, v in after if (m := re.fullmatch(r"(\d{1,3})\s?%", v))), None)
    dbm = next((int(v) for label, v in after if label == "RSSI" and re.fullmatch(r"-\d+", v)), None)
    numbers = [(label, float(v.replace(",", "."))) for label, v in after if re.fullmatch(r"\d+(?:[.,]\d+)?", v)]
    rates = [number for label, number in numbers if re.search(r"\(M[Bb]its?/s\)|\(Mbps\)", label)]
    channel = next((int(number) for label, number in numbers if "(" not in label), None)
    told_band = next((_band(v) for _, v in after if _band(v)), "")
    return Link(
        adapter,
        on=True,
        joined=True,
        ssid=rows[access_point - 1][1],
        bssid=rows[access_point][1],
        signal_dbm=dbm if dbm is not None else None if percent is None else air.dbm_of(percent),
        signal_percent=percent,
        channel=channel,
        band=told_band or air.band_of_channel(channel),
        security=next((v for _, v in after if v.startswith(("WPA", "WEP"))), ""),
        rate_mbit_s=rates[1] if len(rates) > 1 else None,
        receive_mbit_s=rates[0] if rates else None,
    )


def _radio_is_on(rows: Rows) -> Optional[bool]:
    """From "Hardware On" above "Software Off": both must be on; None where the language is not known."""
    both = next((value.splitlines() for _, value in rows if value.count("\n") == 1), None)
    if both is None:
        return None
    words = [line.split()[-1].lower() for line in both]
    if words[0] != words[1]:
        return False
    return True if words[0] in _ON else None


def _band(value: str) -> str:
    found = re.fullmatch(r"(2[.,]4|5|6) GHz", value)
    return found.group(1).replace(",", ".") if found else ""


def networks(output: str) -> List[Network]:
    """Networks from `netsh wlan show networks mode=bssid`.

    Raises:
        CannotMeasure: Windows refused.
    """
    found: List[Network] = []
    ssid, security = "", ""
    rows = _rows(check(output))
    for number, (label, value) in enumerate(rows):
        if re.fullmatch(r"SSID \d+", label):
            # Below the name: kind of network, authentication, encryption.
            ssid, security = value, rows[number + 2][1] if number + 2 < len(rows) else ""
        elif _MAC.fullmatch(value):
            found.append(_network(ssid, value, security, rows[number + 1 : number + 6]))
    return found


def _network(ssid: str, bssid: str, security: str, rows: Rows) -> Network:
    percent = next((int(v[:-1]) for _, v in rows if re.fullmatch(r"\d{1,3}%", v)), None)
    channel = next((int(v) for _, v in rows if re.fullmatch(r"\d{1,3}", v)), None)
    band = next((_band(v) for _, v in rows if _band(v)), "") or air.band_of_channel(channel)
    protected = security if security.startswith(("WPA", "WEP")) else ""
    dbm = None if percent is None else air.dbm_of(percent)
    return Network(ssid, bssid, dbm, percent, channel, band, protected)


def saved(output: str) -> List[str]:
    """Names of saved networks from `netsh wlan show profiles`: what stands behind the colons."""
    return [value for label, value in _rows(output) if value and label and "\n" not in value]
