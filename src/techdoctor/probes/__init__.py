"""Probes: named, read-only measurements. One module per area, found through `registry`."""
