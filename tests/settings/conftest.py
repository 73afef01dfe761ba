from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from techdoctor.model import Value
from techdoctor.settings import Settings, load_settings

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads settings from given texts; no file of this machine is read."""

    def with_texts(
        user: str = "",
        site: str = "",
        flags: Mapping[str, Value] | None = None,
        **env: str,
    ) -> Settings:
        (tmp_path / "user.toml").write_text(user)
        (tmp_path / "site.toml").write_text(site)
        files = {
            "TECHDOCTOR_CONFIG": str(tmp_path / "user.toml"),
            "TECHDOCTOR_SITE_CONFIG": str(tmp_path / "site.toml"),
        }
        return load_settings(flags, {**files, **env})

    return with_texts
