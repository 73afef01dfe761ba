"""Changing the list of name servers: texts, keepers and their exact commands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from techdoctor.actions import name_servers, text_file
from techdoctor.actions.base import Acting
from techdoctor.actions.dns import ACTIONS
from techdoctor.actions.name_servers import Keeper, preferring, service_of
from techdoctor.system import Ran

CASES = Path(__file__).parents[1] / "probes/cases/dns.resolvers"
PREFER = next(action for action in ACTIONS if action.name == "dns.prefer_server")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("nameserver 192.0.2.9\nnameserver 192.0.2.1\n", "nameserver 192.0.2.1\nnameserver 192.0.2.9\n"),
        (
            "# kept\nsearch a.example\nnameserver 192.0.2.9\n",
            "# kept\nsearch a.example\nnameserver 192.0.2.1\nnameserver 192.0.2.9\n",
        ),
        ("", "nameserver 192.0.2.1\n"),
        ("options ndots:2", "options ndots:2\nnameserver 192.0.2.1\n"),
    ],
)
def test_the_server_comes_first_and_the_rest_stays(before: str, after: str) -> None:
    assert preferring(before, "192.0.2.1") == after


@pytest.mark.parametrize("server", ["", "evil\nnameserver 6.6.6.6", "example.com", "192.0.2.1;reboot", "-x"])
def test_only_an_address_gets_into_the_settings(server: str) -> None:
    acting = Acting({"server": server}, "linux")
    assert "not the address" in PREFER.preview(acting).problem
    assert PREFER.apply(acting).ok is False


def test_commands_of_each_keeper() -> None:
    servers = ["192.0.2.1", "2001:db8::1"]
    assert Keeper("resolved", "eth0").commands(servers) == [("resolvectl", "dns", "eth0", *servers)]
    assert Keeper("networksetup", "Wi-Fi").commands([]) == [("networksetup", "-setdnsservers", "Wi-Fi", "Empty")]
    assert Keeper("networkmanager", "uuid", (), "eth0").commands(servers) == [
        ("nmcli", "connection", "modify", "uuid", "ipv4.dns", "192.0.2.1", "ipv6.dns", "2001:db8::1"),
        ("nmcli", "device", "reapply", "eth0"),
    ]


@pytest.mark.parametrize(("device", "service"), [("en0", "Wi-Fi"), ("en11", "USB 10/100/1000 LAN 2"), ("en1", "")])
def test_the_service_of_a_device_in_a_recorded_order(device: str, service: str) -> None:
    assert service_of((CASES / "macos-service-order.txt").read_text(), device) == service


def test_macos_keeper_is_found_through_the_default_route() -> None:
    said = {
        "route": "   route to: default\n  interface: en0\n",
        "-listnetworkserviceorder": (CASES / "macos-service-order.txt").read_text(),
        "-getdnsservers": "192.0.2.75\n192.0.2.76\n",
    }

    def run(argv: Sequence[str]) -> Ran:
        return Ran(argv, "ok", 0, said[argv[0]] if argv[0] in said else said[argv[1]])

    assert name_servers.keeper("macos", run) == Keeper("networksetup", "Wi-Fi", ("192.0.2.75", "192.0.2.76"))


UUID = "7fa175bb-425a-33ed-9fc6-e79603b9ba1d"


def _linux(monkeypatch: pytest.MonkeyPatch, said: dict[str, str], conf: str) -> Keeper | None:
    """The keeper found where commands (by their second word or third) say this; others are not installed."""
    monkeypatch.setattr(name_servers, "_default_link", lambda: "eth0")
    monkeypatch.setattr(name_servers, "_text", lambda path: conf)

    def run(argv: Sequence[str]) -> Ran:
        key = " ".join(argv[:3])
        found = next((text for start, text in said.items() if key.startswith(start)), None)
        return Ran(argv, "missing_tool") if found is None else Ran(argv, "ok", 0, found)

    return name_servers.keeper("linux", run)


def test_network_manager_keeps_the_list_where_it_has_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"nmcli -g GENERAL.CON-UUID": f"{UUID}\n", "nmcli -g ipv4.dns": "192.0.2.1,192.0.2.2\n2001\\:db8\\:\\:1\n"}
    found = _linux(monkeypatch, said, "nameserver 127.0.0.53\n")
    assert found == Keeper("networkmanager", UUID, ("192.0.2.1", "192.0.2.2", "2001:db8::1"), "eth0")


def test_resolved_keeps_it_where_its_stub_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"nmcli -g GENERAL.CON-UUID": "\n", "resolvectl dns eth0": "Link 2 (eth0): 192.0.2.1 fe80::1%2\n"}
    found = _linux(monkeypatch, said, "nameserver 127.0.0.53\n")
    assert found == Keeper("resolved", "eth0", ("192.0.2.1", "fe80::1%2"))


@pytest.mark.parametrize(
    "said", [{}, {"resolvectl dns eth0": "Link 2 (eth0): 192.0.2.1\n"}], ids=["bare", "not in use"]
)
def test_else_the_file_is_the_list(monkeypatch: pytest.MonkeyPatch, said: dict[str, str]) -> None:
    assert _linux(monkeypatch, said, "nameserver 192.0.2.9\n") == Keeper("file")


def test_a_server_that_is_new_is_told_to_see_the_names() -> None:
    assert "192.0.2.77" in PREFER.preview(Acting({"server": "192.0.2.77"}, "linux")).discloses


def test_a_text_file_is_changed_in_place_and_put_back(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost\n192.0.2.66 a.example\n")
    inode, acting = path.stat().st_ino, Acting({}, "linux")
    before, problem = text_file.content_of(str(path))
    done = text_file.replace(acting, str(path), before, "127.0.0.1 localhost\n", "done")
    assert (problem, done.ok, path.read_text()) == ("", True, "127.0.0.1 localhost\n")
    assert path.stat().st_ino == inode
    assert done.undo_token is not None
    assert text_file.restore(acting, done.undo_token, "back").ok
    assert path.read_text() == before


def test_a_file_changed_by_others_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 192.0.2.1\n")
    done = text_file.replace(Acting({}, "linux"), str(path), "old\n", "nameserver 192.0.2.2\n", "done")
    path.write_text("nameserver 192.0.2.3\n")
    assert done.undo_token is not None
    back = text_file.restore(Acting({}, "linux"), done.undo_token, "back")
    assert back.ok is False
    assert path.read_text() == "nameserver 192.0.2.3\n"


def test_an_empty_file_comes_back_empty(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("")
    done = text_file.replace(Acting({}, "linux"), str(path), "", "nameserver 192.0.2.2\n", "done")
    assert done.undo_token is not None
    assert text_file.restore(Acting({}, "linux"), done.undo_token, "back").ok
    assert path.read_text() == ""


def test_the_shown_change_names_what_goes_and_what_comes() -> None:
    assert text_file.shown_change("/etc/resolv.conf", "a\nb\n", "b\nc\n") == (
        "write /etc/resolv.conf:",
        "  - a",
        "  + c",
    )
