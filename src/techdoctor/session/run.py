"""Running one session: playbooks, journal, driver, history."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from techdoctor import __version__
from techdoctor.engine.dialogue import Dialogue
from techdoctor.engine.driver import Driver
from techdoctor.engine.facts import Playbooks
from techdoctor.engine.journal import Journal, Recorded, read_journal
from techdoctor.engine.result import Diagnosis
from techdoctor.events import YES, Answered, Resumed, Started
from techdoctor.hosts.base import Host
from techdoctor.messages import say
from techdoctor.model import Value
from techdoctor.playbooks.tree import GONE
from techdoctor.session.request import Request, settle_inputs


@dataclass(frozen=True)
class Setting:
    """What a session stands on.

    Attributes:
        host: Where it runs.
        dialogue: The front end.
        session: Its id.
        journal: Path of its journal; None when nothing can be saved, then `unsaved` says why.
        limits: "<playbook>.<limit>" to overriding values.
        priors: Global cause id to [hits, sessions], from history.
        patience_s: Seconds after which probes still out count as timed out.
        did_it_help: Asks the person after a verified fix; None when nobody is there.
        afterwards: Called with the ended diagnosis before the journal is closed (escalation); may add
            a bundle to it.
        closed: Called with the final diagnosis and the platform, to write the history.
    """

    host: Host
    dialogue: Dialogue
    session: str
    journal: Path | None
    unsaved: str = ""
    limits: Mapping[str, Value] = field(default_factory=dict)
    priors: Mapping[str, Value] = field(default_factory=dict)
    patience_s: float = 60.0
    did_it_help: Callable[[], str] | None = None
    afterwards: Callable[[Diagnosis], Diagnosis] | None = None
    closed: Callable[[Diagnosis, str], None] | None = None


def run_session(playbooks: Playbooks, chosen: str, request: Request, setting: Setting) -> Diagnosis:
    """Walks a new session to its end.

    Args:
        playbooks: The chosen playbook and all it may call.
        chosen: Its id.
        request: What was asked for.
        setting: What it stands on.

    Raises:
        UsageError: An input does not exist or does not fit.
        NoAnswer: A question could not be asked; the journal stays open for `session resume`.
    """
    inputs = settle_inputs(playbooks, request.inputs)
    journal = Journal(setting.journal)
    if setting.unsaved:
        setting.dialogue.not_saved(setting.unsaved)
    begun = time.time()
    journal.begin(
        {
            "session": setting.session,
            "playbook": chosen,
            "version": playbooks[chosen].version,
            "created_at": begun,
            "techdoctor": __version__,
            "host": setting.host.name,
            "words": request.words,
        }
    )
    started = Started(
        playbook=chosen,
        hashes={name: playbook.sha256 for name, playbook in playbooks.items()},
        inputs=inputs,
        platform=setting.host.platform,
        batch=request.batch,
        fix=request.fix,
        disclose=request.disclose,
        limits=setting.limits,
        priors=setting.priors,
        words=request.words,
        at_s=begun,
    )
    driver = _driver(playbooks, setting, journal)
    return _conclude(driver, journal, setting, lambda: driver.run(started))


def resume_session(playbooks: Playbooks, path: Path, setting: Setting) -> Diagnosis:
    """Goes on with an open session; a changed playbook keeps the answers and measures again.

    Args:
        playbooks: The playbooks as they are now.
        path: The session's journal.
        setting: What it stands on; its journal is `path`.

    Raises:
        StateError: The journal cannot be read.
    """
    recorded = read_journal(path)
    started = _started(recorded)
    changed = tuple(n for n, digest in started.hashes.items() if n not in playbooks or playbooks[n].sha256 != digest)
    journal = Journal(path)
    driver = _driver(playbooks, setting, journal)
    answers = {event.prompt: event.choice for event in recorded.events if isinstance(event, Answered)}
    resumed = Resumed(changed, answers if changed else {}, time.time())
    return _conclude(driver, journal, setting, lambda: driver.resume(recorded.events, resumed))


def _started(recorded: Recorded) -> Started:
    from techdoctor.errors import StateError

    first = recorded.events[0] if recorded.events else None
    if not isinstance(first, Started):
        raise StateError("the journal ends before the session began", "start a new one: techdoctor diagnose")
    return first


def _driver(playbooks: Playbooks, setting: Setting, journal: Journal) -> Driver:
    return Driver(
        playbooks,
        setting.host,
        setting.dialogue,
        journal,
        session=setting.session,
        patience_s=setting.patience_s,
    )


def _conclude(driver: Driver, journal: Journal, setting: Setting, walk: Callable[[], Diagnosis]) -> Diagnosis:
    """Runs the walk and closes the journal; an interrupted one stays open and can be resumed."""
    try:
        result = walk()
    except KeyboardInterrupt:
        told = say("engine.interrupted_unsaved" if journal.failed else "engine.interrupted")
        return replace(driver.interrupted(), say=told, saved=not journal.failed)
    result = replace(result, saved=not journal.failed)
    with suppress(KeyboardInterrupt):  # the walk is over: what it found and changed is still told
        if result.end == "solved" and setting.did_it_help is not None:
            said = (GONE, YES) in driver.state.asked
            driver.user_said(YES if said else setting.did_it_help())
            result = replace(result, user_said=driver.state.user_said)
        if setting.afterwards is not None:
            result = setting.afterwards(result)
    journal.close(
        {
            "end": result.end,
            "cause": result.cause,
            "title": result.title,
            "exit_code": result.exit_code,
            "duration_ms": result.duration_ms,
            "at_s": time.time(),
        }
    )
    if setting.closed is not None and result.end != "aborted":
        setting.closed(result, setting.host.platform)
    return result
