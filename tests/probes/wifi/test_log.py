"""wifi.log: lines of wpa_supplicant, iwd, NetworkManager and the kernel as people posted them."""

from __future__ import annotations

import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, NOT_APPLICABLE
from techdoctor.probes import registry
from techdoctor.probes.base import Raw
from techdoctor.probes.wifi import log
from tests.probes.wifi.recorded import case

_JOINED = "Aug 09 15:02:00 host wpa_supplicant[586]: wlan0: CTRL-EVENT-CONNECTED - Connection to 00:00:5e:00:53:50\n"


@pytest.mark.parametrize(
    ("name", "sure", "network"), [("wpa-reason-15", False, ""), ("wpa-wrong-key", True, "SSID-1"), ("iwd", True, "")]
)
def test_a_password_that_was_not_accepted(name: str, sure: bool, network: str) -> None:
    data = log.reading(case(f"linux-journal-{name}.txt"), "").data
    assert (data["wrong_password"], data["wrong_password_sure"], data["network"]) == (True, sure, network)


def test_what_was_before_the_last_success_is_past() -> None:
    data = log.reading(case("linux-journal-wpa-wrong-key.txt") + _JOINED, "").data
    assert (data["wrong_password"], data["wrong_password_count"]) == (False, 0)


@pytest.mark.parametrize(("name", "asked"), [("nm-late", False), ("nm-asks-again", True)])
def test_joining_that_took_too_long(name: str, asked: bool) -> None:
    data = log.reading(case(f"linux-journal-{name}.txt"), "").data
    assert (data["too_late"], data["no_secrets"], data["wrong_password"]) == (True, asked, False)


def test_a_rejection() -> None:
    """Form of wpa_supplicant's WPA_EVENT_ASSOC_REJECT (events.c); 17: IEEE 802.11, "unable to handle more"."""
    line = "wlan0: CTRL-EVENT-ASSOC-REJECT bssid=00:00:5e:00:53:50 status_code=17\n"
    data = log.reading(line, "").data
    assert (data["rejected"], data["status_code"], data["line"]) == (True, 17, line.strip())


def test_firmware() -> None:
    missing = log.reading("", case("linux-kernel-firmware-missing.txt")).data
    assert (missing["firmware_missing"], missing["firmware"]) == (True, "iwlwifi-8000C-30.ucode")
    assert log.reading("", case("linux-kernel-firmware-found.txt")).data["firmware_missing"] is False


def _parse(joining: Raw, kernel: Raw) -> dict[str, object]:
    method = registry.get("wifi.log").methods["linux"]
    assert method.parse is not None
    return dict(method.parse({"joining": joining, "kernel": kernel, "dmesg": Raw("denied")}, {}).data)


def test_a_log_that_may_not_be_read_is_not_an_empty_one() -> None:
    hint = "Hint: You are currently not seeing messages from other users and the system.\n"
    closed = Raw("ok", "-- No entries --\n", hint, 0)
    with pytest.raises(CannotMeasure) as refused:
        _parse(closed, closed)
    assert refused.value.status == DENIED
    none = Raw("ok", "", "No journal files were found.\n", 0)
    with pytest.raises(CannotMeasure) as refused:
        _parse(none, none)
    assert refused.value.status == NOT_APPLICABLE
    found = _parse(none, Raw("ok", case("linux-kernel-firmware-missing.txt"), exit_code=0))
    assert (found["firmware_missing"], found["wrong_password"]) == (True, None)


def test_long_lines_of_a_stranger_s_program_are_read_at_once() -> None:
    """They once took minutes: any program may be called wpa_supplicant and write to the journal."""
    lines = ["CTRL-EVENT-ASSOC-REJECT " * 20_000, "Activation: (wifi) Stage 2 of 5 " * 16_000]
    lines.append("CTRL-EVENT-ASSOC-REJECT status_code=" + "9" * 5000)
    assert log.reading("\n".join(lines), "").data["rejected"] is False
