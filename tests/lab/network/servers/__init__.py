"""Servers of the laboratory, standard library only: `python -m tests.lab.network.servers ROLE CONTROL CERTIFICATES`."""
