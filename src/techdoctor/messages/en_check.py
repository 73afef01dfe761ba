"""What `check` says."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "check.begins": ("Looking at 1 area. Nothing is changed.", "Looking at {n} areas. Nothing is changed."),
    "check.no_area": "There is no area '{area}'.",
    "check.areas": "There are: {areas}",
}
