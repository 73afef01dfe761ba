"""The engine: a pure step function, the order of causes, the journal, and the driver around them."""
