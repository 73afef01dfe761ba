"""The vocabulary between engine and front ends: events go into the engine, effects come out.

Plain frozen data; an event turns into JSON for the journal and back. CPython 3.9 syntax.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Dict, Mapping, Optional, Tuple, Type, Union, get_args

from techdoctor.model import Fact, Value

# What a person may answer to an offered fix; questions have their own choices beside these.
YES = "yes"
NO = "no"
ALREADY = "already"
UNKNOWN = "unknown"
SKIP = "skip"
# What a person may choose at every prompt beside its own choices.
BACK = "back"
STOP = "stop"


@dataclass(frozen=True)
class Started:
    """The walk begins. Everything the engine may depend on is in here.

    Attributes:
        playbook: Id of the chosen playbook.
        hashes: Playbook id to SHA-256 of its file, for the chosen one and all it may call.
        inputs: Input name to value, defaults filled in.
        platform: Of the host.
        batch: True when nothing is asked.
        fix: "never", "ask" or "safe".
        disclose: True when facts that disclose may run.
        limits: "<playbook>.<limit>" to an overriding value.
        priors: Global cause id to [times it was the cause, sessions], from history.
        words: What the person typed.
        at_s: Seconds since 1970-01-01 UTC.
    """

    playbook: str
    hashes: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Value] = field(default_factory=dict)
    platform: str = "linux"
    batch: bool = False
    fix: str = "ask"
    disclose: bool = True
    limits: Mapping[str, Value] = field(default_factory=dict)
    priors: Mapping[str, Value] = field(default_factory=dict)
    words: str = ""
    at_s: float = 0.0


@dataclass(frozen=True)
class FactKnown:
    """A probe call ended, well or badly. Calls of an older round are ignored by the engine."""

    call: str
    fact: Fact


@dataclass(frozen=True)
class Answered:
    """A question or an offered fix was answered.

    Attributes:
        prompt: Id of the Ask or Offer.
        choice: A choice's key; for fixes YES, NO, ALREADY, UNKNOWN or SKIP.
        detail: Free words of the person, if any.
    """

    prompt: str
    choice: str
    detail: str = ""
    at_s: float = 0.0


@dataclass(frozen=True)
class FixStarted:
    """An action is about to run; written before it does, so that resume never runs it twice."""

    prompt: str
    action: str = ""
    params: Mapping[str, Value] = field(default_factory=dict)
    at_s: float = 0.0


@dataclass(frozen=True)
class FixEnded:
    """An action ended; `undo_token` is what its undo needs."""

    prompt: str
    ok: bool
    text: str = ""
    undo_token: Optional[Mapping[str, Value]] = None
    at_s: float = 0.0


@dataclass(frozen=True)
class FixUndone:
    """An applied action was taken back (or that failed)."""

    prompt: str
    ok: bool
    text: str = ""
    at_s: float = 0.0


@dataclass(frozen=True)
class Waited:
    """The pause that a Wait effect asked for is over."""

    token: str


@dataclass(frozen=True)
class Deadline:
    """The time for the whole walk is over: probes still out count as timed out."""

    at_s: float = 0.0


@dataclass(frozen=True)
class WentBack:
    """The person wants the last question again; the journal is replayed without its answer."""

    at_s: float = 0.0


@dataclass(frozen=True)
class Stopped:
    """The person stopped, or the program was interrupted: the session ends as aborted."""

    reason: str = ""
    at_s: float = 0.0


@dataclass(frozen=True)
class Resumed:
    """A session goes on after a break; facts older than that are measured again.

    Attributes:
        changed: Ids of playbooks whose file changed since: the walk begins anew.
        answers: Question id to choice, given before; used when the walk begins anew.
    """

    changed: Tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    at_s: float = 0.0


@dataclass(frozen=True)
class UserSaid:
    """The person's own word after a verified fix: "yes", "no" or "unknown". Never decides the end."""

    choice: str
    at_s: float = 0.0


Event = Union[
    Started,
    FactKnown,
    Answered,
    FixStarted,
    FixEnded,
    FixUndone,
    Waited,
    Deadline,
    WentBack,
    Stopped,
    Resumed,
    UserSaid,
]
EVENTS: Dict[str, Type[object]] = {kind.__name__: kind for kind in get_args(Event)}


def event_to_json(event: Event) -> Dict[str, Value]:
    """An event as a JSON object with its class name under "event"."""
    tree: Dict[str, Value] = {"event": type(event).__name__}
    for item in fields(event):
        value = getattr(event, item.name)
        if isinstance(value, Fact):
            value = value.to_json()
        elif isinstance(value, tuple):
            value = list(value)
        tree[item.name] = value
    return tree


def event_from_json(tree: Mapping[str, Value]) -> Event:
    """Rebuilds an event.

    Raises:
        ValueError: Unknown kind, or fields that do not fit.
    """
    kind = EVENTS.get(str(tree.get("event")))
    if kind is None:
        raise ValueError(f"unknown event {tree.get('event')!r}")
    values: Dict[str, object] = {k: v for k, v in tree.items() if k != "event"}
    if kind is FactKnown:
        fact = values.get("fact")
        if not isinstance(fact, dict):
            raise ValueError("FactKnown without a fact")
        values["fact"] = Fact.from_json(fact)
    if kind is Resumed and isinstance(values.get("changed"), list):
        values["changed"] = tuple(values["changed"])  # type: ignore[arg-type] # a list, as just checked
    try:
        event = kind(**values)
    except TypeError as error:
        raise ValueError(str(error)) from None
    for item in fields(event):  # type: ignore[arg-type] # every event is a dataclass
        if not _fits(str(item.type), getattr(event, item.name)):
            raise ValueError(f"{kind.__name__}.{item.name} is not of the type {item.type}")
    return event  # type: ignore[return-value] # of a class in EVENTS


def _fits(declared: str, value: object) -> bool:
    """Whether a value read from a journal has a field's declared type: somebody may have edited the file."""
    if declared == "float":
        return isinstance(value, (int, float)) and abs(value) < 1e18  # false for not-a-number too
    if declared == "Mapping[str, str]":
        return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    if declared == "Tuple[str, ...]":
        return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    if declared.startswith("Optional["):
        return value is None or _fits(declared[len("Optional[") : -1], value)
    kinds = {"str": str, "bool": bool, "Fact": Fact, "Mapping[str, Value]": dict}
    return isinstance(value, kinds[declared])


@dataclass(frozen=True)
class RunProbe:
    """Run this probe call; answer with FactKnown(call, ...).

    Attributes:
        call: Call id; a new round of the same call has a new id.
        fact: Key of the (first) fact it is for, e.g. "system" or "net.connection:link".
    """

    call: str
    fact: str
    probe: str
    params: Mapping[str, Value]
    timeout_s: Optional[float]
    alone: bool
    network: bool


@dataclass(frozen=True)
class Ask:
    """Ask the person; answer with Answered(prompt, key of a choice or UNKNOWN)."""

    prompt: str
    text: str
    choices: Mapping[str, str]
    why: str = ""


@dataclass(frozen=True)
class Offer:
    """Offer a fix; answer with Answered(prompt, YES | NO | ALREADY | UNKNOWN).

    For an instruction YES means "I have done it now". For an action YES is the consent.

    Attributes:
        prompt: "<global cause id>/<fix id>".
        number, total: "Fix 1 of 2".
        confirmed: Whether the cause is confirmed or only suspected.
        referral: True when the fix only names who can help.
    """

    prompt: str
    cause: str
    title: str
    fix: str
    number: int
    total: int
    confirmed: bool
    risk: str
    effort: str
    needs: str = ""
    undo: str = ""
    irreversible: bool = False
    instruct: str = ""
    action: str = ""
    params: Mapping[str, Value] = field(default_factory=dict)
    referral: bool = False


@dataclass(frozen=True)
class ApplyFix:
    """Consent was given: journal FixStarted, run the action, answer with FixEnded."""

    prompt: str
    action: str
    params: Mapping[str, Value]


@dataclass(frozen=True)
class Wait:
    """Answer with Waited(token) after so many seconds."""

    token: str
    seconds: float


@dataclass(frozen=True)
class Announce:
    """Something a front end may show as it happens.

    Attributes:
        kind: "found" (a root cause; ref is its id), "suspected", "measuring_again",
            "verified", "no_help", "note" (text).
    """

    kind: str
    ref: str = ""
    text: str = ""


@dataclass(frozen=True)
class Finish:
    """The walk is over."""

    end: str
    say: str = ""


Effect = Union[RunProbe, Ask, Offer, ApplyFix, Wait, Announce, Finish]
