"""net.load: downloads from a real server on loopback, the rate of a train, and the fields."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator

import pytest

from techdoctor.probes.network import downloads, load, targets, train


class _Filler(http.server.BaseHTTPRequestHandler):
    """Sends as many bytes as the path says, or an error."""

    def do_GET(self) -> None:
        count = int(self.path.rpartition("/")[2] or 0)
        self.send_response(200 if count else 503)
        self.send_header("Content-Length", str(count))
        self.end_headers()
        try:
            self.wfile.write(bytes(count))
        except OSError:
            pass  # the client had enough

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gave it
        """Nothing on the screen of the tests."""


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Filler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()


def _load(url: str, most_bytes: int = 400_000) -> downloads.Loading:
    return downloads.load(url, 4, most_bytes, 2.0, time.monotonic() + 5, lambda: False)


def test_downloads_keep_to_their_budget(server: str) -> None:
    loading = _load(f"{server}/{{bytes}}")
    assert loading.bytes == 400_000
    endless = _load(f"{server}/50000000")
    assert 400_000 <= endless.bytes <= 400_000 + 4 * (1 << 15) * 2
    assert endless.mbit_s() is not None


def test_an_error_page_is_no_download(server: str) -> None:
    loading = _load(f"{server}/0")
    assert loading.got == []
    assert "answered 503" in loading.failed[0]


def test_a_closed_port_is_told() -> None:
    loading = _load("http://127.0.0.1:9/")
    assert (loading.got, loading.mbit_s()) == ([], None)
    assert "ConnectionRefused" in loading.failed[0]


def test_the_rate_of_a_train() -> None:
    """1442 bytes each 11.5 ms are one Mbit/s; the first answers alone say nothing."""
    came = [0.0115 * number for number in range(12)]
    assert train._rate(came) == pytest.approx(1.0, abs=0.01)
    assert train._rate(came[:4]) is None


def test_what_stays_unknown_has_its_reason() -> None:
    found = load._reading(None, None, None, load._Busy("", 0.0, 0.0, 0, failed="answered 503"))
    assert found.data["rate_mbit_s"] is None
    assert "503" in found.gaps["down_mbit_s"]
    quick = load._reading(10.0, None, 900.0, load._Busy("downloads", 0.0, 0.05, 2_000_000, 320.0, True))
    assert "too soon" in quick.gaps["added_ms"] or "before it could fill" in quick.gaps["added_ms"]
    assert quick.data["rate_mbit_s"] == 320.0


def test_a_site_names_its_own_place_to_download_from() -> None:
    assert targets.download({"download": ["http://files.example.org/big"]}) == "http://files.example.org/big"
    assert targets.download({}).startswith("https://")
