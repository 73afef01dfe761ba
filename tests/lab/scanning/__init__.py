"""The scanning laboratory: real SANE drivers with settings of their own, and a scanner that misbehaves on demand."""
