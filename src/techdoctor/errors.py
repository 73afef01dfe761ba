"""The error tree: each class carries its exit code; the message says what, where, what to do.

CPython 3.9 syntax: this module travels to remote hosts.
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_FOUND = 1
EXIT_USAGE = 2
EXIT_CANNOT_TELL = 3
EXIT_ESCALATED = 4
EXIT_FIX_DID_NOT_HELP = 5
EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130


class TechdoctorError(Exception):
    """An expected error.

    Args:
        message: What is wrong and where, one or more lines, without a trailing full stop rule.
        hint: What to do about it; may be empty.
    """

    exit_code = EXIT_INTERNAL

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(TechdoctorError):
    """A command, option, name or file given by the user is wrong."""

    exit_code = EXIT_USAGE


class PlaybookError(TechdoctorError):
    """One or more playbooks cannot be used; the message lists every error on its own line."""

    exit_code = EXIT_USAGE


class NoAnswer(TechdoctorError):
    """A question could not be asked: standard input is closed."""

    exit_code = EXIT_USAGE


class BundleError(TechdoctorError):
    """A bundle is damaged, hostile or of an unknown version."""

    exit_code = EXIT_USAGE


class LeakFound(TechdoctorError):
    """The final scan of a bundle found something private: no file is written."""

    exit_code = EXIT_INTERNAL


class StateError(TechdoctorError):
    """The state directory cannot be read or written. Callers degrade; nothing measured is lost."""

    exit_code = EXIT_INTERNAL


class CannotMeasure(Exception):
    """Raised by a probe that could not measure; becomes the fact's status and reason.

    Not a TechdoctorError: it never reaches a person as an error.

    Args:
        status: One of model.STATUSES but "ok".
        reason: Why, in words for a person, e.g. "needs administrator rights (sudo)".
    """

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
