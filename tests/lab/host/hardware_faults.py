"""Heat and batteries as the kernel tells of them, and what can be wrong with each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HOT = {
    "hwmon/hwmon0/name": "coretemp",
    "hwmon/hwmon0/temp1_label": "Package id 0",
    "hwmon/hwmon0/temp1_input": 97000,
    "hwmon/hwmon0/temp1_max": 84000,
    "hwmon/hwmon0/temp1_crit": 100000,
    "hwmon/hwmon0/fan1_input": 2900,
    "cpu0/thermal_throttle/core_throttle_count": 311,
}
BATTERY = {
    "power_supply/BAT0/type": "Battery",
    "power_supply/BAT0/status": "Discharging",
    "power_supply/BAT0/present": 1,
    "power_supply/BAT0/capacity": 71,
    "power_supply/BAT0/energy_now": 31000000,
    "power_supply/BAT0/energy_full": 44000000,
    "power_supply/BAT0/energy_full_design": 50000000,
    "power_supply/BAT0/cycle_count": 312,
    "power_supply/AC/type": "Mains",
    "power_supply/AC/online": 0,
    "power_supply/hidpp_battery_0/type": "Battery",  # a mouse
    "power_supply/hidpp_battery_0/scope": "Device",
    "power_supply/hidpp_battery_0/capacity": 3,
    "power_supply/hidpp_battery_0/status": "Discharging",
}
_PLUGGED_IN = {"power_supply/AC/online": 1, "power_supply/BAT0/status": "Not charging"}
_COUNTED = "cpu0/thermal_throttle/core_throttle_count"


@dataclass(frozen=True)
class Fault:
    """A machine as sysfs tells it.

    Attributes:
        files: Content by path below /sys/class (cpu0: the first processor).
        words: What people would type.
        cause: Global id of the cause; empty for a control.
        counts: A file whose number grows meanwhile.
    """

    files: Mapping[str, object]
    words: tuple[str, ...]
    cause: str = ""
    counts: str = ""


FAULTS: dict[str, Fault] = {
    "hot processor": Fault(
        HOT,
        ("the laptop gets very hot and loud", "the computer slows down when it is warm"),
        "perf.hot.throttled",
        _COUNTED,
    ),
    "fan stands still": Fault(
        {**HOT, "hwmon/hwmon0/fan1_input": 0},
        ("the computer overheats", "the fan does not turn"),
        "perf.hot.fan_stopped",
    ),
    "worn battery": Fault(
        {**BATTERY, "power_supply/BAT0/energy_full": 18700000},
        ("the battery does not last", "the laptop is empty after an hour"),
        "power.battery.worn",
    ),
    "does not charge": Fault(
        {**BATTERY, **_PLUGGED_IN},
        ("the battery does not charge", "plugged in, not charging"),
        "power.battery.not_charging",
    ),
}
CONTROLS: dict[str, Fault] = {
    "warm": Fault({**HOT, "hwmon/hwmon0/temp1_input": 71000}, ("the fan is loud",)),
    "battery in use": Fault(BATTERY, ("the battery does not last",)),
    "charging": Fault({**BATTERY, **_PLUGGED_IN, "power_supply/BAT0/status": "Charging"}, ("is my battery all right",)),
    "held back on purpose": Fault(
        {
            **BATTERY,
            **_PLUGGED_IN,
            "power_supply/BAT0/capacity": 79,
            "power_supply/BAT0/charge_control_end_threshold": 80,
        },
        ("the battery does not charge to 100 percent",),
    ),
}
