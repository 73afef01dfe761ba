"""What `diagnose` says around a session."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "diagnose.no_hit": "Nothing that techdoctor knows fits these words. Try others, or see: techdoctor playbook list",
    "diagnose.offer_bundle": (
        "Shall I pack what was found into one file for a technician? Private things are taken out."
    ),
    "diagnose.offer_bundle_why": (
        "The file holds the measurements and what was tried. Names of this computer, of its users and secrets are "
        "removed. Nothing is sent; you decide who gets it."
    ),
    "diagnose.no_bundle": "The file could not be written: {reason}",
    "diagnose.further": "Nothing found there. The words also fit something else:",
    "diagnose.unusable": "A playbook is left out: {problem}",
    "diagnose.request": (
        "This sounds like a wish to people, not like a fault. Please ask your help desk or office: techdoctor can "
        "only mend what does not work. If something is broken after all, say what it does."
    ),
    "diagnose.raised": "{words} of your words and this check: {check}",
    "diagnose.no_hit_menu": "I do not know these words. Please choose, or say it in other words.",
}
