"""Playbooks: strict loading, conditions, lint and the search for a symptom."""
