"""Touching a machine: run a command, read a file. Always a deadline, a cap and LC_ALL=C.

CPython 3.9 syntax: this module travels to remote hosts.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import IO, Callable, Dict, List, Mapping, Optional, Sequence, Set, TypeVar

from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, MISSING_TOOL, NOT_APPLICABLE, TIMEOUT

DEFAULT_CAP_BYTES = 1 << 20
# Ordinary users' PATH often lacks the folders where lpadmin, ip and smartctl live.
_EXTRA_PATH = ("/usr/local/sbin", "/usr/sbin", "/sbin")
_children: Set[subprocess.Popen[bytes]] = set()
_children_lock = threading.RLock()  # a signal may come while the main thread holds it
_T = TypeVar("_T")


def platform_name() -> str:
    """Returns "linux", "macos" or "windows"; other systems by their own name."""
    names = {"linux": "linux", "darwin": "macos", "win32": "windows"}
    return names.get(sys.platform, sys.platform)


def is_admin() -> bool:
    """True when this process has administrator rights (root, or an elevated Windows token)."""
    if hasattr(os, "geteuid"):
        return os.geteuid() == 0
    import ctypes

    return bool(ctypes.windll.shell32.IsUserAnAdmin())  # type: ignore[attr-defined,unused-ignore] # Windows only


@dataclass(frozen=True)
class Ran:
    """What a command did.

    Attributes:
        argv: The command as it was run.
        status: "ok" (it ended by itself, whatever its exit code), "timeout", "missing_tool" or "denied".
        exit_code: Exit code, negative for a signal; None when it did not start or was ended by us.
        out: Standard output, up to the cap; on a timeout what had come by then.
        err: Standard error, up to the cap.
        truncated: True when the cap cut something off (the command was ended then).
        duration_s: Wall time in seconds.
    """

    argv: Sequence[str]
    status: str
    exit_code: Optional[int] = None
    out: str = ""
    err: str = ""
    truncated: bool = False
    duration_s: float = 0.0

    @property
    def worked(self) -> bool:
        """True when it ended by itself with exit code 0."""
        return self.status == "ok" and self.exit_code == 0


class _Drain(threading.Thread):
    """Reads a pipe to its end, to the cap or to the line `until`."""

    def __init__(self, pipe: IO[bytes], cap: int, full: threading.Event, until: str = "") -> None:
        super().__init__(daemon=True)
        self._pipe, self._cap, self._full, self._until = pipe, cap, full, f"{until}\n".encode() if until else None
        self.chunks: List[bytes] = []
        self.start()

    def run(self) -> None:
        left = self._cap
        try:
            while left > 0:
                chunk = self._pipe.read1(min(left, 65536))  # type: ignore[attr-defined] # a pipe is buffered
                if not chunk:
                    return
                self.chunks.append(chunk)
                left -= len(chunk)
                if self._until is not None and chunk.endswith(self._until):
                    break
            self._full.set()
        except (OSError, ValueError):  # the pipe was closed under us after the deadline
            return
        finally:
            self._pipe.close()

    def text(self) -> str:
        return b"".join(self.chunks).decode("utf-8", "replace")


def command_environment(extra: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
    """The environment every child gets: ours, in the C locale, with the system folders in PATH."""
    env = dict(os.environ)
    env.pop("LANGUAGE", None)
    env["LC_ALL"] = "C"
    if os.name == "posix":
        parts = env.get("PATH", "/usr/bin:/bin").split(":")
        env["PATH"] = ":".join(parts + [p for p in _EXTRA_PATH if p not in parts])
    env.update(extra or {})
    return env


def run(
    argv: Sequence[str],
    timeout_s: float,
    cap_bytes: int = DEFAULT_CAP_BYTES,
    stdin: str = "",
    env: Optional[Mapping[str, str]] = None,
    until: str = "",
) -> Ran:
    """Runs a command in its own session and ends its whole group at the deadline.

    Args:
        argv: Program and arguments; never a shell line.
        timeout_s: Seconds until the group is ended.
        cap_bytes: Most bytes kept of each of stdout and stderr; more ends the command.
        stdin: Text for its standard input.
        env: Variables on top of `command_environment()`.
        until: Last line of its output, after which its end is not waited for: it may be stuck in the kernel.
    """
    begun = time.monotonic()
    posix = os.name == "posix"
    try:
        child = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=command_environment(env),
            start_new_session=posix,
            creationflags=0 if posix else getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
    except FileNotFoundError:
        return Ran(argv, MISSING_TOOL)
    except PermissionError:
        return Ran(argv, DENIED)
    except (OSError, ValueError) as error:  # ValueError: a foreign word with a zero byte in it
        return Ran(argv, DENIED, err=str(error))
    with _children_lock:
        _children.add(child)
    full = threading.Event()
    assert child.stdout is not None and child.stderr is not None
    out, err = _Drain(child.stdout, cap_bytes, full, until), _Drain(child.stderr, cap_bytes, full)
    if stdin and child.stdin is not None:
        threading.Thread(target=_feed, args=(child.stdin, stdin.encode()), daemon=True).start()
    try:
        timed_out = not _wait(child, begun + timeout_s, full)
    finally:
        _end_group(child)
        with _children_lock:
            _children.discard(child)
    for drain in (out, err):
        drain.join(0.5 if child.returncode is not None else 0.05)
    return Ran(
        argv,
        TIMEOUT if timed_out else "ok",
        None if timed_out or full.is_set() else child.returncode,
        out.text(),
        err.text(),
        full.is_set(),
        time.monotonic() - begun,
    )


def _feed(pipe: IO[bytes], data: bytes) -> None:
    try:
        pipe.write(data)
        pipe.close()
    except OSError:
        return  # the command ended without reading all of it, which is its right


def _wait(child: subprocess.Popen[bytes], deadline: float, full: threading.Event) -> bool:
    """Waits for the end; False at the deadline, True at the end or when the cap is reached."""
    pause = 0.001
    while child.poll() is None:
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        if full.wait(min(pause, left)):
            return True
        pause = min(pause * 2, 0.02)
    return True


def _end_group(child: subprocess.Popen[bytes]) -> None:
    if os.name == "posix":
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass  # already gone, or it changed its user (sudo): then its own deadline ends it
    elif child.poll() is None:
        child.kill()
    try:
        child.wait(0.3)
    except (subprocess.TimeoutExpired, OSError):
        pass  # stuck in the kernel, or a clock that jumped made the pause impossible (EINVAL): it is left behind


def end_children() -> None:
    """Ends every command that is still running (Ctrl-C, end of the program)."""
    with _children_lock:
        running = list(_children)
    for child in running:
        if child.poll() is None:
            _end_group(child)


def read_text(path: str, cap_bytes: int = DEFAULT_CAP_BYTES) -> str:
    """Reads the head of a file that cannot hang (procfs, sysfs, /etc).

    Raises:
        CannotMeasure: It is absent, is no file (but a pipe or a device), may not be read or gives an I/O error.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise CannotMeasure(NOT_APPLICABLE, f"{path} cannot be read: it is no file")
        with open(path, "rb") as stream:
            return stream.read(cap_bytes).decode("utf-8", "replace")
    except FileNotFoundError:
        raise CannotMeasure(NOT_APPLICABLE, f"{path} does not exist here") from None
    except PermissionError:
        raise CannotMeasure(DENIED, f"may not read {path} (needs administrator rights)") from None
    except OSError as error:
        raise CannotMeasure(NOT_APPLICABLE, f"{path} cannot be read: {error.strerror}") from None


def read_regular(path: str, most_bytes: int) -> bytes:
    """Reads a whole file of ours. What stands in its place but is no plain file is refused, never waited for.

    Raises:
        OSError: It cannot be read, is no regular file (a pipe would hang us) or is larger than `most_bytes`.
    """
    if "\0" in path:
        raise OSError(errno.EINVAL, "no path", path)
    if not stat.S_ISREG(os.stat(path).st_mode):  # before it is opened: that alone rewinds a tape or arms a watchdog
        raise OSError(errno.EINVAL, "not a regular file", path)
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        data = stream.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise OSError(errno.EFBIG, f"larger than {most_bytes} bytes", path)
    return data


def within(timeout_s: float, work: Callable[[], _T]) -> _T:
    """Runs file work that can hang in the kernel (a dead file server) in a thread that is left behind.

    Returns:
        What `work` returns; whatever it raises is raised here.

    Raises:
        TimeoutError: No answer within `timeout_s` seconds.
    """
    results: List[_T] = []
    errors: List[BaseException] = []

    def call() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - carried over to the waiting thread
            errors.append(error)

    thread = threading.Thread(target=call, daemon=True, name="file work")
    thread.start()
    thread.join(timeout_s)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"no answer within {timeout_s:g} s")
    return results[0]
