"""A pulse while something runs that says nothing by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Ticker:
    """Calls `tick` from a daemon thread every `every_s` seconds until stopped."""

    def __init__(self, every_s: float, tick: Callable[[], None]) -> None:
        self._every_s, self._tick = every_s, tick
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="ticker")
        self._thread.start()

    def stop(self) -> None:
        """No tick happens after this returns."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._every_s):
            self._tick()
