from __future__ import annotations

import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.probes.updates import pending, windows_update

# apt 2.6.1 on Debian 12, 2026-11-22, three of its lines.
APT = """Listing...
appstream/oldstable 0.16.1-2+b1 amd64 [upgradable from: 0.16.1-2]
base-files/oldstable 12.4+deb12u15 amd64 [upgradable from: 12.4+deb12u11]
jq/oldstable-security 1.6-2.1+deb12u3 amd64 [upgradable from: 1.6-2.1+deb12u1]
"""


def test_apt_tells_security_updates_by_their_suite() -> None:
    reading = pending.reading("apt", pending.parse_apt(APT))
    assert (reading.data["count"], reading.data["security"]) == (3, 1)
    assert reading.data["names"] == ["jq", "appstream", "base-files"]


def test_managers_without_word_on_security_leave_a_gap() -> None:
    """Columns as dnf(8), pacman(8) and zypper(8) describe them; no recording was at hand."""
    assert pending.parse_pacman("linux 6.1-1 -> 6.2-1\nheld 1-1 -> 2-1 [ignored]\n")[0].name == "linux"
    assert len(pending.parse_pacman("linux 6.1-1 -> 6.2-1\nheld 1-1 -> 2-1 [ignored]\n")) == 1
    table = "S | Repository | Name | Current | Available | Arch\n--+---\nv | main | zypper | 1.0 | 1.1 | x86_64\n"
    assert pending.parse_zypper(table) == [pending.Update("zypper", "1.1", False)]
    dnf = pending.parse_dnf(
        "\nbash.x86_64   5.2-2.fc40   updates\nObsoleting Packages\nold.noarch 1 x\n", "bash-5.2-2.fc40.x86_64"
    )
    assert dnf == [pending.Update("bash", "5.2-2.fc40", True)]
    assert "security" in pending.reading("pacman", [], security_known=False).gaps


def test_windows_update_of_one_object_and_of_many() -> None:
    one = windows_update.parse('{"Title": "Cumulative Update", "Severity": "Critical", "Reboot": true}')
    assert (one.data["count"], one.data["security"], one.data["restart_needed"]) == (1, 1, True)
    assert windows_update.parse("").data["count"] == 0
    with pytest.raises(CannotMeasure):
        windows_update.parse("Exception calling Search")
