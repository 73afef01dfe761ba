"""Accounts of people, and the language they have set."""
