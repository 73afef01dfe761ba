"""Faults of printers that announce themselves: they need the network of printer_network.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.lab.printing.bench import Bench
from tests.lab.printing.printer_network import FORMER, NAME, OTHER, PRINTER, PrinterNetwork


@dataclass(frozen=True)
class Announced:
    """A fault.

    Attributes:
        cause: Global id of the cause; empty for a control.
        words: What people would type.
        breaks: Makes it.
        avahi: The service of this computer: it "never" ran, or is "stopped".
    """

    cause: str
    words: tuple[str, ...]
    breaks: Callable[[Bench, PrinterNetwork], None]
    avahi: str = "never"


def nothing(bench: Bench, network: PrinterNetwork) -> None:
    """No queue at all."""
    del bench, network


def by_name(bench: Bench, network: PrinterNetwork) -> None:
    """A queue that names the printer, and nothing that looks .local names up."""
    del network
    bench.cups.add_default("office", f"ipp://{NAME}.local/ipp/print", "raw")
    bench.cups.submit("office")


def by_name_with_lookup(bench: Bench, network: PrinterNetwork) -> None:
    network.look_up("files mdns4_minimal [NOTFOUND=return] dns")
    by_name(bench, network)


def works(bench: Bench, network: PrinterNetwork) -> None:
    """A queue whose printer techdoctor has seen once."""
    bench.cups.add_default("office", f"ipp://{PRINTER}/ipp/print")
    bench.techdoctor("diagnose", "nothing prints", "--batch", "--json", prefix=network.prefix())


def moved(bench: Bench, network: PrinterNetwork) -> None:
    works(bench, network)
    bench.cups.run("lpadmin", "-p", "office", "-v", f"ipp://{FORMER}/ipp/print")
    bench.cups.submit("office")


def exchanged(bench: Bench, network: PrinterNetwork) -> None:
    works(bench, network)
    network.printer_at(OTHER, "99999999-7c1b-4f3e-9c55-0a0b0c0d0e0f")
    bench.cups.run("lpadmin", "-p", "office", "-v", f"ipp://{OTHER}/ipp/print")


FAULTS: dict[str, Announced] = {
    "local names not looked up": Announced(
        "print.printing.mdns_missing", ("nothing prints", "the printer's name cannot be resolved"), by_name
    ),
    "announcements off": Announced(
        "print.printing.discovery_down", ("no printer found", "nothing prints"), nothing, "stopped"
    ),
    "announcements off, queue by name": Announced(
        "print.printing.discovery_down", ("the printer does not answer",), by_name_with_lookup, "stopped"
    ),
    "printer moved": Announced(
        "print.printing.printer_moved", ("nothing prints", "the printer got a new address"), moved
    ),
    "printer exchanged": Announced(
        "print.printing.wrong_device", ("printing does not work",), exchanged
    ),
    "printer to be added": Announced("print.add.one_to_add", ("add a printer", "set up my new printer"), nothing),
}  # fmt: skip
CONTROLS: dict[str, Announced] = {"announced printer": Announced("", ("nothing prints",), works)}
