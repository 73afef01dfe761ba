"""What a printer has left of toner or ink, by its Printer MIB. CPython 3.9 syntax."""

from __future__ import annotations

import time
from typing import Dict, List, Mapping, Optional, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, SKIPPED, TIMEOUT, Value
from techdoctor.probes.base import UNTRIED, Probe, Probing, Reading, integer, measured, records, text
from techdoctor.probes.measure import OFFLINE_REASON
from techdoctor.probes.network.bounded_socket import is_loopback
from techdoctor.probes.printing import snmp
from techdoctor.probes.printing.cups_queue import PRINTER
from techdoctor.probes.printing.cups_queues import chosen_existing
from techdoctor.probes.printing.cups_scheduler import MACOS_REASON, NO_CUPS
from techdoctor.probes.printing.printer_uri import read_device_uri
from techdoctor.text import clean_line

# prtMarkerSuppliesTable (RFC 3805): class, description, greatest capacity, level.
_TABLE: snmp.Oid = (1, 3, 6, 1, 2, 1, 43, 11, 1, 1)
CLASS, DESCRIPTION, CAPACITY, LEVEL = (*_TABLE, 4), (*_TABLE, 6), (*_TABLE, 8), (*_TABLE, 9)
# prtMarkerSuppliesClass of what fills up instead of being used up: a waste container.
_FILLED = 4
Column = Mapping[snmp.Oid, snmp.Answer]


def left_percent(level: snmp.Answer, capacity: snmp.Answer) -> Optional[int]:
    """What is left, in percent; None where the printer gives only "some" (-3), "unknown" (-2) or "other" (-1)."""
    if not isinstance(level, int) or not isinstance(capacity, int) or level < 0 or capacity <= 0:
        return None
    return max(0, min(100, round(100 * level / capacity)))


def describe(names: Column, levels: Column, capacities: Column, kinds: Column) -> Reading:
    """The fields, the emptiest supply first; a waste container counts by the room it has left."""
    rows: List[Tuple[int, str]] = []
    for index, level in levels.items():
        left = left_percent(level, capacities.get(index))
        if left is None:
            continue
        room = 100 - left if kinds.get(index) == _FILLED else left
        rows.append((room, clean_line(str(names.get(index) or "supply"), 60)))
    rows.sort()
    told: List[Value] = [{"name": name, "left_percent": left} for left, name in rows]
    lowest = rows[0] if rows else None
    data: Dict[str, Value] = {"count": len(levels), "supplies": told}
    if lowest is None:
        return Reading(data, dict.fromkeys(("lowest_percent", "lowest_name"), "the printer gives no level in numbers"))
    return Reading({**data, "lowest_percent": lowest[0], "lowest_name": lowest[1]})


def _measure(probing: Probing) -> Reading:
    _, _, queue = chosen_existing(probing)
    uri = read_device_uri(queue.text("device-uri"))
    if uri.kind not in ("ipp", "network"):
        raise CannotMeasure(NOT_APPLICABLE, "only a network printer is asked for its supplies")
    if probing.settings.offline and not is_loopback(uri.host):
        raise CannotMeasure(SKIPPED, OFFLINE_REASON)
    until = min(probing.deadline - 0.1, time.monotonic() + 3.0)
    try:
        levels = dict(snmp.column(uri.host, LEVEL, until))
        if not levels:
            raise CannotMeasure(TIMEOUT, "the printer does not answer by SNMP")
        columns = [dict(snmp.column(uri.host, base, until)) for base in (DESCRIPTION, CAPACITY, CLASS)]
    except OSError as error:
        raise CannotMeasure(NOT_APPLICABLE, f"the printer is not reached: {error.strerror or error}") from None
    return describe(columns[0], levels, columns[1], columns[2])


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("lowest_percent") is None:
        return f"{data.get('count')} supplies, no levels"
    return f"{data['lowest_name']} {data['lowest_percent']} % left"


PROBES = (
    Probe(
        name="printer.supplies",
        title="Ink and toner",
        doc="Levels of the printer behind a queue by SNMP version 1, community public: prtMarkerSuppliesTable of the "
        "Printer MIB (RFC 3805, section 2.2.10). Waste containers count by the room they have left.",
        fields={
            "count": integer("Supplies that the printer tells of.", "count"),
            "supplies": records(
                "Those with a level in numbers, the emptiest first.",
                name=text("What the printer calls it."),
                left_percent=integer("What is left.", "percent"),
            ),
            "lowest_percent": integer("What is left of the emptiest.", "percent"),
            "lowest_name": text("What the printer calls the emptiest."),
        },
        methods={
            "linux": measured(_measure),
            "macos": measured(_measure, UNTRIED, MACOS_REASON),
            "windows": NO_CUPS,
        },
        parameters={"printer": PRINTER},
        timeout_s=4.0,
        cost="slow",
        network=True,
        reach="decides",
        routine=False,
        summary=_summary,
    ),
)
