"""Parsers of heat, battery and sound on recorded outputs; each names where it comes from."""

from __future__ import annotations

import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.probes.base import Raw
from techdoctor.probes.hardware import battery, heat, sound

ABSENT = Raw("absent")
# prometheus/node_exporter#2031, macOS on an Intel MacBook, 2021-05-02.
MAC_COOL = """Note: No thermal warning level has been recorded
Note: No performance warning level has been recorded
2021-05-02 11:51:57 +0800 CPU Power notify
\tCPU_Scheduler_Limit \t= 100
\tCPU_Available_CPUs \t= 12
\tCPU_Speed_Limit \t= 100
"""
# Ask Different "Where does the pmset CPU_Speed_Limit variable come from", macOS 10.13.6, MacBook Pro of 2011.
MAC_HELD_BACK = """Note: No thermal warning level has been recorded
Note: No performance warning level has been recorded
2020-11-24 13:10:40 +0100 CPU Power notify
    CPU_Scheduler_Limit     = 100
    CPU_Available_CPUs  = 8
    CPU_Speed_Limit     = 35
"""
# exelban/stats#749, macOS 12.1 on an M1 Pro.
MAC_SILENT = """Note: No thermal warning level has been recorded
Note: No performance warning level has been recorded
Note: No CPU power status has been recorded
"""
# marknorgren/about-this-mac, tests/test_battery_info.py.
MAC_BATTERY = """
+-o AppleSmartBattery  <class AppleSmartBattery, id 0x100000123, registered, matched, active, busy 0 (0 ms), retain 8>
    {
      "AppleRawCurrentCapacity" = 3584
      "AppleRawMaxCapacity" = 4837
      "DesignCapacity" = 6075
      "CycleCount" = 228
      "Temperature" = 3029
      "Voltage" = 12300
      "Amperage" = -915
      "ManufactureDate" = <00 00 07 07 0c 1a>
    }
"""
# marioortizmanero/polybar-pulseaudio-control#82, `pactl list sinks` on PipeWire, shortened.
PIPEWIRE_DUMMY = """Sink #395
\tState: IDLE
\tName: auto_null
\tDescription: Dummy Output
\tDriver: PipeWire
\tSample Specification: float32le 2ch 48000Hz
\tMute: no
\tVolume: front-left: 65536 / 100% / 0.00 dB,   front-right: 65536 / 100% / 0.00 dB
\t        balance 0.00
\tBase Volume: 65536 / 100% / 0.00 dB
\tMonitor Source: auto_null.monitor
\tProperties:
\t\tnode.name = "auto_null"
\t\tdevice.description = "Dummy Output"
"""
# alsa-devel, 2009-05-14, "mute and unmute", `amixer -c 0`, one control.
AMIXER = """Simple mixer control 'Headphone',0
   Capabilities: pvolume pswitch
   Playback channels: Front Left - Front Right
   Limits: Playback 0 - 127
   Mono:
   Front Left: Playback 75 [59%] [-20.00dB] [on]
   Front Right: Playback 75 [59%] [-20.00dB] [on]
"""


def ran(text: str, code: int = 0) -> Raw:
    return Raw("ok", text, exit_code=code)


def test_macos_tells_how_much_it_holds_the_processor_back() -> None:
    cool = heat.parse_mac({"therm": ran(MAC_COOL)}, {}).data
    assert (cool["throttled"], cool["speed_limit_percent"]) == (False, 100)
    held = heat.parse_mac({"therm": ran(MAC_HELD_BACK)}, {}).data
    assert (held["throttled"], held["speed_limit_percent"]) == (True, 35)


def test_a_mac_that_says_nothing_is_not_called_cool() -> None:
    with pytest.raises(CannotMeasure) as caught:
        heat.parse_mac({"therm": ran(MAC_SILENT)}, {})
    assert caught.value.status == "not_applicable"


def test_a_sensor_that_is_not_connected_is_no_temperature() -> None:
    raws = {source.name: ABSENT for source in heat.sources({})}
    folder = "/sys/class/hwmon/hwmon3"
    raws["names"] = Raw("ok", files={f"{folder}/name": "nct6775\n"})
    raws["temps"] = Raw("ok", files={f"{folder}/temp1_input": "-62000\n", f"{folder}/temp2_input": "255000\n"})
    with pytest.raises(CannotMeasure):
        heat.parse(raws, {})


def test_the_battery_of_a_mac() -> None:
    found = battery.parse_mac({"ioreg": ran(MAC_BATTERY)}, {})
    assert (found.data["health_percent"], found.data["percent"], found.data["cycles"]) == (79.6, 74, 228)
    assert "plugged" in found.gaps
    with pytest.raises(CannotMeasure):
        battery.parse_mac({"ioreg": ran("")}, {})


def sounds(**given: Raw) -> dict[str, Raw]:
    return {source.name: given.get(source.name, ABSENT) for source in sound.sources({})}


def test_a_stand_in_is_no_device() -> None:
    info = "Server Name: PulseAudio (on PipeWire 0.3.65)\nDefault Sink: auto_null\n"
    data = sound.parse(sounds(info=ran(info), sinks=ran(PIPEWIRE_DUMMY)), {}).data
    assert (data["no_device"], data["device"], data["muted"]) == (True, "Dummy Output", False)


def test_the_mixer_answers_where_no_server_does() -> None:
    cards = ran(
        " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n                      HDA Intel PCH at 0xf7f10000 irq 32\n"
    )
    refused = Raw("ok", "", "Connection failure: Connection refused\n", 1)
    data = sound.parse(sounds(cards=cards, info=refused, amixer=ran(AMIXER)), {}).data
    assert (data["cards"], data["muted"], data["volume_percent"], data["no_device"]) == (
        ["HDA-Intel - HDA Intel PCH"],
        False,
        59,
        False,
    )
    muted = sound.parse(sounds(cards=cards, info=refused, amixer=ran(AMIXER.replace("[on]", "[off]"))), {}).data
    assert muted["muted"] is True


def test_a_kernel_without_cards_has_no_device() -> None:
    data = sound.parse(sounds(cards=ran("--- no soundcards ---\n")), {})
    assert data.data["no_device"] is True
    assert "muted" in data.gaps
