"""What is said when something goes wrong with the program itself."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "error.hint": "  -> {hint}",
    "error.interrupted": "Interrupted. Nothing was changed.",
    "error.internal": (
        "techdoctor itself failed ({what}). The details are in {where}; please attach that file to a report."
    ),
    "error.output": "The result could not be written to standard output: {reason}.",
    "error.no_crash_file": "the lines above (no file could be written)",
}
