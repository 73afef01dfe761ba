"""Devices that announce themselves on this network: multicast DNS and DNS-SD."""
