"""Backups: which programs make them here, when the last one succeeded, what failed."""
