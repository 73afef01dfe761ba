"""What the kernel and the table together say of the way out."""

from __future__ import annotations

from techdoctor.probes.base import Reading
from techdoctor.probes.network.kernel_route import BLACKHOLE, NO_ROUTE, OK, UNKNOWN, Way, way_to
from techdoctor.probes.network.routes import with_kernel

_TABLE = Reading(
    {"default_v4": True, "default_v6": True, "way_out": True}, {"refused": "the table alone", "metric": "not said"}
)


def test_the_way_to_this_machine_itself_is_known() -> None:
    assert way_to("127.0.0.1") == Way(OK, "127.0.0.1")


def test_a_route_that_refuses_is_no_way_out() -> None:
    found = with_kernel(_TABLE, Way(BLACKHOLE), Way(NO_ROUTE), "")
    assert (found.data["way_out"], found.data["refused"], found.data["leaves_by"]) == (False, BLACKHOLE, None)
    assert set(found.gaps) == {"metric", "leaves_by"}


def test_a_rule_beside_the_table_is_a_way_out() -> None:
    none = Reading({"default_v4": False, "default_v6": False, "way_out": False})
    found = with_kernel(none, Way(OK, "192.0.2.10"), Way(NO_ROUTE), "wg0")
    assert (found.data["way_out"], found.data["default_v4"], found.data["leaves_by"]) == (True, True, "wg0")


def test_packets_without_a_global_address_would_never_be_answered() -> None:
    found = with_kernel(_TABLE, Way(NO_ROUTE), Way(OK, "fe80::1"), "eth0")
    assert found.data["default_v6"] is False


def test_what_the_kernel_does_not_say_the_table_does() -> None:
    assert with_kernel(_TABLE, Way(UNKNOWN), Way(UNKNOWN), "eth0").data["way_out"] is True
