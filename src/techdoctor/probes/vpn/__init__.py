"""VPNs: which are set up, whether their server answers, whether names inside are found."""
