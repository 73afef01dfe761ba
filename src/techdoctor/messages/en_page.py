"""The HTML pages."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "page.check_title": "Check-up of {host}",
    "page.findings": "What was found",
    "page.result": "Result",
    "page.helps": "What helps:",
    "page.command": "Be led through it:",
    "page.evidence": "For a technician",
    "page.healthy": "No sign of",
    "page.not_judged": "Not judged",
    "page.not_judged_count": ("1 possible cause, and why", "{n} possible causes, and why"),
    "page.made_by": "Made by techdoctor. This page loads nothing and sends nothing.",
}
