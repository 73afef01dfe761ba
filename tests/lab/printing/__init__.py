"""The printing laboratory: a real cupsd without root, and a printer that misbehaves on demand."""
