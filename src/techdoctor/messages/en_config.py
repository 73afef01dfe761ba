"""What `config` prints."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "config.files": "Your file: {user}\nThe site's file: {site}",
    "config.origin": "from: {origin}",
    "config.target": "What probes ask beyond this machine; a list in [targets] replaces it.",
}
