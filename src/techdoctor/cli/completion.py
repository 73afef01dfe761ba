"""`techdoctor completion SHELL`: prints a completion script; no file of yours is edited."""

from __future__ import annotations

import typer

from techdoctor.cli.app import new_app
from techdoctor.cli.table import MODULES
from techdoctor.errors import UsageError

app = new_app("Completion scripts.")

SUBCOMMANDS = {
    "bundle": ("create", "show"),
    "playbook": ("list", "show", "search", "lint", "test", "schema"),
    "session": ("list", "show", "resume", "explain", "undo", "forget"),
    "config": ("show",),
    "completion": ("bash", "zsh", "fish"),
}

_BASH = """_techdoctor() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} choices=""
    if [ "$COMP_CWORD" -eq 1 ]; then
        choices="{commands}"
    elif [ "$COMP_CWORD" -eq 2 ]; then
        case ${{COMP_WORDS[1]}} in
{cases}
        esac
    fi
    COMPREPLY=($(compgen -W "$choices" -- "$word"))
}}
complete -o default -F _techdoctor techdoctor
"""
_ZSH = """#compdef techdoctor
if (( CURRENT == 2 )); then
    compadd {commands}
elif (( CURRENT == 3 )); then
    case $words[2] in
{cases}
    esac
fi
"""


@app.command()
def completion(shell: str = typer.Argument(help="bash, zsh or fish")) -> None:
    """Print the completion script for a shell.

    Examples:

      techdoctor completion bash > ~/.local/share/bash-completion/completions/techdoctor
    """
    print(script(shell), end="")


def script(shell: str) -> str:
    """The completion script.

    Raises:
        UsageError: No script for this shell.
    """
    commands = " ".join(MODULES)
    if shell == "bash":
        cases = "\n".join(f'            {name}) choices="{" ".join(subs)}" ;;' for name, subs in SUBCOMMANDS.items())
        return _BASH.format(commands=commands, cases=cases)
    if shell == "zsh":
        cases = "\n".join(f"        {name}) compadd {' '.join(subs)} ;;" for name, subs in SUBCOMMANDS.items())
        return _ZSH.format(commands=commands, cases=cases)
    if shell == "fish":
        lines = [f"complete -c techdoctor -f -n __fish_use_subcommand -a '{commands}'"]
        lines += [
            f"complete -c techdoctor -f -n '__fish_seen_subcommand_from {name}' -a '{' '.join(subs)}'"
            for name, subs in SUBCOMMANDS.items()
        ]
        return "\n".join(lines) + "\n"
    raise UsageError(f"no completion for '{shell}'", "choose bash, zsh or fish")
