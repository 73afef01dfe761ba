"""The table of commands: name, module that holds it, one-line summary. Nothing is imported to show it."""

from __future__ import annotations

from techdoctor.messages import say

# Command -> module below techdoctor.cli that has `app` (a group) or `command` (one command).
MODULES = {
    "diagnose": "diagnose",
    "check": "check",
    "watch": "watch",
    "advise": "advise",
    "schedule": "schedule",
    "probe": "probe",
    "print": "printing",
    "bundle": "bundle",
    "playbook": "playbook",
    "session": "session",
    "config": "config",
    "self-check": "selfcheck",
    "completion": "completion",
}


def overview() -> str:
    """The help without arguments: what it is, the commands, three real examples."""
    width = max(len(name) for name in MODULES)
    rows = [f"  {name.ljust(width)}  {say('help.' + name.replace('-', '_'))}" for name in MODULES]
    return "\n".join(
        [say("help.usage"), "", say("help.about"), "", say("help.commands"), *rows, "", say("help.examples")]
    )
