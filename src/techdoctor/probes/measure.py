"""Running one probe call on this machine and turning whatever happens into a fact. CPython 3.9 syntax."""

from __future__ import annotations

import threading
import time
from typing import Dict, Mapping, Optional

from techdoctor import system
from techdoctor.errors import CannotMeasure, UsageError
from techdoctor.model import CRASHED, NOT_APPLICABLE, OK, SKIPPED, TIMEOUT, Fact, Value
from techdoctor.probes import registry
from techdoctor.probes.base import UNSUPPORTED, Method, Parameter, Probe, ProbeSettings, Probing, Reading
from techdoctor.probes.sources import gather
from techdoctor.text import clean_line

OFFLINE_REASON = "offline: nothing may be sent beyond this machine"


def complete(declared: Mapping[str, Parameter], given: Mapping[str, Value], owner: str) -> Dict[str, Value]:
    """Given parameters with defaults filled in.

    Raises:
        UsageError: A parameter is unknown, missing or not among its choices.
    """
    for name in given:
        if name not in declared:
            raise UsageError(f"{owner} has no parameter '{name}'", "it has: " + (", ".join(declared) or "none"))
    values: Dict[str, Value] = {name: given.get(name, p.default) for name, p in declared.items()}
    for name, parameter in declared.items():
        if values[name] is None and parameter.required:
            raise UsageError(f"{owner} needs the parameter '{name}'", parameter.doc)
        if parameter.choices and values[name] not in parameter.choices:
            raise UsageError(f"{owner}: '{name}' must be one of " + ", ".join(parameter.choices))
    return values


def measure_here(
    name: str,
    given: Mapping[str, Value],
    timeout_s: Optional[float] = None,
    settings: Optional[ProbeSettings] = None,
    cancelled: Optional[threading.Event] = None,
) -> Fact:
    """Runs one probe call in the current thread.

    A probe that raises anything unexpected becomes a fact of status "crashed": the other probes
    and the session go on.

    Raises:
        UsageError: Unknown probe or parameter; everything else is a fact.
    """
    probe = registry.get(name)
    params = complete(probe.parameters, given, name)
    settings = settings or ProbeSettings()
    begun = time.monotonic()
    deadline = begun + (timeout_s or probe.timeout_s)
    probing = Probing(params, system.platform_name(), deadline, settings, cancelled or threading.Event())
    status, reason, reading = OK, "", Reading({})
    try:
        reading = _measure(probe, probing)
    except CannotMeasure as error:
        status, reason = error.status, error.reason
    except TimeoutError:
        status, reason = TIMEOUT, f"no answer within {deadline - begun:g} s"
    except Exception as error:  # noqa: BLE001 - a probe's own bug must not end the session (engine rule 7)
        status, reason = CRASHED, f"the check itself failed: {type(error).__name__}: {error}"
    return Fact(
        probe=name,
        status=status,
        data={k: reading.data.get(k) for k in probe.fields} if status == OK else {},
        reason=clean_line(reason),
        gaps=dict(reading.gaps),
        duration_ms=(time.monotonic() - begun) * 1000,
        at_s=time.time(),
    )


def _measure(probe: Probe, probing: Probing) -> Reading:
    method = probe.methods.get(probing.platform, Method(UNSUPPORTED, reason=f"not written for {probing.platform}"))
    if method.level == UNSUPPORTED:
        raise CannotMeasure(NOT_APPLICABLE, method.reason)
    if probe.reach == "beyond" and probing.settings.offline:
        raise CannotMeasure(SKIPPED, OFFLINE_REASON)
    if method.measure is not None:
        return method.measure(probing)
    assert method.sources is not None and method.parse is not None
    return method.parse(gather(method.sources(probing.params), probing.deadline), probing.params)
