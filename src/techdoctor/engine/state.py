"""The state of a walk: plain data, a function of the events so far and of nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from techdoctor.events import Started
from techdoctor.model import Evidence, Fact, Value

IDLE = "idle"
RUNNING = "running"
KNOWN = "known"


@dataclass(frozen=True)
class Frame:
    """A playbook being walked; the last frame is the innermost call.

    Attributes:
        playbook: Its id.
        node: Id of the current node.
        entry: For a branch: the entry at which the walk goes on.
    """

    playbook: str
    node: str
    entry: int = 0


@dataclass(frozen=True)
class CallState:
    """A probe call shared by every fact with the same probe and parameters.

    Attributes:
        id: Call id of the current round; answers to other ids are ignored.
        status: IDLE (dropped, to be measured again), RUNNING or KNOWN.
        fact: The outcome when KNOWN.
    """

    id: str
    status: str
    fact: Fact | None = None


@dataclass(frozen=True)
class FindingState:
    """A confirmed or suspected cause as the walk knows it now."""

    cause: str
    playbook: str
    confirmed: bool
    evidence: tuple[Evidence, ...] = ()
    caused_by: str = ""


@dataclass(frozen=True)
class Prompt:
    """What the person is being asked: a question of a node, of a cause, about disclosure, a fix, or whether it is gone.

    Attributes:
        kind: "node", "cause", "disclose", "offer" or "gone".
        id: Prompt id, as in the Ask or Offer effect.
        key: Key under which the answer is stored, "<playbook>:<question>"; for "offer" and "gone" the fix's ref.
    """

    kind: str
    id: str
    key: str


@dataclass(frozen=True)
class Fixing:
    """A fix in the making or being verified.

    Attributes:
        ref: "<global cause id>/<fix id>".
        stage: "consented", "running", "verifying" or "waiting".
        attempt: How many times `verify` was measured so far.
        judges: Whose verdict ends the verifying: playbooks by id, "" for the cause's own `confirm`.
    """

    ref: str
    stage: str
    attempt: int = 0
    judges: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One step of the walked path."""

    playbook: str
    node: str
    why: str = ""


@dataclass
class State:
    """Everything the engine knows. `step` copies it and never changes the one it was given."""

    started: Started | None = None
    now_s: float = 0.0
    frames: tuple[Frame, ...] = ()
    slots: dict[str, str] = field(default_factory=dict)  # "<playbook>:<fact>" -> signature of its call
    calls: dict[str, CallState] = field(default_factory=dict)  # signature -> call
    wanted: frozenset[str] = frozenset()  # fact keys that a node needs although they are slow
    sequence: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    kept_answers: dict[str, str] = field(default_factory=dict)
    asked: tuple[tuple[str, str], ...] = ()  # (question, choice) in order
    prompt: Prompt | None = None
    results: dict[str, str] = field(default_factory=dict)  # fix ref -> result, see model.FixOutcome
    applied: tuple[str, ...] = ()  # refs in the order they were applied
    fixing: Fixing | None = None
    findings: dict[str, FindingState] = field(default_factory=dict)
    ruled_out: tuple[str, ...] = ()
    not_judged: dict[str, str] = field(default_factory=dict)
    cause: str = ""
    path: tuple[Step, ...] = ()
    end: str = ""
    say: str = ""
    user_said: str = ""

    def copy(self) -> State:
        """A copy that may be changed; its frozen parts are shared."""
        return replace(
            self,
            slots=dict(self.slots),
            calls=dict(self.calls),
            answers=dict(self.answers),
            kept_answers=dict(self.kept_answers),
            results=dict(self.results),
            findings=dict(self.findings),
            not_judged=dict(self.not_judged),
        )

    @property
    def ended(self) -> bool:
        return bool(self.end)

    def fact(self, key: str) -> Fact | None:
        """The current fact under a key "<playbook>:<fact>", None while it is not known."""
        call = self.calls.get(self.slots.get(key, ""))
        return call.fact if call is not None and call.status == KNOWN else None

    def as_data(self) -> Mapping[str, Value]:
        """The state as nested plain data, to compare two states."""
        return asdict(self)
