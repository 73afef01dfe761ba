"""Scheduled check-ups."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "schedule.bad_every": "--every {text}: not a rhythm",
    "schedule.bad_at": "--at {text}: not a time of day",
    "schedule.bad_at_hint": "for example: --at 09:30",
    "schedule.bad_by": "--by {text}: not a scheduler",
    "schedule.bad_word": "{text}: a name with a line break or control characters in it cannot be scheduled",
    "schedule.none_here": "Nothing here runs programs at set times: neither a systemd of yours nor cron.",
    "schedule.none_here_hint": "install cron, or choose with --by and --print what to install elsewhere",
    "schedule.file": "File {path}:",
    "schedule.line": "Line for crontab:",
    "schedule.commands": "Commands:",
    "schedule.nothing_done": "Nothing was installed.",
    "schedule.ask": "Install it?",
    "schedule.ask_remove": "Remove it?",
    "schedule.installed": "Installed with {scheduler}. The newest result: {path}",
    "schedule.removed": "Removed from {scheduler}.",
    "schedule.failed": "It could not be done: {reason}",
    "schedule.none": "No check-up is scheduled.",
    "schedule.found": "{scheduler}: {where}",
}
