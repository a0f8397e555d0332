"""Columns to inputs: propose a column for each input, give each row its inputs, and check all rows.

`match` proposes, the person decides, `incomplete` says what is still open, `compile_choices` makes the `Builder` that
gives every row its inputs or its problems, and `check` counts what it found.
"""

from services.drafts.mapping.names import match
from services.drafts.mapping.rows import Builder, check, compile_choices, incomplete

__all__ = ["Builder", "check", "compile_choices", "incomplete", "match"]
