"""Network adapters from Linux' sysfs and macOS' ifconfig: what each is, and whether it is connected.

CPython 3.9 syntax.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.model import Value
from techdoctor.probes.base import Raws, Source

WIRED, WIFI, MOBILE, VPN, DIALUP = "wired", "wifi", "mobile", "vpn", "dialup"
BRIDGE, BOND, VLAN, VIRTUAL, LOOPBACK, OTHER = "bridge", "bond", "vlan", "virtual", "loopback", "other"
# Adapters that lead somewhere by themselves, not by another adapter below them.
_UPLINKS = (WIRED, WIFI, MOBILE)

_IFF_UP = 0x1  # include/uapi/linux/if.h
_IFF_TAP = 0x2  # include/uapi/linux/if_tun.h
# ARPHRD numbers of include/uapi/linux/if_arp.h.
_ARPHRD_ETHER, _ARPHRD_PPP, _ARPHRD_LOOPBACK = 1, 512, 772
_ARPHRD_TUNNELS = (768, 769, 776, 778, 823, 65534)  # IPIP, IP6IP6, SIT, IPGRE, IP6GRE, none (tun, WireGuard)
_DEVTYPES = {
    "wlan": WIFI,
    "wwan": MOBILE,
    "bridge": BRIDGE,
    "bond": BOND,
    "vlan": VLAN,
    "wireguard": VPN,
    "ppp": DIALUP,
    "vxlan": VIRTUAL,
}
# Names that VPN programs give their adapters, where the system says no more than "ethernet".
_TUNNEL_NAME = re.compile(r"(tun|tap|wg|utun|ipsec|vti|nordlynx|tailscale|zt|vpn|proton|mullvad|ppp-?vpn)[\w-]*")
# What container and virtual machine programs leave behind, and test devices: no connection of this machine.
_LEFT_BEHIND = re.compile(r"(veth|docker|br-|virbr|vnet|lxc|lxd|cni|cali|flannel|dummy|ifb)[\w-]*")
_T2_LINK = "ether ac:de:48:00:11:22"


@dataclass(frozen=True)
class Adapter:
    """One adapter.

    Attributes:
        name: As the system calls it.
        kind: One of the words above.
        up: True when it is switched on (administratively up).
        carrier: True when it is connected: cable in, Wi-Fi joined; None when that cannot be told.
        mtu_bytes: Largest packet.
        device: True when hardware (or a virtual machine's card) stands behind it.
        member: True when it is a port of a bridge or bond.
    """

    name: str
    kind: str
    up: bool
    carrier: Optional[bool]
    mtu_bytes: Optional[int] = None
    device: bool = False
    member: bool = False

    def to_record(self) -> Dict[str, Value]:
        """The record of the field `adapters`."""
        return {
            "name": self.name,
            "kind": self.kind,
            "up": self.up,
            "carrier": self.carrier,
            "mtu_bytes": self.mtu_bytes,
        }


def is_tunnel_name(name: str) -> bool:
    """True when VPN programs call their adapters so."""
    return _TUNNEL_NAME.fullmatch(name) is not None


def uplinks(adapters: Sequence[Adapter]) -> List[Adapter]:
    """The adapters by which this machine can be connected.

    Real cards where there are any; else (a container) virtual ones, those that are no port of a bridge first.
    What docker and virtual machines leave behind (bridges, pairs in bridges) never counts.
    """
    real = [a for a in adapters if a.device and a.kind in _UPLINKS]
    kinds = (*_UPLINKS, VIRTUAL, DIALUP)
    virtual = [a for a in adapters if a.kind in kinds and not _LEFT_BEHIND.fullmatch(a.name)]
    return real or [a for a in virtual if not a.member] or virtual


def linux_sources(pattern: str = "*") -> Sequence[Source]:
    """The sysfs files that `from_sysfs` reads."""
    root = f"/sys/class/net/{pattern}"
    names = ("flags", "carrier", "mtu", "type", "uevent", "tun_flags")
    files = [Source(name, path=f"{root}/{name}", cap_bytes=4096) for name in names]
    return [
        *files,
        Source("device", path=f"{root}/device/uevent", cap_bytes=4096),
        Source("wireless", path=f"{root}/phy80211/index", cap_bytes=64),
        Source("master", path=f"{root}/master/ifindex", cap_bytes=64),
    ]


def from_sysfs(raws: Raws) -> List[Adapter]:
    """Adapters from the sources above, sorted by name.

    Raises:
        CannotMeasure: /sys/class/net cannot be read.
    """
    raws["flags"].need("the list of network adapters (/sys/class/net)")
    found: Dict[str, Dict[str, str]] = {}
    for what, raw in raws.items():
        for path, content in raw.files.items():
            parts = path.split("/")
            if parts[:4] == ["", "sys", "class", "net"]:
                found.setdefault(parts[4], {})[what] = content.strip()
    return [_from_files(name, files) for name, files in sorted(found.items())]


def _from_files(name: str, files: Mapping[str, str]) -> Adapter:
    up = bool(int(files.get("flags", "0"), 16) & _IFF_UP)
    carrier = files.get("carrier")
    return Adapter(
        name=name,
        kind=_kind(name, files),
        up=up,
        # The kernel does not say for an adapter that is off: it has no connection then.
        carrier=carrier == "1" if carrier is not None or not up else None,
        mtu_bytes=int(files["mtu"]) if files.get("mtu", "").isdigit() else None,
        device="device" in files,
        member="master" in files,
    )


def _kind(name: str, files: Mapping[str, str]) -> str:
    arphrd = int(files.get("type") or 0)
    devtype = re.search(r"^DEVTYPE=(\w+)", files.get("uevent", ""), re.MULTILINE)
    if arphrd == _ARPHRD_LOOPBACK:
        return LOOPBACK
    if "tun_flags" in files:
        is_tap = int(files["tun_flags"], 16) & _IFF_TAP
        return VIRTUAL if is_tap and "master" in files else VPN
    if is_tunnel_name(name) or arphrd in _ARPHRD_TUNNELS:
        return VPN
    if "wireless" in files:
        return WIFI
    if devtype is not None and devtype.group(1) in _DEVTYPES:
        return _DEVTYPES[devtype.group(1)]
    if arphrd == _ARPHRD_PPP:
        return DIALUP
    if arphrd != _ARPHRD_ETHER:
        return OTHER
    return WIRED if "device" in files else VIRTUAL


def from_ifconfig(output: str) -> List[Adapter]:
    """Adapters from macOS' `ifconfig -a`."""
    found = []
    for block in re.split(r"^(?=\S)", output, flags=re.MULTILINE):
        head = re.match(r"(\S+?): flags=[0-9a-f]+<([^>]*)>(?: mtu (\d+))?", block)
        if head is None:
            continue
        name, flags = head.group(1), head.group(2).split(",")
        status = re.search(r"^\s+status: (\w+)", block, re.MULTILINE)
        found.append(
            Adapter(
                name=name,
                kind=_macos_kind(name, block),
                up="UP" in flags,
                carrier=status.group(1) == "active" if status else None,
                mtu_bytes=int(head.group(3)) if head.group(3) else None,
                device=name.startswith("en") and _T2_LINK not in block,
                member=False,
            )
        )
    return found


def _macos_kind(name: str, block: str) -> str:
    """What an adapter is; ifconfig itself does not tell Wi-Fi from wired on macOS."""
    if name.startswith("lo"):
        return LOOPBACK
    if is_tunnel_name(name):
        return VPN
    if name.startswith("ppp"):
        return DIALUP
    if name.startswith("bridge"):
        return BRIDGE
    # The link to the Mac's own T2 chip is always active and leads nowhere.
    # Source: the same address in github.com/Parallels/vagrant-parallels#426 and other threads.
    if name.startswith("en") and "status:" in block and _T2_LINK not in block:
        return WIRED
    return OTHER
