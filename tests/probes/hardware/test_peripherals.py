"""Parsers of attached devices, restarts, crashes and sleep on quoted outputs; each names where it comes from."""

from __future__ import annotations

import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.probes.base import Raw
from techdoctor.probes.hardware import incidents, microphone, peripherals

ABSENT = Raw("absent")
# Ubuntu forums, 2007-07, "My touchpad doesn't seem to be recognized", shortened: a keyboard, a beeper, buttons.
NO_TOUCHPAD = """I: Bus=0011 Vendor=0001 Product=0001 Version=ab41
N: Name="AT Translated Set 2 keyboard"
P: Phys=isa0060/serio0/input0
H: Handlers=kbd event1\x20
B: EV=120013

I: Bus=0010 Vendor=001f Product=0001 Version=0100
N: Name="PC Speaker"
H: Handlers=kbd event2\x20
B: EV=40001

I: Bus=0019 Vendor=0000 Product=0001 Version=0000
N: Name="Power Button (CM)"
H: Handlers=kbd event5\x20
B: EV=3
"""
# Ask Ubuntu, a Lenovo Z50-70, shortened.
TOUCHPAD = """I: Bus=0011 Vendor=0002 Product=0001 Version=0000
N: Name="PS/2 Elantech Touchpad"
H: Handlers=mouse0 event4\x20
B: EV=7

I: Bus=0003 Vendor=0000 Product=0538 Version=0111
N: Name=" USB OPTICAL MOUSE"
H: Handlers=mouse0 event5\x20
B: EV=17
"""
# A public course's notes on `last`, Ubuntu 20.04 of 2020, the user's lines shortened.
NEVER_SHUT_DOWN = """user8496       :0           :0               Fri Aug 28 01:27    gone - no logout
reboot   system boot  5.4.0-29-generic Fri Aug 28 01:27   still running
user8496       :0           :0               Wed Jul 29 11:46 - crash (29+13:40)
reboot   system boot  5.4.0-29-generic Wed Jul 29 11:45   still running

wtmp begins Thu May 14 21:03:56 2020
"""
# Ubuntu forums, 2014-10, transmission, and a bug report on Vivaldi, 2020.
CRASHES = (
    "[100988.858923] transmission-da[28274]: segfault at 0 ip 00007f32b7026b59 sp 00007f32b1df8930 error 4 in libgnutls"
    "\n[  568.338593] vivaldi-bin[4434]: segfault at 0 ip 00005637c63f3f12 sp 00007fffa3766d00 error 4 in vivaldi-bin"
    "\n[  600.000000] usb 1-1: USB disconnect, device number 4\n"
)


def ran(text: str, code: int = 0) -> Raw:
    return Raw("ok", text, exit_code=code)


def files(pattern: str, **content: str) -> Raw:
    return Raw("ok", files={pattern.replace("*", name): text for name, text in content.items()})


def test_a_button_is_no_keyboard_and_a_beeper_neither() -> None:
    data = peripherals.parse_inputs({"devices": ran(NO_TOUCHPAD)}, {}).data
    assert (data["keyboard_count"], data["pointer_count"]) == (1, 0)
    data = peripherals.parse_inputs({"devices": ran(TOUCHPAD)}, {}).data
    assert (data["keyboard_count"], data["touchpad_count"], data["mouse_count"]) == (0, 1, 1)


@pytest.mark.parametrize("raw", [ran(""), ABSENT])
def test_a_server_has_no_input_devices_to_judge(raw: Raw) -> None:
    with pytest.raises(CannotMeasure):
        peripherals.parse_inputs({"devices": raw}, {})


# The values of Documentation/driver-api/rfkill.rst: 1 is blocked.
@pytest.mark.parametrize(("soft", "hard"), [("1", "0"), ("0", "1"), ("0", "0")])
def test_a_bluetooth_radio_is_blocked_by_a_program_or_by_a_key(soft: str, hard: str) -> None:
    raws = {
        "adapters": files("/sys/class/bluetooth/*/uevent", **{"hci0": "DEVTYPE=host", "hci0:11": "DEVTYPE=link"}),
        "type": files("/sys/class/rfkill/*/type", rfkill0="wlan\n", rfkill1="bluetooth\n"),
        "soft": files("/sys/class/rfkill/*/soft", rfkill0="1\n", rfkill1=soft),
        "hard": files("/sys/class/rfkill/*/hard", rfkill0="0\n", rfkill1=hard),
        "service": ran("inactive\n", 3),
    }
    data = peripherals.parse_bluetooth(raws, {}).data
    assert (data["count"], data["adapters"], data["service_running"]) == (1, ["hci0"], False)
    assert (data["switched_off"], data["blocked_by_key"]) == (soft == "1", hard == "1")


def test_without_an_adapter_and_without_systemd() -> None:
    reading = peripherals.parse_bluetooth(dict.fromkeys(("adapters", "type", "soft", "hard", "service"), ABSENT), {})
    assert reading.data["count"] == 0
    assert "service_running" in reading.gaps


def test_the_second_node_of_a_camera_is_no_second_camera() -> None:
    where = "/sys/class/video4linux/*/"
    raws = {
        "names": files(where + "name", video0="Integrated Camera", video1="Integrated Camera"),
        "listing": files(where + "index", video0="0", video1="1"),
    }
    assert peripherals.parse_cameras(raws, {}).data == {
        "count": 1, "names": ["Integrated Camera"], "first": "Integrated Camera",
    }  # fmt: skip
    assert peripherals.parse_cameras({"names": ABSENT, "listing": ABSENT}, {}).data["count"] == 0


def test_a_screen_that_is_plugged_in_and_gets_no_picture() -> None:
    where = "/sys/class/drm/*/"
    names = ("card0-eDP-1", "card0-HDMI-A-1", "card0-DP-1")
    raws = {
        "status": files(where + "status", **dict(zip(names, ("connected", "connected", "disconnected"), strict=True))),
        "enabled": files(where + "enabled", **dict(zip(names, ("enabled", "disabled", "disabled"), strict=True))),
        "modes": files(where + "modes", **dict(zip(names, ("1920x1080\n1280x720\n", "", ""), strict=True))),
    }
    data = peripherals.parse_screens(raws, {}).data
    assert (data["connected_count"], data["external_count"], data["external_unused"]) == (2, 1, 1)
    assert (data["unknown_size"], data["sockets"]) == (1, 2)
    with pytest.raises(CannotMeasure):
        peripherals.parse_screens(dict.fromkeys(raws, ABSENT), {})


def test_a_start_after_no_shutdown_is_told_from_one_after_a_shutdown() -> None:
    raws = {"last": ran(NEVER_SHUT_DOWN), "pstore": ABSENT, "saved": ABSENT}
    data = incidents.parse_restarts(raws, {}).data
    assert (data["starts"], data["unclean"], data["last_unclean"], data["panic"]) == (2, 1, True, False)
    shut = "shutdown system down  5.4.0-29-generic Thu Aug 27 22:10 - 01:27  (03:17)\nreboot   system boot  5.4.0-29"
    again = incidents.parse_restarts(
        {**raws, "last": ran(NEVER_SHUT_DOWN.replace("reboot   system boot  5.4.0-29", shut))}, {}
    )
    assert (again.data["unclean"], again.data["last_unclean"]) == (0, False)
    with pytest.raises(CannotMeasure):
        incidents.parse_restarts({**raws, "last": ran("\nwtmp begins Tue May 20 00:00:00 2025\n")}, {})


def test_what_a_dying_kernel_left_is_read() -> None:
    # The line of a public post-mortem of a server, 2026-02.
    panic = "Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled\n"
    raws = {
        "last": ran(NEVER_SHUT_DOWN),
        "pstore": files("/sys/fs/pstore/*", **{"dmesg-efi-1": panic}),
        "saved": ABSENT,
    }
    data = incidents.parse_restarts(raws, {}).data
    assert data["panic"] is True
    assert data["panic_why"] == "Out of memory: system-wide panic_on_oom is enabled"


def test_crashed_programs_are_counted_by_name() -> None:
    data = incidents.crashes_in(CRASHES).data
    assert (data["count"], data["last_name"], data["lockups"]) == (2, "vivaldi-bin", 0)
    assert incidents.crashes_in("").data["count"] == 0


def test_sleep_that_is_forbidden_or_fails_for_a_device() -> None:
    raws = {
        "state": ran("freeze mem disk\n"),
        "kind": ran("s2idle [deep]\n"),
        "stats": files("/sys/power/suspend_stats/*", success="4", fail="2", last_failed_dev="0000:00:14.0"),
        "masked": ran("masked\nmasked\n", 1),
    }
    data = incidents.parse_sleep(raws, {}).data
    assert (data["can_sleep"], data["kind"], data["locked"], data["slept"], data["failed"]) == (
        True,
        "deep",
        True,
        4,
        2,
    )
    none = incidents.parse_sleep({**raws, "state": ran("disk"), "stats": ABSENT, "masked": ran("static\n")}, {})
    assert (none.data["can_sleep"], none.data["locked"]) == (False, False)
    assert "failed" in none.gaps


def test_a_monitor_of_the_speakers_is_no_microphone() -> None:
    # marioortizmanero/polybar-pulseaudio-control#82 names the source auto_null.monitor.
    listing = "Source #1\n\tName: auto_null.monitor\n\tMonitor of Sink: auto_null\n\tMute: no\n"
    raws = {"pcm": ABSENT, "info": ran("Server Name: PulseAudio\n"), "inputs": ran(listing), "amixer": ABSENT}
    assert microphone.parse(raws, {}).data["no_device"] is True
    with pytest.raises(CannotMeasure):
        microphone.parse({**raws, "info": Raw("missing_tool")}, {})


@pytest.mark.parametrize(("switch", "muted"), [("on", False), ("off", True)])
def test_the_mixer_tells_that_a_microphone_is_muted(switch: str, muted: bool) -> None:
    # The form of amixer(1)'s simple controls, as in test_hardware.AMIXER.
    mixer = f"  Front Left: Capture 39 [62%] [12.00dB] [{switch}]\n"
    pcm = "00-00: ALC Analog : ALC Analog : playback 1 : capture 1\n"
    raws = {"pcm": ran(pcm), "info": Raw("missing_tool"), "inputs": ABSENT, "amixer": ran(mixer)}
    data = microphone.parse(raws, {}).data
    assert (data["no_device"], data["muted"], data["volume_percent"]) == (False, muted, 62)
