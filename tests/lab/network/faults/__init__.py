"""Every fault the lab can make, by id, and the controls that are none."""

from __future__ import annotations

from tests.lab.network.faults import clock, connection, names, quality, share, variations, vpn, web
from tests.lab.network.faults.base import Fault

_ALL = (
    *connection.FAULTS,
    *connection.CONTROLS,
    *names.FAULTS,
    *web.FAULTS,
    *web.CONTROLS,
    *clock.FAULTS,
    *quality.FAULTS,
    *share.FAULTS,
    *share.CONTROLS,
    *vpn.FAULTS,
    *vpn.CONTROLS,
    *variations.FAULTS,
)
FAULTS: dict[str, Fault] = {fault.id: fault for fault in _ALL}
