"""net.mtu: do packets of full size get through, or do large ones vanish on the way? CPython 3.9 syntax."""

from __future__ import annotations

import queue
import ssl
import time
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import TIMEOUT, Value
from techdoctor.probes.base import (
    UNTRIED,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    records,
    text,
    unsupported,
)
from techdoctor.probes.network import large_packets, own_network, targets
from techdoctor.probes.network.large_packets import HUNG, NOT_REACHED, PASSED, SECURE, Place, Try

_WAIT_S = 2.3
_MARGIN_S = 0.1
# Until then a lost packet has been repeated twice (first after 200 ms on Linux): silence begins to mean something.
_SMALL_AFTER_S = 0.65
# By then it has been repeated three times. On slow lines eight round trips are waited for.
_HUNG_AFTER_S, _ROUND_TRIPS = 1.5, 8
# Packet sizes tried when full ones vanish: tunnels and DSL lines, then the least that IPv6 allows (RFC 8200),
# then twice the least that IPv4 hosts must take (RFC 791).
SMALLER = (1400, 1280, 1152)
_MOST_ROWS = 12


def _measure(probing: Probing) -> Reading:
    begun = time.monotonic()
    until = begun + max(0.2, min(_WAIT_S, probing.left_s() - _MARGIN_S))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nothing secret is sent: only whether large packets come and go is asked.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    places = [Place(host, address, SECURE) for host, address in targets.secure_hosts()]
    places += [Place(address, address, 80) for address in targets.plain_web(probing.settings.targets)[0][:1]]
    said = large_packets.provoke([place.address for place in places])
    found: queue.SimpleQueue[Try] = queue.SimpleQueue()
    ends_at = until - _MARGIN_S  # so that what hangs says so in time
    awaited = large_packets.start(places, (0,), context, ends_at, found)
    tries: List[Try] = []
    small_tried = False
    while not _settled(tries, awaited, time.monotonic() - begun):
        now = time.monotonic()
        if now >= until:
            break
        if not small_tried and now - begun >= _SMALL_AFTER_S:
            # Full size once more as well: a router may have said meanwhile how large packets may be.
            small_tried = True
            awaited += large_packets.start(places, (0, *SMALLER), context, ends_at, found)
        try:
            tries.append(found.get(timeout=max(0.01, min(0.05, until - now))))
        except queue.Empty:
            continue
    gone_s = time.monotonic() - begun
    learned = large_packets.learned([place.address for place in places]) if said else None
    return reading(tries, small_tried, gone_s, learned)


def _settled(tries: Sequence[Try], awaited: int, gone_s: float) -> bool:
    """A full-size exchange passed; or small ones did, and the full ones have had their time."""
    passed = [t for t in tries if t.end == PASSED]
    if any(t.port == SECURE and not t.size for t in passed):
        return True
    # Where secure servers cannot be reached at all, plain ones tell.
    unreached = [t for t in tries if t.port == SECURE and t.end == NOT_REACHED and not t.size]
    if len(unreached) >= len(targets.SECURE_V4) and any(not t.size for t in passed):
        return True
    slowest = max((t.rtt_ms or 0.0 for t in tries), default=0.0) / 1000
    small = any(t.size and t.port == SECURE for t in passed)
    return len(tries) >= awaited or (small and gone_s >= max(_HUNG_AFTER_S, _ROUND_TRIPS * slowest))


def reading(tries: Sequence[Try], small_tried: bool, gone_s: float, learned: Optional[int]) -> Reading:
    """The probe's fields.

    Args:
        tries: Exchanges that have ended.
        small_tried: True when smaller packets were tried as well.
        gone_s: Seconds since the beginning; what has not ended by then hangs.
        learned: Packet size that routers on the way have told; None when it is not known.

    Raises:
        CannotMeasure: No exchange went either way.
    """
    passed = [t for t in tries if t.end == PASSED]
    if not passed:
        raise CannotMeasure(TIMEOUT, "no server answered, with large packets or small ones")
    secure = [t for t in tries if t.port == SECURE and t.end != NOT_REACHED]
    port = SECURE if secure else 80
    full = any(not t.size for t in passed if t.port == port)
    small = [t.size for t in passed if t.size and t.port == port]
    hole = not full and bool(small) and gone_s >= _HUNG_AFTER_S
    adapter = _adapter_of(next((t.source for t in [*passed, *tries] if t.source), ""))
    rows: List[Value] = [{"host": t.host, "port": t.port, "size": t.size, "end": t.end} for t in tries]
    data: Dict[str, Value] = {
        "full_passes": full,
        "black_hole": hole,
        "largest_bytes": max(small) if hole else None,
        "learned_bytes": learned,
        "secure_hangs": bool(secure) and small_tried and not any(t.port == SECURE for t in passed),
        "adapter": adapter,
        "tries": rows[:_MOST_ROWS],
    }
    gaps = {} if hole else {"largest_bytes": "full packets pass" if full else "small ones did not pass either"}
    if learned is None:
        gaps["learned_bytes"] = "the system does not tell"
    return Reading(data, gaps)


def _adapter_of(source: str) -> str:
    try:
        addresses = own_network.addresses() if source else []
    except CannotMeasure:
        return ""
    return next((a.interface for a in addresses if a.address == source), "")


def _summary(data: Mapping[str, Value]) -> str:
    if data["black_hole"]:
        return f"full packets vanish, {data['largest_bytes']} bytes pass"
    return "full packets pass" if data["full_passes"] else "not judged"


_METHOD = measured(_measure)
PROBES = (
    Probe(
        name="net.mtu",
        title="Large packets",
        doc="Sends three kilobytes to documented servers (https of two operators, http of one) and waits for an "
        "answer. When none comes, the same again, and with segments made for packets of 1400, 1280 and 1152 bytes "
        "(TCP_MAXSEG): if these pass while full ones hang, large packets vanish and nobody says so (RFC 2923). A "
        "smaller path whose routers say so is no fault: the system learns it, and full exchanges pass. "
        "Site setting: targets.date_servers.",
        fields={
            "full_passes": boolean("An exchange with packets of full size passed."),
            "black_hole": boolean("Full packets hang although smaller ones pass."),
            "largest_bytes": integer("Largest packet size that passed in a black hole.", "bytes"),
            "learned_bytes": integer(
                "Smallest packet size that routers on the way have told, or the adapter's.", "bytes"
            ),
            "secure_hangs": boolean(
                "Secure servers take connections, then swallow small packets as well as large ones."
            ),
            "adapter": text("The adapter it went out by."),
            "tries": records(
                "Exchanges that ended, at most twelve.",
                host=text("Server."),
                port=integer("443 or 80."),
                size=integer("Largest packet; 0 for the adapter's own.", "bytes"),
                end=text(f"{PASSED}, {HUNG} or {NOT_REACHED}."),
            ),
        },
        methods={
            "linux": _METHOD,
            "macos": measured(_measure, UNTRIED, "TCP_MAXSEG as tcp(4) describes it; not run there"),
            "windows": unsupported("Windows lets no program choose the size of its TCP segments"),
        },
        timeout_s=3.0,
        network=True,
        reach="beyond",
        summary=_summary,
    ),
)
