"""Faults of VPNs."""

from __future__ import annotations

from tests.lab.network.faults.base import Fault

FAULTS: tuple[Fault, ...] = ()
CONTROLS: tuple[Fault, ...] = ()
