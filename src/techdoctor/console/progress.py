"""Which probes are out and which came back: the counting behind rows and waiting lines."""

from __future__ import annotations

import re
from collections.abc import Mapping

from techdoctor.console.wording import Row, Seen
from techdoctor.events import RunProbe
from techdoctor.messages import say
from techdoctor.model import Fact
from techdoctor.text import clean_line

# A time below a tenth of a second: two of them say the same to a person.
_FAST = re.compile(r"\b\d{1,2}(\.\d+)? ms\b")


class Progress:
    """Counts the probes of the session in rounds; a round ends when nothing is out and something else is said.

    Attributes:
        total: Probes started in this round.
        done: Probes of this round that came back.
        playbook: Id of the chosen playbook; its facts are known by their short names too.
    """

    def __init__(self) -> None:
        self.total = self.done = 0
        self.playbook = ""
        self._seen: dict[str, Seen] = {}
        self._out: dict[str, str] = {}  # call id -> probe name
        self._rounds = 0
        self._headed = False
        self._told: set[tuple[str, str]] = set()  # rows of this round

    def start(self, effect: RunProbe) -> None:
        """A probe went out."""
        self.total += 1
        self._out[effect.call] = effect.probe

    def end(self, effect: RunProbe, title: str, fact: Fact) -> None:
        """A probe came back."""
        self.done += 1
        self._out.pop(effect.call, None)
        self._seen[effect.fact] = Seen(title, fact)

    def get(self, fact: str) -> Seen | None:
        """What came back last for a fact's key, "system" or "net.dns:system"; None when it was not shown."""
        return self._seen.get(fact) or self._seen.get(f"{self.playbook}:{fact}")

    def heading(self) -> str:
        """The heading that is due before the next row; empty when this round has one already."""
        if self._headed or not self.total:
            return ""
        self._headed = True
        self._rounds += 1
        if self._rounds == 1:
            return say("session.checking", n=self.total)
        return say("session.checking_more", n=self.total)

    def repeats(self, row: Row) -> bool:
        """True when this round has a row that says the same: two playbooks may measure one thing twice."""
        said = (row.title, _FAST.sub("", row.text))
        if said in self._told:
            return True
        self._told.add(said)
        return False

    def skip_heading(self) -> None:
        """The round that begins now has another heading already ("Measuring again")."""
        self.interrupt()
        self._told.clear()
        self._headed = True

    def interrupt(self) -> None:
        """Something other than a row was shown: what starts after it is a new round, unless probes are still out."""
        if not self._out and self.total:
            self.total = self.done = 0
            self._headed = False
            self._told.clear()

    def cpu_sample_out(self) -> bool:
        """True while a probe samples the processors: redrawing would be part of what it measures."""
        return any(probe.startswith("cpu.") for probe in self._out.values())


def longest(names: Mapping[str, float]) -> tuple[str, int, int]:
    """The probe waited for longest: its title, whole seconds waited, and how many others are out."""
    title = max(names, key=lambda name: names[name])
    return clean_line(title), int(names[title]), len(names) - 1
