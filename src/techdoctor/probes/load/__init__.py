"""Processor, memory, processes, limits and control groups."""
