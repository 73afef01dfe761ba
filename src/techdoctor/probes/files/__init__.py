"""Probes of files and folders: who may open them, and what keeps them from being changed."""
