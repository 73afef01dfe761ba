"""Probes of the machine itself: heat, battery, sound. CPython 3.9 syntax."""
