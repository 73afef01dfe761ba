"""Settings: one declared table, read from flags, environment, user file and site file."""

from techdoctor.settings.load import Row, Settings, check_limits, check_targets, load_settings
from techdoctor.settings.paths import cache_folder, site_file, state_folder, user_file

__all__ = [
    "Row",
    "Settings",
    "cache_folder",
    "check_limits",
    "check_targets",
    "load_settings",
    "site_file",
    "state_folder",
    "user_file",
]
