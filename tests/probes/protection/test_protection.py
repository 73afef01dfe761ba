from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.probes.base import Raw
from techdoctor.probes.protection import antivirus, firewall, listening
from techdoctor.probes.protection.antivirus import Database
from techdoctor.probes.protection.listening import Listener, ssh_ports

CASES = Path(__file__).parent / "cases"


def test_last_rule_that_drops_is_a_firewall() -> None:
    assert firewall.nft_blocks((CASES / "nft-last-rule-drops.json").read_text()) is True


def test_rule_against_one_sender_is_none() -> None:
    assert firewall.nft_blocks((CASES / "nft-one-sender.json").read_text()) is False
    assert firewall.nft_blocks('{"nftables": [{"metainfo": {}}]}') is False


def test_rules_of_ufw() -> None:
    assert firewall.iptables_blocks((CASES / "iptables-save-ufw-debian-12.txt").read_text()) is True
    assert firewall.iptables_blocks(":INPUT ACCEPT [0:0]\n-A INPUT -s 192.0.2.7 -j DROP\n") is False


def test_rules_that_cannot_be_seen_are_not_off() -> None:
    hidden = firewall.reading(None, "administrators only", True, False, ["ufw"])
    assert hidden.data["active"] is None
    assert hidden.gaps["active"] == "administrators only"
    assert firewall.reading(None, "administrators only", None, True, ["firewalld"]).data["active"] is True


@pytest.mark.parametrize(("state", "on"), [("enabled. (State = 1)", True), ("disabled. (State = 0)", False)])
def test_macos(state: str, on: bool) -> None:
    """Captured on macOS 26.3 (test report of a public set-up script that reads both lines)."""
    assert firewall.macos_parse({"state": Raw("ok", f"Firewall is {state}\n")}, {}).data["active"] is on


def test_windows_profiles() -> None:
    rows = '[{"Name":"Domain","Enabled":"True"},{"Name":"Public","Enabled":"False"}]'
    data = firewall.windows_parse({"profiles": Raw("ok", rows)}, {}).data
    assert (data["active"], data["profiles_off"]) == (False, ["Public"])


def test_header_of_a_database() -> None:
    header = "ClamAV-VDB:16 Sep 2024 04-29 -0400:27400:2066898:90:x:y:raynman:1726475364"
    assert antivirus.parse_header(header) == 1726475340.0
    assert antivirus.parse_header("SQLite format 3") is None


def test_scanner_without_database_and_no_scanner_at_all() -> None:
    updater = {"Id": "clamav-freshclam.service", "LoadState": "loaded", "ActiveState": "inactive"}
    reading = antivirus.reading([], [updater], False, 2e9)
    assert (reading.data["known"], reading.data["updater_stopped"], reading.data["off"]) == (False, True, False)
    with pytest.raises(CannotMeasure):
        antivirus.reading([], [], False, 2e9)
    old = antivirus.reading([Database("/var/lib/clamav/daily.cvd", 1e9)], [], False, 1e9 + 864000)
    assert old.data["age_s"] == 864000


def test_security_center_of_windows() -> None:
    defender = '[{"AntivirusEnabled":true,"RealTimeProtectionEnabled":false,"AntivirusSignatureAge":3}]'
    other = '[{"displayName":"Example AV","productState":266256}]'
    off = antivirus.windows_parse({"defender": Raw("ok", defender), "products": Raw("ok", "[]")}, {}).data
    assert (off["off"], off["age_s"]) == (True, 259200.0)
    replaced = antivirus.windows_parse({"defender": Raw("ok", defender), "products": Raw("ok", other)}, {}).data
    assert (replaced["product"], replaced["off"], replaced["stale"]) == ("Example AV", False, True)


def test_ports_of_ssh_stay_open() -> None:
    found = [Listener(22, "tcp", "sshd"), Listener(80, "tcp", "nginx"), Listener(2200, "tcp", "sshd")]
    assert ssh_ports(found, {}) == [22, 2200]
    assert ssh_ports([], {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 2222"}) == [2222]


def test_a_user_s_program_called_like_the_ssh_server_gets_no_open_port(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fake:
        def __init__(self, _pid: int) -> None:
            self.uids = lambda: SimpleNamespace(real=1001)

        def name(self) -> str:
            return "sshd"

        def username(self) -> str:
            return "eve"

    monkeypatch.setattr(psutil, "Process", Fake)
    connection = SimpleNamespace(laddr=SimpleNamespace(ip="0.0.0.0", port=31337), status="LISTEN", pid=7)
    monkeypatch.setattr(psutil, "net_connections", lambda kind: [connection])
    found = listening.listeners()
    assert [entry.program for entry in found] == ["sshd of eve"]
    assert ssh_ports(found, {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 \u00b2"}) == []
