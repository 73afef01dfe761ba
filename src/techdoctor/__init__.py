"""techdoctor: finds out what is wrong with a computer and helps to mend it."""

__version__ = "0.1.0"
