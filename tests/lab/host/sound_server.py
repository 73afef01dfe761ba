"""A real sound server of one's own with one made-up loudspeaker."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = (
    "load-module module-null-sink sink_name=speaker\n"
    "load-module module-native-protocol-unix\n"
    "load-module module-always-sink\n"
)


@dataclass(frozen=True)
class Sound:
    """A running sound server.

    Attributes:
        variables: What a program needs in its environment to use it.
    """

    variables: Mapping[str, str]

    def control(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """Runs pactl on it."""
        server = f"PULSE_SERVER=unix:{self.variables['XDG_RUNTIME_DIR']}/pulse/native"
        return subprocess.run(["env", server, "pactl", *words], capture_output=True, check=False, timeout=10)


@contextmanager
def sound_server(folder: Path) -> Iterator[Sound]:
    """Starts a server whose files lie in a folder."""
    script = folder / "sound.pa"
    script.write_text(_SCRIPT)
    (folder / "run").mkdir(mode=0o700)
    sound = Sound({"XDG_RUNTIME_DIR": str(folder / "run"), "HOME": str(folder)})
    server = subprocess.Popen(
        ["pulseaudio", "-n", "-F", script, "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"],
        env={**os.environ, **sound.variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            if sound.control("info").returncode == 0:
                break
            time.sleep(0.1)
        yield sound
    finally:
        server.terminate()
        server.wait(10)
