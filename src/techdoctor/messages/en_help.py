"""The help of the command line."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "help.usage": "Usage: techdoctor COMMAND [OPTIONS] [WORDS]",
    "help.about": (
        "Finds out what is wrong with this computer, explains it in plain words,\n"
        "mends it with your consent and measures that it is mended."
    ),
    "help.commands": "Commands:",
    "help.diagnose": "Say what hurts; get the cause and the fix",
    "help.check": "All routine checks, nothing asked, nothing changed",
    "help.watch": "Look for a while at what comes and goes",
    "help.advise": "What would be worth buying, from what was measured",
    "help.schedule": "Have check-ups run by themselves",
    "help.probe": "Run single measurements and show what they give",
    "help.print": "Prove that printing works: a job without paper, or a test page",
    "help.bundle": "Pack what is known into one redacted file for a ticket",
    "help.playbook": "List, show, search, check and test playbooks",
    "help.session": "Past sessions: show, go on, explain, undo, forget",
    "help.config": "Show the settings and where each comes from",
    "help.self_check": "What techdoctor can see here, and what is missing",
    "help.completion": "Print the completion script for your shell",
    "help.examples": (
        "Examples:\n"
        '  techdoctor diagnose "the internet does not work"\n'
        "  techdoctor diagnose printer does not print --plain\n"
        "  techdoctor check --json\n"
        "\n"
        "More: techdoctor COMMAND --help        Version: techdoctor --version\n"
        "Exit codes: 0 solved or healthy, 1 a problem remains, 2 wrong use, 3 could not tell,\n"
        "4 handed on with a bundle, 5 a fix did not help, 70 internal error, 130 interrupted."
    ),
}
