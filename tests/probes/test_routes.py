"""net.routes: /proc as Linux shows it, netstat and route print as others printed them."""

from __future__ import annotations

from pathlib import Path

import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.probes import registry
from techdoctor.probes.base import Raw, Reading
from techdoctor.probes.network import route_table
from techdoctor.probes.network.routes import reading

CASES = Path(__file__).parent / "cases/net.routes"
_HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
_LINK = "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"  # 192.0.2.0/24
_DEFAULT = "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"  # by 192.0.2.1
_HALF1 = "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n"
_HALF2 = "tun0\t00000080\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n"
_NOTHING6 = (
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n"
)
_DEFAULT6 = (
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n"
)


def _linux(route4: str, route6: str = _NOTHING6, tunnels: tuple[str, ...] = ("tun0",)) -> Reading:
    raws = {"route4": Raw("ok", _HEAD + route4), "route6": Raw("ok", route6)}
    return reading(route_table.from_proc(raws), tunnels)


def test_an_ordinary_way_out() -> None:
    data = _linux(_LINK + _DEFAULT).data
    assert (data["way_out"], data["gateway_v4"], data["metric"], data["gateway_on_link"]) == (
        True,
        "192.0.2.1",
        100,
        True,
    )
    assert (data["default_v6"], data["split_default"], data["via_tunnel"]) == (False, False, False)


def test_the_kernels_unreachable_route_is_no_way_out() -> None:
    found = _linux(_LINK)
    assert found.data["way_out"] is False
    assert set(found.gaps) == {"gateway_on_link", "metric", "refused", "leaves_by"}


def test_two_halves_through_a_tunnel_win_over_the_default() -> None:
    data = _linux(_LINK + _DEFAULT + _HALF1 + _HALF2).data
    assert (data["split_default"], data["interface"], data["via_tunnel"]) == (True, "tun0", True)


def test_half_of_a_pair_is_no_way_out_of_its_own() -> None:
    data = _linux(_LINK + _DEFAULT + _HALF1).data
    assert (data["split_default"], data["interface"]) == (False, "eth0")


def test_a_gateway_outside_every_own_network() -> None:
    narrow = _LINK.replace("00FFFFFF", "FCFFFFFF").replace("000200C0", "080200C0")  # 192.0.2.8/30
    assert _linux(narrow + _DEFAULT).data["gateway_on_link"] is False


def test_the_lowest_metric_wins() -> None:
    other = _DEFAULT.replace("eth0", "wlan0").replace("\t100\t", "\t20\t")
    assert _linux(_LINK + _DEFAULT + other).data["interface"] == "wlan0"


def test_ipv6_alone_is_a_way_out() -> None:
    data = _linux("", _DEFAULT6).data
    assert (data["way_out"], data["default_v4"], data["gateway_v6"], data["gateway_on_link"]) == (
        True,
        False,
        "fe80::1",
        True,
    )


def test_no_table_at_all_is_told() -> None:
    with pytest.raises(CannotMeasure) as told:
        route_table.from_proc({"route4": Raw("absent"), "route6": Raw("absent")})
    assert told.value.status == "not_applicable"


def _recorded(platform: str, case: str) -> Reading:
    method = registry.get("net.routes").methods[platform]
    assert method.sources is not None and method.parse is not None
    name = method.sources({})[0].name
    return method.parse({name: Raw("ok", (CASES / case).read_text())}, {})


@pytest.mark.parametrize(
    ("case", "gateway", "interface", "via_tunnel"),
    [
        ("macos-plain-with-vpn-beside.txt", "192.168.68.1", "en0", False),
        ("macos-13-wireguard-takes-all.txt", "", "utun3", True),
        ("macos-vpn-default-gateway.txt", "172.20.12.27", "utun2", True),
    ],
)
def test_recorded_macos(case: str, gateway: str, interface: str, via_tunnel: bool) -> None:
    data = _recorded("macos", case).data
    assert (data["way_out"], data["gateway_v4"], data["interface"], data["via_tunnel"]) == (
        True,
        gateway,
        interface,
        via_tunnel,
    )


def test_recorded_macos_tunnels_of_the_system_are_no_way_out() -> None:
    assert _recorded("macos", "macos-ipv6-tunnels-only.txt").data["way_out"] is False


def test_recorded_windows() -> None:
    found = _recorded("windows", "windows-10-plain.txt")
    assert (found.data["gateway_v4"], found.data["metric"], found.data["default_v6"]) == ("192.168.1.1", 281, None)
    assert found.gaps["default_v6"]


def test_recorded_windows_in_german() -> None:
    data = _recorded("windows", "windows-german-openvpn-takes-all.txt").data
    assert (data["way_out"], data["split_default"], data["gateway_v4"], data["gateway_on_link"]) == (
        True,
        True,
        "10.8.0.1",
        True,
    )
