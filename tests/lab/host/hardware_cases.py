"""The cases of heat, battery and sound, for the accuracy table."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.accuracy import MOST_S, Case, Done, Ran, told
from tests.lab.host import hardware
from tests.lab.host.breakage import AS_NOBODY
from tests.lab.host.hardware_faults import CONTROLS, FAULTS
from tests.lab.host.sound_server import Sound, sound_server

_EVERY = {**FAULTS, **CONTROLS}


def _mute(sound: Sound) -> None:
    sound.control("set-sink-mute", "speaker", "1")


def _turn_down(sound: Sound) -> None:
    sound.control("set-sink-volume", "speaker", "0%")


def _unplug(sound: Sound) -> None:
    sound.control("unload-module", "module-null-sink")


# Fault -> (cause, how it is made, what people would type).
_SOUND: dict[str, tuple[str, Callable[[Sound], None], tuple[str, ...]]] = {
    "muted": ("sound.none.muted", _mute, ("there is no sound", "I hear nothing in videos")),
    "turned down": ("sound.none.muted", _turn_down, ("the speakers are silent",)),
    "no loudspeaker": ("sound.none.no_device", _unplug, ("no audio output at all",)),
}
_SOUND_HEALTHY = "sound works"


def _cases() -> Iterator[Case]:
    for name, fault in _EVERY.items():
        yield from told(name, fault.cause or None, *fault.words, needs="root")
    for name, (cause, _, words) in _SOUND.items():
        yield from told(name, cause, *words, needs="root")
    yield from told(_SOUND_HEALTHY, None, "there is no sound", needs="root")


CASES: tuple[Case, ...] = tuple(_cases())


@dataclass(frozen=True)
class _Broken:
    folder: Path
    prefix: tuple[str, ...] = ()
    variables: Mapping[str, str] | None = None

    def techdoctor(self, *arguments: str) -> Ran:
        begun = time.monotonic()
        try:
            ran = self._run(*arguments)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(str(error)) from None
        return Done(ran.returncode, ran.stdout, ran.stderr, time.monotonic() - begun)

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        if self.variables is None:
            return hardware.techdoctor(self.folder, *arguments, prefix=self.prefix, timeout_s=MOST_S)
        return subprocess.run(
            [sys.executable, "-m", "techdoctor", *arguments],
            env={**os.environ, **self.variables, "TECHDOCTOR_OFFLINE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=MOST_S,
        )


@contextmanager
def broken(case: Case, folder: Path, ordinary: bool) -> Iterator[_Broken]:
    """A machine of made-up sensors, or this one with a sound server of its own."""
    with ExitStack() as closing:
        if case.fault in _EVERY:
            fault = _EVERY[case.fault]
            hardware.write(folder, fault.files)
            if fault.counts:
                closing.enter_context(hardware.counting(folder / fault.counts))
            yield _Broken(folder, AS_NOBODY if ordinary else ())
            return
        if not shutil.which("pulseaudio"):
            raise RuntimeError("needs the package pulseaudio")
        sound = closing.enter_context(sound_server(folder))
        if case.fault in _SOUND:
            _SOUND[case.fault][1](sound)
        yield _Broken(folder, variables=sound.variables)
