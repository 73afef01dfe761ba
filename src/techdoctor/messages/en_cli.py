"""What the command line says beside its help."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "cli.unknown_command": "There is no command '{name}'.",
    "cli.did_you_mean": "Did you mean: techdoctor {name}?",
    "cli.see_help": "See: techdoctor --help",
    "cli.see_command_help": "See: techdoctor {name} --help",
}
