"""Background services and scheduled work: systemd, cron, launchd, Windows services."""
