"""Probes of scanners: the drivers of this computer, and the scanner itself over the network."""
