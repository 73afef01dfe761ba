"""The command line proper: groups are imported when they are called."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Sequence

import typer
import typer.core
import typer.main

from techdoctor.cli.table import MODULES, overview
from techdoctor.errors import UsageError
from techdoctor.messages import say

# typer carries its own copy of click from some version on: the class is found by what typer shows of it.
_UsageProblem: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException" and issubclass(kind, Exception)
)


def new_app(help_text: str) -> typer.Typer:
    """A command group with our manners: plain help, no completion installer, no pretty tracebacks."""
    return typer.Typer(
        help=help_text,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


def run(arguments: Sequence[str]) -> int:
    """Runs one command line; returns its exit code.

    Raises:
        UsageError: Unknown command or option.
        KeyboardInterrupt: Ctrl-C.
    """
    name, rest = arguments[0], _with_optional_values(list(arguments[1:]))
    if name in ("--help", "-h", "help"):
        print(overview())
        return 0
    if name not in MODULES:
        near = difflib.get_close_matches(name, MODULES, n=1)
        hint = say("cli.did_you_mean", name=near[0]) if near else say("cli.see_help")
        raise UsageError(say("cli.unknown_command", name=name), hint)
    module = importlib.import_module(f"techdoctor.cli.{MODULES[name]}")
    command = typer.main.get_command(module.app)
    try:
        code = command.main(rest, prog_name=f"techdoctor {name}", standalone_mode=False)
    except typer.Abort:  # what typer makes of Ctrl-C
        raise KeyboardInterrupt from None
    except _UsageProblem as error:
        raise UsageError(_words_of(error), say("cli.see_command_help", name=name)) from None
    return code if isinstance(code, int) else 0


def _words_of(problem: Exception) -> str:
    """What is wrong, as typer would print it."""
    formatted = getattr(problem, "format_message", None)
    return str(formatted()) if callable(formatted) else str(problem)


def _with_optional_values(arguments: list[str]) -> list[str]:
    """`--resume` alone means the last session: typer knows no option with an optional value."""
    out: list[str] = []
    for index, argument in enumerate(arguments):
        out.append(argument)
        following = arguments[index + 1] if index + 1 < len(arguments) else "-"
        if argument == "--resume" and following.startswith("-"):
            out.append("last")
    return out
