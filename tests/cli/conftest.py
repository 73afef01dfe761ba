"""A program with a home of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runs import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    return Program(home)
