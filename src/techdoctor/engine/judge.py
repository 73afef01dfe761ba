"""Judging the causes of a node: confirmed, suspected, ruled out, or not judged with the reason."""

from __future__ import annotations

from dataclasses import dataclass

from techdoctor.engine.state import FindingState
from techdoctor.engine.walk import Walk
from techdoctor.engine.wording import operand_text
from techdoctor.model import Evidence
from techdoctor.playbooks.condition import Verdict
from techdoctor.playbooks.tree import Cause, CausesNode, Playbook

CONFIRMED, SUSPECTED, RULED_OUT, NOT_JUDGED = "confirmed", "suspected", "ruled_out", "not_judged"


@dataclass(frozen=True)
class Judged:
    """One cause, judged now."""

    gid: str
    standing: str
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""


def judge_cause(walk: Walk, playbook: Playbook, cause: Cause) -> Judged:
    """Judges one cause; every fact it names is known or failed by now."""
    gid = playbook.cause_id(cause.id)
    confirm = walk.judge(playbook.id, cause.confirm)
    excluded = walk.judge(playbook.id, cause.rule_out) if cause.rule_out is not None else None
    evidence = _evidence(walk, playbook, confirm)
    if excluded is not None and excluded.value is True:
        return Judged(gid, RULED_OUT)
    if confirm.value is True:
        return Judged(gid, CONFIRMED, evidence)
    if excluded is not None:
        return Judged(gid, SUSPECTED, evidence, "; ".join(confirm.reasons[:2]))
    if confirm.value is None:
        return Judged(gid, NOT_JUDGED, reason="; ".join(dict.fromkeys(confirm.reasons)) or "unknown")
    return Judged(gid, RULED_OUT)


def _evidence(walk: Walk, playbook: Playbook, verdict: Verdict) -> tuple[Evidence, ...]:
    prefix = "" if playbook.id == walk.state.frames[0].playbook else f"{playbook.id}:"
    return tuple(
        Evidence(prefix + o.owner, o.field, o.value, o.unit, operand_text(o))
        for o in verdict.operands
        if o.owner in playbook.facts
    )


def judge_node(walk: Walk, node: CausesNode) -> list[Judged]:
    """Judges all causes of a node and brings findings, ruled_out and not_judged up to date."""
    playbook, state = walk.playbook, walk.state
    judged = [judge_cause(walk, playbook, playbook.causes[name]) for name in node.causes]
    gone = {j.gid for j in judged}
    caused_by = {gid: state.findings[gid].caused_by for gid in gone if gid in state.findings}
    for gid in gone:
        state.not_judged.pop(gid, None)
        if gid in state.findings and not _was_treated(walk, gid):
            del state.findings[gid]
    state.ruled_out = tuple(gid for gid in state.ruled_out if gid not in gone)
    for entry in judged:
        if entry.standing in (CONFIRMED, SUSPECTED):
            confirmed = entry.standing == CONFIRMED
            if confirmed or entry.gid not in state.findings:
                state.findings[entry.gid] = FindingState(
                    entry.gid, playbook.id, confirmed, entry.evidence, caused_by.get(entry.gid, "")
                )
        elif entry.standing == RULED_OUT and entry.gid not in state.findings:
            state.ruled_out += (entry.gid,)
        elif entry.standing == NOT_JUDGED:
            state.not_judged[entry.gid] = entry.reason
    return judged


def _was_treated(walk: Walk, gid: str) -> bool:
    """A cause that was found and treated stays in the report even when it is gone now."""
    return gid == walk.state.cause or any(ref.rpartition("/")[0] == gid for ref in walk.state.results)


def root_first(walk: Walk, confirmed: list[str]) -> list[str]:
    """Confirmed causes with the root in front: what another confirmed one explains comes after it.

    Sets `caused_by` of the explained findings. Otherwise node order stands.
    """
    explained_by: dict[str, str] = {}
    for gid in confirmed:
        _, cause = walk.cause(gid)
        for other in cause.explains:
            if other in confirmed and other != gid and explained_by.get(gid) != other:
                explained_by.setdefault(other, gid)
    for gid, by in explained_by.items():
        old = walk.state.findings[gid]
        walk.state.findings[gid] = FindingState(gid, old.playbook, old.confirmed, old.evidence, by)
    return sorted(confirmed, key=lambda gid: gid in explained_by)
