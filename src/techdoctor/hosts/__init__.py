"""Hosts: where probes run and fixes are applied, behind one protocol (`base.Host`)."""
