"""Watching a machine for a while: looks at intervals, series of bounded length, troubles that show over time."""
