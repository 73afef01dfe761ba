"""Shared folders: what is mounted from other computers, whether it answers, and whether its server does."""
