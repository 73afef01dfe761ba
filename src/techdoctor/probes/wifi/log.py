"""Probe wifi.log: what the system's log says of joining a Wi-Fi network. CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    RECORDED,
    Params,
    Probe,
    Raws,
    Reading,
    Source,
    boolean,
    integer,
    parsed,
    text,
    unsupported,
)
from techdoctor.probes.wifi.radio import CASES
from techdoctor.text import clean_line

_SINCE = "--since=-60min"
_CAP = 1 << 19
# Whoever calls a program of theirs wpa_supplicant writes here too; what it really says is shorter.
_LONGEST_LINE = 1000
_PROGRAMS = ("_COMM=wpa_supplicant", "_COMM=NetworkManager", "_COMM=iwd")
_FIRMWARE = re.compile(
    r"(?:firmware: failed to load|Direct firmware load for) (\S+?)(?: \(-2\)| failed with error -2)"
    r"|no suitable firmware"
)
# wpa_supplicant's wpa_msg texts; iwd's src/station.c; NetworkManager's nm-device-wifi.c.
_WRONG_KEY = re.compile(r"reason=WRONG_KEY|pre-shared key may be incorrect|4-Way handshake failed for ifindex")
_SURE = re.compile(r"reason=WRONG_KEY|4-Way handshake failed for ifindex: \d+, reason: (?:2|15)\b")
_REJECTED = re.compile(r"CTRL-EVENT-(?:ASSOC|AUTH)-REJECT .*?status_code=(\d{1,5})\b")
_LATE = re.compile(r"Activation: \(wifi\) association took too long")
_SECRETS = re.compile(r"no secrets|Secrets were required, but not provided|asking for new secrets", re.I)
_JOINED = re.compile(r"CTRL-EVENT-CONNECTED|Activation: \(wifi\) Stage 2 of 5 .* successful|event: connected")
_NAME = re.compile(r"ssid=\"([^\"]+)\"|SSID='([^']+)'|(?:connection|access point) '([^']+)' (?:has|requires) security")


def _sources(params: Params) -> Sequence[Source]:
    journal = ("journalctl", "-b", "--no-pager", "-o", "short-iso")
    either = [word for program in _PROGRAMS for word in ("+", program)][1:]
    return [
        Source("joining", argv=(*journal, _SINCE, *either), cap_bytes=_CAP),
        Source("kernel", argv=(*journal, "-k", "-n", "4000"), cap_bytes=_CAP),
        Source("dmesg", argv=("dmesg",), cap_bytes=_CAP),
    ]


def _parse(raws: Raws, params: Params) -> Reading:
    joining, kernel = raws["joining"], raws["kernel"]
    closed = [raw for raw in (joining, kernel) if "not seeing messages from other users" in raw.err]
    kept = "No journal files were found" not in joining.err
    if not kernel.text.strip() or closed:
        kernel = raws["dmesg"]
    readable = joining.status == "ok" and joining.exit_code == 0 and kept and not closed
    if not readable and not kernel.text.strip():
        status = DENIED if closed else NOT_APPLICABLE
        raise CannotMeasure(status, "the system's log may not be read (needs administrator rights), or is not kept")
    return reading(joining.text if readable else None, kernel.text)


def reading(joining: Optional[str], kernel: str) -> Reading:
    """The probe's fields.

    Args:
        joining: Lines of wpa_supplicant, NetworkManager and iwd, oldest first; None when they may not be read.
        kernel: Lines of the kernel since the start of the system.
    """
    lines = [line[:_LONGEST_LINE] for line in (joining or "").splitlines()]
    last_joined = max((n for n, line in enumerate(lines) if _JOINED.search(line)), default=-1)
    since = lines[last_joined + 1 :]
    wrong = [line for line in since if _WRONG_KEY.search(line)]
    rejected = [m for line in since if (m := _REJECTED.search(line))]
    names = [next(g for g in m.groups() if g) for line in since if (m := _NAME.search(line))]
    telling = [line for line in since if _is_telling(line)]
    firmware = _missing_firmware(kernel.splitlines())
    data: Dict[str, Value] = {
        "wrong_password": bool(wrong) if joining is not None else None,
        "wrong_password_sure": any(_SURE.search(line) for line in wrong) if joining is not None else None,
        "wrong_password_count": len(wrong),
        "rejected": bool(rejected) if joining is not None else None,
        "status_code": int(rejected[-1].group(1)) if rejected else None,
        "too_late": any(_LATE.search(line) for line in since) if joining is not None else None,
        "no_secrets": any(_SECRETS.search(line) for line in since) if joining is not None else None,
        "network": names[-1] if names else "",
        "line": clean_line(telling[-1]) if telling else "",
        "firmware_missing": bool(firmware),
        "firmware": firmware,
    }
    closed = "the log of the Wi-Fi programs may not be read (needs administrator rights)"
    gaps = {key: closed for key, value in data.items() if value is None}
    if joining is not None:
        gaps = {"status_code": "nobody was rejected"} if data["status_code"] is None else {}
    return Reading(data, gaps)


def _is_telling(line: str) -> bool:
    return any(pattern.search(line) for pattern in (_WRONG_KEY, _REJECTED, _LATE, _SECRETS))


def _missing_firmware(lines: List[str]) -> str:
    """Name of a Wi-Fi firmware file the kernel looked for in vain, and found no other for; else empty.

    Drivers try many versions; one that is missing says nothing when a later line reports a loaded one.
    """
    missing = ""
    for line in lines:
        driver = re.search(r"(iwlwifi|ath\d+k\S*|brcmfmac|rtw\w+|rtl8\w+|r8188eu|mt7\w+|mwifiex\w*|b43)[ :]", line)
        if driver is None:
            continue
        found = _FIRMWARE.search(line)
        if found:
            missing = missing or found.group(1) or driver.group(1)
        elif "loaded firmware version" in line or "Firmware version" in line or "direct-loading firmware" in line:
            missing = ""
    return missing


def _summary(data: Mapping[str, Value]) -> str:
    if data["wrong_password"]:
        return f"the password was not accepted ({data['wrong_password_count']} times)"
    if data["firmware_missing"]:
        return f"firmware {data['firmware']} is missing"
    return "network refused to let it in" if data["rejected"] else "nothing of note"


_NO_RECORDING = "no recorded output of {} to check a reader of it with"

PROBES = (
    Probe(
        name="wifi.log",
        title="Wi-Fi log",
        doc="The last hour of wpa_supplicant, NetworkManager and iwd in the journal, after the last success: "
        "handshakes that failed (wrong password), rejections with their status code (IEEE 802.11, table 9-50), joins "
        "that took too long; and firmware that the kernel did not find. Users outside the group systemd-journal may "
        "not read it.",
        fields={
            "wrong_password": boolean("A handshake failed as it does with a wrong password."),
            "wrong_password_sure": boolean("The program itself calls the key wrong (not just likely)."),
            "wrong_password_count": integer("How often.", "count"),
            "rejected": boolean("The access point rejected it."),
            "status_code": integer("The status code of the last rejection."),
            "too_late": boolean("Joining took too long and was given up."),
            "no_secrets": boolean("A password was asked for and not given."),
            "network": text("The network it was about.", private="ssid"),
            "line": text("The last telling line.", private="text"),
            "firmware_missing": boolean("The kernel found no firmware for a Wi-Fi card."),
            "firmware": text("The file it looked for."),
        },
        methods={
            "linux": parsed(_sources, _parse, RECORDED, CASES),
            "macos": unsupported(_NO_RECORDING.format("macOS' unified log on joining Wi-Fi")),
            "windows": unsupported(
                _NO_RECORDING.format("the events 8002 and 11006 of WLAN-AutoConfig with reason codes")
            ),
        },
        timeout_s=3.5,
        summary=_summary,
    ),
)
