"""Reading certificates: one made by openssl for this test, and damaged ones."""

from __future__ import annotations

import base64
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techdoctor.probes.network.certificate import NotACertificate, read

# openssl req -x509 -newkey ec ... -utf8 -subj "/C=XX/O=Example Org/CN=Gateway \u00dc CA"
DER = base64.b64decode(
    "MIIByzCCAXGgAwIBAgIUW2xtlhJIMju95zHaoRiVKyGatywwCgYIKoZIzj0EAwIwOzELMAkGA1UEBhMCWFgxFDASBgNVBAoMC0V4"
    "YW1wbGUgT3JnMRYwFAYDVQQDDA1HYXRld2F5IMOcIENBMB4XDTI2MTEyMjA4NTQ0NVoXDTM2MTExOTA4NTQ0NVowOzELMAkGA1UE"
    "BhMCWFgxFDASBgNVBAoMC0V4YW1wbGUgT3JnMRYwFAYDVQQDDA1HYXRld2F5IMOcIENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD"
    "QgAEvchXBRPrZVNABrfaPKWOoRpu8+HxIQnBqkp1IgWX2ACkEaEzkSSTmXRu9FMpD0+gCN+Ko+lCxbX2Eewqyzdw2KNTMFEwHQYD"
    "VR0OBBYEFMEjnzg/pm2lqnduhHDuEsWf58DUMB8GA1UdIwQYMBaAFMEjnzg/pm2lqnduhHDuEsWf58DUMA8GA1UdEwEB/wQFMAMB"
    "Af8wCgYIKoZIzj0EAwIDSAAwRQIgSqCYik21qMsdhFOXz07Ub1v70SIDn+EYrg9pdMnUplkCIQDDIX2mwuIFtPfASPC3N5gbYtGH"
    "Ia6NpwW0ZeODNG2mRA=="
)


def test_the_names_and_dates_are_read() -> None:
    found = read(DER)
    assert found.issuer == "Gateway \u00dc CA (Example Org)"
    assert found.subject == "Gateway \u00dc CA"
    assert found.not_after == datetime.datetime.fromisoformat("2036-11-19T08:54:45+00:00")
    assert found.not_after - found.not_before == datetime.timedelta(days=3650)


@pytest.mark.parametrize("der", [b"", b"\x30", b"\x30\x80\x00\x00", b"\x30\x84\xff\xff\xff\xff", b"hello", DER[:200]])
def test_what_is_no_certificate_is_refused(der: bytes) -> None:
    with pytest.raises(NotACertificate):
        read(der)


@given(st.data())
def test_damage_never_does_more_than_fail(data: st.DataObject) -> None:
    damaged = bytearray(DER)
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read(bytes(damaged))
    except NotACertificate:
        return
    assert isinstance(found.issuer, str)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_certificate_or_not(der: bytes) -> None:
    try:
        found = read(der)
    except NotACertificate:
        return
    assert isinstance(found.issuer, str)
