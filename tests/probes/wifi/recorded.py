"""The recorded outputs."""

from __future__ import annotations

from pathlib import Path

_CASES = Path(__file__).parent / "cases"


def case(name: str) -> str:
    return (_CASES / name).read_text(encoding="utf-8")
