"""Probes of what is attached: Bluetooth adapters, cameras, keyboards and mice, screens. CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    RECORDED,
    UNTRIED,
    Params,
    Probe,
    Raw,
    Raws,
    Reading,
    Source,
    boolean,
    integer,
    parsed,
    records,
    text,
    texts,
    unsupported,
)
from techdoctor.text import clean_line

_MOST = 8
# Source: Documentation/input/event-codes.rst; a keyboard repeats keys (EV_REP, bit 20), buttons of a case do not.
_REPEATS = 1 << 20
# Connectors of the screen that is built in. Source: drivers/gpu/drm/drm_connector.c, drm_connector_enum_list.
_BUILT_IN = ("eDP", "LVDS", "DSI", "DPI")
_NO_OTHER = {
    "macos": unsupported("no recorded output of system_profiler to test against"),
    "windows": unsupported("no recorded output of Windows' device list to test against"),
}


def _by_folder(raw: Raw) -> Dict[str, str]:
    """Folder's name to the content of the file within."""
    return {path.split("/")[-2]: content.strip() for path, content in raw.files.items()}


def bluetooth_sources(params: Params) -> Sequence[Source]:
    """The radio switches and the adapters in sysfs, and the service. Source: driver-api/rfkill.rst."""
    return [
        Source("adapters", path="/sys/class/bluetooth/hci*/uevent", cap_bytes=4096),
        *(Source(name, path=f"/sys/class/rfkill/rfkill*/{name}", cap_bytes=64) for name in ("type", "soft", "hard")),
        Source("service", argv=("systemctl", "is-active", "bluetooth.service"), timeout_s=2.0, cap_bytes=256),
    ]


def parse_bluetooth(raws: Raws, params: Params) -> Reading:
    """Counts the adapters and reads their switches."""
    radios = [name for name, kind in _by_folder(raws["type"]).items() if kind == "bluetooth"]
    soft, hard = _by_folder(raws["soft"]), _by_folder(raws["hard"])
    # "hci0:11" is a connection, not an adapter.
    adapters = sorted(name for name in _by_folder(raws["adapters"]) if ":" not in name)
    said = raws["service"].text.strip()
    data: Dict[str, Value] = {
        "count": max(len(adapters), len(radios)),
        "adapters": list(adapters[:_MOST]),
        "switched_off": any(soft.get(name) == "1" for name in radios),
        "blocked_by_key": any(hard.get(name) == "1" for name in radios),
        "service_running": None,
    }
    if said in ("active", "inactive", "failed"):
        data["service_running"] = said == "active"
        return Reading(data)
    return Reading(data, {"service_running": "systemd does not look after the services here"})


def camera_sources(params: Params) -> Sequence[Source]:
    """The names of video devices. Source: userspace-api/media/v4l/open.rst."""
    return [
        Source("names", path="/sys/class/video4linux/video*/name", cap_bytes=256),
        Source("listing", path="/sys/class/video4linux/video*/index", cap_bytes=64),
    ]


def parse_cameras(raws: Raws, params: Params) -> Reading:
    """Lists the cameras; further nodes of one camera (its metadata) have an index above 0."""
    index = _by_folder(raws["listing"])
    named = {node: name for node, name in _by_folder(raws["names"]).items() if index.get(node, "0") == "0"}
    names = [clean_line(named[node], 80) for node in sorted(named)]
    return Reading({"count": len(names), "names": list(names[:_MOST]), "first": names[0] if names else ""})


def input_sources(params: Params) -> Sequence[Source]:
    """The kernel's list of input devices."""
    return [Source("devices", path="/proc/bus/input/devices", cap_bytes=1 << 17)]


def parse_inputs(raws: Raws, params: Params) -> Reading:
    """Tells keyboards, mice and touchpads from the buttons of the case.

    Raises:
        CannotMeasure: The kernel knows no input device at all, as on a server without a console.
    """
    blocks = [block for block in raws["devices"].need("the list of input devices").split("\n\n") if block.strip()]
    if not blocks:
        raise CannotMeasure(NOT_APPLICABLE, "no input device is known here (often a server or a virtual one)")
    found: Dict[str, List[str]] = {"keyboard": [], "mouse": [], "touchpad": []}
    for block in blocks:
        name = re.search(r'^N: Name="(.*)"$', block, re.M)
        handlers = re.search(r"^H: Handlers=(.*)$", block, re.M)
        events = re.search(r"^B: EV=([0-9a-f]+)\s*$", block, re.M)
        called = clean_line(name[1] if name else "", 80)
        words = handlers[1].split() if handlers else []
        if any(word.startswith("mouse") for word in words):
            touch = re.search("touch ?pad|track ?pad|synaptics|elantech|alps", called, re.I)
            found["touchpad" if touch else "mouse"].append(called)
        elif "kbd" in words and events and int(events[1], 16) & _REPEATS:
            found["keyboard"].append(called)
    return Reading(
        {
            "keyboard_count": len(found["keyboard"]),
            "keyboards": list(found["keyboard"][:_MOST]),
            "mouse_count": len(found["mouse"]),
            "mice": list(found["mouse"][:_MOST]),
            "touchpad_count": len(found["touchpad"]),
            "pointer_count": len(found["mouse"]) + len(found["touchpad"]),
        }
    )


def screen_sources(params: Params) -> Sequence[Source]:
    """The connectors of the graphics cards. Source: Documentation/gpu/drm-uapi.rst, drm_sysfs.c."""
    return [
        Source(name, path=f"/sys/class/drm/card*-*/{name}", cap_bytes=8192) for name in ("status", "enabled", "modes")
    ]


def parse_screens(raws: Raws, params: Params) -> Reading:
    """Reads which connectors carry a screen and whether it is used.

    Raises:
        CannotMeasure: The kernel drives no graphics card.
    """
    status, enabled, modes = (_by_folder(raws[name]) for name in ("status", "enabled", "modes"))
    if not status:
        raise CannotMeasure(NOT_APPLICABLE, "the system drives no graphics card here (a server or a virtual one)")
    connectors: List[Dict[str, Value]] = []
    for folder in sorted(status):
        name = clean_line(folder.partition("-")[2], 40)
        listed = modes.get(folder, "").split()
        connectors.append(
            {
                "name": name,
                "connected": status[folder] == "connected",
                "enabled": enabled.get(folder) == "enabled",
                "built_in": name.startswith(_BUILT_IN),
                "best_mode": clean_line(listed[0], 40) if listed else "",
            }
        )
    plugged = [c for c in connectors if c["connected"]]
    outside = [c for c in plugged if not c["built_in"]]
    return Reading(
        {
            "connectors": list(connectors[:24]),
            "connected_count": len(plugged),
            "external_count": len(outside),
            "external_unused": sum(not c["enabled"] for c in outside),
            "unknown_size": sum(not c["best_mode"] for c in plugged),
            "sockets": sum(not c["built_in"] for c in connectors),
        }
    )


def _summary_bluetooth(data: Mapping[str, Value]) -> str:
    if not data.get("count"):
        return "no adapter"
    return "switched off" if data.get("switched_off") or data.get("blocked_by_key") else f"{data['count']} on"


PROBES = (
    Probe(
        name="bluetooth.adapters",
        title="Bluetooth",
        doc="Bluetooth adapters, their switches, the service. Source: rfkill.rst of the kernel, systemctl(1).",
        fields={
            "count": integer("How many adapters there are.", "count"),
            "adapters": texts(f"Their names; at most {_MOST}."),
            "switched_off": boolean("One is switched off by a program or a setting."),
            "blocked_by_key": boolean("One is switched off by a key or a switch of the case."),
            "service_running": boolean("The Bluetooth service runs."),
        },
        methods={
            "linux": parsed(
                bluetooth_sources, parse_bluetooth, UNTRIED, "the values of rfkill.rst; no radio to try it on"
            ),
            **_NO_OTHER,
        },
        timeout_s=3.0,
        summary=_summary_bluetooth,
    ),
    Probe(
        name="camera.devices",
        title="Cameras",
        doc="Cameras that the system knows. Source: /sys/class/video4linux.",
        fields={
            "count": integer("How many there are.", "count"),
            "names": texts(f"Their names; at most {_MOST}."),
            "first": text("The first one; empty when none."),
        },
        methods={
            "linux": parsed(camera_sources, parse_cameras, UNTRIED, "the layout of v4l/open.rst; no camera here"),
            **_NO_OTHER,
        },
        timeout_s=2.0,
        summary=lambda data: str(data.get("first") or "no camera"),
    ),
    Probe(
        name="input.devices",
        title="Keyboard and mouse",
        doc="Keyboards, mice and touchpads that the system knows. Source: /proc/bus/input/devices.",
        fields={
            "keyboard_count": integer("How many keyboards.", "count"),
            "keyboards": texts(f"Their names; at most {_MOST}."),
            "mouse_count": integer("How many mice and the like.", "count"),
            "mice": texts(f"Their names; at most {_MOST}."),
            "touchpad_count": integer("How many touchpads.", "count"),
            "pointer_count": integer("Mice and touchpads together.", "count"),
        },
        methods={
            "linux": parsed(
                input_sources, parse_inputs, RECORDED, "lists of /proc/bus/input/devices in public threads"
            ),
            **_NO_OTHER,
        },
        timeout_s=2.0,
        summary=lambda data: f"{data.get('keyboard_count')} keyboards, {data.get('pointer_count')} mice or touchpads",
    ),
    Probe(
        name="display.connectors",
        title="Screens",
        doc="Sockets for screens, what is plugged in and used. Source: drm_sysfs.c of the kernel.",
        fields={
            "connectors": records(
                "At most 24 sockets.",
                name=text("Name, such as HDMI-A-1."),
                connected=boolean("A screen is plugged in and answers."),
                enabled=boolean("A picture is sent to it."),
                built_in=boolean("It is the computer's own screen."),
                best_mode=text("The size it likes best, such as 1920x1080; empty when it does not say."),
            ),
            "connected_count": integer("Screens that answer.", "count"),
            "external_count": integer("Of these, screens outside the case.", "count"),
            "external_unused": integer("Of these, the ones that get no picture.", "count"),
            "unknown_size": integer("Screens that do not say their size.", "count"),
            "sockets": integer("Sockets for screens outside the case.", "count"),
        },
        methods={
            "linux": parsed(screen_sources, parse_screens, UNTRIED, "values quoted in boards' manuals; no screen here"),
            **_NO_OTHER,
        },
        timeout_s=2.0,
        summary=lambda data: f"{data.get('connected_count')} screens, {data.get('external_unused')} of them unused",
    ),
)
