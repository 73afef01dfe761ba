"""Updates of the system and its packages: waiting, interrupted, locked, switched off."""
