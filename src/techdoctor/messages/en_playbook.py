"""What `playbook` prints."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "playbook.measures": "Measures:",
    "playbook.causes": "Tells apart:",
    "playbook.linted": (
        "1 file checked: {errors} errors, {warnings} warnings",
        "{n} files checked: {errors} errors, {warnings} warnings",
    ),
}
