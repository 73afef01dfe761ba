"""How things look to a person: the terminal, two renderers of a session, reports and tables.

Knows model, events, text, errors and messages only. Nothing here imports rich before a table is shown.
"""
