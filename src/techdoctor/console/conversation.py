"""What both renderers share: the order in which things are said and asked, not how they look."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from techdoctor.console import wording
from techdoctor.console.progress import Progress
from techdoctor.console.prompt import Choice, choice_lines, marks, pick, standard_choices, unknown_choice
from techdoctor.console.terminal import Terminal
from techdoctor.console.ticker import Ticker
from techdoctor.console.wording import Row, Summarise
from techdoctor.events import NO, UNKNOWN, YES, Announce, Ask, Offer, RunProbe
from techdoctor.messages import say
from techdoctor.model import ActionOutcome, ActionPreview, Fact, Finding, Value
from techdoctor.text import clean_line


def no_summary(_probe: str, _data: Mapping[str, Value]) -> str:
    """For callers that know no words for a probe's data."""
    return ""


class Conversation(ABC):
    """A dialogue with a person (engine.dialogue.Dialogue), laid out by its subclasses.

    Args:
        terminal: Where to show and read.
        summarise: Words for a probe's data, see Probe.summary.
        technician: Adds exact comparisons, global ids and the detail of causes.
        probe_title: Titles of probes that this conversation did not show (a session shown again).
    """

    def __init__(
        self,
        terminal: Terminal,
        summarise: Summarise = no_summary,
        technician: bool = False,
        probe_title: Callable[[str], str] | None = None,
    ) -> None:
        self.terminal = terminal
        self._summarise, self._technician = summarise, technician
        self._probe_title = probe_title
        self._progress = Progress()
        self._findings: dict[str, Finding] = {}
        self._ticker: Ticker | None = None
        self._fix_since = 0.0

    # How it looks, per renderer.

    @abstractmethod
    def _section(self) -> None:
        """A new block of the conversation begins."""

    @abstractmethod
    def _heading(self, text: str) -> None:
        """The first line of a block of rows."""

    @abstractmethod
    def _statement(self, text: str, style: str = "") -> None:
        """A sentence at the left margin."""

    @abstractmethod
    def _detail(self, text: str) -> None:
        """A sentence that belongs to the one before."""

    @abstractmethod
    def _commands(self, label: str, commands: Sequence[str]) -> None:
        """Exact commands, whole, one a line."""

    @abstractmethod
    def _row(self, row: Row) -> None:
        """A finished probe."""

    @abstractmethod
    def _outcome_row(self, ok: bool, text: str, seconds: str) -> None:
        """A finished fix."""

    @abstractmethod
    def _pulse(self, text: str, seconds: float) -> Ticker | None:
        """Shows that a fix is running until the ticker is stopped."""

    @abstractmethod
    def waiting(self, names: Mapping[str, float]) -> None:
        """Shows what is waited for; title to seconds waited."""

    # The dialogue.

    def chosen(self, title: str, playbook: str, host: str = "") -> None:
        """Says which playbook is walked, and where when it is not this computer."""
        self._progress.playbook = playbook
        if host:
            self._statement(say("session.host", host=clean_line(host)))
        self._statement(say("session.playbook", title=clean_line(title).rstrip("."), id=clean_line(playbook)))

    def probe_started(self, effect: RunProbe, title: str) -> None:
        """A probe call begins."""
        self._progress.start(effect)

    def probe_ended(self, effect: RunProbe, title: str, fact: Fact) -> None:
        """A probe call ended: its row is shown and stays."""
        self._show_heading()
        self._progress.end(effect, title, fact)
        row = wording.row_of(title, fact, self._summarise)
        if self._technician or not self._progress.repeats(row):
            self._row(row)

    def announce(self, note: Announce, finding: Finding | None) -> None:
        """Something happened; kinds without a line of their own are shown by other methods."""
        self.close()
        if note.kind == "measuring_again":
            self._progress.skip_heading()
            self._heading(say("session.measuring_again"))
            return
        if note.kind in ("found", "suspected") and finding is not None:
            self._show_finding(note, finding)
        elif note.kind == "verified":
            self._statement(say("session.verified"), "good")
        elif note.kind == "helped":
            self._statement(say("session.helped"), "good")
        elif note.kind == "no_help":
            self._statement(say("session.no_help"), "unsure")
            if note.text and self._technician:
                self._detail(say("session.comparison", text=clean_line(note.text)))
        elif note.kind == "note":
            self._statement(note.text)
        else:
            return
        self._progress.interrupt()

    def ask(self, question: Ask) -> str:
        """Asks and returns a choice's key, UNKNOWN, BACK or STOP.

        Raises:
            NoAnswer: Standard input is closed.
        """
        return self.question(question.text, wording.question_choices(question), question.why)

    def question(self, text: str, choices: Sequence[Choice], why: str = "") -> str:
        """Asks with numbered lines until one of `choices` is given; returns its key.

        Raises:
            NoAnswer: Standard input is closed.
        """
        self.close()
        self._section()

        def show() -> None:
            self._statement(text, "bold")
            self._choices(choices)

        def explain() -> None:
            self._detail(why or say("ask.why_no_reason"))
            show()

        show()
        key = pick(self.terminal, choices, explain)
        self._progress.interrupt()
        return key

    def confirm(self, text: str, why: str = "") -> str:
        """Asks a yes-or-no question; returns YES, NO, UNKNOWN, BACK or STOP.

        Raises:
            NoAnswer: Standard input is closed.
        """
        yes = Choice(YES, say("ask.yes"), say("ask.words_yes"))
        no = Choice(NO, say("ask.no"), say("ask.words_no"))
        return self.question(text, (yes, no, unknown_choice(), *standard_choices(why=True)), why)

    def did_it_help(self) -> str:
        """The person's own word after a verified fix: YES, NO, UNKNOWN, BACK or STOP.

        Raises:
            NoAnswer: Standard input is closed.
        """
        return self.confirm(say("ask.helped"), say("ask.helped_why"))

    def offer(self, offer: Offer, preview: ActionPreview | None) -> str:
        """Offers a fix; returns YES, NO, ALREADY, UNKNOWN, BACK or STOP. `preview` is None for instructions.

        "I don't know / why" gives the reason and asks once more; chosen again it is the answer.

        Raises:
            NoAnswer: Standard input is closed.
        """
        self.close()
        card = wording.card_of(offer, preview)
        self._section()
        self._statement(say("session.referral") if offer.referral else card.heading, "bold")
        if offer.referral:
            self._detail(wording.fix_title(offer, preview))
        for line in card.before:
            self._detail(line)
        if card.commands:
            self._commands(card.command_label, card.commands)
        for line in card.after:
            self._detail(line)
        answer = self._consent(offer, card)
        self._progress.interrupt()
        return answer

    def fix_started(self, offer: Offer, preview: ActionPreview | None) -> None:
        """The action begins to run."""
        self.close()
        self._fix_since = self.terminal.clock()
        title = wording.fix_title(offer, preview)
        if preview is not None and any(_asks_password(command) for command in preview.commands):
            self._statement(say("session.working", text=title))  # nothing may be drawn over sudo's own question
        else:
            self._ticker = self._pulse(title, 0.0)

    def fix_ended(self, offer: Offer, outcome: ActionOutcome) -> None:
        """The action ended."""
        self.close()
        reason = clean_line(outcome.text)
        if not reason:
            reason = wording.fix_title(offer, None) if outcome.ok else say("session.fix_failed_no_reason")
        seconds = self.terminal.clock() - self._fix_since
        self._outcome_row(outcome.ok, reason, say("session.took", seconds=f"{seconds:.1f}"))
        self._progress.interrupt()

    def has_told(self, finding: str) -> bool:
        """True when this finding (a global cause id) was shown in the course of the session."""
        return finding in self._findings

    @property
    def summarise(self) -> Summarise:
        """Words for a probe's data."""
        return self._summarise

    @property
    def technician(self) -> bool:
        """True when a technician reads."""
        return self._technician

    def title_of(self, key: str, fact: Fact) -> str:
        """The title of the probe behind a fact; the fact's key in words when nobody knows it."""
        seen = self._progress.get(key)
        if seen is not None:
            return seen.title
        return (self._probe_title(fact.probe) if self._probe_title else "") or wording.key_words(key)

    def not_saved(self, reason: str) -> None:
        """The journal cannot be written; the diagnosis goes on."""
        self._statement(say("session.not_saved", reason=clean_line(reason)), "unsure")

    def close(self) -> None:
        """Stops whatever moves and takes the transient line away; call it before anything else writes."""
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None
        self.terminal.clear_transient()

    # Parts of the above.

    def _show_heading(self) -> None:
        heading = self._progress.heading()
        if heading:
            self._section()
            self._heading(heading)

    def _show_finding(self, note: Announce, finding: Finding) -> None:
        self._findings[finding.id] = finding
        title = clean_line(finding.title).rstrip(".")
        self._section()
        if note.kind == "found":
            self._statement(say("session.found", title=title), "bold")
        else:
            self._statement(say("session.suspected", title=title), "bold")
        self._evidence(finding)
        if note.text and self._technician:
            self._detail(note.text)

    def _evidence(self, finding: Finding) -> None:
        for line in wording.evidence_lines(finding, self._progress.get, self._summarise, self._technician):
            self._detail(line)

    def _consent(self, offer: Offer, card: wording.Card) -> str:
        explained = False

        def show() -> None:
            self._statement(card.question)
            self._choices(card.choices)

        def explain() -> None:
            nonlocal explained
            explained = True
            finding = self._findings.get(offer.cause)
            for line in wording.why_offer(offer, finding):
                self._detail(line)
            if finding is not None:
                self._evidence(finding)
            number = marks(card.choices)[[choice.key for choice in card.choices].index(UNKNOWN)]
            self._detail(say("ask.why_again", number=number))
            show()

        self.terminal.forget_typed()  # nobody consents to what was not on screen yet
        show()
        while True:
            answer = pick(self.terminal, card.choices, explain)
            if answer != UNKNOWN or explained:
                return answer
            explain()

    def _choices(self, choices: Sequence[Choice]) -> None:
        for line in choice_lines(self.terminal, choices):
            self.terminal.talk(line)


def _asks_password(command: str) -> bool:
    words = command.split()
    return words[:1] == ["sudo"] and "-n" not in words[1:2]
