"""The cases of the printing area: every fault of the laboratory, told as different people would, and controls."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.accuracy import MOST_S, Case, Done, Needs, Ran, told
from tests.lab.printing import announced_faults
from tests.lab.printing.bench import Bench
from tests.lab.printing.faults import CONTROLS, FAULTS
from tests.lab.printing.printer_network import PrinterNetwork
from tests.lab.printing.scheduler import Scheduler

_ROOT_ONLY = {"spool_full"}
_MISSPELT = ("--set", "printer=ofice")
# Fault of the laboratory -> what people would type; all others complain that nothing prints.
_WORDS = {
    "paper_out": ("the printer does not print and a light blinks", "out of paper"),
    "paper_jam": ("paper is stuck in the printer", "paper jam"),
    "cover_open": ("the printer stopped", "printer door open"),
    "toner_empty": ("the printer prints nothing since this morning", "no more toner"),
    "waste_full": ("printer wants service and does not print",),
    "output_full": ("the printer stops after some pages",),
    "taken_offline": ("printer offline",),
    "vendor_error": ("the printer shows an error code", "49.38.07 on the printer"),
    "busy": ("my print job does not start",),
    "hangs": ("printer not responding", "the printer is frozen"),
    "password": ("the printer asks for a password",),
    "forbidden": ("printing is not allowed",),
    "wants_tls": ("documents stay in the print queue",),
    "web_page": ("the printer stopped working after the router was replaced",),
    "stopped": ("nothing prints", "lpstat prints: scheduler is not running", "no printers in the print window"),
    "killed": ("printing does not work on this computer",),
    "no_queue": ("there is no printer to choose", "nothing prints"),
    "misspelt": ("printing to ofice fails",),
    "paused": ("jobs pile up", "printer paused", "print jobs wait for ever"),
    "rejecting": ("the printer does not accept my document", "printer rejects jobs"),
    "no_default": ("No default destination", "lp does not know where to print"),
    "variable_names_nothing": ("lp says the printer does not exist",),
    "own_default_names_nothing": ("printing from the command line fails",),
    "held": ("my print job is on hold", "one document never prints"),
    "stuck": ("one job blocks the printer", "print queue is stuck"),
    "filter_missing": ("printing fails since the update", "Filter failed"),
    "filter_failed": ("the document does not come out of the printer",),
    "raw": ("the printer was set up but prints nothing",),
    "gone": ("the printer does not answer", "printer unreachable"),
    "gone_and_paused": ("the printer is on but nothing prints",),
    "other_port": ("connection to the printer refused",),
    "port_silent": ("the printer does not respond but I can ping it",),
    "wrong_path": ("nothing prints after I set the printer up again",),
    "denied": ("Not allowed to print", "everybody can print but me"),
    "thrown_away": ("the job disappears but no paper comes out",),
    "size_not_loaded": ("the printer asks for other paper", "the printer wants letter paper"),
    "quota_used_up": ("I cannot print any more today", "print quota"),
    "spool_full": ("lp says Request Entity Too Large", "printing fails"),
    "stale_jam": ("paper jam", "nothing prints"),
    "idle": ("nothing prints", "printer offline", "print queue is stuck"),
}
_DEFAULT = ("nothing prints",)
_ANNOUNCED = {**announced_faults.FAULTS, **announced_faults.CONTROLS}


def _cases() -> Iterator[Case]:
    for fault, (cause, _) in FAULTS.items():
        options = _MISSPELT if fault == "misspelt" else ()
        needs: Needs = "root" if fault in _ROOT_ONLY else "any"
        words = _WORDS.get(fault, _DEFAULT)
        yield from told(fault, f"print.printing.{cause}", *words, options=options, needs=needs)
    for control in CONTROLS:
        yield from told(control, None, *_WORDS.get(control, _DEFAULT))
    for name, announced in _ANNOUNCED.items():
        yield from told(name, announced.cause or None, *announced.words, needs="root")


CASES: tuple[Case, ...] = tuple(_cases())


class _Machine:
    """A bench on which something is broken; techdoctor runs with words put before its command."""

    def __init__(self, bench: Bench, prefix: tuple[str, ...] = ()) -> None:
        self._bench, self._prefix = bench, prefix

    def techdoctor(self, *arguments: str) -> Ran:
        missing = [option for option in self._bench.options if option not in arguments]
        options = [] if "--set" in arguments else missing
        try:
            ran, seconds = self._bench.techdoctor(*arguments, *options, prefix=self._prefix, timeout_s=MOST_S)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(str(error)) from None
        return Done(ran.returncode, ran.stdout, ran.stderr, seconds)


class PrintingSite:
    """A fresh scheduler and printer for each case: they are up in a tenth of a second."""

    @contextmanager
    def broken(self, case: Case) -> Iterator[_Machine]:
        if case.fault in _ANNOUNCED:
            announced = _ANNOUNCED[case.fault]
            with (
                PrinterNetwork() as network,
                Bench(cups=Scheduler(network.name), env={"TECHDOCTOR_OFFLINE": "0"}) as bench,
            ):
                announced.breaks(bench, network)
                yield _Machine(bench, network.prefix(announced.avahi))
            return
        with Bench() as bench:
            try:
                change = CONTROLS[case.fault] if case.expected is None else FAULTS[case.fault][1]
                change(bench)
            except AssertionError as error:
                raise RuntimeError(f"the fault could not be made: {error}") from None
            yield _Machine(bench)


@contextmanager
def site(folder: Path, ordinary: bool) -> Iterator[PrintingSite]:
    """The printing laboratory, see accuracy.Area.

    Whoever runs it is who techdoctor runs as; a run as an ordinary user is started as one.
    """
    del folder, ordinary
    yield PrintingSite()
