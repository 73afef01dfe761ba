"""The program's entry: the fast paths first, the rest only when it is needed."""

from __future__ import annotations

import os
import sys

# Read by libfaketime when it is loaded, under the old name and the new one.
_LEAVE_MONOTONIC = ("DONT_FAKE_MONOTONIC", "FAKETIME_DONT_FAKE_MONOTONIC")


def main() -> None:
    """Runs techdoctor and exits with its exit code."""
    try:
        _leave_monotonic_clock_alone()
        code = _run(sys.argv[1:])
        for stream in (sys.stderr, sys.stdout):
            if stream is not None:
                stream.flush()  # here, where a full disk still has a message and an exit code
        raise SystemExit(code)
    except OSError as error:
        from techdoctor.cli.boundary import lost_output

        raise SystemExit(lost_output(error)) from None  # standard error that is full counts alike
    except KeyboardInterrupt:  # during start-up, before anything else could catch it
        from techdoctor.messages import say

        print(say("error.interrupted"), file=sys.stderr)
        raise SystemExit(130) from None


def _leave_monotonic_clock_alone() -> None:
    """Begins again when libfaketime also fakes the clock that only counts.

    Deadlines of that clock are handed to the kernel, which knows nothing of the fake: every wait with a time limit
    (a lock, a queue, a thread) would then last for ever. The faked date is kept.
    """
    preloaded = os.environ.get("LD_PRELOAD", "") + os.environ.get("DYLD_INSERT_LIBRARIES", "")
    if "faketime" in preloaded and not any(os.environ.get(name) for name in _LEAVE_MONOTONIC):
        environment = {**os.environ, **dict.fromkeys(_LEAVE_MONOTONIC, "1")}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 - this program itself


def _run(arguments: list[str]) -> int:
    if arguments == ["--version"]:
        from techdoctor import __version__

        print(f"techdoctor {__version__}")
        return 0
    from techdoctor.cli.table import overview

    if not arguments or arguments in (["--help"], ["-h"]):
        print(overview())
        return 0
    if arguments[0] == "diagnose" and not {"--json", "--help", "--print-questions"} & set(arguments):
        # Before typer is imported: something is on screen within 100 ms.
        from techdoctor.console.opening import greet
        from techdoctor.console.terminal import Terminal

        greet(Terminal.of_process("--plain" in arguments))
    from techdoctor.cli.boundary import guarded

    return guarded(arguments)


if __name__ == "__main__":
    main()
