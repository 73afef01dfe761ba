"""The program's entry: the fast paths first, the rest only when it is needed."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs techdoctor and exits with its exit code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        from techdoctor import __version__

        print(f"techdoctor {__version__}")
        raise SystemExit(0)
    from techdoctor.cli.table import overview

    if not arguments or arguments in (["--help"], ["-h"]):
        print(overview())
        raise SystemExit(0)
    from techdoctor.cli.boundary import guarded

    raise SystemExit(guarded(arguments))


if __name__ == "__main__":
    main()
