"""Facts of a walk: which are wanted, started, known, dropped; and what conditions see of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from techdoctor.engine.state import IDLE, KNOWN, RUNNING, CallState, State
from techdoctor.events import Effect, RunProbe
from techdoctor.model import SKIPPED, TIMEOUT, Fact, Value
from techdoctor.playbooks.condition import Look
from techdoctor.playbooks.tree import FactCall, FactSpec, Playbook
from techdoctor.probes import registry
from techdoctor.probes.base import Probe

Playbooks = Mapping[str, Playbook]
NOT_ASKED = "it was not asked"


def key_of(playbook: str, fact: str) -> str:
    """The key of a fact in the state: "<playbook>:<fact>"."""
    return f"{playbook}:{fact}"


class Surroundings:
    """What the conditions of one playbook see: facts, answers, inputs and limits."""

    def __init__(self, playbooks: Playbooks, state: State, playbook: str) -> None:
        self._playbook, self._state = playbooks[playbook], state
        self.now_s = state.now_s

    def look(self, owner: str, field: str) -> Look:
        """Looks up `owner.field`; see condition.Environment."""
        if owner == "answers":
            answer = self._state.answers.get(key_of(self._playbook.id, field))
            if answer is None or answer == "unknown":
                return Look("unknown", reason=NOT_ASKED if answer is None else "nobody knew the answer")
            return Look("known", answer)
        if owner == "inputs":
            value = input_value(self._playbook, self._state, field)
            return Look("unknown", reason=f"{field} was not given") if value is None else Look("known", value)
        if owner == "limits":
            return self._limit(field)
        return self._fact(owner, field)

    def _limit(self, name: str) -> Look:
        limit = self._playbook.limits[name]
        assert self._state.started is not None
        value = self._state.started.limits.get(f"{self._playbook.id}.{name}", limit.value)
        return Look("known", value, unit=limit.unit)

    def _fact(self, owner: str, field: str) -> Look:
        key = key_of(self._playbook.id, owner)
        fact = self._state.fact(key)
        if fact is None:
            return Look("pending", fact=key)
        if not fact.ok:
            return Look("unknown", reason=f"{title_of(fact.probe) or owner}: {fact.reason or fact.status}")
        if not field:
            return Look("known", True, at_s=fact.at_s)
        value = fact.data.get(field)
        if value is None:
            gap = fact.gaps.get(field, f"{field} was not measured")
            return Look("unknown", reason=f"{title_of(fact.probe) or owner}: {gap}")
        return Look("known", value, unit=unit_of(fact.probe, field), at_s=fact.at_s)


def _declared(probe: str) -> Probe | None:
    """A probe's declaration; None for probes that only a test knows."""
    return registry.get(probe) if probe in registry.MODULES else None


def unit_of(probe: str, field: str) -> str:
    """The declared unit of a probe's field; empty when it has none."""
    declared = _declared(probe)
    return declared.fields[field].unit if declared is not None and field in declared.fields else ""


def title_of(probe: str) -> str:
    """A probe's title; empty for probes that only a test knows."""
    declared = _declared(probe)
    return declared.title if declared is not None else ""


def input_value(playbook: Playbook, state: State, name: str) -> Value:
    """The value of an input: given, else the playbook's default."""
    spec = playbook.inputs.get(name)
    if spec is None or state.started is None:
        return None
    value = state.started.inputs.get(name)
    return spec.default if value is None else value


def given_by_person(playbook: Playbook, state: State, fact: FactSpec) -> bool:
    """True when the fact would send something that the person typed (it differs from the default)."""
    return any(
        name in playbook.inputs and input_value(playbook, state, name) != playbook.inputs[name].default
        for name in fact.discloses
    )


def pump(playbooks: Playbooks, state: State) -> list[Effect]:
    """Starts every probe call that may start now; returns the effects."""
    effects: list[Effect] = []
    idle = [(playbook, call) for playbook in playbooks.values() for call in playbook.calls if _is_idle(state, call.key)]
    progress = True
    while progress:
        progress = False
        for playbook, call in idle:
            if _is_idle(state, call.key) and _startable(playbooks, playbook, state, call):
                progress = True
                effects.extend(_start(playbook, state, call.fact, call.key))
    return effects


def _is_idle(state: State, key: str) -> bool:
    """True when a fact is neither known nor being measured."""
    signature = state.slots.get(key)
    if signature is None:
        return True
    call = state.calls.get(signature)
    return call is None or call.status == IDLE


def _startable(playbooks: Playbooks, playbook: Playbook, state: State, call: FactCall) -> bool:
    fact = call.fact
    if (fact.cost == "slow" or fact.discloses) and call.key not in state.wanted:
        return False
    if fact.discloses and not _may_disclose(playbook, state, fact):
        return False
    missing = [key for key in call.needs if state.fact(key) is None]
    if missing and call.key in state.wanted:
        want(playbooks, state, missing)
    return not missing


def _may_disclose(playbook: Playbook, state: State, fact: FactSpec) -> bool:
    assert state.started is not None
    if state.started.disclose or state.started.batch or not given_by_person(playbook, state, fact):
        return True
    return key_of("", "disclose") in state.answers


def _start(playbook: Playbook, state: State, fact: FactSpec, key: str) -> list[Effect]:
    params: dict[str, Value] = {}
    for name, written in fact.params.items():
        value, reason = resolve(playbook, state, written, fact)
        if reason:
            _settle(state, key, fact, SKIPPED, reason)
            return []
        params[name] = value
    if fact.discloses and state.answers.get(key_of("", "disclose")) == "no":
        _settle(state, key, fact, SKIPPED, "you did not want it sent")
        return []
    signature = f"{fact.probe} {json.dumps(params, sort_keys=True)}"
    state.slots[key] = signature
    call = state.calls.get(signature)
    if call is not None and call.status != IDLE:
        return []  # another fact has the same measurement: it is shared
    state.sequence += 1
    identity = f"{fact.probe}#{state.sequence}"
    state.calls[signature] = CallState(identity, RUNNING)
    return [RunProbe(identity, key, fact.probe, params, fact.timeout_s, fact.alone, fact.network)]


def _settle(state: State, key: str, fact: FactSpec, status: str, reason: str) -> None:
    """Gives a fact its outcome without measuring."""
    signature = f"{key} {status}"
    state.slots[key] = signature
    state.calls[signature] = CallState("", KNOWN, Fact(fact.probe, status, reason=reason, at_s=state.now_s))


def resolve(playbook: Playbook, state: State, written: Value, fact: FactSpec | None = None) -> tuple[Value, str]:
    """The value of a parameter as written: a literal, "$input" or "$fact.field".

    Returns:
        The value, and why it is not known (empty when it is). In batch mode a disclosing fact gets
        the default of an input in place of what the person gave.
    """
    if not isinstance(written, str) or not written.startswith("$"):
        return written, ""
    owner, _, field = written[1:].partition(".")
    if not field:
        assert state.started is not None
        spec = playbook.inputs.get(owner)
        if fact is not None and owner in fact.discloses and state.started.batch and not state.started.disclose:
            return (spec.default if spec else None), ""
        return input_value(playbook, state, owner), ""
    look = Surroundings({playbook.id: playbook}, state, playbook.id).look(owner, field)
    if look.state == "known":
        return look.value, ""
    return None, f"needs {owner}.{field}: {look.reason or 'not known'}"


def want(playbooks: Playbooks, state: State, keys: Iterable[str]) -> None:
    """Marks facts as needed, so that slow ones start; their prerequisites as well."""
    todo = [key for key in keys if key not in state.wanted]
    while todo:
        key = todo.pop()
        state.wanted |= {key}
        playbook, _, name = key.rpartition(":")
        fact = playbooks[playbook].facts[name]
        todo += [k for n in {*fact.after, *fact.reads} if (k := key_of(playbook, n)) not in state.wanted]


def waits_for_consent(playbooks: Playbooks, state: State) -> str:
    """Key of a wanted fact that would disclose something and needs the person's word; else empty."""
    for key in sorted(state.wanted):
        playbook, _, name = key.rpartition(":")
        fact = playbooks[playbook].facts[name]
        if fact.discloses and state.fact(key) is None and not _may_disclose(playbooks[playbook], state, fact):
            return key
    return ""


def drop(playbooks: Playbooks, state: State, keys: Iterable[str]) -> None:
    """Forgets facts so that they are measured again, and those whose parameters come from them."""
    todo, done = list(keys), set()
    while todo:
        key = todo.pop()
        if key in done:
            continue
        done.add(key)
        playbook, _, name = key.rpartition(":")
        todo += [key_of(playbook, f.name) for f in playbooks[playbook].facts.values() if name in f.reads]
        signature = state.slots.pop(key, "")
        call = state.calls.get(signature)
        if call is not None:
            state.calls[signature] = replace(call, status=IDLE, fact=None)


def give_up(playbooks: Playbooks, state: State) -> None:
    """The time is over: everything not known becomes a timeout."""
    for signature, call in state.calls.items():
        if call.status != KNOWN:
            probe = signature.split(" ")[0]
            fact = Fact(probe, TIMEOUT, reason="the time for the whole diagnosis was over", at_s=state.now_s)
            state.calls[signature] = replace(call, status=KNOWN, fact=fact)
    for playbook in playbooks.values():
        for spec in playbook.facts.values():
            key = key_of(playbook.id, spec.name)
            if state.fact(key) is None:
                _settle(state, key, spec, TIMEOUT, "the time for the whole diagnosis was over")
