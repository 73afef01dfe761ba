"""Text of `techdoctor print`."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "print.try": "Create a job on {printer} and cancel it again? It costs no paper, but its list of jobs shows it.",
    "print.try_why": "Only a real job shows whether you may print there and whether your quota is used up.",
    "print.page": "Print one test page on {printer}?",
    "print.page_why": "It shows whether the whole way works, up to the paper.",
    "print.accepted": "{printer}: {words}.",
    "print.refused": "{printer} does not take a job from you: {words}.",
    "print.page_went": "Test page: {words}.",
    "print.came_out": "Did the page come out, and does it look right?",
    "print.came_out_why": "No program can see paper.",
    "print.no_page": "Then the trouble is at the printer itself. Next: techdoctor diagnose printer does not print",
    "print.next": "Next: techdoctor diagnose printer does not print",
    "print.no_queue": "there is no printer to test",
    "print.no_queue_hint": "techdoctor diagnose no printer is set up",
    "print.needs_cups": "print test works with CUPS, which Windows does not have",
    "print.not_tested": "Nothing was sent.",
    "print.not_remembered": "no printer is remembered for a queue named {printer}",
    "print.none_remembered": "none is remembered at all",
    "print.forgotten": "Forgotten. The printer that stands behind {printer} at the next diagnosis is remembered then.",
}
