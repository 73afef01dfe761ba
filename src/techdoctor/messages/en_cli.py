"""What the command line says beside its help."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "cli.unknown_command": "There is no command '{name}'.",
    "cli.did_you_mean": "Did you mean: techdoctor {name}?",
    "cli.see_help": "See: techdoctor --help",
    "cli.see_command_help": "See: techdoctor {name} --help",
    "cli.check_begins": (
        "Looking at 1 kind of trouble. Nothing is changed.",
        "Looking for {n} kinds of trouble. Nothing is changed.",
    ),
    "cli.no_area": "There is no area '{area}'.",
    "cli.areas": "There are: {areas}",
    "cli.no_folder": "There is no folder {folder} with playbooks (set by: {origin}).",
}
