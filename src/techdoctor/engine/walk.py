"""One step in the making: the copied state, the playbooks and the effects so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from techdoctor.engine import facts
from techdoctor.engine.facts import Playbooks, Surroundings, key_of
from techdoctor.engine.state import Frame, Prompt, State, Step
from techdoctor.events import Ask, Effect, Finish, Offer
from techdoctor.messages import say
from techdoctor.model import Value
from techdoctor.playbooks.condition import Condition, Verdict
from techdoctor.playbooks.tree import GONE, AskNode, Cause, Fix, Node, Playbook
from techdoctor.text import clean_line

DISCLOSE = "disclose"
# The risk gate: what may be offered against a cause that is not confirmed.
SUSPICION_RISKS = ("none", "low")


@dataclass
class Walk:
    """What the parts of a step work on. `state` is a copy that may be changed."""

    playbooks: Playbooks
    state: State
    effects: list[Effect] = field(default_factory=list)

    @property
    def frame(self) -> Frame:
        return self.state.frames[-1]

    @property
    def playbook(self) -> Playbook:
        return self.playbooks[self.frame.playbook]

    @property
    def node(self) -> Node:
        return self.playbook.nodes[self.frame.node]

    def judge(self, playbook: str, condition: Condition) -> Verdict:
        """Judges a condition with what a playbook sees now."""
        return condition.judge(Surroundings(self.playbooks, self.state, playbook))

    def go(self, node: str, why: str) -> None:
        """Moves the innermost frame to another node and notes why."""
        self.note(why)
        self.state.frames = (*self.state.frames[:-1], replace(self.frame, node=node, entry=0))

    def note(self, why: str) -> None:
        self.state.path += (Step(self.frame.playbook, self.frame.node, why),)

    def waits_for(self, keys: Iterable[str]) -> None:
        """Marks facts as needed; asks for consent when one of them would disclose something."""
        facts.want(self.playbooks, self.state, keys)
        key = facts.waits_for_consent(self.playbooks, self.state)
        if key and self.state.prompt is None:
            self.prompt(Prompt(DISCLOSE, DISCLOSE, key))

    def prompt(self, prompt: Prompt) -> None:
        """Issues a question or an offer; it is part of the state until it is answered."""
        self.state.prompt = prompt
        self.effects.append(self.prompt_effect(prompt))

    def finish(self, end: str, text: str = "") -> None:
        self.state.end, self.state.say, self.state.prompt, self.state.fixing = end, text, None, None
        self.effects.append(Finish(end, text))

    def cause(self, gid: str) -> tuple[Playbook, Cause]:
        """The cause with a global id, and its playbook."""
        playbook, _, name = gid.rpartition(".")
        return self.playbooks[playbook], self.playbooks[playbook].causes[name]

    def fix(self, ref: str) -> tuple[Playbook, Cause, Fix]:
        """The fix with a reference "<global cause id>/<fix id>"."""
        gid, _, name = ref.rpartition("/")
        playbook, cause = self.cause(gid)
        return playbook, cause, next(fix for fix in cause.fixes if fix.id == name)

    def prompt_effect(self, prompt: Prompt) -> Ask | Offer:
        """The effect that shows a prompt; also used to show it again after resume and back."""
        if prompt.kind == "offer":
            return self.offer(prompt.key)
        if prompt.kind == DISCLOSE:
            owner, _, name = prompt.key.rpartition(":")
            discloses = self.playbooks[owner].facts[name].discloses
            values = [str(facts.input_value(self.playbooks[owner], self.state, n)) for n in discloses]
            choices = {"yes": say("engine.disclose_yes"), "no": say("engine.disclose_no")}
            text = say("engine.disclose", what=clean_line(", ".join(values)))
            return Ask(prompt.id, text, choices, say("engine.disclose_why"))
        if prompt.kind == GONE:
            book, cause = self.cause(prompt.key.rpartition("/")[0])
            choices = {"yes": say("engine.gone_yes"), "no": say("engine.gone_no")}
            return Ask(GONE, say("engine.gone", title=self.text(book, cause.title)), choices, say("engine.gone_why"))
        playbook_id, _, question = prompt.key.partition(":")
        playbook = self.playbooks[playbook_id]
        for node in playbook.nodes.values():
            if isinstance(node, AskNode) and node.question == question:
                return Ask(prompt.id, self.text(playbook, node.text), node.choices, self.text(playbook, node.why))
        cause = next(c for c in playbook.causes.values() if c.ask is not None and c.ask.id == question)
        assert cause.ask is not None
        why = cause.ask.why or say("engine.ask_why", title=self.text(playbook, cause.title))
        return Ask(prompt.id, self.text(playbook, cause.ask.text), cause.ask.choices, why)

    def offer(self, ref: str) -> Offer:
        """The offer of a fix, its parameters resolved with what is known now."""
        playbook, cause, fix = self.fix(ref)
        gid = playbook.cause_id(cause.id)
        finding = self.state.findings.get(gid)
        shown = self.offerable(gid, include_used=True)
        params: dict[str, Value] = {}
        for name, written in fix.params.items():
            params[name] = facts.resolve(playbook, self.state, written)[0]
        return Offer(
            prompt=ref,
            cause=gid,
            title=self.text(playbook, cause.title),
            fix=fix.id,
            number=shown.index(fix) + 1 if fix in shown else 1,
            total=max(1, len(shown)),
            confirmed=finding is not None and finding.confirmed,
            risk=fix.risk,
            effort=fix.effort,
            needs=fix.needs,
            undo=fix.undo,
            irreversible=fix.irreversible,
            instruct=self.text(playbook, fix.instruct),
            action=fix.action,
            params=params,
            referral=fix.ends == "referred",
        )

    def offerable(self, gid: str, include_used: bool = False) -> list[Fix]:
        """Fixes of a cause that may be offered now, in order: the risk gate and `when` decide."""
        from techdoctor.engine.order import fixes_in_order

        playbook, cause = self.cause(gid)
        finding = self.state.findings.get(gid)
        confirmed = finding is not None and finding.confirmed
        shown = []
        for fix in fixes_in_order(cause.fixes):
            if not confirmed and fix.risk not in SUSPICION_RISKS:
                continue
            if not include_used and f"{gid}/{fix.id}" in self.state.results:
                continue
            if any(facts.resolve(playbook, self.state, written)[1] for written in fix.params.values()):
                continue  # what it needs to know (which process, which server) is not known
            if fix.when is not None:
                value = self.judge(playbook.id, fix.when).value
                # Nobody knows whether it applies: words do no harm, a change might.
                if value is False or (value is None and fix.risk != "none"):
                    continue
            shown.append(fix)
        return shown

    def undecided(self, gid: str) -> list[str]:
        """Keys of facts still out that decide which fixes of a cause are offered, and with what."""
        playbook, cause = self.cause(gid)
        left = [fix for fix in cause.fixes if f"{gid}/{fix.id}" not in self.state.results]
        named = keys_of(playbook, *(fix.when for fix in left))
        named += [key_of(playbook.id, name) for fix in left for name in sorted(fix.reads)]
        return [key for key in dict.fromkeys(named) if self.state.fact(key) is None]

    def text(self, playbook: Playbook, template: str) -> str:
        """A playbook's text with {input} and {fact.field} filled in."""
        from techdoctor.engine.wording import fill

        return fill(template, Surroundings(self.playbooks, self.state, playbook.id))


def keys_of(playbook: Playbook, *conditions: Condition | None) -> list[str]:
    """Keys of the facts that conditions name."""
    owners = {owner for condition in conditions if condition is not None for owner in condition.owners}
    return [key_of(playbook.id, name) for name in playbook.facts if name in owners]
