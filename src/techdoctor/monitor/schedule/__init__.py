"""Having check-ups run by themselves: one module per scheduler, each from a plan to files and commands."""
