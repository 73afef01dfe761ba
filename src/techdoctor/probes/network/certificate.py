"""Reading who issued a certificate, and when it is valid, from its bytes (DER, RFC 5280). CPython 3.9 syntax.

The standard library tells this only of certificates that it has verified; a diagnosis needs it of the
others. Certificates come from strangers: every length is checked.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Dict, List, Tuple

_SEQUENCE, _SET, _OID, _VERSION = 0x30, 0x31, 0x06, 0xA0
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_UTF16, _UTF8 = 0x1E, 0x0C
# X.520 attributes by their encoded object ids: commonName and organizationName.
_COMMON_NAME, _ORGANIZATION = b"\x55\x04\x03", b"\x55\x04\x0a"


class NotACertificate(ValueError):
    """The bytes are not a certificate that can be read."""


@dataclass(frozen=True)
class Certificate:
    """What is shown of a certificate.

    Attributes:
        subject: Common name, else organisation, of its owner.
        issuer: Common name and organisation of who signed it, as "name (organisation)".
        not_before: From when it is valid, aware UTC.
        not_after: Until when.
    """

    subject: str
    issuer: str
    not_before: datetime.datetime
    not_after: datetime.datetime


def read(der: bytes) -> Certificate:
    """Reads a certificate.

    Raises:
        NotACertificate: It is none.
    """
    try:
        return _read(der)
    except (IndexError, ValueError) as error:
        raise NotACertificate(str(error)) from None


def _read(der: bytes) -> Certificate:
    whole = _children(_only(der, _SEQUENCE))
    body = _children(_expect(whole[0], _SEQUENCE))
    if body[0][0] == _VERSION:
        body = body[1:]
    # serial number, algorithm, issuer, validity, subject, key
    issuer, validity, subject = body[2], body[3], body[4]
    begin, end = _children(_expect(validity, _SEQUENCE))[:2]
    return Certificate(
        _shown(_names(_expect(subject, _SEQUENCE)), with_organization=False),
        _shown(_names(_expect(issuer, _SEQUENCE)), with_organization=True),
        _time(begin),
        _time(end),
    )


def _only(data: bytes, tag: int) -> bytes:
    return _expect(_children(data)[0], tag)


def _expect(element: Tuple[int, bytes], tag: int) -> bytes:
    if element[0] != tag:
        raise ValueError(f"tag {element[0]:#x} where {tag:#x} belongs")
    return element[1]


def _children(data: bytes) -> List[Tuple[int, bytes]]:
    """Tag and content of each element."""
    found: List[Tuple[int, bytes]] = []
    at = 0
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            if not 1 <= count <= 4:
                raise ValueError("a length that is not definite")
            size, at = int.from_bytes(data[at : at + count], "big"), at + count
        if at + size > len(data):
            raise ValueError("an element is longer than what holds it")
        found.append((tag, data[at : at + size]))
        at += size
    return found


def _names(data: bytes) -> Dict[bytes, str]:
    names: Dict[bytes, str] = {}
    for group in _children(data):
        for attribute in _children(_expect(group, _SET)):
            parts = _children(_expect(attribute, _SEQUENCE))
            names.setdefault(_expect(parts[0], _OID), _text(*parts[1]))
    return names


def _text(tag: int, content: bytes) -> str:
    if tag == _UTF16:
        return content.decode("utf-16-be", "replace")
    return content.decode("utf-8" if tag == _UTF8 else "latin-1", "replace")


def _shown(names: Dict[bytes, str], with_organization: bool) -> str:
    common, organization = names.get(_COMMON_NAME, ""), names.get(_ORGANIZATION, "")
    if with_organization and common and organization:
        return f"{common} ({organization})"
    return common or organization


def _time(element: Tuple[int, bytes]) -> datetime.datetime:
    tag, content = element
    text = content.decode("ascii", "replace")
    if tag == _UTC_TIME:  # two digits of the year: 50 and above are of the last century (RFC 5280, 4.1.2.5.1)
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("a time of an unknown kind")
    return datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
