"""File systems, what fills them, how fast they are, whether they can be written."""
