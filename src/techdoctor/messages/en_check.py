"""What a check-up says: its progress and its report."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "check.not_routine": "it takes longer than a check-up has; a diagnosis or techdoctor watch measures it",
    "check.bad_format": "There is no format '{format}'.",
    "check.written": "Written: {path}",
    "check.not_written": "{path} cannot be written: {reason}",
    "check.progress": "{done} of {total} done, {seconds} s",
    "check.danger": "Danger",
    "check.problem": "Problem",
    "check.warning": "Warning",
    "check.note": "Note",
    "check.finding": "{severity}: {title}.",
    "check.more": ("There is 1 more finding; see --technician.", "There are {n} more findings; see --technician."),
    "check.mend": "To mend it: techdoctor diagnose --playbook {playbook}",
    "check.healthy": "No sign of: {titles}.",
    "check.healthy_count": (
        "No sign of 1 other kind of trouble ({areas}).",
        "No sign of {n} other kinds of trouble ({areas}).",
    ),
    "check.not_judged_count": (
        "1 possible cause could not be judged.",
        "{n} possible causes could not be judged.",
    ),
    "check.not_here": "Not on this computer: {titles}.",
    "check.not_judged": "Not judged: {title}: {reason}",
    "check.count_danger": ("1 danger", "{n} dangers"),
    "check.count_problem": ("1 problem", "{n} problems"),
    "check.count_warning": ("1 warning", "{n} warnings"),
    "check.count_note": ("1 note", "{n} notes"),
    "check.all_well": "Nothing wrong was found.",
    "check.nothing_judged": "Could not tell: nothing could be measured.",
    "check.found": "Found: {counts}.",
}
