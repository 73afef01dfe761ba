"""What the engine itself says: questions that no playbook writes."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "engine.disclose": "To go on, {what} would be sent to servers that this computer does not normally use. Send it?",
    "engine.disclose_yes": "Yes, send it",
    "engine.disclose_no": "No, do without",
    "engine.gone": "Is it gone now? ({title})",
    "engine.gone_yes": "Yes, it works now",
    "engine.gone_no": "No, it is still there",
    "engine.gone_why": "No program can measure this: you have to look.",
    "engine.disclose_why": "Asking an independent server shows whether the answer you get here is right.",
    "engine.ask_why": "The answer tells whether this is the cause: {title}.",
    "engine.not_reached": "not looked at, because this comes before it: {title}",
    "engine.undo": "'{fix}' was applied already. Take it back?",
    "engine.undo_yes": "Yes, take it back",
    "engine.undo_no": "No, leave it",
    "engine.undo_why": "Going back does not change the machine; only taking the fix back does.",
    "engine.undone": "Taken back: {text}",
    "engine.undo_failed": "It could not be taken back: {text}",
    "engine.cannot_undo": "'{fix}' was applied already and cannot be taken back.",
    "engine.nothing_back": "There is nothing to go back to.",
    "engine.interrupted": "interrupted. Go on with: techdoctor diagnose --resume",
    "engine.interrupted_unsaved": "interrupted",
}
