"""net.traffic and net.counters: what Linux printed, made into rates and growth."""

from __future__ import annotations

from pathlib import Path

import pytest

from techdoctor.probes.base import Raw, Reading
from techdoctor.probes.network import counters, traffic

CASES = Path(__file__).parent / "cases"
# ss and /proc/net/dev: recorded in the network laboratory (iproute2 6.1, Linux 6.1).
BEFORE = (CASES / "net.traffic/ss-before.txt").read_text()
AFTER = (CASES / "net.traffic/ss-after.txt").read_text()
HIDDEN = (CASES / "net.traffic/ss-hidden.txt").read_text()
DEV = (CASES / "net.traffic/dev.txt").read_text()
# Kernel 4.15, ubuntuforums.org, wireless-info report of GirishSharma, 2018-02-08.
E1000E = (CASES / "net.counters/dmesg-e1000e.txt").read_text()
# Kernel 6.5, netdev mailing list, Ferenc Fejes, 2023-12.
IGC = (CASES / "net.counters/dmesg-igc.txt").read_text()


def _traffic(before: str, after: str, seconds: float = 0.5, code: int = 0) -> Reading:
    grown = DEV.replace("2151532", str(2151532 + 750_064))
    raws = {
        "adapters_before": Raw("ok", DEV, taken_s=0.0),
        "adapters_after": Raw("ok", grown, taken_s=seconds),
        "flows_before": Raw("ok", before, exit_code=code, taken_s=0.0),
        "flows_after": Raw("ok", after, exit_code=code, taken_s=seconds),
    }
    return traffic._parse(raws, {})


def test_the_program_with_the_traffic_is_named() -> None:
    data = _traffic(BEFORE, AFTER).data
    assert (data["adapter"], data["mbit_s"]) == ("eth0", 12.0)
    assert (data["top_name"], data["top_pid"], data["top_mbit_s"]) == ("curl", 57, 12.0)


def test_a_program_that_may_not_be_seen_is_said_to_be_another_users() -> None:
    data = _traffic(HIDDEN.replace("2152030", "582398"), HIDDEN).data
    assert (data["top_name"], data["top_pid"]) == ("a program of another user", 0)


def test_no_connections_are_no_traffic() -> None:
    data = _traffic("", "").data
    assert (data["top_name"], data["top_mbit_s"], data["programs"]) == ("", 0.0, [])


def test_an_ss_that_fails_is_a_gap() -> None:
    found = _traffic("", "", code=255)
    assert found.data["top_mbit_s"] is None
    assert "ss" in found.gaps["top_mbit_s"]


def test_lost_links_of_this_machines_adapters_count_for_ten_minutes() -> None:
    assert counters.went_down(E1000E, 200.0, ["enp0s31f6"]) == ["e1000e: enp0s31f6 NIC Link is Down"]
    assert counters.went_down(E1000E, 900.0, ["enp0s31f6"]) == []
    assert counters.went_down(E1000E, 200.0, ["eth7"]) == []
    assert counters.went_down(IGC, 100.0, ["enp3s0"]) == ["igc 0000:03:00.0 enp3s0: NIC Link is Down"]


def _counted(changes: str, log: Raw) -> Reading:
    base = "/sys/class/net/eth0/"
    raws = {f"{name}_{when}": Raw("ok", files={base + path: "7\n"}, taken_s=at)
            for name, path in counters._COUNTED.items() for when, at in (("before", 0.0), ("after", 0.3))}  # fmt: skip
    raws["link_changes_after"] = Raw("ok", files={base + "carrier_changes": changes}, taken_s=0.3)
    raws |= {"uptime": Raw("ok", "200.0 300.0"), "dmesg": log, "journal": Raw("missing_tool")}
    return counters._parse(raws, {})


def test_only_growth_counts() -> None:
    quiet = _counted("7\n", Raw("ok", IGC, exit_code=0))
    assert (quiet.data["link_changes"], quiet.data["errors"], quiet.data["link_lost_recently"]) == (0, 0, 0)
    flapping = _counted("11\n", Raw("denied"))
    assert (flapping.data["link_changes"], flapping.data["link_adapter"]) == (4, "eth0")
    assert flapping.data["link_lost_recently"] is None
    assert "administrator" in flapping.gaps["link_lost_recently"]


@pytest.mark.parametrize("name", ['x",pid=1,fd=3)', '",pid=1,fd=3)) ', 'x",pid=1', '("a",pid=1,fd=2'])
def test_a_program_s_name_blames_no_other_program(name: str) -> None:
    line = (
        f'ESTAB 0 0 192.0.2.1:4000 192.0.2.2:443 users:(("{name}",pid=4242,fd=5)) cubic bytes_acked:9 bytes_received:7'
    )
    (flow,) = traffic.flows(line).values()
    assert flow.pid != 1
