"""The words of this room: a joined network and a network in range; bands and channels. CPython 3.9 syntax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence

from techdoctor.model import Value

BAND_2, BAND_5, BAND_6 = "2.4", "5", "6"
# Channels of the 2.4 GHz band are 5 MHz apart and 20 MHz wide: those less than 5 apart disturb each other.
_OVERLAP = 5


@dataclass(frozen=True)
class Network:
    """A network in range.

    Attributes:
        ssid: Its name; empty when it is hidden, None when the system keeps it secret.
        bssid: Hardware address of the access point; empty when it is not told.
        signal_dbm: Strength in dBm; None when only percent are told.
        signal_percent: Strength in percent, as the system reckons it.
        channel: Channel number.
        band: "2.4", "5" or "6"; empty when it is not told.
        security: As the system words it; empty for none.
        in_use: True for the one that is joined.
    """

    ssid: Optional[str]
    bssid: str = ""
    signal_dbm: Optional[int] = None
    signal_percent: Optional[int] = None
    channel: Optional[int] = None
    band: str = ""
    security: str = ""
    in_use: bool = False

    @property
    def strength(self) -> float:
        """For sorting: percent, or dBm on Windows' scale."""
        if self.signal_percent is not None:
            return self.signal_percent
        return percent_of(self.signal_dbm) if self.signal_dbm is not None else -1.0

    def to_record(self) -> Dict[str, Value]:
        return {
            "ssid": self.ssid,
            "signal_dbm": self.signal_dbm,
            "signal_percent": self.signal_percent,
            "channel": self.channel,
            "band": self.band,
            "security": self.security,
        }


@dataclass(frozen=True)
class Link:
    """A Wi-Fi adapter and what it is joined to.

    Attributes:
        adapter: Its name.
        on: False when its radio is switched off; None when that is not told.
        joined: True when it is associated with a network; None when the system keeps it secret.
        ssid, bssid, signal_dbm, signal_percent, channel, band, security: As of Network.
        noise_dbm: Noise on the channel.
        rate_mbit_s: Speed of the radio link for sending.
        receive_mbit_s: The same for receiving.
        sent, retried, failed: Packets sent, sent again, given up; since it joined.
    """

    adapter: str
    on: Optional[bool] = None
    joined: Optional[bool] = False
    ssid: Optional[str] = None
    bssid: str = ""
    signal_dbm: Optional[int] = None
    signal_percent: Optional[int] = None
    channel: Optional[int] = None
    band: str = ""
    security: str = ""
    noise_dbm: Optional[int] = None
    rate_mbit_s: Optional[float] = None
    receive_mbit_s: Optional[float] = None
    sent: Optional[int] = None
    retried: Optional[int] = None
    failed: Optional[int] = None


def percent_of(dbm: float) -> float:
    """Windows' scale: -100 dBm is 0 %, -50 dBm is 100 %, straight between.

    Source: https://learn.microsoft.com/windows/win32/api/wlanapi/ns-wlanapi-wlan_association_attributes
    """
    return max(0.0, min(100.0, 2.0 * (dbm + 100.0)))


def dbm_of(percent: float) -> int:
    """The same scale backwards; at its ends the true value may lie beyond."""
    return round(percent / 2.0 - 100.0)


def band_of(frequency_mhz: float) -> str:
    """The band of a frequency. Source: IEEE 802.11-2020, annex E; 802.11ax-2021 for 6 GHz."""
    if 2400 <= frequency_mhz < 2500:
        return BAND_2
    if 4900 <= frequency_mhz < 5925:
        return BAND_5
    return BAND_6 if 5925 <= frequency_mhz < 7125 else ""


def channel_of(frequency_mhz: float) -> Optional[int]:
    """The channel of a centre frequency (IEEE 802.11-2020, 17.3.8.4.2)."""
    if frequency_mhz == 2484:
        return 14
    base = {BAND_2: 2407, BAND_5: 5000, BAND_6: 5950}.get(band_of(frequency_mhz))
    return None if base is None else round((frequency_mhz - base) / 5)


def band_of_channel(channel: Optional[int]) -> str:
    """The band of a channel number where no band is told: those of 6 GHz repeat the others' and are not guessed."""
    if channel is None:
        return ""
    return BAND_2 if channel <= 14 else BAND_5


def overlapping(networks: Sequence[Network], channel: Optional[int], own: str) -> List[Network]:
    """Networks of others that send on, or into, a channel of the 2.4 GHz band.

    Args:
        networks: Networks in range.
        channel: The own channel.
        own: Name of the own network, whose further access points do not count.
    """
    if channel is None or channel > 14:
        return []
    near = [n for n in networks if n.band == BAND_2 and n.channel is not None and abs(n.channel - channel) < _OVERLAP]
    return [n for n in near if n.ssid != own and not n.in_use]
