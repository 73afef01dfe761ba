"""Firewall and virus protection."""
