"""A check-up for other programs: one module per format, each a pure function from the check-up to text."""
