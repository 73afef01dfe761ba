"""Which commands the network actions would run: by what looks after the adapter, per platform."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from techdoctor.actions import registry
from techdoctor.actions.base import Acting

UUID = "5f1a0c9e-8f1d-4a55-9a53-9b1e0c1f2a3b"
Tool = Callable[[str, str], None]


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """Puts stand-ins for network tools first into PATH; real ones of this machine are hidden by failing ones."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def make(name: str, body: str) -> None:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    for name in ("nmcli", "networkctl"):
        make(name, "exit 8")
    return make


def _acting(platform: str = "linux", adapter: str = "eth7") -> Acting:
    return Acting({"adapter": adapter}, platform)


def _commands(name: str, acting: Acting) -> tuple[str, ...]:
    preview = registry.get(name).preview(acting)
    assert not preview.problem, preview.problem
    return tuple(command.removeprefix("sudo -n ") for command in preview.commands)


def test_networkmanager_brings_its_own_connection_up(tool: Tool) -> None:
    tool("nmcli", f"printf '100 (connected)\\n{UUID}\\n'")
    assert _commands("net.renew_lease", _acting()) == (f"nmcli --wait 30 connection up uuid {UUID} ifname eth7",)


def test_networkmanager_without_a_connection_connects_the_device(tool: Tool) -> None:
    tool("nmcli", "printf '30 (disconnected)\\n\\n'")
    assert _commands("net.renew_lease", _acting()) == ("nmcli --wait 30 device connect eth7",)


def test_what_networkmanager_leaves_alone_is_left_to_networkd(tool: Tool) -> None:
    tool("nmcli", "printf '10 (unmanaged)\\n\\n'")
    tool("networkctl", "echo '  2 eth7 ether routable configured'")
    assert _commands("net.renew_lease", _acting()) == ("networkctl renew eth7",)


def test_nobody_looks_after_it(tool: Tool) -> None:
    tool("networkctl", "echo '  2 eth7 ether routable unmanaged'")
    preview = registry.get("net.renew_lease").preview(_acting())
    assert preview.commands == ()
    assert "eth7" in preview.problem
    assert registry.get("net.renew_lease").apply(_acting()).ok is False


def test_a_tool_that_writes_nonsense_is_not_believed(tool: Tool) -> None:
    tool("nmcli", "printf '100 (connected)\\n--help; reboot\\n'")
    assert _commands("net.renew_lease", _acting()) == ("nmcli --wait 30 device connect eth7",)


@pytest.mark.parametrize(
    ("platform", "renew", "up"),
    [
        ("macos", "ipconfig set eth7 DHCP", "ifconfig eth7 up"),
        ("windows", "ipconfig /renew", "netsh interface set interface name=eth7 admin=enabled"),
    ],
)
def test_other_platforms(platform: str, renew: str, up: str) -> None:
    assert _commands("net.renew_lease", _acting(platform)) == (renew,)
    assert _commands("net.adapter_up", _acting(platform)) == (up,)


@pytest.mark.parametrize("name", ["-a", "eth0; reboot", "$(id)", "x" * 65])
def test_names_that_no_adapter_has_are_refused(name: str) -> None:
    assert registry.get("net.adapter_up").preview(_acting(adapter=name)).problem
    assert registry.get("net.adapter_up").apply(_acting(adapter=name)).ok is False


def test_an_adapter_that_was_on_is_left_on_by_the_undo() -> None:
    undo = registry.get("net.adapter_up").undo
    assert undo is not None
    outcome = undo(_acting(), {"adapter": "eth7", "was_up": True})
    assert (outcome.ok, "left on" in outcome.text) == (True, True)


def test_an_undo_that_knows_nothing_changes_nothing() -> None:
    for name in ("net.adapter_up", "net.drop_vpn_route"):
        undo = registry.get(name).undo
        assert undo is not None
        assert undo(_acting(), {}).ok is False


def test_without_a_tunnel_there_is_nothing_to_drop() -> None:
    assert registry.get("net.drop_vpn_route").preview(_acting(adapter="")).problem
