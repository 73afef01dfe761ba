"""net.traffic: how much goes over the adapters just now, and which program has most of it. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL, Value
from techdoctor.probes.base import (
    UNTRIED,
    Params,
    Probe,
    Probing,
    Raws,
    Reading,
    Source,
    integer,
    measured,
    number,
    parsed,
    records,
    text,
    under_wine,
)
from techdoctor.text import clean_line

_WINDOW_S = 0.5
_MOST_SHOWN = 6
_NEVER_COUNTED = ("lo", "docker", "br-", "veth", "virbr")
# A name may hold quotes, brackets and what looks like another process; it has 15 characters at most (proc_pid_comm(5)),
# which is one too few for a whole entry with what stands behind it.
_OWNER = re.compile(r'users:\(\("(.+?)",pid=(\d+),fd=\d+\)(?:,\("|\)(?:\s|$))')
_COUNTS = re.compile(r"\b(bytes_acked|bytes_sent|bytes_received):(\d+)")
_HIDDEN = "programs of other users are named to an administrator only"
_NO_PROGRAM = "which program it is cannot be told on this system without administrator tools"


@dataclass(frozen=True)
class Flow:
    """One TCP connection in the list of `ss`: its program ("" when hidden) and what it moved since its start."""

    program: str
    pid: int
    peer: str
    received: int
    sent: int


def _sources(params: Params) -> Sequence[Source]:
    table, flows = "/proc/self/net/dev", ("ss", "-tinpHO", "state", "connected")
    return [
        Source("adapters_before", path=table),
        Source("flows_before", argv=flows, timeout_s=2.0),
        Source("adapters_after", path=table, at_s=_WINDOW_S),
        Source("flows_after", argv=flows, timeout_s=2.0, at_s=_WINDOW_S),
    ]


def _parse(raws: Raws, params: Params) -> Reading:
    before, after = raws["adapters_before"], raws["adapters_after"]
    took_s = max(0.1, after.taken_s - before.taken_s)
    rates = _rates(counters(before.need("the adapters' counters")), counters(after.need("the counters")), took_s)
    first, last = raws["flows_before"], raws["flows_after"]
    if any(raw.status != "ok" or raw.exit_code for raw in (first, last)):
        return _reading(rates, [], took_s, "the list of connections (ss) could not be read")
    window_s = max(0.1, last.taken_s - first.taken_s)
    return _reading(rates, _programs(flows(first.text), flows(last.text), window_s), took_s, "")


def counters(table: str) -> Dict[str, Tuple[int, int]]:
    """Received and sent bytes of each adapter in /proc/net/dev."""
    found = {}
    for line in table.splitlines()[2:]:
        name, _, rest = line.partition(":")
        numbers = rest.split()
        if len(numbers) >= 9:
            found[name.strip()] = (int(numbers[0]), int(numbers[8]))
    return found


def flows(listing: str) -> Dict[Tuple[str, str], Flow]:
    """The connections in what `ss -tinpHO` printed, by own and other end."""
    found = {}
    for line in listing.splitlines():
        words = line.split()
        if len(words) < 5:
            continue
        counts = {name: int(number) for name, number in _COUNTS.findall(line)}
        owner = _OWNER.search(line)
        sent = counts.get("bytes_acked", counts.get("bytes_sent", 0))
        name, pid = (clean_line(owner[1]), int(owner[2])) if owner else ("", 0)
        found[(words[3], words[4])] = Flow(name, pid, words[4], counts.get("bytes_received", 0), sent)
    return found


def _programs(
    before: Mapping[Tuple[str, str], Flow], after: Mapping[Tuple[str, str], Flow], window_s: float
) -> List[Dict[str, Value]]:
    """What each program moved a second, most first; this program's own connections aside.

    Several processes of one program count as one, with the process id of the busiest.
    """
    sums: Dict[str, List[float]] = {}
    pids: Dict[str, Tuple[int, int]] = {}
    for ends, flow in after.items():
        if flow.pid == os.getpid() or ends[1].startswith(("127.", "[::1]", "[::ffff:127.")):
            continue
        earlier = before.get(ends)
        received = flow.received - (earlier.received if earlier else 0)
        sent = flow.sent - (earlier.sent if earlier else 0)
        total = sums.setdefault(flow.program, [0.0, 0.0, 0.0])
        pids[flow.program] = max(pids.get(flow.program, (0, 0)), (received + sent, flow.pid))
        for index, count in enumerate((max(0, received), max(0, sent), 1)):
            total[index] += count
    ordered = sorted(sums.items(), key=lambda item: -(item[1][0] + item[1][1]))
    return [
        {
            "name": name,
            "pid": pids[name][1],
            "received_per_s": round(received / window_s),
            "sent_per_s": round(sent / window_s),
            "connections": int(count),
        }
        for name, (received, sent, count) in ordered
        if received + sent
    ]


def _rates(
    before: Mapping[str, Tuple[int, int]], after: Mapping[str, Tuple[int, int]], took_s: float
) -> List[Dict[str, Value]]:
    found: List[Dict[str, Value]] = [
        {
            "name": name,
            "received_per_s": round(max(0, received - before[name][0]) / took_s),
            "sent_per_s": round(max(0, sent - before[name][1]) / took_s),
        }
        for name, (received, sent) in after.items()
        if name in before and not name.startswith(_NEVER_COUNTED)
    ]
    return sorted(found, key=lambda r: -(int(str(r["received_per_s"])) + int(str(r["sent_per_s"]))))


def _mbit_s(record: Mapping[str, Value]) -> float:
    """The busier direction, in Mbit/s."""
    return round(max(int(str(record["received_per_s"])), int(str(record["sent_per_s"]))) * 8 / 1e6, 2)


def _reading(
    rates: Sequence[Dict[str, Value]], programs: Sequence[Dict[str, Value]], took_s: float, why_none: str
) -> Reading:
    top: Optional[Dict[str, Value]] = programs[0] if programs else None
    busiest = rates[0] if rates else None
    data: Dict[str, Value] = {
        "adapter": busiest["name"] if busiest else "",
        "mbit_s": _mbit_s(busiest) if busiest else 0.0,
        "top_name": (str(top["name"]) or "a program of another user") if top else "",
        "top_pid": top["pid"] if top else 0,
        "top_mbit_s": None if why_none else _mbit_s(top) if top else 0.0,
        "adapters": list(rates[:_MOST_SHOWN]),
        "programs": list(programs[:_MOST_SHOWN]),
        "programs_of": len(programs),
        "window_s": round(took_s, 2),
    }
    gaps = {"top_mbit_s": why_none} if why_none else {}
    return Reading(data, gaps)


def _portable(probing: Probing) -> Reading:
    try:
        import psutil
    except ImportError:
        raise CannotMeasure(MISSING_TOOL, "the Python library psutil is not installed") from None

    def taken() -> Dict[str, Tuple[int, int]]:
        return {n: (c.bytes_recv, c.bytes_sent) for n, c in psutil.net_io_counters(pernic=True).items()}

    before, begun = taken(), time.monotonic()
    probing.cancelled.wait(_WINDOW_S)
    took_s = max(0.1, time.monotonic() - begun)
    return _reading(_rates(before, taken(), took_s), [], took_s, _NO_PROGRAM)


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("top_mbit_s"):
        return f"{data['mbit_s']} Mbit/s, most by {data['top_name']}"
    return f"{data.get('mbit_s')} Mbit/s"


PROBES = (
    Probe(
        name="net.traffic",
        title="Traffic just now",
        doc="Bytes a second over each adapter, and by program from the TCP connections' own counts (ss), over half a "
        "second. UDP (QUIC) counts for the adapter only. " + _HIDDEN[0].upper() + _HIDDEN[1:] + ".",
        fields={
            "adapter": text("The busiest adapter."),
            "mbit_s": number("Its rate in the busier direction.", "mbit_s"),
            "top_name": text("The program with most traffic; empty when none has any."),
            "top_pid": integer("Its process id; 0 when it is not shown to this user."),
            "top_mbit_s": number("Its rate in the busier direction.", "mbit_s"),
            "adapters": records(
                f"Each adapter, {_MOST_SHOWN} at most, busiest first.",
                name=text("Name."),
                received_per_s=number("Bytes received a second.", "bytes_per_s"),
                sent_per_s=number("Bytes sent a second.", "bytes_per_s"),
            ),
            "programs": records(
                f"Each program with traffic, {_MOST_SHOWN} at most, busiest first; without techdoctor.",
                name=text("Name; empty when it is not shown to this user."),
                pid=integer("Process id; 0 when it is not shown."),
                received_per_s=number("Bytes received a second.", "bytes_per_s"),
                sent_per_s=number("Bytes sent a second.", "bytes_per_s"),
                connections=integer("How many connections.", "count"),
            ),
            "programs_of": integer("How many programs there are in all.", "count"),
            "window_s": number("Length of the sample.", "s"),
        },
        methods={
            "linux": parsed(_sources, _parse),
            "macos": measured(_portable, UNTRIED, "psutil.net_io_counters, documented as portable"),
            "windows": under_wine(measured(_portable)),
        },
        timeout_s=3.0,
        summary=_summary,
    ),
)
