"""Columns to inputs: suggest an agent, propose a column for each input, give each row its inputs, and check all rows.

`suggest_agent` and `match` propose, the person decides, `incomplete` says what is still open, `compile_choices` makes
the `Builder` that gives every row its inputs or its problems, and `check` counts what it found.
"""

from services.drafts.mapping.match import match
from services.drafts.mapping.rows import Builder, check, compile_choices, incomplete
from services.drafts.mapping.suggest import suggest_agent

__all__ = ["Builder", "check", "compile_choices", "incomplete", "match", "suggest_agent"]
