"""Every fault the lab can make, by id, and the controls that are none."""

from __future__ import annotations

from tests.lab.network.faults import connection, names, quality, web
from tests.lab.network.faults.base import Fault

FAULTS: dict[str, Fault] = {
    fault.id: fault for fault in (*connection.FAULTS, *connection.CONTROLS, *names.FAULTS, *web.FAULTS, *quality.FAULTS)
}
