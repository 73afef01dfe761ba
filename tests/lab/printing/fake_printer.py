"""A real IPP printer on a loopback address that misbehaves on demand: `printer.temper.reasons = [...]`."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from techdoctor.probes.printing.ipp_wire import (
    COLLECTION,
    ENUM,
    INTEGER,
    JOB_GROUP,
    KEYWORD,
    OPERATION_GROUP,
    PRINTER_GROUP,
    URI,
    Attribute,
    Group,
    Message,
    WireError,
    decode,
    encode,
)
from tests.lab.printing.fake_attributes import Temper, printer_attributes

_PRINT, _VALIDATE, _CREATE, _SEND, _CANCEL = 0x02, 0x04, 0x05, 0x06, 0x08
_JOB_ATTRIBUTES, _JOBS, _PRINTER_ATTRIBUTES = 0x09, 0x0A, 0x0B


@dataclass
class Job:
    """One job in the printer."""

    number: int
    state: int = 3
    reasons: list[str] = field(default_factory=lambda: ["job-incoming"])
    since: float = 0.0
    size: int = 0


class FakePrinter:
    """The printer; a context manager that listens as long as it is open.

    Attributes:
        temper: How it behaves.
        diagnosed: Set once techdoctor itself has asked for its state.

    Args:
        host: Loopback address to listen at.
        port: Port, 0 for any free one.
        context: Speaks TLS when given.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, context: ssl.SSLContext | None = None) -> None:
        self.temper = Temper()
        self.jobs: dict[int, Job] = {}
        self.diagnosed = threading.Event()
        self.lock = threading.Lock()
        self.closing = threading.Event()
        handler = type("Handler", (_Handler,), {"device": self})
        self._server = _Server((host, port), handler)
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.host, self.port = host, int(self._server.server_address[1])
        self.uri = f"{'ipps' if context else 'ipp'}://{host}:{self.port}/ipp/print"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> FakePrinter:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stops listening: connections are refused from now on."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def states(self) -> list[int]:
        """States of all jobs, oldest first."""
        with self.lock:
            return [self.advance(job).state for job in self.jobs.values()]

    def wait_for(self, done: Callable[[FakePrinter], bool], seconds: float = 10.0) -> bool:
        """Waits until `done(printer)`; False when it did not become true in time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if done(self):
                return True
            time.sleep(0.05)
        return False

    def advance(self, job: Job) -> Job:
        """Moves a job on by the clock and the printer's temper."""
        if job.state in (5, 6):
            job.state, job.reasons = (6, ["printer-stopped"]) if self.temper.state == 5 else (5, ["job-printing"])
        if job.state == 5 and self.temper.jobs == "abort":
            job.state, job.reasons = 8, ["aborted-by-system", "document-format-error"]
        finishes = self.temper.jobs == "finish" or (self.temper.jobs == "stick_first" and job.number > 1)
        if job.state == 5 and finishes and time.monotonic() - job.since > self.temper.job_seconds:
            job.state, job.reasons = 9, ["job-completed-successfully"]
        return job


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that give up on a misbehaving printer are no news."""


def _one(tag: int, value: Any) -> Attribute:
    return Attribute(tag, (value,))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    device: FakePrinter

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Says nothing on standard error."""

    def _read(self) -> bytes:
        if "chunked" not in (self.headers.get("Transfer-Encoding") or ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="Printer"')
        if status == 426:
            self.send_header("Upgrade", "TLS/1.2,HTTP/1.1")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body, temper = self._read(), self.device.temper
        if temper.body != "ipp":
            self._misbehave(temper.body)
        elif temper.http_status:
            self._send(temper.http_status, "text/plain", b"")
        elif self.path.rstrip("/") != "/ipp/print":
            self._send(404, "text/plain", b"")
        else:
            try:
                message, document = decode(body)
            except WireError:
                return self._send(400, "text/plain", b"")
            with self.device.lock:
                answer = self._answer(message, document)
            self._send(200, "application/ipp", encode(answer))
        return None

    def _misbehave(self, how: str) -> None:
        self.close_connection = True
        if how == "html":
            self._send(200, "text/html", b"<html>Please log in to the network</html>")
        elif how == "garbage":
            self._send(200, "application/ipp", b"\x02\x00\x00\x00\x00\x00\x00\x01" + bytes(range(256)))
        elif how == "deep":
            members = Attribute(INTEGER, (1,))
            for _ in range(400):
                members = Attribute(COLLECTION, ({"m": members},))
            self._send(200, "application/ipp", encode(Message(0, (Group(PRINTER_GROUP, {"deep": members}),))))
        elif how == "huge":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\n\r\n")
            while not self.device.closing.is_set():
                self.wfile.write(bytes(1 << 20))
        elif how == "drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: 100000\r\n\r\n")
            while not self.device.closing.wait(0.2):
                self.wfile.write(b"\x01")
        elif how == "hang":
            self.device.closing.wait(60)
        else:
            self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, message: Message, document: bytes) -> Message:
        operation = message.of(OPERATION_GROUP)[0]
        status = self.device.temper.ipp_status
        groups: list[Group] = []
        if not status:
            status, groups = self._perform(message.code, operation, document)
        first = Group(
            OPERATION_GROUP,
            {"attributes-charset": _one(0x47, "utf-8"), "attributes-natural-language": _one(0x48, "en")},
        )
        return Message(status, (first, *groups), message.request_id, message.version)

    def _perform(self, code: int, operation: Group, document: bytes) -> tuple[int, list[Group]]:
        device, temper = self.device, self.device.temper
        for job in device.jobs.values():
            device.advance(job)
        if code == _PRINTER_ATTRIBUTES:
            active = sum(job.state < 7 for job in device.jobs.values())
            attributes = printer_attributes(temper, self.headers.get("Host", device.host), active)
            wanted = set(operation.texts("requested-attributes"))
            if "User-Agent" not in self.headers:  # CUPS gives its name, techdoctor none
                threading.Timer(0.2, device.diagnosed.set).start()
            if wanted and not wanted & {"all", "printer-description", "job-template", "media-col-database"}:
                attributes = {name: value for name, value in attributes.items() if name in wanted}
            return 0, [Group(PRINTER_GROUP, attributes)]
        if code == _JOBS:
            done = operation.text("which-jobs") == "completed"
            return 0, [self._job(job) for job in device.jobs.values() if (job.state >= 7) == done]
        if code in (_PRINT, _VALIDATE, _CREATE):
            return self._new_job(code, document)
        found = device.jobs.get(operation.number("job-id") or 0)
        if found is None:
            return 0x406, []
        if code == _SEND:
            self._start(found, document)
        elif code == _CANCEL:
            found.state, found.reasons = 7, ["job-canceled-by-user"]
        return 0, [self._job(device.advance(found))]

    def _new_job(self, code: int, document: bytes) -> tuple[int, list[Group]]:
        if not self.device.temper.accepting:
            return 0x506, []
        if code == _VALIDATE:
            return 0, []
        job = Job(len(self.device.jobs) + 1)
        self.device.jobs[job.number] = job
        if code == _PRINT:
            self._start(job, document)
        return 0, [self._job(job)]

    def _start(self, job: Job, document: bytes) -> None:
        job.state, job.reasons, job.since, job.size = 5, ["job-printing"], time.monotonic(), len(document)

    def _job(self, job: Job) -> Group:
        attributes = {
            "job-id": _one(INTEGER, job.number),
            "job-uri": _one(URI, f"{self.device.uri}/{job.number}"),
            "job-state": _one(ENUM, job.state),
            "job-state-reasons": Attribute(KEYWORD, tuple(job.reasons)),
            "job-impressions-completed": _one(INTEGER, int(job.state == 9)),
            "time-at-completed": _one(INTEGER, 30) if job.state >= 7 else _one(0x13, None),
            "job-printer-up-time": _one(INTEGER, 60),
        }
        return Group(JOB_GROUP, attributes)
