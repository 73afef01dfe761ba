"""Stable keyed pseudonyms for identifiers; addresses keep what a technician reads from them.

Keyed with a secret of this machine (HMAC-SHA-256): the same name gives the same pseudonym in every
bundle from here, and nobody without the key can try names.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Collection

KEY_BYTES = 32
_PUBLIC_FIRST = [n for n in range(1, 224) if n not in (10, 100, 127, 169, 172, 192, 198, 203)]


class Pseudonyms:
    """Pseudonyms by kind and value, remembered in `map`.

    Args:
        key: KEY_BYTES random bytes of this machine.
        public: Names and addresses that need no hiding (probe targets), lower case.

    Attributes:
        map: Pseudonym -> original; stays on this machine.
    """

    def __init__(self, key: bytes, public: Collection[str] = ()) -> None:
        self._key = key
        self._public = frozenset(name.lower() for name in public)
        self._known: dict[tuple[str, str], str] = {}
        self._orders: dict[str, list[int]] = {}
        self.map: dict[str, str] = {}

    def is_public(self, value: str) -> bool:
        """True for a documented probe target, which is no secret of this machine."""
        return value.lower().rstrip(".") in self._public

    @staticmethod
    def is_address(value: str) -> bool:
        """True for an IPv4 or IPv6 address, with or without a zone."""
        try:
            ipaddress.ip_address(value.partition("%")[0])
        except ValueError:
            return False
        return True

    def name(self, kind: str, value: str) -> str:
        """A pseudonym such as "host-7f3a"; the same for every spelling of upper and lower case."""
        known = self._known.get((kind, value.lower()))
        if known:
            return known
        digest = self._digest(kind, value.lower()).hex()
        length = 4
        while f"{kind}-{digest[:length]}" in self.map:
            length += 1
        return self._remember(kind, value, f"{kind}-{digest[:length]}")

    def mac(self, value: str) -> str:
        """Keeps the vendor part (IEEE OUI) and the separators; of a random address nothing but that it is one."""
        digits = "".join(c for c in value if c in "0123456789abcdefABCDEF").lower()
        if len(digits) != 12 or digits in ("f" * 12, "0" * 12) or int(digits[:2], 16) & 1:
            return value
        tail = self._digest("mac", digits).hex()
        local = int(digits[:2], 16) & 2
        hidden = "02" + tail[:10] if local else digits[:6] + tail[:6]
        out = iter(hidden if value == value.lower() else hidden.upper())
        return self._remember("mac", value, "".join(next(out) if c.isalnum() else c for c in value))

    def address(self, value: str) -> str:
        """An IP address of the same class; two in one subnet stay in one subnet. Not an address: unchanged."""
        try:
            address = ipaddress.ip_address(value.partition("%")[0])
        except ValueError:
            return value
        if self.is_public(value) or address.is_loopback or address.is_unspecified or address.is_multicast:
            return value
        zone = value[len(value.partition("%")[0]) :]
        if isinstance(address, ipaddress.IPv4Address):
            return self._remember("ip", value, self._v4(address))
        if address.ipv4_mapped:
            return self._remember("ip", value, f"::ffff:{self._v4(address.ipv4_mapped)}{zone}")
        return self._remember("ip", value, self._v6(address) + zone)

    def _v4(self, address: ipaddress.IPv4Address) -> str:
        octets = list(address.packed)
        if octets[0] in (0, 255) or octets[:2] == [169, 254]:  # netmasks, "no DHCP answered"
            return str(address)
        out = []
        for place, octet in enumerate(octets):
            choices = self._choices(octets, place)
            above = ".".join(map(str, octets[:place]))
            out.append(self._permuted(f"v4 {above}", octet, choices) if octet in choices else octet)
        return ".".join(map(str, out))

    @staticmethod
    def _choices(octets: list[int], place: int) -> list[int]:
        """Values among which an octet is moved: private ranges stay private, 0 and 255 stay at the end."""
        if place == 0:
            return [] if octets[0] in (10, 100, 172, 192) else _PUBLIC_FIRST
        if place == 1 and octets[0] == 172:
            return list(range(16, 32)) if 16 <= octets[1] < 32 else [n for n in range(256) if not 16 <= n < 32]
        if place == 1 and octets[0] == 192:
            return [] if octets[1] == 168 else [n for n in range(256) if n != 168]
        if place == 1 and octets[0] == 100:
            return list(range(64, 128)) if 64 <= octets[1] < 128 else [n for n in range(256) if not 64 <= n < 128]
        return list(range(1, 255)) if place == 3 else list(range(256))

    def _permuted(self, context: str, value: int, choices: list[int]) -> int:
        if context not in self._orders:
            self._orders[context] = sorted(choices, key=lambda n: self._digest(context, str(n)))
        return self._orders[context][choices.index(value)]

    def _v6(self, address: ipaddress.IPv6Address) -> str:
        groups = [int.from_bytes(address.packed[i : i + 2], "big") for i in range(0, 16, 2)]
        out = []
        for place, group in enumerate(groups):
            above = ":".join(f"{g:x}" for g in groups[:place])
            moved = int.from_bytes(self._digest(f"v6 {above}", f"{group:x}")[:2], "big") or 1
            if place == 0:
                moved = group if address.is_link_local else self._first_group(group, moved)
            out.append(moved if group else 0)
        return str(ipaddress.IPv6Address(b"".join(g.to_bytes(2, "big") for g in out)))

    @staticmethod
    def _first_group(group: int, moved: int) -> int:
        """Unique local (fc00::/7) and global (2000::/3) addresses keep their class."""
        return (group & 0xFF00) | (moved & 0xFF) if group >> 9 == 0x7E else 0x2000 | (moved & 0x1FFF)

    def _digest(self, kind: str, value: str) -> bytes:
        return hmac.new(self._key, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()

    def _remember(self, kind: str, value: str, pseudonym: str) -> str:
        self._known[kind, value.lower()] = pseudonym
        if pseudonym != value:
            self.map.setdefault(pseudonym, value)
        return pseudonym
