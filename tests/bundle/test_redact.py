"""Pseudonyms that keep topology, typed fields, and look-alikes that must stay."""

from __future__ import annotations

import ipaddress
import sys
import time
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techdoctor.bundle.identifiers import Identifier, own_identifiers, real_name
from techdoctor.bundle.pseudonyms import Pseudonyms
from techdoctor.bundle.redact import MOST_SEEN, Redactor
from techdoctor.model import Fact, Value
from techdoctor.probes import registry
from techdoctor.probes.base import Probe, everywhere, records, text, texts, unsupported

KEY = b"k" * 32

LOOK_ALIKES = (
    "password_min_length = 8",
    "passwd: authentication failed",
    "password: incorrect",
    "the password is wrong",
    "Token: unexpected",
    "each.first_dead and each.alive >= 1",
    "net.dns.dead_server",
    "techdoctor 0.1.0 on Python 3.11.7",
    "kernel 6.1.0-18-amd64",
    "2026-11-22T09:15:00Z",
    "08:27:07 up 3 days",
    "netmask 255.255.255.0",
    "127.0.0.1:631",
    "169.254.17.4 means that no DHCP server answered",
    "/usr/lib/x86_64-linux-gnu/libcups.so.2",
    "/var/lib/systemd/coredump/core.firefox.1000",
    "basic instructions follow",
    "a bearer of bad news",
    "error 0x80070035 from SMB",
    "std::vector::at threw",
    "free 12884901888 bytes of 53687091200",
    "pid 12345 took 99.7 % for 1700000000123 ms",
    "https://example.com/path/page.html",
    "ff02::1 and ::1 are no secrets",
    "printer-state-reasons=media-empty-error",
    "systemd-networkd-wait-online.service failed",
    "Reading package lists... Done",
    "mail queue is empty; user has quota",
    "NetworkManager-wait-online.service loaded",
    "order 4111 1111 1111 1112 is not a card",
    "00:00:00:00:00:00 and ff:ff:ff:ff:ff:ff",
)

# Each made an earlier form of a rule take quadratic time.
BAITS = (
    "a.",
    "1.",
    "a_",
    "a:",
    "ff:",
    "curl ",
    "mysql -p ",
    "password ",
    "<password ",
    "login a password ",
    "a@",
    "x-",
)


def redactor(*identifiers: Identifier, public: tuple[str, ...] = ()) -> Redactor:
    made = Redactor(Pseudonyms(KEY, public), identifiers)
    made.seal()
    return made


@pytest.mark.parametrize("line", LOOK_ALIKES)
def test_look_alike_stays(line: str) -> None:
    assert redactor(Identifier("host", "ws-114")).text(line) == line


v4 = st.ip_addresses(v=4).filter(lambda a: not a.is_multicast and not a.is_loopback and a.packed[0] not in (0, 255))


@given(v4, v4)
def test_ipv4_pseudonyms_keep_class_and_subnet(one: ipaddress.IPv4Address, other: ipaddress.IPv4Address) -> None:
    pseudonyms = Pseudonyms(KEY)
    a, b = (ipaddress.ip_address(pseudonyms.address(str(x))) for x in (one, other))
    assert a.is_private == one.is_private or one.packed[0] in (192, 198, 203)  # small reserved blocks may be left
    for prefix in (8, 16, 24):
        same = one.packed[: prefix // 8] == other.packed[: prefix // 8]
        assert (a.packed[: prefix // 8] == b.packed[: prefix // 8]) == same
    assert (a == b) == (one == other)


@pytest.mark.parametrize("block", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"])
def test_addresses_of_a_private_block_stay_in_it(block: str) -> None:
    network = ipaddress.ip_network(block)
    for number in range(1, 2000, 37):
        moved = ipaddress.ip_address(Pseudonyms(KEY).address(str(network[number])))
        assert moved in network


def test_ipv6_pseudonyms_keep_class_and_subnet() -> None:
    pseudonyms = Pseudonyms(KEY)
    local = pseudonyms.address("fe80::21b:21ff:feaa:bbcc%eth0")
    assert local.startswith("fe80::")
    assert local.endswith("%eth0")
    assert "21b" not in local
    one, two = (pseudonyms.address(f"fd12:3456:789a:1::{n}") for n in (1, 2))
    assert one.rpartition("::")[0] == two.rpartition("::")[0]
    assert one != two
    assert one.startswith("fd")
    assert ipaddress.ip_address(pseudonyms.address("2a00:1450:4001::8")).is_global


def test_mac_keeps_its_vendor() -> None:
    hidden = redactor().text("00:1b:21:aa:bb:cc 001B.21AA.BBCC 5a:11:22:33:44:55")
    vendor, cisco, random = hidden.split()
    assert vendor.startswith("00:1b:21:")
    assert cisco.startswith("001B.21")
    assert vendor.replace(":", "") == cisco.replace(".", "").lower()
    assert random.startswith("02:")


def test_public_targets_stay() -> None:
    told = "example.com at 1.1.1.1 answers, 1.1.1.2 does not"
    shown = redactor(public=("example.com", "1.1.1.1")).text(told)
    assert shown.startswith("example.com at 1.1.1.1 answers, ")
    assert "1.1.1.2" not in shown


def test_pseudonyms_are_stable_and_keyed() -> None:
    assert Pseudonyms(KEY).name("host", "WS-1") == Pseudonyms(KEY).name("host", "ws-1")
    assert Pseudonyms(KEY).name("host", "ws-1") != Pseudonyms(b"j" * 32).name("host", "ws-1")


def test_a_name_inside_a_longer_word_is_no_name() -> None:
    assert redactor(Identifier("user", "anna")).text("joanna and annabel") == "joanna and annabel"


def test_a_secret_seen_beside_its_key_is_removed_everywhere() -> None:
    made = Redactor(Pseudonyms(KEY), ())
    tree: Value = ["password=Sommer-2026-x", "login with Sommer-2026-x was refused"]
    made.learn(tree)
    made.seal()
    assert "Sommer" not in str(made.tree(tree))


@pytest.mark.parametrize("bait", BAITS)
def test_hostile_text_costs_bounded_time(bait: str) -> None:
    long = (bait * (MOST_SEEN // len(bait) + 1))[:MOST_SEEN] + "@"
    begun = time.process_time()
    redactor(Identifier("host", "ws-114")).text(long)
    assert time.process_time() - begun < 1.5  # measured: below 0.1 s each; quadratic rules took 20 s and more


def test_a_secret_at_the_cut_is_dropped_whole() -> None:
    key = "-----BEGIN PRIVATE KEY-----" + "x" * (MOST_SEEN - 200) + "-----END PRIVATE KEY-----"
    shown = redactor().text(key.ljust(MOST_SEEN - 10, " ") + "AKIAIOSFODNN7EXAMPLE")
    assert "AKIA" not in shown
    assert shown.endswith("[the rest is left out]")


@pytest.fixture
def typed_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("techdoctor.probes.made_up")
    probe = Probe(
        "test.typed",
        "Typed",
        "For tests.",
        fields={
            "network": text("Name of the wireless network.", private="ssid"),
            "peer": text("Who answers.", private="host_name"),
            "servers": texts("Who is asked.", private="host_name"),
            "largest": records("Largest folders.", path=text("Where.", private="path"), owner=text("Who.", "user")),
            "key": text("The key of the network.", private="secret"),
            "state": text("Its state."),
        },
        methods=everywhere(unsupported("for tests")),
    )
    module.PROBES = (probe,)  # type: ignore[attr-defined] # a module made at run time
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(registry, "MODULES", {**registry.MODULES, "test.typed": "made_up"})


@pytest.mark.usefixtures("typed_probe")
def test_typed_fields_are_hidden_by_type_and_wherever_else_they_stand() -> None:
    data: dict[str, Value] = {
        "network": "Familie Kowalski 5G",
        "peer": "nas-kowalski",
        "servers": ["10.1.2.3", "dns.kowalski.example"],
        "largest": [{"path": "/home/eva/Documents/Divorce/letter.pdf", "owner": "eva"}],
        "key": "ordinary",
        "state": "connected to Familie Kowalski 5G by nas-kowalski",
    }
    tree: Value = {"words": "our familie kowalski 5g is slow", "fact": Fact("test.typed", "ok", data).to_json()}
    made = Redactor(Pseudonyms(KEY), ())
    made.learn(tree)
    made.seal()
    shown = str(made.tree(tree))
    for private in ("kowalski", "Kowalski", "eva", "Divorce", "letter", "ordinary", "10.1.2.3"):
        assert private not in shown
    assert "/Documents/" in shown
    assert ".pdf" in shown
    assert "connected to ssid-" in shown


def test_own_identifiers_come_from_the_system_and_leave_generic_names_out() -> None:
    env = {"HOSTNAME": "ws-9.corp.acme-tools.example", "USER": "lena", "HOME": "/home/lena", "LOGNAME": "root"}
    found = {(item.kind, item.value) for item in own_identifiers(env)}
    assert ("host", "ws-9") in found
    assert ("domain", "corp.acme-tools.example") in found
    assert ("domain", "acme-tools") in found
    assert ("user", "lena") in found
    assert not any(value in ("root", "localhost") for _, value in found)


def test_real_names_are_split() -> None:
    assert [i.value for i in real_name("Eva Maria Noll,B 12,+49 89 1234,")] == [
        "Eva Maria Noll",
        "Eva",
        "Maria",
        "Noll",
        "B 12",
        "+49 89 1234",
    ]
