"""One way to break a system: shell scripts that make it and mend it in a booted machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.lab.host.booted import Booted


@dataclass(frozen=True)
class Fault:
    """One way to break a system.

    Attributes:
        cause: Global id of the cause, or the playbook's id for a control.
        words: What people would type.
        make: Shell script that breaks it.
        mend: Shell script that puts everything back.
        until: Shell script that ends well once the fault is there.
        options: More words for the command line.
        env: Variables for it.
    """

    cause: str
    words: tuple[str, ...]
    make: str
    mend: str = "true"
    until: str = "true"
    options: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def broken(machine: Booted, fault: Fault) -> Iterator[Booted]:
    """The machine with a fault, mended afterwards."""
    try:
        machine.sh(fault.make)
        machine.wait_for(fault.until)
        yield machine
    finally:
        machine.sh(fault.mend)
