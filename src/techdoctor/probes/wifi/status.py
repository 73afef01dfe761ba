"""Probe wifi.status: which Wi-Fi is joined, how strong and how fast. No packet is sent. CPython 3.9 syntax."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Mapping, Optional

from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL, NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    RECORDED,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    number,
    text,
)
from techdoctor.probes.wifi import air, airport, iw, netsh, nmcli, sources
from techdoctor.probes.wifi.air import Link
from techdoctor.probes.wifi.radio import CASES

_ASK_S = 1.5
_COUNTED_AT = 200  # packets, below which a share of repeated ones says nothing


def _linux(probing: Probing) -> Reading:
    adapter = sources.adapters_of_linux()[0]
    name = adapter.name
    asked = {
        "link": ("iw", "dev", name, "link"),
        "station": ("iw", "dev", name, "station", "dump"),
        "nmcli": (*nmcli.LIST, "ifname", name, "--rescan", "no"),
    }
    raws = sources.commands(probing, asked, _ASK_S)
    wireless = sources.text_or_nothing("/proc/net/wireless")
    if raws["link"].status == "ok" and raws["link"].exit_code == 0:
        found = iw.link(name, raws["link"].text, raws["station"].text)
    elif raws["nmcli"].status == "ok" and raws["nmcli"].exit_code == 0:
        found = of_list(name, raws["nmcli"].text)
    elif adapter.carrier is False:
        found = Link(name, joined=False)
    elif iw.level(name, wireless) is not None:
        found = Link(name, joined=True)
    else:
        raise CannotMeasure(MISSING_TOOL, "neither iw nor nmcli is installed, or they tell nothing")
    measured_dbm = iw.level(name, wireless)
    if found.joined and measured_dbm is not None and (found.signal_dbm is None or raws["link"].status != "ok"):
        found = replace(found, signal_dbm=measured_dbm)  # finer than what is reckoned from percent
    return reading(found)


def of_list(adapter: str, output: str) -> Link:
    """The joined network from NetworkManager's list of networks in range."""
    used = next((n for n in nmcli.networks(output, nmcli.LIST[3].split(",")) if n.in_use), None)
    if used is None:
        return Link(adapter, joined=False)
    return Link(
        adapter,
        joined=True,
        ssid=used.ssid,
        bssid=used.bssid,
        signal_dbm=used.signal_dbm,
        signal_percent=used.signal_percent,
        channel=used.channel,
        band=used.band,
        security=used.security,
    )


def _windows(probing: Probing) -> Reading:
    links = netsh.links(sources.netsh(probing, "interfaces"))
    return reading(next((link for link in links if link.joined), links[0] if links else None))


def _macos(probing: Probing) -> Reading:
    links = [airport.link(entry) for entry in airport.interfaces(sources.profiler(probing))]
    return reading(next((link for link in links if link.joined), links[0] if links else None))


def reading(link: Optional[Link]) -> Reading:
    """The probe's fields.

    Raises:
        CannotMeasure: There is no adapter.
    """
    if link is None:
        raise CannotMeasure(NOT_APPLICABLE, sources.NO_ADAPTER)
    counted = link.sent is not None and link.sent >= _COUNTED_AT
    shares = {"retried": link.retried, "failed": link.failed} if counted else {}
    data: Dict[str, Value] = {
        "adapter": link.adapter,
        "joined": link.joined,
        "ssid": link.ssid,
        "bssid": link.bssid,
        "signal_dbm": link.signal_dbm,
        "signal_percent": link.signal_percent,
        "noise_dbm": link.noise_dbm,
        "channel": link.channel,
        "band": link.band,
        "security": link.security,
        "rate_mbit_s": link.rate_mbit_s,
        "receive_mbit_s": link.receive_mbit_s,
    }
    for name in ("retried", "failed"):
        count = shares.get(name)
        data[f"{name}_percent"] = None if count is None or not link.sent else round(100.0 * count / link.sent, 1)
    if data["signal_percent"] is None and link.signal_dbm is not None:
        data["signal_percent"] = round(air.percent_of(link.signal_dbm))
    why = "the system does not tell it" if link.joined else "no network is joined"
    return Reading(data, {key: why for key, value in data.items() if value is None})


def _summary(data: Mapping[str, Value]) -> str:
    if not data["joined"]:
        return f"{data['adapter']} has joined no network"
    strength = f"{data['signal_dbm']} dBm" if data["signal_dbm"] is not None else f"{data['signal_percent']} %"
    return f"joined, {strength}, {data['band']} GHz" if data["band"] else f"joined, {strength}"


PROBES = (
    Probe(
        name="wifi.status",
        title="Wi-Fi",
        doc="The network that is joined: iw dev X link and station dump, nmcli's list, /proc/net/wireless; netsh wlan "
        "show interfaces in any language (dBm from percent by the maker's own scale, or from its RSSI line); "
        "system_profiler SPAirPortDataType. Names need Location permission on Windows 11 24H2 and macOS 15.",
        fields={
            "adapter": text("The adapter."),
            "joined": boolean("It has joined a network."),
            "ssid": text("Its name.", private="ssid"),
            "bssid": text("Hardware address of the access point.", private="mac"),
            "signal_dbm": integer("Strength; nearer to 0 is stronger.", "dbm"),
            "signal_percent": integer("Strength in percent.", "percent"),
            "noise_dbm": integer("Noise.", "dbm"),
            "channel": integer("Channel."),
            "band": text("2.4, 5 or 6 (GHz)."),
            "security": text("How it is protected; empty when it is open or not told."),
            "rate_mbit_s": number("Speed of the radio link for sending.", "mbit_s"),
            "receive_mbit_s": number("The same for receiving.", "mbit_s"),
            "retried_percent": number("Packets sent again, of those sent.", "percent"),
            "failed_percent": number("Packets given up, of those sent.", "percent"),
        },
        methods={
            "linux": measured(_linux, RECORDED, CASES),
            "macos": measured(_macos, RECORDED, CASES),
            "windows": measured(_windows, RECORDED, CASES),
        },
        timeout_s=13.0,
        summary=_summary,
    ),
)
