"""net.path: what traceroute and tracert printed on systems that we cannot run."""

from __future__ import annotations

from pathlib import Path

import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.probes import registry
from techdoctor.probes.base import Raw
from techdoctor.probes.network import path

CASES = Path(__file__).parent / "cases/net.path"
# macOS, traceroute -n: code.google.com/p/autoddvpn, wiki on trouble-shooting; two addresses replaced.
MACOS = (CASES / "macos-traceroute.txt").read_text()
# Windows, tracert 8.8.8.8: course notes on GitHub ("google dns server"); one host replaced.
WINDOWS = (CASES / "windows-tracert.txt").read_text()


def test_windows_names_the_hops_and_the_end() -> None:
    data = path._parse({"path": Raw("ok", WINDOWS)}, {"address": "8.8.8.8"}).data
    assert (data["reached"], data["hop_count"], data["silent_hops"]) == (True, 8, 2)
    hops = data["hops"]
    assert isinstance(hops, list)
    assert hops[0] == {"number": 1, "address": "192.168.1.1", "ms": 1.0}
    assert hops[2] == {"number": 5, "address": "192.0.2.222", "ms": 9.0}


def test_macos_shows_where_the_delay_begins() -> None:
    found = path._parse({"path": Raw("timeout", MACOS)}, {"address": "8.8.8.8"})
    assert (found.data["reached"], found.data["last_hop"], found.data["last_address"]) == (False, 5, "172.18.201.1")
    assert path.parse_hops(MACOS)[2] == ("192.0.2.1", 401.621)
    assert "did not answer" in found.gaps["hop_count"]


@pytest.mark.parametrize("address", ["-i", "www.example.org", "192.0.2.1 -i"])
@pytest.mark.parametrize("platform", ["macos", "windows"])
def test_only_a_numeric_address_reaches_the_tool(address: str, platform: str) -> None:
    sources = registry.get("net.path").methods[platform].sources
    assert sources is not None
    assert sources({"address": "192.0.2.1"})[0].argv[-1] == "192.0.2.1"
    with pytest.raises(CannotMeasure, match="numeric"):
        sources({"address": address})
