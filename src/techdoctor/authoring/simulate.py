"""Walking a playbook over the made-up facts of a test, in any order of arrival."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from techdoctor.engine.facts import Playbooks, key_of, resolve
from techdoctor.engine.result import Diagnosis, diagnosis_of
from techdoctor.engine.state import State
from techdoctor.engine.step import step
from techdoctor.events import (
    UNKNOWN,
    YES,
    Answered,
    ApplyFix,
    Ask,
    Effect,
    Event,
    FactKnown,
    FixEnded,
    FixStarted,
    Offer,
    RunProbe,
    Started,
    Wait,
    Waited,
)
from techdoctor.model import OK, SKIPPED, STATUSES, Fact, Value
from techdoctor.playbooks.tree import Test

# More events than this in one test mean a walk that does not end.
MOST_EVENTS = 5000


@dataclass(frozen=True)
class Simulated:
    """A simulated walk: its report and the events that led there."""

    diagnosis: Diagnosis
    events: tuple[Event, ...]


class World:
    """The facts of a test as they are now; a fix that was done changes them."""

    def __init__(self, playbook: str, test: Test) -> None:
        self._playbook = playbook
        self._facts: dict[str, Value] = dict(test.facts)
        self._after = test.after

    def fact(self, keys: list[str], probe: str) -> Fact:
        """The outcome of a call that serves these fact keys ("<playbook>:<fact>")."""
        for key in keys:
            for name in (key, key.removeprefix(f"{self._playbook}:")):
                if name in self._facts:
                    return _as_fact(probe, self._facts[name])
        return Fact(probe, SKIPPED, reason="the test does not say")

    def fixed(self, ref: str) -> None:
        """A fix was done: what `after` says of it holds from now on."""
        cause, _, fix = ref.rpartition("/")
        for name in (ref, f"{cause.rpartition('.')[2]}.{fix}", fix):
            change = self._after.get(name)
            if isinstance(change, dict):
                self._facts.update(change)
                return


def _as_fact(probe: str, told: Value) -> Fact:
    if isinstance(told, dict):
        return Fact(probe, OK, told)
    status = str(told)
    return Fact(probe, status if status in STATUSES else SKIPPED, reason=f"{status} in this test")


def simulate(playbooks: Playbooks, playbook: str, test: Test, shuffle: random.Random | None = None) -> Simulated:
    """Walks one test of a playbook.

    Args:
        playbooks: The playbook and all it may call.
        playbook: Its id.
        test: The test.
        shuffle: When given, whatever is out arrives in a random order.

    Raises:
        RuntimeError: The walk does not end.
    """
    world = World(playbook, test)
    inputs: Mapping[str, Value] = test.inputs
    events: list[Event] = [Started(playbook, inputs=inputs, platform=test.platform)]
    state, out = step(playbooks, State(), events[0])
    while not state.ended:
        if len(events) > MOST_EVENTS or not out:
            raise RuntimeError(f"{playbook}: test '{test.name}' does not come to an end")
        effect = out.pop(shuffle.randrange(len(out)) if shuffle else 0)
        for event in _respond(playbooks, state, world, test, effect):
            events.append(event)
            state, new = step(playbooks, state, event)
            out += new
    return Simulated(diagnosis_of(playbooks, state, "", 0.0), tuple(events))


def _respond(playbooks: Playbooks, state: State, world: World, test: Test, effect: Effect) -> list[Event]:
    if isinstance(effect, RunProbe):
        return [FactKnown(effect.call, world.fact(_keys_served(playbooks, state, effect), effect.probe))]
    if isinstance(effect, Ask):
        return [Answered(effect.prompt, test.answers.get(effect.prompt, UNKNOWN))]
    if isinstance(effect, Offer):
        choice = test.answers.get(effect.prompt, test.answers.get(effect.fix, YES))
        if choice in (YES, "already") and not effect.action:
            world.fixed(effect.prompt)
        return [Answered(effect.prompt, choice)]
    if isinstance(effect, ApplyFix):
        world.fixed(effect.prompt)
        return [FixStarted(effect.prompt, effect.action, effect.params), FixEnded(effect.prompt, True)]
    if isinstance(effect, Wait):
        return [Waited(effect.token)]
    return []


def _keys_served(playbooks: Playbooks, state: State, effect: RunProbe) -> list[str]:
    """Every fact that is or would be the same measurement, the one it was started for first."""
    keys = [effect.fact]
    for playbook in playbooks.values():
        for spec in playbook.facts.values():
            if spec.probe == effect.probe:
                resolved = {name: resolve(playbook, state, written, spec) for name, written in spec.params.items()}
                known = all(not reason for _, reason in resolved.values())
                if known and {name: value for name, (value, _) in resolved.items()} == dict(effect.params):
                    keys.append(key_of(playbook.id, spec.name))
    return keys
