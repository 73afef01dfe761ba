"""Fixtures of the printing laboratory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.lab.printing.bench import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A laboratory of its own for each test; it is up in a tenth of a second."""
    if shutil.which("cupsd", path="/usr/sbin:/sbin:/usr/local/sbin:/usr/bin") is None:
        pytest.skip("needs a real cupsd (Debian package cups; make packages installs it)")
    with Bench() as made:
        yield made
