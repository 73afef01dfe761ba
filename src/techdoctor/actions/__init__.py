"""Actions: named changes to a machine with their undo. One module per area, found through `registry`."""
