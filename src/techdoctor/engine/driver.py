"""The driver: performs the engine's effects and feeds it events. The only impure part of the engine."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence

from techdoctor.engine.dialogue import Dialogue
from techdoctor.engine.facts import Playbooks
from techdoctor.engine.journal import Journal, last_answer, rewound
from techdoctor.engine.result import Diagnosis, diagnosis_of
from techdoctor.engine.state import State
from techdoctor.engine.step import outstanding, replay, step
from techdoctor.engine.walk import Walk
from techdoctor.errors import UsageError
from techdoctor.events import (
    BACK,
    STOP,
    Announce,
    Answered,
    ApplyFix,
    Ask,
    Deadline,
    Effect,
    Event,
    FactKnown,
    FixEnded,
    FixStarted,
    FixUndone,
    Offer,
    RunProbe,
    Stopped,
    UserSaid,
    Wait,
    Waited,
    WentBack,
)
from techdoctor.hosts.base import Host
from techdoctor.messages import say
from techdoctor.model import Finding, Value
from techdoctor.probes import registry
from techdoctor.probes.runner import GRACE_S, Call, Runner

# At most four updates a second reach the front end.
TICK_S = 0.25
DEFAULT_TIMEOUT_S = 5.0
# A walk may wait for measurements this many times its patience in all.
MOST_PATIENCE = 10
# After one of these a person has spoken or the machine has changed: what is measured then is a new round.
NEW_ROUND = (Ask, Offer, ApplyFix, Wait)


class Driver:
    """Walks one session on one host.

    Args:
        playbooks: The chosen playbook and all it may call.
        host: Where probes run and fixes are applied.
        dialogue: The front end.
        journal: Where events go.
        session: Session id.
        patience_s: Seconds of measuring in one round after which what is out counts as timed out, where
            the chosen playbook does not say.
        runner: Runs the probe calls; None = one of its own on `host`.
    """

    def __init__(
        self,
        playbooks: Playbooks,
        host: Host,
        dialogue: Dialogue,
        journal: Journal,
        *,
        session: str = "",
        patience_s: float = 60.0,
        runner: Runner | None = None,
    ) -> None:
        self._playbooks, self._host, self._dialogue, self._journal = playbooks, host, dialogue, journal
        self._session, self._patience_s = session, patience_s
        self._runner = runner or Runner(host.measure)
        self._effects: deque[Effect] = deque()
        self._running: dict[str, tuple[RunProbe, float]] = {}
        self._waits: list[tuple[float, str]] = []
        self._events: list[Event] = []
        self._begun = time.monotonic()
        self._warned = self._asked = False
        self.state = State()

    def run(self, first: Event) -> Diagnosis:
        """Walks from the first event to the end."""
        self._feed(first)
        return self._loop()

    def resume(self, events: Sequence[Event], resumed: Event) -> Diagnosis:
        """Goes on with a session whose journal holds `events`."""
        self._events = list(events)
        self.state = replay(self._playbooks, rewound(events))
        self._feed(resumed)
        return self._loop()

    def interrupted(self) -> Diagnosis:
        """Stops all probes and reports what is known; nothing is journalled, so the session can be resumed."""
        self._runner.stop()
        if self.state.started is not None:  # for this report only: an open fix is told as interrupted
            self.state, _ = step(self._playbooks, self.state, Stopped("", time.time()))
        return self.diagnosis()

    def diagnosis(self) -> Diagnosis:
        """The report as things stand."""
        taken = (time.monotonic() - self._begun) * 1000
        return diagnosis_of(self._playbooks, self.state, self._session, taken)

    def user_said(self, choice: str) -> None:
        """Records the person's own word after a verified fix."""
        self._record(UserSaid(choice, time.time()))

    def _loop(self) -> Diagnosis:
        round_s = in_all_s = 0.0  # time spent waiting for the machine, not for the person
        while not self.state.ended:
            while self._effects:
                effect = self._effects.popleft()
                self._perform(effect)
                round_s = 0.0 if isinstance(effect, NEW_ROUND) else round_s
            if self.state.ended:
                break
            patience_s = self._patience_of_walk()
            if round_s > patience_s or in_all_s > patience_s * MOST_PATIENCE:
                self._feed(Deadline(time.time()))
                continue
            begun = time.monotonic()
            self._await_something()
            waited_s = time.monotonic() - begun
            round_s, in_all_s = round_s + waited_s, in_all_s + waited_s
        self._runner.stop()
        while self._effects:
            self._perform(self._effects.popleft())
        return self.diagnosis()

    def _patience_of_walk(self) -> float:
        """Seconds of one round: the chosen playbook's own, else the session's; longer once a question was answered."""
        started = self.state.started
        chosen = self._playbooks.get(started.playbook) if started is not None else None
        own = chosen.patience_s if chosen is not None else None
        patience_s = self._patience_s if own is None else own
        if not self._asked:
            return patience_s
        # What somebody agreed to wait for (a long watch) gets the time that the playbook declares for it.
        longest = max((effect.timeout_s or 0.0 for effect, _ in self._running.values()), default=0.0)
        return max(patience_s, longest + GRACE_S + TICK_S) if longest > patience_s else patience_s

    def _await_something(self) -> None:
        """Waits for a probe's answer or the end of a pause, at most one tick."""
        now = time.monotonic()
        due = [token for at, token in self._waits if at <= now]
        if due:
            self._waits = [(at, token) for at, token in self._waits if token not in due]
            for token in due:
                self._feed(Waited(token))
            return
        nearest = min((at - now for at, _ in self._waits), default=TICK_S)
        answer = self._runner.next(max(0.0, min(TICK_S, nearest)))
        if answer is None:
            names = {self._title(e): time.monotonic() - begun for e, begun in self._running.values()}
            self._dialogue.waiting(names)
            return
        identity, fact = answer
        effect, _ = self._running.pop(identity)
        self._dialogue.probe_ended(effect, self._title(effect), fact)
        self._feed(FactKnown(identity, fact))

    def _perform(self, effect: Effect) -> None:
        if isinstance(effect, RunProbe):
            self._start(effect)
        elif isinstance(effect, Ask):
            self._asked = True
            self._answer(effect.prompt, self._dialogue.ask(effect))
        elif isinstance(effect, Offer):
            preview = self._host.preview(effect.action, effect.params) if effect.action else None
            self._answer(effect.prompt, self._dialogue.offer(effect, preview))
        elif isinstance(effect, ApplyFix):
            self._apply(effect)
        elif isinstance(effect, Wait):
            self._waits.append((time.monotonic() + effect.seconds, effect.token))
        elif isinstance(effect, Announce):
            self._dialogue.announce(effect, self._finding(effect.ref))

    def _start(self, effect: RunProbe) -> None:
        timeout = effect.timeout_s or registry.get(effect.probe).timeout_s or DEFAULT_TIMEOUT_S
        self._running[effect.call] = (effect, time.monotonic())
        self._dialogue.probe_started(effect, self._title(effect))
        self._runner.start(Call(effect.call, effect.probe, effect.params, timeout, effect.alone, effect.network))

    def _apply(self, effect: ApplyFix) -> None:
        offer = Walk(self._playbooks, self.state.copy()).offer(effect.prompt)
        preview = self._host.preview(effect.action, effect.params)
        self._feed(FixStarted(effect.prompt, effect.action, effect.params, time.time()))
        self._dialogue.fix_started(offer, preview)
        outcome = self._host.apply(effect.action, effect.params)
        self._dialogue.fix_ended(offer, outcome)
        self._feed(FixEnded(effect.prompt, outcome.ok, outcome.text, outcome.undo_token, time.time()))

    def _answer(self, prompt: str, choice: str) -> None:
        if choice == STOP:
            self._feed(Stopped("", time.time()))
        elif choice == BACK:
            self._go_back()
        else:
            self._feed(Answered(prompt, choice, "", time.time()))

    def _go_back(self) -> None:
        """Takes the last answer back; an applied fix is not passed, its undo is offered."""
        kept = rewound(self._events)
        if last_answer(kept) is None:
            self._offer_undo(kept)
        else:
            self._record(WentBack(time.time()))
            self.state = replay(self._playbooks, rewound(self._events))
        self._effects.extend(e for e in outstanding(self._playbooks, self.state) if not self._is_running(e))

    def _is_running(self, effect: Effect) -> bool:
        return isinstance(effect, RunProbe) and effect.call in self._running

    def _offer_undo(self, kept: Sequence[Event]) -> None:
        ended = next((e for e in reversed(kept) if isinstance(e, FixEnded) and e.ok), None)
        started = next((e for e in reversed(kept) if isinstance(e, FixStarted)), None)
        if ended is None or started is None or self.state.results.get(ended.prompt) == "undone":
            self._dialogue.announce(Announce("note", text=say("engine.nothing_back")), None)
            return
        name = started.action
        if ended.undo_token is None:
            self._dialogue.announce(Announce("note", text=say("engine.cannot_undo", fix=name)), None)
            return
        choices = {"yes": say("engine.undo_yes"), "no": say("engine.undo_no")}
        question = Ask("undo", say("engine.undo", fix=name), choices, say("engine.undo_why"))
        if self._dialogue.ask(question) == "yes":
            self.undo(started, ended.undo_token)

    def undo(self, started: FixStarted, token: Mapping[str, Value]) -> bool:
        """Takes an applied action back and records it."""
        outcome = self._host.undo(started.action, started.params, token)
        key = "engine.undone" if outcome.ok else "engine.undo_failed"
        self._dialogue.announce(Announce("note", text=say(key, text=outcome.text)), None)
        self._feed(FixUndone(started.prompt, outcome.ok, outcome.text, time.time()))
        return outcome.ok

    def _feed(self, event: Event) -> None:
        self._effects.extend(self._record(event))

    def _record(self, event: Event) -> list[Effect]:
        """Journals an event, then steps the engine."""
        self._events.append(event)
        self._journal.add(event)
        if self._journal.failed and not self._warned:
            self._warned = True
            self._dialogue.not_saved(self._journal.failed)
        if isinstance(event, WentBack):
            return []
        self.state, effects = step(self._playbooks, self.state, event)
        return effects

    def _title(self, effect: RunProbe) -> str:
        try:
            return registry.get(effect.probe).title
        except UsageError:  # a probe that only a recorded or simulated host knows
            return effect.probe

    def _finding(self, ref: str) -> Finding | None:
        gid = ref.partition("/")[0]
        return next((f for f in self.diagnosis().findings if f.id == gid), None) if gid else None
