"""The words of a row: what became of a probe, a fix or a call. A row does not judge."""

from techdoctor.messages.catalogue import Text

TEXTS: dict[str, Text] = {
    "status.ok": "checked",
    "status.unknown": "unknown",
    "status.skipped": "skipped",
    "status.not_here": "not here",
    "status.done": "done",
    "status.failed": "failed",
    "status.timeout": "it did not answer in time",
    "status.denied": "it needs administrator rights",
    "status.missing_tool": "a tool it needs is not installed",
    "status.crashed": "the check itself failed",
    "status.was_skipped": "it was left out",
    "status.not_applicable": "there is no such thing on this computer",
}
