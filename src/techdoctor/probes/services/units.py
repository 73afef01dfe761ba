"""Probe service.units: services that failed, were ended, or start and end again and again. CPython 3.9 syntax."""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import Value
from techdoctor.probes.base import (
    RECORDED,
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    number,
    parsed,
    records,
    text,
    texts,
    under_wine,
)
from techdoctor.probes.services import launchd, systemd, windows_services
from techdoctor.probes.services.systemd import Line, Manager, Properties
from techdoctor.text import clean_line

_KINDS = ("*.service", "*.timer", "*.socket", "*.path")
PROPERTIES = (
    *("Id", "Description", "LoadState", "ActiveState", "SubState", "UnitFileState", "Result", "NRestarts", "Restart"),
    *("ExecMainCode", "ExecMainStatus", "StateChangeTimestampMonotonic", "InactiveExitTimestampMonotonic"),
    *("Requires", "Type"),
)
_WINDOW_S = 1.2  # between two looks at units that were restarted lately
_RECENT_S = 300.0  # node-exporter mixin, NodeSystemdServiceCrashlooping: more than 2 restarts in 5 minutes
_LATELY_S = 900.0
_MOST_SHOWN, _MOST_READ, _JOURNAL_LINES = 10, 6, 60
# sd-messages(3), SD_MESSAGE_UNIT_RESTART_SCHEDULED.
_RESTART_MESSAGE = "5eb03494b6584870a536b337290809b3"
# systemd.exec(5), $SERVICE_RESULT: ended from outside or by a fault of its own memory, not by an exit code.
_ENDED_RESULTS = ("signal", "core-dump", "oom-kill", "watchdog")
_CLD_KILLED, _CLD_DUMPED = "2", "3"  # waitid(2): si_code
# bash(1): a shell gives 128 + N for a command ended by signal N. TERM and INT are ways to ask nicely.
_SHELL_SIGNALS = {128 + number: number for number in (4, 6, 7, 8, 9, 11)}
_STOPPED_NICELY = {"1": "SIGHUP", "2": "SIGINT", "13": "SIGPIPE", "15": "SIGTERM"}


@dataclass
class Watched:
    """A unit that is not well, and whose it is."""

    manager: Manager
    first: Properties
    grew: int = 0
    lines: Optional[List[Line]] = None

    @property
    def name(self) -> str:
        return self.first.get("Id", "")


def signal_name(unit: Properties) -> str:
    """The signal that ended its main process, e.g. "SIGSEGV"; empty when none did."""
    status = unit.get("ExecMainStatus", "0")
    code = int(status) if status.isdigit() else 0
    number_ = code if unit.get("ExecMainCode") in (_CLD_KILLED, _CLD_DUMPED) else _SHELL_SIGNALS.get(code, 0)
    try:
        return signal.Signals(number_).name
    except ValueError:
        return ""


def is_failed(unit: Properties) -> bool:
    return unit.get("ActiveState") == "failed"


def gave_up(unit: Properties) -> bool:
    """True when systemd had restarted it by itself until the start limit was hit (systemd.unit(5))."""
    return is_failed(unit) and (int_of(unit, "NRestarts") > 0 or unit.get("Result") == "start-limit-hit")


def int_of(unit: Properties, name: str) -> int:
    value = unit.get(name, "")
    return int(value) if value.isdigit() and len(value) < 19 else 0


def restarted_lately(unit: Properties, now_s: float) -> bool:
    """True when it is worth a second look: systemd restarted it, and its last start is not long ago."""
    started_s = int_of(unit, "InactiveExitTimestampMonotonic") / 1e6
    waiting = unit.get("SubState", "").startswith("auto-restart")
    return int_of(unit, "NRestarts") > 0 and not is_failed(unit) and (waiting or now_s - started_s < _LATELY_S)


def record(watched: Watched, now_s: float, wall_s: float) -> Dict[str, Value]:
    """What is told of one unit.

    Args:
        watched: The unit.
        now_s: Seconds on the monotonic clock, which systemd's stamps are on.
        wall_s: Seconds since 1970, which the journal's stamps are on.
    """
    unit, lines = watched.first, watched.lines
    own = [line for line in lines or [] if not line.by_systemd] or list(lines or [])
    last = own[-1].realtime_s if own else 0.0
    said = [line.message for line in own if last - line.realtime_s < _RECENT_S][-3:]
    restarts = [x for x in lines or [] if x.message_id == _RESTART_MESSAGE and wall_s - x.realtime_s < _RECENT_S]
    ended_by = signal_name(unit)
    result = unit.get("Result", "")
    nicely = result == "signal" and unit.get("ExecMainStatus", "") in _STOPPED_NICELY
    return {
        "unit": clean_line(watched.name, 120),
        "user": watched.manager.name,
        "description": clean_line(unit.get("Description", ""), 100),
        "result": result,
        "exit_status": int_of(unit, "ExecMainStatus"),
        "signal": ended_by,
        "ended": not nicely and (result in _ENDED_RESULTS or (result == "exit-code" and bool(ended_by))),
        "gave_up": gave_up(unit),
        "restarts": int_of(unit, "NRestarts"),
        "grew": watched.grew,
        # The journal may tell of restarts before somebody last started it by hand: those are over.
        "recent_restarts": min(len(restarts), int_of(unit, "NRestarts")) if lines is not None else None,
        "waiting": unit.get("SubState", "").startswith("auto-restart"),
        "age_s": round(max(0.0, now_s - int_of(unit, "StateChangeTimestampMonotonic") / 1e6), 1),
        "log": clean_line(" | ".join(said), 300) if lines is not None else None,
        "log_hidden": lines is None,
    }


def why(entry: Mapping[str, Value]) -> str:
    """Why a service ended, in words a person understands."""
    result, ended_by = str(entry.get("result")), str(entry.get("signal"))
    if result == "oom-kill":
        return "it was ended for want of memory"
    if result == "watchdog":
        return "it stopped giving signs of life and was ended (watchdog)"
    if ended_by == "SIGKILL":
        return "it was ended from outside (SIGKILL), often for want of memory"
    if ended_by:
        return f"it crashed ({ended_by})" if ended_by != "SIGTERM" else "it was told to end (SIGTERM)"
    if result == "timeout":
        return "it did not start or stop in time"
    if result in ("resources", "protocol", "dependency"):
        return f"systemd could not start it ({result})"
    return f"it ended with error code {entry.get('exit_status')}"


def reading(found: Sequence[Watched], asked: Mapping[str, Value], now_s: float, wall_s: float) -> Reading:
    """The fields: worst first, the latest first among equals."""
    entries = [record(w, now_s, wall_s) for w in found]
    failed = [e for w, e in zip(found, entries) if is_failed(w.first)]
    looping = [e for w, e in zip(found, entries) if not is_failed(w.first)]
    failed.sort(key=lambda e: float(str(e["age_s"])))
    looping.sort(key=lambda e: -int(str(e["restarts"])))
    data: Dict[str, Value] = {
        "failed": list(failed[:_MOST_SHOWN]),
        "failed_count": len(failed),
        "restarting": list(looping[:_MOST_SHOWN]),
        **asked,
    }
    gaps: Dict[str, str] = {}
    kinds = {
        "stopped": [e for e in failed if not e["ended"] and not e["gave_up"]],
        "ended": [e for e in failed if e["ended"] and not e["gave_up"]],
        "loop": [*looping, *(e for e in failed if e["gave_up"])],
    }
    for kind, some in kinds.items():
        first: Mapping[str, Value] = some[0] if some else {}
        data[f"{kind}_unit"], data[f"{kind}_user"] = first.get("unit", ""), first.get("user", "")
        data[f"{kind}_why"] = why(first) if first else ""
        data[f"{kind}_age_s"], data[f"{kind}_restarts"] = first.get("age_s"), first.get("restarts")
        data[f"{kind}_log"] = first.get("log", "") or ("it wrote nothing" if first.get("log") == "" else None)
        if first and first["log_hidden"]:
            data[f"{kind}_log"] = None
            gaps[f"{kind}_log"] = "the log may be read by administrators only (sudo)"
    return Reading(data, gaps)


NOBODY_ASKED: Mapping[str, Value] = {
    "asked": "",
    "asked_found": False,
    "asked_state": "",
    "asked_enabled": "",
    "asked_running": False,
    "asked_kind": "",
    "asked_near": [],
    "asked_well": True,
}


def asked_about(unit: Optional[Properties], wanted: str, near: Sequence[str]) -> Dict[str, Value]:
    """The fields about the service that was asked for."""
    unit = unit or {}
    found = unit.get("LoadState") in ("loaded", "masked", "error", "bad-setting")
    active = unit.get("ActiveState", "")
    oneshot = unit.get("Type") == "oneshot"
    name = unit.get("Id", wanted)
    return {
        "asked": clean_line(name if found else wanted, 120),
        "asked_found": found,
        "asked_state": active,
        "asked_enabled": unit.get("UnitFileState", ""),
        "asked_running": active in ("active", "reloading"),
        "asked_kind": name.rpartition(".")[2] if found else "",
        "asked_near": [clean_line(word, 120) for word in near],
        # A oneshot service does its work and is gone; that it is not there is no fault.
        "asked_well": found and (active in ("active", "reloading", "activating") or (oneshot and active == "inactive")),
    }


def _measure(probing: Probing) -> Reading:
    systemd.need_systemd()
    wanted = probing.text("service").strip()
    asked: Mapping[str, Value] = NOBODY_ASKED
    now_s, found = time.monotonic(), []
    for manager in (Manager(), *systemd.user_managers()):
        try:
            units = systemd.show(manager, _which(wanted), PROPERTIES, probing.left_s(8))
        except CannotMeasure:
            if manager.uid is None:
                raise
            continue  # a user's manager that has just gone
        if wanted:
            units, seen = _only(manager, units, probing)
            if not asked["asked_found"]:
                asked = asked_about(seen, wanted, _near(wanted, probing) if manager.uid is None else [])
        found += [Watched(manager, u) for u in units if is_failed(u) or restarted_lately(u, now_s)]
    _look_again(found, probing)
    return reading(found, asked, time.monotonic(), time.time())


def _which(wanted: str) -> Sequence[str]:
    if not wanted:
        return _KINDS
    known = (".service", ".timer", ".socket", ".path", ".target", ".mount")
    return (wanted,) if wanted.endswith(known) else (f"{wanted}.service",)


def _only(manager: Manager, units: Sequence[Properties], probing: Probing) -> tuple[List[Properties], Properties]:
    """The asked unit, and what it needs and cannot have: that is where the fault lies."""
    unit = units[0] if units else {}
    needed = [name for name in unit.get("Requires", "").split() if name.endswith(".service")]
    if unit.get("ActiveState") == "active" or not needed:
        return list(units), unit
    others = systemd.show(manager, needed, PROPERTIES, probing.left_s(3))
    return [unit, *(other for other in others if is_failed(other))], unit


def _near(wanted: str, probing: Probing) -> List[str]:
    """Names of services here that are close to a misspelled one."""
    import difflib

    names = [u.get("Id", "") for u in systemd.show(Manager(), ("*.service",), ("Id",), probing.left_s(3))]
    stems = {name.rpartition(".")[0]: name for name in names}
    return [stems[stem] for stem in difflib.get_close_matches(wanted.rpartition(".")[0] or wanted, stems, n=3)]


def _look_again(found: Sequence[Watched], probing: Probing) -> None:
    """Reads the logs of the worst, and looks a second time at what was restarted lately."""
    latest = sorted(found, key=lambda w: -int_of(w.first, "StateChangeTimestampMonotonic"))[:_MOST_READ]
    threads = [threading.Thread(target=_read_log, args=(w, probing.left_s(3)), daemon=True) for w in latest]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    restarting = [w for w in found if not is_failed(w.first)]
    if restarting:
        probing.cancelled.wait(probing.left_s(_WINDOW_S))
        for watched in restarting:
            again = systemd.show(watched.manager, (watched.name,), PROPERTIES, probing.left_s(2))
            if again:
                grew = int_of(again[0], "NRestarts") - int_of(watched.first, "NRestarts")
                # Between two runs the result is that of the last one; while it runs there is none.
                latest_end = again[0] if again[0].get("SubState", "").startswith("auto-restart") else watched.first
                watched.first, watched.grew = {**latest_end, "NRestarts": again[0].get("NRestarts", "")}, max(0, grew)
    for thread in threads:
        thread.join(max(0.0, begun + 3.5 - time.monotonic()))


def _read_log(watched: Watched, timeout_s: float) -> None:
    watched.lines = systemd.journal(watched.manager, watched.name, _JOURNAL_LINES, timeout_s)


def _summary(data: Mapping[str, Value]) -> str:
    failed, restarting = data.get("failed_count"), data.get("restarting")
    loops = len(restarting) if isinstance(restarting, list) else 0
    if data.get("asked"):
        return clean_line(f"{data['asked']}: {data.get('asked_state') or 'not here'}")
    return f"{failed} failed, {loops} restarted lately" if failed or loops else "none has failed"


_ENTRY = {
    "unit": text("The unit, e.g. cups.service; a label or service name on other systems."),
    "user": text("Whose manager runs it; empty for the system's.", private="user"),
    "description": text("Its own description."),
    "result": text("systemd's result: exit-code, signal, core-dump, oom-kill, watchdog ... (systemd.exec(5))."),
    "exit_status": integer("Exit code of its main process, or the signal's number."),
    "signal": text("Signal that ended it, e.g. SIGSEGV; empty when none did."),
    "ended": boolean("True when it was ended by a signal, for want of memory or by the watchdog."),
    "gave_up": boolean("True when it was restarted by itself until the start limit was hit."),
    "restarts": integer("Restarts by systemd since it was last started by hand.", "count"),
    "grew": integer("Restarts during this probe, about a second.", "count"),
    "recent_restarts": integer("Restarts in the last 5 minutes by the journal; none when it cannot be read.", "count"),
    "waiting": boolean("True when it has just ended and waits for its restart."),
    "age_s": number("Since when it is in this state.", "s"),
    "log": text("Its last log lines; none when they may not be read.", private="text"),
    "log_hidden": boolean("True when its log may not be read by this user."),
}
_KIND_WORDS = {"stopped": "failed", "ended": "was ended", "loop": "starts and ends again and again"}
_FLAT = {
    f"{kind}_{name}": field
    for kind, words in _KIND_WORDS.items()
    for name, field in (
        ("unit", text(f"The latest unit that {words}; empty when none.")),
        ("user", text("Whose manager runs it; empty for the system's.", private="user")),
        ("why", text("Why, in words.")),
        ("age_s", number("Since when.", "s")),
        ("restarts", integer("How often it was restarted by itself.", "count")),
        ("log", text("Its last log lines.", private="text")),
    )
}
PROBES = (
    Probe(
        name="service.units",
        title="Background services",
        doc="Units that failed or keep restarting, with result, exit code and last log lines. Linux: systemctl show"
        " of services, timers, sockets and paths of the system and of users' managers, twice for those restarted"
        " lately. macOS: launchctl list. Windows: Win32_Service, automatic ones that do not run.",
        fields={
            "failed": records("Units that have failed, the latest first; at most 10.", **_ENTRY),
            "failed_count": integer("How many have failed.", "count"),
            "restarting": records("Units that systemd restarted within the last 15 minutes; at most 10.", **_ENTRY),
            **_FLAT,
            "asked": text("The service that was asked for, by its full name; empty when none was."),
            "asked_found": boolean("True when there is such a service."),
            "asked_state": text("Its state: active, inactive, failed, activating."),
            "asked_enabled": text("Whether it starts with the computer: enabled, disabled, masked, static."),
            "asked_running": boolean("True when it runs."),
            "asked_kind": text("service, timer, socket ..."),
            "asked_well": boolean("True when it runs, starts, or has done its work; also when none was asked for."),
            "asked_near": texts("Names here that are close to one that does not exist."),
        },
        methods={
            "linux": measured(_measure),
            "macos": parsed(launchd.sources, launchd.parse, RECORDED, launchd.ORIGIN),
            "windows": under_wine(measured(windows_services.measure)),
        },
        parameters={"service": Parameter("text", "A service to look at alone, e.g. nginx; empty for all.", "")},
        timeout_s=12.0,
        summary=_summary,
    ),
)
