"""The command line: one module per command group. Parse, call, render; no logic."""
