"""What techdoctor keeps on this machine: journals of sessions and the history of their outcomes."""

from techdoctor.records.history import History, PastSession
from techdoctor.records.sessions import SessionRow, SessionStore

__all__ = ["History", "PastSession", "SessionRow", "SessionStore"]
