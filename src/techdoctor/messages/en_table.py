"""Headings of tables."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "table.cell": "{heading}: {text}",
    "table.empty": "Nothing to list.",
    "table.name": "Name",
    "table.title": "Title",
    "table.linux": "Linux",
    "table.macos": "macOS",
    "table.windows": "Windows",
    "table.playbook": "Playbook",
    "table.session": "Session",
    "table.when": "When",
    "table.end": "End",
    "table.cause": "Cause",
    "table.still_open": "open",
    "table.more": ("... and 1 more", "... and {n} more"),
    "table.took": "{name}: {status}, {took}",
    "table.reason": "{name}: {status}, {took}: {reason}",
    "table.field": "{field}: {value}",
    "table.gap": "{field}: unknown, because {reason}",
}
