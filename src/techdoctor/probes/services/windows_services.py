"""Windows: services that should start by themselves and do not run. CPython 3.9 syntax."""

from __future__ import annotations

from typing import Dict, List

import psutil

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import Probing, Reading
from techdoctor.text import clean_line


def _services() -> List[Dict[str, str]]:
    listing = getattr(psutil, "win_service_iter", None)
    if listing is None:
        raise CannotMeasure(NOT_APPLICABLE, "this psutil knows no Windows services")
    found = []
    for service in listing():
        try:
            found.append({key: str(value or "") for key, value in service.as_dict().items()})
        except (psutil.Error, OSError):
            continue  # a service of which even the name may not be asked
    return found


def reading(services: List[Dict[str, str]], wanted: str) -> Reading:
    """The fields.

    A service that Windows stopped because nothing needs it looks like one that failed: only the asked one is judged.

    Args:
        services: What psutil says of each: name, display_name, status, start_type.
        wanted: The asked service by name or display name, or empty.
    """
    asked = [s for s in services if wanted.lower() in (s["name"].lower(), s["display_name"].lower())] if wanted else []
    data: Dict[str, Value] = {"restarting": [], "stopped_unit": "", "ended_unit": "", "loop_unit": "", "asked": wanted}
    state, kind = (asked[0].get("status", ""), asked[0].get("start_type", "")) if asked else ("", "")
    data.update({"asked_found": bool(asked), "asked_state": state, "asked_enabled": kind, "asked_kind": "service"})
    data.update(
        {"asked_running": state == "running", "asked_well": not wanted or state in ("running", "start_pending")}
    )
    if asked:
        data["asked"] = clean_line(asked[0]["name"], 120)
    reason = "Windows stops automatic services that nothing needs; which of them failed needs the event log"
    return Reading(data, {"failed": reason, "failed_count": reason})


def measure(probing: Probing) -> Reading:
    return reading(_services(), probing.text("service").strip())
