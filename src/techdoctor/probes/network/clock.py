"""How far this computer's clock is off, and whether anything keeps it right. CPython 3.9 syntax."""

from __future__ import annotations

import email.utils
import re
import socket
import statistics
import threading
import time
from typing import Dict, List, Mapping, Optional, Tuple

from techdoctor import system
from techdoctor.model import Value
from techdoctor.probes.base import Probe, Probing, Reading, boolean, integer, number, portable, text
from techdoctor.probes.names import name_targets, system_lookup
from techdoctor.probes.network import ntp
from techdoctor.text import duration

_WAIT_S = 1.5
_LOOK_UP_S = 1.0
_OFFLINE = "offline: nothing may be sent beyond this machine"


def _measure(probing: Probing) -> Reading:
    synced, zone, why = _kept(probing.platform)
    data: Dict[str, Value] = {"synced": synced, "time_zone": zone, "answers": 0, "method": "", "server": ""}
    gaps: Dict[str, str] = {} if synced is not None else {"synced": why}
    if not zone:
        data["time_zone"] = time.strftime("%Z")
    if probing.settings.offline:
        gaps.update(dict.fromkeys(("offset_s", "wrong_by_s", "delay_ms", "ntp_silent"), _OFFLINE))
        return Reading(data, gaps)
    answers = ntp.ask_servers(_addresses(probing), max(0.1, probing.left_s(_WAIT_S)))
    data["ntp_silent"] = not answers
    if answers:
        offset_s = statistics.median(answer.ahead_s for answer in answers)
        nearest = min(answers, key=lambda answer: answer.delay_ms)
        data.update(method="ntp", server=nearest.server, answers=len(answers), delay_ms=round(nearest.delay_ms, 1))
        data.update(_offsets(offset_s, 3))
        return Reading(data, gaps)
    gaps["delay_ms"] = "no time server answered"
    by_date = _by_date(probing)
    if by_date is None:
        gaps.update(dict.fromkeys(("offset_s", "wrong_by_s"), "neither time servers nor the web told the time"))
    else:
        data.update(method="http_date", server=by_date[0], answers=1)
        data.update(_offsets(by_date[1], 0))
    return Reading(data, gaps)


def _offsets(offset_s: float, digits: int) -> Dict[str, Value]:
    return {"offset_s": round(offset_s, digits), "wrong_by_s": round(abs(offset_s), digits)}


def _addresses(probing: Probing) -> List[str]:
    """Addresses of the time servers; names are looked up side by side, an address stays as it is."""
    names = name_targets.listed(probing.settings.targets, "ntp_servers", name_targets.NTP_SERVERS)
    found: Dict[str, Tuple[str, ...]] = {}

    def one(name: str) -> None:
        found[name] = system_lookup.look_up(name, min(_LOOK_UP_S, max(0.1, probing.left_s()))).addresses

    threads = [threading.Thread(target=one, args=(name,), daemon=True) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_LOOK_UP_S + 0.5)
    chosen = [next((a for a in found.get(name, ()) if ":" not in a), "") for name in names]
    return list(dict.fromkeys(address for address in chosen if address))


def _by_date(probing: Probing) -> Optional[Tuple[str, float]]:
    """Server and how far this clock is ahead of its Date header, to a second (RFC 9110, 6.6.1)."""
    for server in name_targets.listed(probing.settings.targets, "date_servers", name_targets.DATE_TARGETS):
        begun = time.time()
        head = _head_of(server, max(0.1, probing.left_s(_WAIT_S)))
        arrived = time.time()
        told = told_by(head)
        if told is not None:
            return server, (begun + arrived) / 2 - (told + 0.5)  # the header has whole seconds, cut off
    return None


def told_by(head: str) -> Optional[float]:
    """The Date of an HTTP head in seconds since 1970; None without a date that can be one."""
    for line in head.split("\r\n"):
        key, _, value = line.partition(":")
        if key.strip().lower() == "date":
            try:
                return email.utils.parsedate_to_datetime(value.strip()).timestamp()
            except (TypeError, ValueError, OverflowError):
                continue
    return None


def _head_of(server: str, wait_s: float) -> str:
    """The head of a plain http answer; empty when none came."""
    until = time.monotonic() + wait_s
    head = b""
    try:
        with socket.create_connection((server, 80), timeout=wait_s) as link:
            link.sendall(f"HEAD / HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n".encode())
            while b"\r\n\r\n" not in head and len(head) < 16384 and time.monotonic() < until:
                link.settimeout(max(0.01, until - time.monotonic()))
                chunk = link.recv(4096)
                if not chunk:
                    break
                head += chunk
    except OSError:
        return ""
    return head.decode("latin-1")


def _kept(platform: str) -> Tuple[Optional[bool], str, str]:
    """Whether something keeps the clock right, the time zone, and why the former is unknown."""
    if platform == "windows":
        ran = system.run(["w32tm", "/query", "/status"], 1.5)
        synced = parse_w32tm(ran.out) if ran.worked else None
        return synced, "", "" if synced is not None else "the service w32time does not run"
    if platform != "linux":
        return None, "", f"not read on {platform}"
    ran = system.run(["timedatectl", "show"], 1.5)
    said = dict(line.partition("=")[::2] for line in ran.out.splitlines())
    if not ran.worked or "NTPSynchronized" not in said:
        reason = {"missing_tool": "timedatectl is not installed", "timeout": "timedatectl did not answer in time"}
        return None, "", reason.get(ran.status, "systemd-timedated is not running here")
    return said["NTPSynchronized"] == "yes", said.get("Timezone", ""), ""


def parse_w32tm(output: str) -> Optional[bool]:
    """Whether `w32tm /query /status` says that the clock is synchronised; None when it does not say.

    Its words follow the language of Windows; the leap indicator, its first number, does not: 3 means
    unsynchronised. Source: RFC 5905, figure 9
    """
    found = re.search(r":\s*([0-3])\s*\(", output.lstrip().partition("\n")[0])
    return None if found is None else found.group(1) != "3"


def _summary(data: Mapping[str, Value]) -> str:
    offset_s = data["offset_s"]
    if not isinstance(offset_s, (int, float)):
        return "not compared"
    resolved_s = 0.1 if data["method"] == "ntp" else 1  # a Date header counts whole seconds
    if abs(offset_s) < resolved_s:
        return f"right within {resolved_s:g} s"
    shown = f"{abs(offset_s):.1f} s" if abs(offset_s) < 1 else duration(abs(offset_s))
    return f"{shown} " + ("ahead" if offset_s > 0 else "behind")


PROBES = (
    Probe(
        name="clock.offset",
        title="Clock",
        doc="How far the clock is off by time servers of three operators (SNTP, each asked up to three times, median), "
        "else by the Date header of a documented web server; whether the system says that it is synchronised.",
        fields={
            "offset_s": number("How far this clock is ahead of the true time; negative when behind.", "s"),
            "wrong_by_s": number("The same without its sign.", "s"),
            "method": text("ntp, http_date (to a second), or empty when neither answered."),
            "server": text("Who told the time.", "ip"),
            "answers": integer("How many servers told it.", "count"),
            "delay_ms": number("Round trip to the nearest time server.", "ms"),
            "ntp_silent": boolean("True when no time server answered."),
            "synced": boolean("True when the system says that its clock is synchronised."),
            "time_zone": text("The time zone that is set."),
        },
        methods=portable(_measure),
        timeout_s=5.0,
        network=True,
        reach="decides",
        summary=_summary,
    ),
)
