"""What `session` prints."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "session_cmd.changed": "The playbook {playbook} has changed since; it is shown as it would be walked today.",
    "session_cmd.path": "The way through the playbook:",
    "session_cmd.order": "Order in which suspects would be tried (likelihood / effort):",
    "session_cmd.learned": "(the cause in {hits} of {sessions} earlier sessions)",
    "session_cmd.cannot_undo": "{action} cannot be taken back.",
    "session_cmd.nothing_to_undo": "There is nothing to take back.",
    "session_cmd.undo_interrupted": "Interrupted while taking back {action}: it may be taken back or not.",
    "session_cmd.undo": "Take back: {action}?",
    "session_cmd.forgotten": "Session {session} is deleted.",
}
