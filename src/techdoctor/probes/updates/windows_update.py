"""Windows: what Windows Update knows without asking its servers. CPython 3.9 syntax."""

from __future__ import annotations

import json
from typing import List

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL, NOT_APPLICABLE, TIMEOUT, Value
from techdoctor.probes.base import Probing, Reading
from techdoctor.text import clean_line

_MOST_SHOWN = 8
# IUpdateSearcher::Online and the search criteria: learn.microsoft.com, Windows Update Agent API.
_SCRIPT = (
    "$s = (New-Object -ComObject Microsoft.Update.Session).CreateUpdateSearcher(); $s.Online = $false; "
    "$r = @($s.Search('IsInstalled=0 and IsHidden=0').Updates | ForEach-Object { [pscustomobject]@{"
    "Title=$_.Title; Severity=[string]$_.MsrcSeverity; Reboot=[bool]$_.RebootRequired} }); "
    "ConvertTo-Json -Compress -Depth 3 -InputObject $r"
)


def powershell(script: str, timeout_s: float) -> str:
    """Runs a PowerShell script.

    Raises:
        CannotMeasure: It is missing, too slow or failed.
    """
    ran = system.run(("powershell.exe", "-NoProfile", "-NonInteractive", "-Command", script), timeout_s)
    if ran.status == "timeout":
        raise CannotMeasure(TIMEOUT, "PowerShell did not answer in time")
    if ran.status != "ok":
        raise CannotMeasure(MISSING_TOOL, "PowerShell cannot be run")
    if not ran.worked:
        raise CannotMeasure(NOT_APPLICABLE, "PowerShell: " + clean_line(ran.err or ran.out))
    return ran.out


def parse_objects(listing: str) -> List[dict[str, Value]]:
    """The objects of `ConvertTo-Json`: a single one stands without its list (PowerShell issue 9266).

    Raises:
        CannotMeasure: That is no JSON.
    """
    try:
        tree = json.loads(listing.strip().lstrip("\ufeff") or "[]")
    except ValueError:
        raise CannotMeasure(NOT_APPLICABLE, "PowerShell's answer could not be read") from None
    rows = tree if isinstance(tree, list) else [tree]
    return [row for row in rows if isinstance(row, dict)]


def parse(listing: str) -> Reading:
    """The fields of updates.pending; an update with a severity by Microsoft's security team mends a hole."""
    rows = parse_objects(listing)
    urgent = [row for row in rows if row.get("Severity")]
    names: List[Value] = [clean_line(str(row.get("Title")), 100) for row in [*urgent, *rows][:_MOST_SHOWN]]
    return Reading(
        {
            "manager": "Windows Update",
            "count": len(rows),
            "security": len(urgent),
            "names": list(dict.fromkeys(str(name) for name in names)),
            "security_names": names[: len(urgent)],
            "restart_needed": any(row.get("Reboot") is True for row in rows),
        }
    )


def measure(probing: Probing) -> Reading:
    return parse(powershell(_SCRIPT, probing.left_s()))
