"""What the actions on services, packages, protection, accounts and languages refuse before they touch anything."""

from __future__ import annotations

import pytest

from techdoctor.actions import firewall, language, registry
from techdoctor.actions.base import Acting
from techdoctor.model import Value


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("service.revive", {"service": "--force"}),
        ("service.enable", {"service": "a b; reboot"}),
        ("service.disable", {"service": "../etc/passwd"}),
        ("packages.unhold", {"package": "-o=x"}),
        ("packages.clear_lock", {"path": "/var/lib/dpkg/lock"}),
        ("packages.clear_lock", {"path": "/etc/passwd"}),
        ("account.unlock", {"user": "-d"}),
        ("account.forget_failures", {"user": "a;b"}),
        ("locale.generate", {"language": "../../x"}),
    ],
)
def test_names_that_are_none_are_refused(action: str, params: dict[str, Value]) -> None:
    declared = registry.get(action)
    acting = Acting(params, "linux")
    assert declared.preview(acting).problem
    assert not declared.apply(acting).ok


def test_lists_are_not_fetched_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("techdoctor.probes.updates.pending.manager", lambda: "dnf")
    acting = Acting({}, "linux", offline=True)
    declared = registry.get("packages.refresh_lists")
    assert "offline" in declared.preview(acting).problem
    assert not declared.apply(acting).ok


def test_what_may_do_harm_says_so() -> None:
    for name in ("service.disable", "packages.finish", "firewall.enable", "account.unlock"):
        assert registry.get(name).least_risk == "medium"


def test_rules_let_ssh_and_answers_in() -> None:
    rules = firewall.rules([22, 2200])
    assert "tcp dport { 22, 2200 } accept" in rules
    assert "policy drop" in rules
    assert "dport {  }" not in firewall.rules([])


def test_line_of_the_list_of_languages() -> None:
    table = "de_DE.UTF-8 UTF-8\nde_DE ISO-8859-1\n"
    assert language.supported_line(table, "de_DE.utf8") == "de_DE.UTF-8 UTF-8"
    assert language.supported_line(table, "xx_YY.UTF-8") == ""
    assert language.added("# de_DE.UTF-8 UTF-8\n", "de_DE.UTF-8 UTF-8") == "de_DE.UTF-8 UTF-8\n"
    assert language.added("# nothing\n", "de_DE.UTF-8 UTF-8").endswith("\nde_DE.UTF-8 UTF-8\n")
