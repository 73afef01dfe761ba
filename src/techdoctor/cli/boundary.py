"""The one place where errors become messages and exit codes."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from techdoctor.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_USAGE, TechdoctorError
from techdoctor.messages import say
from techdoctor.text import clean

# What writing to a closed pipe, a full disk or a terminal that is gone gives.
_OUTPUT_ERRORS = (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG, errno.EDQUOT)


def guarded(arguments: Sequence[str]) -> int:
    """Runs the command line; whatever happens ends in an exit code and never in a traceback."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is signal.SIG_DFL:
            signal.signal(getattr(signal, name), _end_with_children)
    try:
        from techdoctor.cli.app import run

        return run(list(arguments))
    except TechdoctorError as error:
        complain(error)
        return error.exit_code
    except KeyboardInterrupt:
        print(say("error.interrupted"), file=sys.stderr)
        return EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last net: the report goes into a crash file
        if isinstance(error, OSError) and error.filename is None and error.errno in _OUTPUT_ERRORS:
            return lost_output(error)
        print(say("error.internal", what=type(error).__name__, where=_crash_file(error)), file=sys.stderr)
        return EXIT_INTERNAL


def _end_with_children(number: int, frame: FrameType | None) -> None:
    """Ends our children, then us by the same signal; the journal stays open for `session resume`."""
    system = sys.modules.get("techdoctor.system")  # not loaded: there are no children
    if system is not None:
        system.end_children()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def lost_output(error: OSError) -> int:
    """Standard output takes nothing more: says so, drops what it still holds, returns the exit code."""
    if not isinstance(error, BrokenPipeError):  # whoever read it has gone (| head): nobody to say it to
        with contextlib.suppress(OSError):
            print(say("error.output", reason=error.strerror), file=sys.stderr)
            sys.stderr.flush()
    for number in (1, 2):  # else the interpreter's last flush complains once more, and makes the exit code 120
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    return EXIT_USAGE


def complain(error: TechdoctorError) -> None:
    """Prints an expected error and what to do about it to standard error."""
    print(clean(error.message, 100_000), file=sys.stderr)
    if error.hint:
        print(say("error.hint", hint=clean(error.hint)), file=sys.stderr)


def _crash_file(error: Exception) -> str:
    """Writes the traceback into the state folder, else the temporary one; returns where it is."""
    import tempfile

    from techdoctor.settings import Settings, load_settings, state_folder

    try:
        settings = load_settings()
    except TechdoctorError:  # the crash is what matters now; the default folder will do
        settings = Settings()
    text = "".join(traceback.format_exception(error))
    name = f"crash-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{os.getpid()}.txt"
    for folder in (state_folder(settings), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = folder / name
            path.write_text(text, encoding="utf-8")
        except OSError:
            continue
        return str(path)
    print(text, file=sys.stderr)
    return say("error.no_crash_file")
