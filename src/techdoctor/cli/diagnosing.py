"""What `diagnose` does once its options are read: choose the playbook, walk it, report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from techdoctor.cli.choosing import Choice, choose, takes
from techdoctor.cli.context import Context, help_desk_line
from techdoctor.cli.options import pairs, print_json, read_answers
from techdoctor.errors import StateError, UsageError
from techdoctor.messages import say
from techdoctor.session.request import Request

if TYPE_CHECKING:
    from techdoctor.console.conversation import Conversation
    from techdoctor.engine.dialogue import Dialogue
    from techdoctor.engine.result import Diagnosis
    from techdoctor.playbooks.tree import Playbook
    from techdoctor.session.run import Setting


@dataclass(frozen=True)
class Wish:
    """The options of `diagnose`, as given."""

    words: str = ""
    playbook: str = ""
    batch: bool = False
    answers: Path | None = None
    inputs: tuple[str, ...] = ()
    fix: str = ""
    disclose: bool = False
    resume: str = ""
    json: bool = False


def run(wish: Wish, offline: bool | None = None, technician: bool | None = None, plain: bool | None = None) -> int:
    """Runs a diagnosis or goes on with one; returns the exit code."""
    context = Context(offline, plain, technician)
    talk = _Talk(context, wish)
    if wish.resume:
        result = _resume(context, wish, talk)
    else:
        choice = choose(context, wish)
        result = _nothing_fits(wish) if choice is None else _walk_all(context, wish, talk, choice)
    talk.end()
    if wish.json:
        print_json(result.to_json())
    else:
        _report(context, talk, result)
    return result.exit_code


class _Talk:
    """The front end of one run: a conversation, or batch with the conversation as its progress."""

    def __init__(self, context: Context, wish: Wish) -> None:
        self._context, self._wish = context, wish
        self.quiet = wish.batch and wish.json
        self._conversation: Conversation | None = None

    @property
    def conversation(self) -> Conversation:
        """The conversation with the person; made when it is first needed."""
        if self._conversation is None:
            from techdoctor.console.opening import open_dialogue

            self._conversation = open_dialogue(
                self._context.terminal, summary_of, self._context.settings.technician, probe_title
            )
        return self._conversation

    def dialogue(self, answers: Mapping[str, str], fix: str) -> Dialogue:
        if not self._wish.batch:
            return self.conversation
        from techdoctor.engine.batch import Batch

        return Batch(answers, fix, may_elevate, None if self.quiet else self.conversation)

    def end(self) -> None:
        """Stops whatever moves on the screen and ends children that are still running."""
        from techdoctor import system

        if self._conversation is not None:
            self._conversation.close()
        system.end_children()


def summary_of(probe: str, data: Mapping[str, object]) -> str:
    """A probe's short words for its data; empty when it has none."""
    from techdoctor.probes import registry

    if probe not in registry.MODULES:
        return ""
    summary = registry.get(probe).summary
    return summary(data) if summary is not None else ""  # type: ignore[arg-type] # facts hold Values only


def probe_title(probe: str) -> str:
    """A probe's title; its name when it is not known here."""
    from techdoctor.probes import registry

    return registry.get(probe).title if probe in registry.MODULES else probe


def may_elevate() -> bool:
    """True when elevation works without a question: we are root, or `sudo -n` does."""
    from techdoctor import system

    return system.is_admin() or system.run(["sudo", "-n", "true"], 3.0).worked


def _nothing_fits(wish: Wish) -> Diagnosis:
    from techdoctor.engine.result import Diagnosis
    from techdoctor.playbooks.requests import is_request

    told = say("diagnose.request" if is_request(wish.words) else "diagnose.no_hit")
    return Diagnosis(session="", playbook=None, title="", end="inconclusive", say=told, words=wish.words)


def _walk_all(context: Context, wish: Wish, talk: _Talk, choice: Choice) -> Diagnosis:
    """Walks the chosen playbook; where nobody can be asked and it finds nothing, the next ones that fit the words."""
    told = replace(wish, words=choice.words or wish.words)
    result = _walk(context, told, talk, choice.playbook)
    for other in choice.further if not wish.answers else ():
        if result.cause is not None or result.end not in ("not_reproduced", "inconclusive"):
            break
        if not takes(context, other, pairs(wish.inputs)):
            continue
        if not talk.quiet:
            talk.conversation.close()
            context.terminal.progress(say("diagnose.further"))
        further = _walk(context, told, talk, other)
        result = further if _alarming(further) else result
    return replace(result, candidates=choice.candidates)


def _alarming(result: Diagnosis) -> bool:
    """True when the cause found is a problem: a note on something else is no answer to the complaint."""
    return any(f.id == result.cause and f.severity in ("problem", "danger") for f in result.findings)


def _walk(context: Context, wish: Wish, talk: _Talk, chosen: str) -> Diagnosis:
    from techdoctor.session.questions import check_answers
    from techdoctor.session.run import run_session

    playbooks = context.library.with_callees(chosen)
    answers = read_answers(wish.answers) if wish.answers else {}
    check_answers(playbooks, answers)
    _check_limits(context, playbooks)
    inputs = _inputs(context, wish, talk, playbooks[chosen])
    fix = wish.fix or ("ask" if answers or not wish.batch else "never")
    request = Request(
        words=wish.words,
        inputs=inputs,
        batch=wish.batch,
        fix=fix,
        answers=answers,
        disclose=wish.disclose,
        offline=context.settings.offline,
    )
    if not talk.quiet:
        talk.conversation.chosen(playbooks[chosen].title, chosen)
    session, path, unsaved = _new_journal(context)
    setting = _setting(context, wish, talk, request, chosen=chosen, session=session, journal=path, unsaved=unsaved)
    return run_session(playbooks, chosen, request, setting)


def _inputs(context: Context, wish: Wish, talk: _Talk, playbook: Playbook) -> dict[str, str]:
    """Inputs from --set, from a host name among the words, else asked where the playbook asks."""
    given = pairs(wish.inputs)
    for spec in playbook.inputs.values():
        if spec.name in given:
            continue
        if spec.type == "hostname" and (named := _host_named(wish.words)):
            given[spec.name] = named
        elif spec.ask and not wish.batch:
            from techdoctor.console.menu import ask_input

            default = "" if spec.default is None else str(spec.default)
            answer = ask_input(context.terminal, spec.ask, default)
            if answer and answer != default:
                given[spec.name] = answer
    return given


def _host_named(words: str) -> str:
    from techdoctor.playbooks.search import hostname_in

    return hostname_in(words) if "." in words else ""


def _new_journal(context: Context) -> tuple[str, Path | None, str]:
    """Session id, journal path, and why nothing can be saved (empty when it can)."""
    try:
        session = context.store.new_id()
        path = context.store.journal_path(session)
    except StateError as error:
        return "", None, error.message
    return session, path, ""


def _setting(
    context: Context,
    wish: Wish,
    talk: _Talk,
    request: Request,
    *,
    chosen: str,
    session: str,
    journal: Path | None,
    unsaved: str = "",
) -> Setting:
    from techdoctor.cli.closing import afterwards, closed
    from techdoctor.session.run import Setting

    host = context.local_host(may_prompt=not wish.batch)
    return Setting(
        host=host,
        dialogue=talk.dialogue(request.answers, request.fix),
        session=session,
        journal=journal,
        unsaved=unsaved,
        limits=context.settings.limits,
        priors=context.priors(chosen, host.platform),
        did_it_help=None if wish.batch else talk.conversation.did_it_help,
        afterwards=None if wish.batch else lambda result: afterwards(context, talk.conversation, result),
        closed=lambda result, platform: closed(context, result, platform),
    )


def _resume(context: Context, wish: Wish, talk: _Talk) -> Diagnosis:
    from techdoctor.engine.journal import read_journal
    from techdoctor.session.run import resume_session

    unfinished = [row for row in context.store.sessions() if row.open] if wish.resume == "last" else []
    row = unfinished[0] if unfinished else context.store.find(wish.resume)
    if not row.open:
        raise UsageError(f"session {row.id} has ended ({row.end})", "see it with: techdoctor session show " + row.id)
    recorded = read_journal(row.path)
    chosen = str(recorded.header.get("playbook"))
    playbooks = context.library.with_callees(chosen)
    answers = read_answers(wish.answers) if wish.answers else {}
    request = Request(batch=wish.batch, fix=wish.fix or "ask", answers=answers)
    if not talk.quiet:
        talk.conversation.chosen(playbooks[chosen].title, chosen)
    setting = _setting(context, wish, talk, request, chosen=chosen, session=row.id, journal=row.path)
    return resume_session(playbooks, row.path, setting)


def _check_limits(context: Context, playbooks: Mapping[str, Playbook]) -> None:
    from techdoctor.settings import check_limits

    known: dict[str, Mapping[str, object] | None] = dict.fromkeys(context.library.ids())
    known.update({name: {n: limit.value for n, limit in p.limits.items()} for name, p in playbooks.items()})
    check_limits(context.settings, known)  # type: ignore[arg-type] # limits hold Values only


def print_questions(wish: Wish) -> int:
    """Prints a blank answers file for the playbook that the words or --playbook name."""
    from techdoctor.session.questions import blank_answers

    context = Context()
    choice = choose(context, replace(wish, batch=True))
    if choice is None:
        raise UsageError(say("diagnose.no_hit"))
    print(blank_answers(context.library.with_callees(choice.playbook)), end="")
    return 0


def _report(context: Context, talk: _Talk, result: Diagnosis) -> None:
    from techdoctor.console.report import show_outcome

    show_outcome(context.terminal, result, talk.conversation, help_desk_line(context))
