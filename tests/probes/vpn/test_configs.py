"""VPN configuration files as their manuals show them; keys in them are never kept."""

from __future__ import annotations

import pytest

from techdoctor.probes.vpn import configs, finding
from techdoctor.probes.vpn.configs import IPSEC, OPENVPN, OTHER, TCP, TLS, UDP, WIREGUARD, Connection


def _told(connection: Connection) -> tuple[object, ...]:
    return connection.kind, connection.server, connection.port, connection.protocol, connection.answers_strangers


def test_openvpn() -> None:
    """After sample-config-files/client.conf of OpenVPN."""
    content = """\
client
dev tun
;proto tcp
proto udp
remote my-server-1 1194
;remote my-server-2 1194
<key>
remote not.a.server 1
</key>
tls-auth ta.key 1
"""
    found = configs.of_file("/etc/openvpn/client/office.conf", content)
    assert (found.name, _told(found)) == ("office", (OPENVPN, "my-server-1", 1194, UDP, False))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("remote vpn.example 443 tcp-client\n", (OPENVPN, "vpn.example", 443, TCP, True)),
        ("proto tcp\nport 8443\nremote vpn.example\n", (OPENVPN, "vpn.example", 8443, TCP, True)),
        ("remote vpn.example\n<tls-crypt>\nSECRET\n</tls-crypt>\n", (OPENVPN, "vpn.example", 1194, UDP, False)),
        ("server 10.8.0.0 255.255.255.0\nport 1194\n", (OPENVPN, "", 1194, UDP, True)),
    ],
)
def test_openvpn_options(content: str, expected: tuple[object, ...]) -> None:
    assert _told(configs.of_openvpn(content, "x", "x.ovpn")) == expected


def test_wireguard() -> None:
    """After the examples of wg-quick(8)."""
    content = """\
[Interface]
Address = 10.200.100.8/24
DNS = 10.200.100.1, corp.example
PrivateKey = oK56DE9Ue9zK76rAc8pBl6opph+1v36lm7cXXsQKrQM=

[Peer]
PublicKey = GtL7fZc/bLnqZldpVofMCD6hDjrK28SsdLxevJ+qtKU=
AllowedIPs = 0.0.0.0/0
Endpoint = demo.wireguard.example:51820 # the office
"""
    found = configs.of_file("/etc/wireguard/wg0.conf", content)
    assert (found.name, _told(found)) == ("wg0", (WIREGUARD, "demo.wireguard.example", 51820, UDP, False))
    assert (found.dns, found.domains) == (("10.200.100.1",), ("corp.example",))
    assert "oK56DE9" not in repr(found)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            (
                "[connection]\nid=Office\ntype=vpn\n[vpn]\nremote=vpn.example:1195:tcp\n"
                "service-type=org.freedesktop.NetworkManager.openvpn\npassword=SECRET\n"
            ),
            (OPENVPN, "vpn.example", 1195, TCP, True),
        ),
        (
            (
                "[connection]\nid=Office\ntype=vpn\n[vpn]\nremote=192.0.2.1, 192.0.2.2\nport=1200\nta=/x/ta.key\n"
                "service-type=org.freedesktop.NetworkManager.openvpn\n"
            ),
            (OPENVPN, "192.0.2.1", 1200, UDP, False),
        ),
        (
            (
                "[connection]\nid=Office\ntype=vpn\n[vpn]\naddress=vpn.example\n"
                "service-type=org.freedesktop.NetworkManager.strongswan\n"
            ),
            (IPSEC, "vpn.example", 500, UDP, True),
        ),
        (
            (
                "[connection]\nid=Office\ntype=vpn\n[vpn]\ngateway=vpn.example:8443\n"
                "service-type=org.freedesktop.NetworkManager.openconnect\n"
            ),
            (TLS, "vpn.example", 8443, TCP, True),
        ),
        (
            "[connection]\nid=Office\ntype=wireguard\n[wireguard-peer.KEY=]\nendpoint=[2001:db8::1]:51820\n",
            (WIREGUARD, "2001:db8::1", 51820, UDP, False),
        ),
        ("[connection]\nid=Home\ntype=wifi\n[wifi]\nssid=Home\n", (OTHER, "", 0, UDP, True)),
    ],
    ids=["openvpn over tcp", "two remotes and a key", "strongswan", "openconnect", "wireguard", "no vpn"],
)
def test_network_manager(content: str, expected: tuple[object, ...]) -> None:
    """Keys as in nm-settings-keyfile(5) and the plug-ins' nm-*-service-defines.h."""
    found = configs.of_file("/etc/NetworkManager/system-connections/x.nmconnection", content)
    assert (found.name in ("Office", "Home"), _told(found)) == (True, expected)
    assert "SECRET" not in repr(found)


def test_others() -> None:
    assert configs.of_ipsec("conn office\n  right=vpn.example\n", "x", "x").server == "vpn.example"
    assert configs.of_ipsec("conn any\n  right=%any\n", "x", "x").server == ""
    book = configs.of_phonebook("[Office]\nMEDIA=rastapi\nPhoneNumber=vpn.example\n", "x", "x")
    assert (book.name, book.server) == ("Office", "vpn.example")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["openvpn", "--remote", "vpn.example", "443", "tcp", "--dev", "tun"],
            (OPENVPN, "vpn.example", 443, TCP, True),
        ),
        (["openconnect", "--user=ann", "https://vpn.example/group"], (TLS, "vpn.example", 443, TCP, True)),
    ],
)
def test_command_lines_of_running_programs(words: list[str], expected: tuple[object, ...]) -> None:
    found = finding.of_command(words, "/")
    assert found is not None
    assert _told(found) == expected


def test_a_server_of_ones_own_is_no_vpn_to_reach() -> None:
    assert finding.of_command(["openvpn", "--dev", "tun", "--server", "10.8.0.0", "255.255.255.0"], "/") is None


@pytest.mark.parametrize(
    "words",
    [
        ["openconnect", "vpn.example", "--cookie", "s3cret.abc"],
        ["openconnect", "vpn.example", "-C", "DSID=s3cret.abc"],
        ["openconnect", "vpn.example", "-F", "main:password=s3cret.abc"],
        ["openconnect", "https://ann:s3cret@vpn.example/group"],
    ],
)
def test_a_secret_on_a_command_line_is_no_server(words: list[str]) -> None:
    found = finding.of_command(words, "/")
    assert found is not None
    assert found.server == "vpn.example"
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize("port", ["\u00b2", "99999", "9" * 5000, "-1"])
def test_what_is_no_port_is_left_out(port: str) -> None:
    assert configs.of_openvpn(f"remote vpn.example {port}", "x", "x").port == 1194
    assert configs.of_wireguard(f"Endpoint = vpn.example:{port}", "x", "x").port == 0


def test_blocks_of_an_openvpn_file() -> None:
    """Many of them without an end once took minutes to read; a connection's block holds options."""
    content = "<connection>\nremote vpn.example 443\n</connection>\n" + "<a>" * 80_000
    assert configs.of_openvpn(content, "x", "x").server == "vpn.example"
    assert configs.of_ipsec("\n" * 250_000, "x", "x").server == ""
