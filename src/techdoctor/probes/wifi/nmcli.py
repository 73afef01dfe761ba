"""What NetworkManager's `nmcli` says of Wi-Fi, in its terse form (nmcli(1), -t). CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import List, Sequence, Tuple

from techdoctor.probes.wifi import air
from techdoctor.probes.wifi.air import Network

LIST: Tuple[str, ...] = ("nmcli", "-t", "-f", "IN-USE,SSID,BSSID,CHAN,FREQ,SIGNAL,SECURITY", "device", "wifi", "list")
SAVED: Tuple[str, ...] = ("nmcli", "-t", "-f", "NAME,TYPE", "connection", "show")


def split(line: str) -> List[str]:
    r"""The fields of a terse line: colons between, "\:" and "\\" inside."""
    fields, escaped = [""], False
    for character in line:
        if escaped or character not in ":\\":
            fields[-1] += character
            escaped = False
        elif character == ":":
            fields.append("")
        else:
            escaped = True
    return fields


def dbm_of(percent: int) -> int:
    """NetworkManager's scale backwards: -100 dBm is 0 %, -40 dBm and better is 100 %.

    Source: NetworkManager, src/core/devices/wifi/nm-wifi-utils.c, nm_wifi_utils_level_to_quality
    """
    return round(0.6 * percent - 100)


def networks(output: str, columns: Sequence[str]) -> List[Network]:
    """Networks from `nmcli -t -f COLUMNS device wifi list`.

    Args:
        output: The lines.
        columns: Names of the columns, as asked for.
    """
    found = []
    for line in output.splitlines():
        fields = split(line)
        if len(fields) < len(columns):
            continue
        row = dict(zip(columns, fields))
        channel = int(row["CHAN"]) if row.get("CHAN", "").isdigit() else None
        frequency = re.match(r"\d+", row.get("FREQ", ""))
        percent = int(row["SIGNAL"]) if row.get("SIGNAL", "").isdigit() else None
        found.append(
            Network(
                row.get("SSID", ""),
                row.get("BSSID", ""),
                None if percent is None else dbm_of(percent),
                percent,
                channel,
                air.band_of(float(frequency.group())) if frequency else air.band_of_channel(channel),
                row.get("SECURITY", ""),
                row.get("IN-USE") == "*",
            )
        )
    return found


def saved(output: str) -> List[str]:
    """Names of saved Wi-Fi connections; NetworkManager names them after the network, with a number behind a second."""
    rows = [split(line) for line in output.splitlines()]
    return [re.sub(r" \d+$", "", row[0]) for row in rows if len(row) >= 2 and row[1] == "802-11-wireless"]
