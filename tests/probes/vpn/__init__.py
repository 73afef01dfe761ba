"""Tests of VPNs."""
