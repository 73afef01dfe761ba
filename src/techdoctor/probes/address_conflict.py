"""net.address_conflict: does another device use our address? CPython 3.9 syntax.

Asks the local network three times who has our own address (RFC 5227, section 2.1.1). That takes a raw
socket, so administrator rights, or Debian's `arping`, which has the one right it needs.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import struct
import time
from typing import Dict, Mapping, Optional, Sequence

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, NOT_APPLICABLE, OK, Value
from techdoctor.probes import own_network
from techdoctor.probes.base import Probe, Probing, Reading, Source, boolean, measured, text, unsupported
from techdoctor.probes.own_network import Address
from techdoctor.probes.sources import gather

_ASK_AT_S = (0.0, 0.15, 0.3)
_WAIT_S = 0.5  # a device that is there answers within milliseconds
_ARP, _REQUEST = 0x0806, 1
_BROADCAST = b"\xff" * 6
_HEAD = struct.Struct("!6s6sH")
_BODY = struct.Struct("!HHBBH6s4s6s4s")  # RFC 826
_NEEDS = "needs administrator rights (sudo), or the program arping"


def _measure(probing: Probing) -> Reading:
    address = _own_address()
    try:
        mac = _ask(address)
    except PermissionError:
        mac = _ask_by_program(address)
    except OSError as error:
        raise CannotMeasure(NOT_APPLICABLE, f"{address.interface} cannot be asked: {error.strerror}") from None
    data: Dict[str, Value] = {"found": bool(mac), "address": address.address, "mac": mac or ""}
    return Reading(data)


def _own_address() -> Address:
    """The IPv4 address that leads outward.

    Raises:
        CannotMeasure: There is none on a link with neighbours.
    """
    outward = [gateway.interface for gateway in own_network.gateways() if gateway.family == "ipv4"]
    for address in own_network.addresses():
        if address.interface in outward and ipaddress.ip_address(address.address).version == 4:
            return address
    raise CannotMeasure(NOT_APPLICABLE, "there is no IPv4 address with a router")


def _own_hardware() -> Dict[str, bytes]:
    """Hardware address of each adapter: a machine with two on one network answers itself by the other."""
    raw = gather([Source("addresses", path="/sys/class/net/*/address")], time.monotonic() + _WAIT_S)["addresses"]
    plain = {path.split("/")[4]: content.strip().replace(":", "") for path, content in raw.files.items()}
    return {name: bytes.fromhex(digits) for name, digits in plain.items() if len(digits) == 12}


def _ask(address: Address) -> Optional[str]:
    """Hardware address of another device that answers for ours; None when nobody does.

    Raises:
        OSError: No raw socket, or the adapter cannot be used that way.
    """
    ours = _own_hardware()
    own = ours.get(address.interface, bytes(6))
    wanted = socket.inet_aton(address.address)
    question = _HEAD.pack(_BROADCAST, own, _ARP) + _BODY.pack(
        1, 0x0800, 6, 4, _REQUEST, own, bytes(4), bytes(6), wanted
    )
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ARP)) as raw:
        raw.bind((address.interface, _ARP))
        begun = time.monotonic()
        for at_s in (*_ASK_AT_S[1:], _WAIT_S):
            raw.send(question)
            mac = _listen(raw, begun + at_s, wanted, list(ours.values()))
            if mac is not None:
                return mac
    return None


def _listen(raw: socket.socket, until: float, wanted: bytes, ours: Sequence[bytes]) -> Optional[str]:
    while True:
        left = until - time.monotonic()
        if left <= 0:
            return None
        raw.settimeout(left)
        try:
            frame = raw.recv(64)
        except socket.timeout:
            return None
        if len(frame) < _HEAD.size + _BODY.size:
            continue
        sender, claimed = _BODY.unpack_from(frame, _HEAD.size)[5:7]
        if claimed == wanted and sender not in ours:
            return str(sender.hex(":"))


def _ask_by_program(address: Address) -> Optional[str]:
    ran = system.run(("arping", "-D", "-I", address.interface, "-c", "1", "-w", "1", address.address), 2.0)
    if ran.status != OK or "not permitted" in ran.err:
        raise CannotMeasure(DENIED, _NEEDS)
    answer = re.search(r"\[([0-9A-Fa-f:]{17})\]", ran.out)
    return answer.group(1).lower() if answer else None


def _summary(data: Mapping[str, Value]) -> str:
    return f"{data.get('address')} is used by {data.get('mac')} too" if data.get("found") else "none"


PROBES = (
    Probe(
        name="net.address_conflict",
        title="Address used twice",
        doc="Asks the local network by ARP who has our own IPv4 address, three times within half a second; any answer "
        "from another hardware address is a conflict (RFC 5227).",
        fields={
            "found": boolean("Another device answers for our address."),
            "address": text("The address asked for.", private="ip"),
            "mac": text("Hardware address of the other device.", private="mac"),
        },
        methods={
            "linux": measured(_measure),
            "macos": unsupported("macOS reports an address used twice by itself, in a message and in its log"),
            "windows": unsupported("Windows reports an address used twice by itself, as event 4199"),
        },
        timeout_s=4.0,
        needs="admin",
        network=True,
        reach="beyond",
        summary=_summary,
    ),
)
