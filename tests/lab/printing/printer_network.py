"""This computer, and a printer that announces itself on the network between them: a real avahi-daemon tells of it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parents[3]
# Documentation addresses (RFC 5737).
HERE, PRINTER, FORMER, OTHER = "192.0.2.1", "192.0.2.9", "192.0.2.77", "192.0.2.66"
NAME, UUID = "labprinter", "5d6e2a10-7c1b-4f3e-9c55-0a0b0c0d0e0f"
_SERVICE = """<?xml version="1.0" standalone='no'?>
<!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>Lab printer, 1. floor</name><service><type>_ipp._tcp</type><port>631</port>
<txt-record>rp=ipp/print</txt-record><txt-record>ty=Laboratory Laser</txt-record><txt-record>UUID={uuid}</txt-record>
<txt-record>pdl=application/pdf,image/urf,image/pwg-raster</txt-record><txt-record>Color=T</txt-record>
</service></service-group>
"""
_AVAHI = """[server]
host-name={name}
use-ipv6=no
enable-dbus=no
[publish]
publish-workstation=no
publish-hinfo=no
"""
# A mount namespace in which avahi has its own folders; it ends with the shell.
_ANNOUNCES = """
mount -t tmpfs lab /run; mkdir -p /run/avahi-daemon
mount --bind "$1/services" /etc/avahi/services
exec avahi-daemon -f "$1/avahi.conf" --no-drop-root --no-chroot
"""
_PRINTS = """
import sys, time
from tests.lab.printing.fake_printer import FakePrinter
printer = FakePrinter(sys.argv[1], 631)
printer.temper.uuid = "urn:uuid:" + sys.argv[2]
time.sleep(120)
"""
# What this computer has: no .local lookup but by the system's own means, and an avahi that runs, stopped, or never ran.
_LOOKS = """
mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf
mount -t tmpfs lab /run
if [ "$2" = stopped ]; then mkdir /run/avahi-daemon; fi
shift 2
exec "$@"
"""


class PrinterNetwork:
    """Two network namespaces with a cable between them; a context manager. Needs root and avahi-daemon.

    Attributes:
        name: Namespace of this computer.
    """

    def __init__(self) -> None:
        self.name, self._printer = f"tdpc{os.getpid()}", f"tdpp{os.getpid()}"
        self._folder = tempfile.TemporaryDirectory(prefix="td-avahi-")
        self.folder = Path(self._folder.name)
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> PrinterNetwork:
        (self.folder / "services").mkdir()
        (self.folder / "services/lab.service").write_text(_SERVICE.format(uuid=UUID))
        (self.folder / "avahi.conf").write_text(_AVAHI.format(name=NAME))
        self.look_up("files dns")
        if os.geteuid() != 0:
            raise RuntimeError("networks of its own need root")
        try:
            self._make()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _make(self) -> None:
        for name in (self.name, self._printer):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", self.name, "link", "add", "card0", "type", "veth", "peer", "name", "card0", "netns", self._printer)
        for name, address in ((self.name, HERE), (self._printer, PRINTER)):
            _ip("-n", name, "address", "add", f"{address}/24", "dev", "card0")
            _ip("-n", name, "link", "set", "card0", "up")
        self.printer_at(PRINTER, UUID)
        self._start("unshare", "--mount", "sh", "-ec", _ANNOUNCES, "sh", str(self.folder))
        self._wait_for_printer(PRINTER)
        time.sleep(1.2)  # avahi probes its names for 0.75 s before it answers to them (RFC 6762, section 8.1)

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None) -> None:
        for child in self._started:
            child.terminate()
            child.wait(10)
        for name in (self.name, self._printer):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
        self._folder.cleanup()

    def printer_at(self, address: str, uuid: str) -> None:
        """A printer with this UUID listens at an address of the printers' side."""
        if address != PRINTER:
            _ip("-n", self._printer, "address", "add", f"{address}/24", "dev", "card0")
        self._start(sys.executable, "-c", _PRINTS, address, uuid)
        self._wait_for_printer(address)

    def supplies(self, *rows: tuple[str, int, int, int]) -> None:
        """A real snmpd tells of supplies: name, class (3 consumed, 4 filled), capacity, level."""
        table = ".1.3.6.1.2.1.43.11.1.1"
        lines = ["rocommunity public", "agentaddress udp:161"]
        for number, (name, kind, capacity, level) in enumerate(rows, 1):
            lines += [
                f"override {table}.4.1.{number} integer {kind}",
                f"override {table}.6.1.{number} octet_str {name}",
            ]
            lines += [f"override {table}.8.1.{number} integer {capacity}"]
            lines += [f"override {table}.9.1.{number} integer {level}"]
        (self.folder / "snmpd.conf").write_text("\n".join(lines) + "\n")
        self._start("snmpd", "-f", "-C", "-c", str(self.folder / "snmpd.conf"), "-Lo", "-p", str(self.folder / "pid"))

    def look_up(self, hosts: str) -> None:
        """The hosts line of nsswitch.conf on this computer."""
        (self.folder / "nsswitch.conf").write_text(f"hosts: {hosts}\n")

    def prefix(self, avahi: str = "never") -> tuple[str, ...]:
        """Words in front of a command on this computer; its avahi-daemon "never" ran or is "stopped"."""
        apart = ("unshare", "--mount", "--propagation", "private", "sh", "-c", _LOOKS, "sh")
        return ("ip", "netns", "exec", self.name, *apart, str(self.folder), avahi)

    def _start(self, *argv: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        there = ["ip", "netns", "exec", self._printer, "timeout", "-s", "KILL", "150", *argv]
        self._started.append(
            subprocess.Popen(there, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )

    def _wait_for_printer(self, address: str) -> None:
        knock = f"import socket; socket.create_connection(('{address}', 631), 1).close()"
        for _ in range(100):
            ran = subprocess.run(
                ["ip", "netns", "exec", self.name, sys.executable, "-c", knock], capture_output=True, check=False
            )
            if ran.returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError(f"the printer at {address} did not come up")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
