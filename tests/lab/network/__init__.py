"""The laboratory of network faults: see README.md and lab.py."""
