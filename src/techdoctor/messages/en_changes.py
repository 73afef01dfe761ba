"""What changed since an earlier check-up."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "changes.since": "Changed since the check-up of {when}:",
    "changes.none": "Nothing changed since the check-up of {when}.",
    "changes.kept": "This check-up was kept; the next one with --baseline says what changed.",
    "changes.no_earlier": "There is no earlier check-up to compare with.",
    "changes.not_kept": "This check-up was not kept: {reason}",
    "changes.not_compared": "Programs, drivers and settings were not compared: only --baseline keeps them.",
    "changes.new": "New: {title} ({severity})",
    "changes.gone": "Gone: {title}",
    "changes.worse": "Worse: {title} ({before} -> {after})",
    "changes.better": "Better: {title} ({before} -> {after})",
    "changes.packages": ("1 program package: {names}", "{n} program packages: {names}"),
    "changes.drivers": ("1 driver (kernel module): {names}", "{n} drivers (kernel modules): {names}"),
    "changes.settings": ("1 settings file: {names}", "{n} settings files: {names}"),
    "changes.settings_gone": ("1 settings file is gone.", "{n} settings files are gone."),
    "changes.bad_since": "--since {text}: not a time",
    "changes.bad_since_hint": "for example: --since 7d, --since 12h, --since 2026-01-31",
}
