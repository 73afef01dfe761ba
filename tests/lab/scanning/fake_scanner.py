"""A network scanner (eSCL) on a loopback address that real scanning programs open, and that misbehaves on demand.

Source: Mopria eSCL 2.97.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from tests.lab.printing.bench import OWN_ADDRESS

_NAMES = 'xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm"'
_SOURCE = """<scan:MinWidth>8</scan:MinWidth><scan:MaxWidth>2550</scan:MaxWidth><scan:MinHeight>8</scan:MinHeight>
<scan:MaxHeight>3508</scan:MaxHeight><scan:MaxScanRegions>1</scan:MaxScanRegions><scan:SettingProfiles>
<scan:SettingProfile><scan:ColorModes><scan:ColorMode>Grayscale8</scan:ColorMode></scan:ColorModes>
<scan:DocumentFormats><pwg:DocumentFormat>image/jpeg</pwg:DocumentFormat></scan:DocumentFormats>
<scan:SupportedResolutions><scan:DiscreteResolutions><scan:DiscreteResolution><scan:XResolution>75</scan:XResolution>
<scan:YResolution>75</scan:YResolution></scan:DiscreteResolution></scan:DiscreteResolutions></scan:SupportedResolutions>
</scan:SettingProfile></scan:SettingProfiles>"""
_CAPABILITIES = f"""<?xml version="1.0" encoding="UTF-8"?><scan:ScannerCapabilities {_NAMES}>
<pwg:Version>2.6</pwg:Version><pwg:MakeAndModel>Laboratory Scanner 1</pwg:MakeAndModel>
<scan:Platen><scan:PlatenInputCaps>{_SOURCE}</scan:PlatenInputCaps></scan:Platen>
<scan:Adf><scan:AdfSimplexInputCaps>{_SOURCE}</scan:AdfSimplexInputCaps></scan:Adf></scan:ScannerCapabilities>"""


@dataclass
class Scanner:
    """A scanner; a context manager.

    Attributes:
        state: Idle, Processing, Testing, Stopped or Down.
        feeder: Its AdfState.
        status: HTTP status of every answer; 200 answers normally.
        body: What it sends in the place of its status; empty for the true one.
    """

    state: str = "Idle"
    feeder: str = "ScannerAdfLoaded"
    status: int = 200
    body: str = ""
    port: int = 0
    scans: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> Scanner:
        scanner = self

        class Handler(_Handler):
            device = scanner

        self._server = ThreadingHTTPServer((OWN_ADDRESS, self.port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        """Its eSCL address."""
        return f"http://{OWN_ADDRESS}:{self.port}/eSCL"

    def document(self) -> str:
        """Its status document."""
        return self.body or (
            f'<?xml version="1.0" encoding="UTF-8"?><scan:ScannerStatus {_NAMES}><pwg:Version>2.6</pwg:Version>'
            f"<pwg:State>{self.state}</pwg:State><scan:AdfState>{self.feeder}</scan:AdfState></scan:ScannerStatus>"
        )


class _Handler(BaseHTTPRequestHandler):
    device: Scanner
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name it has there
        """Says nothing."""

    def do_GET(self) -> None:
        if self.device.status != 200:
            self._send(self.device.status, "text/plain", "")
        elif self.path.endswith("/ScannerStatus"):
            self._send(200, "text/xml", self.device.document())
        elif self.path.endswith("/ScannerCapabilities"):
            self._send(200, "text/xml", _CAPABILITIES)
        else:
            self._send(404, "text/plain", "")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.device.state != "Idle":
            self._send(503, "text/plain", "")
            return
        job = str(uuid.uuid4())
        self.device.scans[job] = 1
        self._send(201, "text/plain", "", f"/eSCL/ScanJobs/{job}")

    def _send(self, status: int, kind: str, text: str, location: str = "") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)
