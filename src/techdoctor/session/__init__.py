"""Sessions as a whole: from words to a closed journal, and going on with an interrupted one."""
