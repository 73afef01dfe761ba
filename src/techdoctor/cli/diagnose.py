"""`techdoctor diagnose`: the guided diagnosis."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from techdoctor.cli.app import new_app
from techdoctor.cli.options import Json, Offline, On, Plain, SetValues, Technician
from techdoctor.errors import UsageError

app = new_app("The guided diagnosis.")

Words = Annotated[list[str] | None, typer.Argument(metavar="[WORDS]...", help="What hurts, in your own words.")]
PlaybookId = Annotated[str, typer.Option("--playbook", metavar="ID", help="Walk this playbook.")]
BatchMode = Annotated[bool, typer.Option("--batch", help="Ask nothing; what would be asked counts as unknown.")]
Answers = Annotated[
    Path | None,
    typer.Option("--answers", metavar="FILE", help="YAML map of question or fix id to choice; asks nothing."),
]
PrintQuestions = Annotated[bool, typer.Option("--print-questions", help="Print a blank answers file and end.")]
_FIX_HELP = "never: only find; ask: with your consent; safe: apply what is confirmed, of little risk, without asking."
FixMode = Annotated[str, typer.Option("--fix", metavar="never|ask|safe", help=_FIX_HELP)]
Allow = Annotated[list[str] | None, typer.Option("--allow", metavar="disclose", help="Allow sending what was typed.")]
FromBundle = Annotated[str, typer.Option("--from", metavar="BUNDLE", hidden=True)]
Resume = Annotated[str, typer.Option("--resume", metavar="[ID]", help="Go on with an interrupted session.")]


@app.command()
def diagnose(
    words: Words = None,
    playbook: PlaybookId = "",
    batch: BatchMode = False,
    answers: Answers = None,
    print_questions: PrintQuestions = False,
    set_values: SetValues = None,
    fix: FixMode = "",
    allow: Allow = None,
    on: On = "",
    from_bundle: FromBundle = "",
    resume: Resume = "",
    offline: Offline = None,
    technician: Technician = None,
    plain: Plain = None,
    json_: Json = False,
) -> int:
    """Find out what is wrong, explain it, and mend it with your consent.

    Examples:

      techdoctor diagnose "the internet does not work"

      techdoctor diagnose printer does not print --set printer=office

      techdoctor diagnose --playbook net.dns --batch --json
    """
    if fix and fix not in ("never", "ask", "safe"):
        raise UsageError(f"--fix {fix}: not a choice", "choose never, ask or safe")
    if any(item != "disclose" for item in allow or []):
        raise UsageError(f"--allow {' '.join(allow or [])}: not a choice", "the only choice is disclose")
    if from_bundle:
        raise UsageError("--from: replaying a bundle is not available in this version", "see: techdoctor bundle show")
    from techdoctor.cli import diagnosing

    wish = diagnosing.Wish(
        words=" ".join(words or []),
        playbook=playbook,
        batch=batch or answers is not None,
        answers=answers,
        inputs=tuple(set_values or ()),
        fix=fix,
        disclose=bool(allow),
        resume=resume,
        json=json_,
    )
    if on:
        raise UsageError(f"--on {on}: work over SSH is not available in this version")
    if print_questions:
        return diagnosing.print_questions(wish)
    return diagnosing.run(wish, offline=offline, technician=technician, plain=plain)
