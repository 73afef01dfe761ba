"""A network of its own in which every address but one is dead: nothing sent there can leave this machine."""

from __future__ import annotations

import os
import subprocess
from types import TracebackType

# Documentation addresses (RFC 5737).
OWN, DEAD, NO_ROUTE = "192.0.2.1/24", "192.0.2.7", "198.51.100.7"


class OwnNetwork:
    """A network namespace with a dummy card; a context manager. Needs root.

    Attributes:
        name: Of the namespace.
        prefix: Put before a command to run it there.
    """

    def __init__(self) -> None:
        self.name = f"tdprn{os.getpid()}"
        self.prefix = ("ip", "netns", "exec", self.name)

    def __enter__(self) -> OwnNetwork:
        self._ip("netns", "add", self.name)
        try:
            self._ip("-n", self.name, "link", "set", "lo", "up")
            self._ip("-n", self.name, "link", "add", "card0", "type", "veth", "peer", "name", "nobody0")
            self._ip("-n", self.name, "address", "add", OWN, "dev", "card0")
            for card in ("card0", "nobody0"):
                self._ip("-n", self.name, "link", "set", card, "up")
        except subprocess.CalledProcessError:
            self._ip("netns", "delete", self.name)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None) -> None:
        self._ip("netns", "delete", self.name)

    def _ip(self, *arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True, capture_output=True)
