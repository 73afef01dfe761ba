"""A playbook as checked, frozen data: what the loader makes and the engine walks."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from techdoctor.model import Value
from techdoctor.playbooks.condition import Condition


@dataclass(frozen=True)
class InputSpec:
    """A value the person or the command line gives. `ask` is the question; empty = never asked."""

    name: str
    type: str = "text"
    default: Value = None
    ask: str = ""


@dataclass(frozen=True)
class Limit:
    """A threshold of this playbook that a site may override; read in conditions as `limits.<name>`."""

    name: str
    value: Value
    unit: str = ""
    source: str = ""


@dataclass(frozen=True)
class FactSpec:
    """A probe call of this playbook.

    Attributes:
        params: Literal values, or "$input" / "$fact.field" references, as written.
        after: Facts that must be known first (also implied by "$fact.field").
        timeout_s: Seconds, or None for the probe's default.
        cost: "cheap" or "slow", from the file or the probe.
        discloses: What it sends to a party the machine does not already use; inputs by name.
    """

    name: str
    probe: str
    params: Mapping[str, Value] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    timeout_s: float | None = None
    cost: str = "cheap"
    alone: bool = False
    network: bool = False
    discloses: tuple[str, ...] = ()

    @functools.cached_property
    def reads(self) -> frozenset[str]:
        """Names of facts whose fields the parameters use."""
        return _facts_in(self.params)


def _facts_in(params: Mapping[str, Value]) -> frozenset[str]:
    written = [value for value in params.values() if isinstance(value, str)]
    return frozenset(text[1:].split(".")[0] for text in written if text.startswith("$") and "." in text)


@dataclass(frozen=True)
class FactCall:
    """A fact as the engine keeps asking about it.

    Attributes:
        key: "<playbook>:<fact>".
        fact: Its declaration.
        needs: Keys of the facts that must be known before it can start.
    """

    key: str
    fact: FactSpec
    needs: tuple[str, ...]


@dataclass(frozen=True)
class BranchEntry:
    """One line of a branch: `when` is None for the compulsory else. Exactly one of goto, call."""

    when: Condition | None
    goto: str = ""
    call: str = ""
    then: str = ""
    why: str = ""


@dataclass(frozen=True)
class BranchNode:
    id: str
    entries: tuple[BranchEntry, ...]


@dataclass(frozen=True)
class AskNode:
    """A question to the person. `on` has a target for every choice and for "unknown"."""

    id: str
    question: str
    text: str
    choices: Mapping[str, str]
    on: Mapping[str, str]
    why: str = ""


@dataclass(frozen=True)
class CausesNode:
    id: str
    causes: tuple[str, ...]
    then: str


@dataclass(frozen=True)
class CallNode:
    id: str
    call: str
    then: str = ""
    why: str = ""


@dataclass(frozen=True)
class EndNode:
    id: str
    end: str  # one of model.ENDS; "escalate" in YAML is "escalated" here
    say: str = ""
    cause: str = ""
    see: str = ""


Node = BranchNode | AskNode | CausesNode | CallNode | EndNode


@dataclass(frozen=True)
class Question:
    """A question that belongs to a cause; its answer is read as `answers.<id>`."""

    id: str
    text: str
    choices: Mapping[str, str]
    effort: str = "ask"
    why: str = ""


@dataclass(frozen=True)
class Fix:
    """A remedy: `instruct` for a person, or `action` that techdoctor can apply; exactly one.

    Attributes:
        undo: Name of the action's undo, "none_needed", or empty.
        ends: "referred" when the cure is someone else's; empty otherwise.
        when: Offered only when this is true.
    """

    id: str
    effort: str = "do"
    risk: str = "low"
    instruct: str = ""
    action: str = ""
    params: Mapping[str, Value] = field(default_factory=dict)
    when: Condition | None = None
    ends: str = ""
    needs: str = ""
    undo: str = ""
    irreversible: bool = False

    @functools.cached_property
    def reads(self) -> frozenset[str]:
        """Names of facts whose fields the parameters use."""
        return _facts_in(self.params)


@dataclass(frozen=True)
class Cause:
    """A hypothesis. `rule_out` None means "not confirm". `explains` holds global ids."""

    id: str
    title: str
    confirm: Condition
    likelihood: str = "occasional"
    severity: str = "problem"
    rule_out: Condition | None = None
    ask: Question | None = None
    explains: tuple[str, ...] = ()
    detail: str = ""
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True)
class Verify:
    """The re-measurement of the complaint: `fact` is measured again until `until` is true."""

    fact: str
    until: Condition
    times: int = 1
    wait_s: float = 0.0


# The question that the engine itself asks after a fix for what no probe can measure.
GONE = "gone"


@dataclass(frozen=True)
class Test:
    """A test in the file: recorded facts in, expected end out.

    Attributes:
        facts: Fact name to its data; a text value instead of a mapping is a status, e.g. "timeout".
        after: Fix id to the facts that the world shows once that fix was done.
        answers: Question or fix id to choice; fixes default to yes.
        expect: end, cause (id within the playbook or global), fixes (applied, in order), path, says.
    """

    __test__ = False  # not a test class of pytest
    name: str
    facts: Mapping[str, Value]
    after: Mapping[str, Value] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Value] = field(default_factory=dict)
    platform: str = "linux"
    expect: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Playbook:
    """One playbook. `sha256` is that of the file's bytes; `path` is where it came from.

    `routine` is False for one that is mostly questions, which a check-up leaves out unless it is named.
    `patience_s` is the most time for measuring in one go, in seconds; None leaves it to the session. `packed_tests`
    are its tests as JSON: they are most of a file, and no walk needs them.
    """

    id: str
    version: str
    title: str
    path: str
    sha256: str
    start: str
    facts: Mapping[str, FactSpec]
    nodes: Mapping[str, Node]
    causes: Mapping[str, Cause] = field(default_factory=dict)
    symptoms: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    description: str = ""
    audience: str = "user"
    platforms: tuple[str, ...] = ("linux", "macos", "windows")
    inputs: Mapping[str, InputSpec] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)
    verify: Verify | None = None
    packed_tests: str = "[]"
    patience_s: float | None = None
    routine: bool = True

    @functools.cached_property
    def tests(self) -> tuple[Test, ...]:
        """Its recorded walks, unpacked when they are asked for."""
        return tuple(Test(**entry) for entry in json.loads(self.packed_tests))

    @functools.cached_property
    def calls(self) -> tuple[FactCall, ...]:
        """Its facts as the engine asks about them at every event, made once."""
        return tuple(
            FactCall(f"{self.id}:{name}", fact, tuple(f"{self.id}:{n}" for n in sorted({*fact.after, *fact.reads})))
            for name, fact in self.facts.items()
        )

    def cause_id(self, cause: str) -> str:
        """The global id of a cause of this playbook."""
        return f"{self.id}.{cause}"
