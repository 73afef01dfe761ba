"""The life of a fix: offered, consented, applied, and the complaint measured again."""

from __future__ import annotations

from dataclasses import replace

from techdoctor.actions import registry as actions
from techdoctor.engine import facts
from techdoctor.engine.facts import key_of
from techdoctor.engine.state import Fixing, Prompt
from techdoctor.engine.walk import Walk, keys_of
from techdoctor.events import (
    ALREADY,
    NO,
    UNKNOWN,
    YES,
    Announce,
    ApplyFix,
    FixEnded,
    FixStarted,
    FixUndone,
    Wait,
    Waited,
)
from techdoctor.playbooks.condition import Condition, Verdict
from techdoctor.playbooks.tree import GONE, Playbook, Verify

# Without a retry in the playbook, the complaint is measured once.
ONCE = 1
# In the place of a playbook: the cause's own `confirm` has to become false.
OWN_CONFIRM = ""


def answer_offer(walk: Walk, ref: str, choice: str) -> None:
    """The person answered an offered fix."""
    _, _, fix = walk.fix(ref)
    if choice not in (YES, ALREADY):
        walk.state.results[ref] = {NO: "declined", UNKNOWN: "unknown"}.get(choice, "skipped")
    elif fix.ends == "referred":
        walk.state.results[ref] = "referred"
        walk.finish("referred", walk.text(walk.fix(ref)[0], fix.instruct))
    elif fix.action and choice == YES:
        offer = walk.offer(ref)
        walk.state.fixing = Fixing(ref, "consented")
        walk.effects.append(ApplyFix(ref, fix.action, offer.params))
    elif choice == ALREADY:  # done before this session: only measured
        walk.state.results.setdefault(ref, "")
        measure_again(walk, ref)
    else:
        _applied(walk, ref)


def take(walk: Walk, event: FixStarted | FixEnded | FixUndone | Waited) -> None:
    """Takes an event in the life of a fix."""
    if isinstance(event, FixUndone):
        _undone(walk, event)
    elif isinstance(event, Waited):
        _waited(walk, event.token)
    elif walk.state.fixing is None:
        return
    elif isinstance(event, FixStarted):
        walk.state.fixing = replace(walk.state.fixing, stage="running")
    elif event.ok:  # the complaint is measured; otherwise the next fix is offered
        _applied(walk, event.prompt)
    else:
        walk.state.results[event.prompt] = "failed"
        walk.state.fixing = None
        walk.effects.append(Announce("fix_failed", event.prompt, event.text))


def _undone(walk: Walk, event: FixUndone) -> None:
    if event.ok:
        walk.state.results[event.prompt] = "undone"
        facts.drop(walk.playbooks, walk.state, _stale(walk, event.prompt, _judges(walk)))


def _applied(walk: Walk, ref: str) -> None:
    if ref not in walk.state.applied:
        walk.state.applied += (ref,)
    walk.state.results.setdefault(ref, "")
    measure_again(walk, ref)


def interrupted(walk: Walk) -> None:
    """The program ends while an action runs: nobody may say that nothing was changed."""
    if walk.state.fixing is not None and walk.state.fixing.stage == "running":
        ref = walk.state.fixing.ref
        walk.state.applied += (ref,)
        walk.state.results[ref] = "interrupted"


def resumed(walk: Walk, ref: str) -> None:
    """An open fix is never run again: it may have done its work, so the complaint is measured."""
    walk.state.prompt = None  # whether it is gone is asked anew
    _applied(walk, ref)


def measure_again(walk: Walk, ref: str) -> None:
    """Drops what the fix may have changed and begins to verify."""
    judges = _judges(walk)
    facts.drop(walk.playbooks, walk.state, _stale(walk, ref, judges))
    walk.state.fixing = Fixing(ref, "verifying", 1, judges)
    walk.effects.append(Announce("measuring_again", ref))


def _judges(walk: Walk) -> tuple[str, ...]:
    """Playbooks whose verify has to become true, the deciding one last; "" stands for the cause's own confirm.

    The outermost verify decides: it is the complaint the person came with. One that is true before the fix has
    taken effect does not see this trouble, so the playbook it called is asked as well, and at last the cause.
    """
    asked: list[str] = []
    for frame in walk.state.frames:
        verify = walk.playbooks[frame.playbook].verify
        if verify is None:
            continue
        asked.append(frame.playbook)
        if walk.judge(frame.playbook, verify.until).value is not True:
            return tuple(asked)
    return (*asked, OWN_CONFIRM)


def _stale(walk: Walk, ref: str, judges: tuple[str, ...]) -> list[str]:
    """Keys of facts to measure again: those the action touches, the complaint's, and the cause's."""
    playbook, cause, fix = walk.fix(ref)
    keys = set(keys_of(playbook, cause.confirm, cause.rule_out)) | set(_verify_keys(walk, judges))
    if fix.action:
        action = actions.get(fix.action)
        for other in walk.playbooks.values():
            keys |= {key_of(other.id, f.name) for f in other.facts.values() if action.makes_stale(f.probe)}
    return sorted(keys)


def _verifies(walk: Walk, judges: tuple[str, ...]) -> list[tuple[Playbook, Verify]]:
    books = [walk.playbooks[name] for name in judges if name != OWN_CONFIRM]
    return [(book, book.verify) for book in books if book.verify is not None]


def _verify_keys(walk: Walk, judges: tuple[str, ...]) -> list[str]:
    keys = []
    for playbook, verify in _verifies(walk, judges):
        keys += [key_of(playbook.id, verify.fact), *keys_of(playbook, verify.until)]
    return keys


def advance(walk: Walk) -> bool:
    """Goes on with the fix in the making; False when it has to wait for an event."""
    fixing = walk.state.fixing
    assert fixing is not None
    if fixing.stage != "verifying":
        return False
    verdict = _judge_complaint(walk, fixing)
    if verdict.value is None and verdict.pending:
        walk.waits_for(verdict.pending)
        return False
    if verdict.value is True:
        _solved(walk, fixing.ref)
        return True
    if _is_asked(walk, fixing) and fixing.attempt == ONCE:
        walk.prompt(Prompt(GONE, GONE, fixing.ref))
        return False
    verifies = _verifies(walk, fixing.judges)
    times, wait_s = (verifies[-1][1].times, verifies[-1][1].wait_s) if verifies else (ONCE, 0.0)
    if fixing.attempt < times:
        walk.state.fixing = replace(fixing, stage="waiting")
        walk.effects.append(Wait(wait_token(fixing), wait_s))
        return False
    playbook, cause, _ = walk.fix(fixing.ref)
    mended = (
        walk.judge(playbook.id, cause.confirm).value is False
        and walk.state.findings[fixing.ref.rpartition("/")[0]].confirmed
    )
    kind = "helped" if mended else "no_help"  # its own cause may be gone while another one is left
    walk.state.results[fixing.ref] = kind
    walk.state.fixing = None
    walk.effects.append(Announce(kind, fixing.ref, "; ".join(verdict.reasons[:1])))
    return True


def _solved(walk: Walk, ref: str) -> None:
    walk.state.results[ref] = "solved"
    walk.effects.append(Announce("verified", ref))
    walk.finish("solved")


def _is_asked(walk: Walk, fixing: Fixing) -> bool:
    """True when only the person can say whether it is gone: the cause was told, and every other judge is content."""
    playbook, cause, _ = walk.fix(fixing.ref)
    others = [walk.judge(book.id, verify.until).value for book, verify in _verifies(walk, fixing.judges)]
    told = OWN_CONFIRM in fixing.judges and not keys_of(playbook, cause.confirm)
    return told and all(value is True for value in others)


def answer_gone(walk: Walk, ref: str, choice: str) -> None:
    """The person said whether the trouble is gone after a fix."""
    if choice == YES:
        _solved(walk, ref)
        return
    walk.state.fixing = None
    walk.state.results[ref] = "unknown" if choice == UNKNOWN else "no_help"
    if choice != UNKNOWN:
        walk.effects.append(Announce("no_help", ref))


def _judge_complaint(walk: Walk, fixing: Fixing) -> Verdict:
    """True when every judge says that the trouble is gone; the first that does not, gives the verdict."""
    verdicts = [walk.judge(playbook.id, verify.until) for playbook, verify in _verifies(walk, fixing.judges)]
    if OWN_CONFIRM in fixing.judges:
        playbook, cause, _ = walk.fix(fixing.ref)
        verdicts.append(_negated(walk.judge(playbook.id, cause.confirm)))
    return next((verdict for verdict in verdicts if verdict.value is not True), verdicts[-1])


def _negated(verdict: Verdict) -> Verdict:
    value = None if verdict.value is None else not verdict.value
    return Verdict(value, verdict.pending, verdict.reasons, verdict.operands)


def wait_token(fixing: Fixing) -> str:
    return f"{fixing.ref}#{fixing.attempt}"


def _waited(walk: Walk, token: str) -> None:
    """The pause before another measurement of the complaint is over."""
    fixing = walk.state.fixing
    if fixing is None or fixing.stage != "waiting" or wait_token(fixing) != token:
        return
    playbook, cause, _ = walk.fix(fixing.ref)
    own = keys_of(playbook, cause.confirm) if OWN_CONFIRM in fixing.judges else []
    facts.drop(walk.playbooks, walk.state, [*_verify_keys(walk, fixing.judges), *own])
    walk.state.fixing = replace(fixing, stage="verifying", attempt=fixing.attempt + 1)


def names_answer(condition: Condition | None, question: str) -> bool:
    """True when a condition reads the answer to a question."""
    return condition is not None and any(n.owner == "answers" and n.field == question for n in condition.names)
