"""What `bundle` prints."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "bundle.create": "Pack session {session} into one file? Private things are taken out; nothing is sent.",
    "bundle.not_written": "No file was written.",
    "bundle.written": "{path}: {n} parts, {hidden} private values hidden.",
    "bundle.head": "Session {session}, made {created} by techdoctor {version}",
}
