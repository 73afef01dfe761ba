"""The hosts file and taking names out of it."""

from __future__ import annotations

import pytest

from techdoctor.actions.dns import without_name
from techdoctor.probes.base import Raw
from techdoctor.probes.names.hosts_file import PROBES, entries_for

HOSTS = (
    "127.0.0.1\tlocalhost\n# 192.0.2.9 www.example.com\n"
    "192.0.2.66 WWW.Example.com shop.example.com # by hand\n\n::1 ip6-localhost\n"
)


def _facts(content: str | None, name: str) -> dict[str, object]:
    parse = PROBES[0].methods["linux"].parse
    assert parse is not None
    raw = Raw("absent") if content is None else Raw("ok", content)
    return dict(parse({"hosts": raw}, {"name": name}).data)


def test_an_entry_is_found_whatever_its_case() -> None:
    facts = _facts(HOSTS, "www.example.com")
    assert (facts["overridden"], facts["address"], facts["line"], facts["blocked"]) == (True, "192.0.2.66", 3, False)


@pytest.mark.parametrize("name", ["example.com", "ww.example.com", "by", "192.0.2.66"])
def test_comments_addresses_and_parts_of_names_do_not_count(name: str) -> None:
    assert _facts(HOSTS, name)["overridden"] is False


def test_a_blocking_entry_is_told() -> None:
    assert _facts("0.0.0.0 ads.example\n127.0.0.1 ads.example\n", "ads.example")["blocked"] is True


def test_no_file_is_no_entry() -> None:
    assert _facts(None, "example.com")["overridden"] is False


def test_only_the_name_goes_the_rest_stays() -> None:
    after = without_name(HOSTS, "www.example.com.")
    assert entries_for(after, "www.example.com") == []
    assert "192.0.2.66 shop.example.com # by hand\n" in after
    assert after.replace("192.0.2.66 shop.example.com # by hand\n", "") == (
        "127.0.0.1\tlocalhost\n# 192.0.2.9 www.example.com\n\n::1 ip6-localhost\n"
    )


def test_a_line_with_nothing_left_goes_as_a_whole() -> None:
    assert without_name("127.0.0.1 localhost\n192.0.2.66 a.example\n", "a.example") == "127.0.0.1 localhost\n"
