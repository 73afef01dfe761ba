"""Opening accounts that were locked. CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Callable, Mapping, Sequence, Tuple

from techdoctor import system
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.text import clean_line

# useradd(8): what Linux takes as a name; a directory's names may have a domain.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.@\\-]{0,63}\$?")
_UNLOCK, _FORGET = "Unlock the password", "Forget the wrong attempts"


def _argv(acting: Acting, words: Callable[[str], Sequence[str]]) -> Tuple[Tuple[str, ...], str]:
    user = acting.text("user")
    if not _NAME.fullmatch(user):
        return (), f"'{clean_line(user)}' is not the name of a user"
    return acting.elevated(words(user)), ""


def _unlock(user: str) -> Sequence[str]:
    return ("passwd", "-u", user)


def _lock(user: str) -> Sequence[str]:
    return ("passwd", "-l", user)


def _forget(user: str) -> Sequence[str]:
    return ("faillock", "--user", user, "--reset")


def _preview(title: str, words: Callable[[str], Sequence[str]], undo: str) -> Callable[[Acting], ActionPreview]:
    def preview(acting: Acting) -> ActionPreview:
        argv, problem = _argv(acting, words)
        full = f"{title}: {clean_line(acting.text('user'))}"
        return ActionPreview(full, (shown(argv),) if argv else (), not system.is_admin(), undo, "", problem)

    return preview


def _apply(words: Callable[[str], Sequence[str]], done: str) -> Callable[[Acting], ActionOutcome]:
    def apply(acting: Acting) -> ActionOutcome:
        argv, problem = _argv(acting, words)
        if problem:
            return ActionOutcome(False, problem)
        return outcome_of(acting.run(argv), f"{clean_line(acting.text('user'))}: {done}", {})

    return apply


def _lock_again(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    return _apply(_lock, "locked again")(acting)


_WHO = {"user": Parameter("text", "Whose account.", required=True)}
ACTIONS = (
    Action(
        name="account.forget_failures",
        title=_FORGET,
        doc="faillock --user NAME --reset: the count of pam_faillock starts anew.",
        preview=_preview(_FORGET, _forget, ""),
        apply=_apply(_forget, "the wrong attempts are forgotten"),
        parameters=_WHO,
        touches=("account.*",),
        platforms=("linux",),
    ),
    Action(
        name="account.unlock",
        title=_UNLOCK,
        doc="passwd -u; it refuses where that would leave an account without a password.",
        preview=_preview(_UNLOCK, _unlock, "The password is locked again."),
        apply=_apply(_unlock, "unlocked"),
        parameters=_WHO,
        touches=("account.*",),
        undo_name="account.lock_again",
        undo=_lock_again,
        platforms=("linux",),
        least_risk="medium",
    ),
)
