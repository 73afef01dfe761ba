"""What a check-up says: its progress and its report."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "check.progress": "{done} of {total} done, {seconds} s",
    "check.danger": "Danger",
    "check.problem": "Problem",
    "check.warning": "Warning",
    "check.note": "Note",
    "check.finding": "{severity}: {title}.",
    "check.more": ("There is 1 more finding; see --json.", "There are {n} more findings; see --json."),
    "check.mend": "To mend it: techdoctor diagnose --playbook {playbook}",
    "check.healthy": "No sign of: {titles}.",
    "check.not_judged": "Not judged: {title}: {reason}",
    "check.count_danger": ("1 danger", "{n} dangers"),
    "check.count_problem": ("1 problem", "{n} problems"),
    "check.count_warning": ("1 warning", "{n} warnings"),
    "check.count_note": ("1 note", "{n} notes"),
    "check.all_well": "Nothing wrong was found.",
    "check.nothing_judged": "Could not tell: nothing could be measured.",
    "check.found": "Found: {counts}.",
}
