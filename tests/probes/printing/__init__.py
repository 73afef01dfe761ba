"""Probes of printing."""
