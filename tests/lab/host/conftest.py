"""The laboratory of files as a fixture."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.host.disks import Machine, machine


@pytest.fixture
def files() -> Iterator[Machine]:
    """A machine with homes of its own."""
    # Not pytest's own folder: nobody but root gets through to it, which is a finding here.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with machine(Path(folder)) as built:
            yield built
