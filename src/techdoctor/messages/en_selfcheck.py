"""What `self-check` prints."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "selfcheck.ok": "ok",
    "selfcheck.missing": "missing",
    "selfcheck.rights": "Rights",
    "selfcheck.tools": "Tools of the system",
    "selfcheck.packages": "Python packages",
    "selfcheck.paths": "Folders written to",
    "selfcheck.playbooks": "Playbooks",
}
