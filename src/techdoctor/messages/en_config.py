"""What `config` prints."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "config.files": "Your file: {user}\nThe site's file: {site}",
    "config.origin": "from: {origin}",
}
