"""What looks after a machine over time: kept check-ups, what changed, watching, advice, schedules."""
