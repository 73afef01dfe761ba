"""Fixtures of the scanning laboratory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.lab.scanning.bench import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A laboratory of its own for each test."""
    if shutil.which("scanimage") is None:
        pytest.skip("needs real scanner drivers (Debian packages sane-utils, sane-airscan)")
    with Bench() as made:
        yield made
