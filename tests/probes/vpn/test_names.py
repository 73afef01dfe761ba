"""vpn.names: where a VPN's name server is looked for, and what its answers come to."""

from __future__ import annotations

from techdoctor.probes.names.system_lookup import SystemAnswer
from techdoctor.probes.vpn import names


def test_where_a_name_server_is_looked_for() -> None:
    found = names.guessed(["10.8.0.2/24", "10.20.0.0/16", "10.8.0.0/24"], ["10.8.0.2"])
    assert found == ["10.8.0.1", "10.20.0.1", "10.8.0.53", "10.20.0.53", "10.20.0.2"]
    assert names.guessed(["10.8.0.6/32", "fe80::1/64"], ["10.8.0.6"]) == []


def test_nobody_answers() -> None:
    data = names.reading("intranet.example", ["192.0.2.1"], True, [], SystemAnswer((), "no_name", 5.0), None).data
    assert (data["system_ok"], data["tunnel_ok"], data["tunnel_answers"]) == (False, False, False)
    assert (data["server"], data["used"]) == ("192.0.2.1", None)
