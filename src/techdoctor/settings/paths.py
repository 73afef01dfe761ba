"""Where settings, state and cache live on this system."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from techdoctor.settings.table import SITE_FILE_VARIABLE, USER_FILE_VARIABLE

if TYPE_CHECKING:
    from techdoctor.settings.load import Settings

APP = "techdoctor"
FILE_NAME = "config.toml"


def user_file(env: Mapping[str, str]) -> Path:
    """The user's settings file: TECHDOCTOR_CONFIG, or config.toml in the system's place for it."""
    if env.get(USER_FILE_VARIABLE):
        return Path(env[USER_FILE_VARIABLE]).absolute()
    import platformdirs

    return Path(platformdirs.user_config_dir(APP, appauthor=False)) / FILE_NAME


def site_file(env: Mapping[str, str]) -> Path:
    """The administrator's settings file: TECHDOCTOR_SITE_CONFIG, or config.toml in the system's place.

    On Linux that is /etc/techdoctor, where administrators look, and not the XDG site folder.
    """
    if env.get(SITE_FILE_VARIABLE):
        return Path(env[SITE_FILE_VARIABLE]).absolute()
    if sys.platform == "linux":
        return Path("/etc") / APP / FILE_NAME
    import platformdirs

    return Path(platformdirs.site_config_dir(APP, appauthor=False)) / FILE_NAME


def state_folder(settings: Settings) -> Path:
    """Folder for sessions, history and pseudonym maps. It may not exist yet."""
    if settings.value("paths.state"):
        return Path(str(settings.value("paths.state")))
    import platformdirs

    return Path(platformdirs.user_state_dir(APP, appauthor=False))


def cache_folder(settings: Settings) -> Path:
    """Folder for what can be made again, e.g. checked playbooks. It may not exist yet."""
    if settings.value("paths.cache"):
        return Path(str(settings.value("paths.cache")))
    import platformdirs

    return Path(platformdirs.user_cache_dir(APP, appauthor=False))
