"""Choices made for one reading of a spreadsheet -> choices for another reading of it."""

from collections.abc import Collection

from services.models import Choice, ChoiceKind, Choices


def refit(choices: Choices, columns: Collection[str], before: Choices, after: Choices) -> dict[str, Choice]:
    """Keep the choices that still fit, and use a proposal where one doesn't.

    Args:
        choices: what is chosen for each input.
        columns: the columns that there are now.
        before: what was proposed for the columns that there were.
        after: what is proposed for the columns that there are now.

    Returns:
        A choice for every input of `after`. A proposed column that a kept choice uses already is not proposed again.
    """
    kept = {
        name: choices[name] for name in after if name in choices and _fits(choices[name], columns, before.get(name))
    }
    used = {column for choice in kept.values() for column in choice.columns}
    return {name: kept.get(name) or (Choice() if used & {*after[name].columns} else after[name]) for name in after}


def _fits(choice: Choice, columns: Collection[str], proposed: Choice | None) -> bool:
    """Whether a choice stays: its columns are there, or a person left the input out although a column was proposed."""
    if choice.kind is ChoiceKind.LEAVE_OUT:
        return proposed is not None and proposed.kind is not ChoiceKind.LEAVE_OUT
    return set(choice.columns) <= set(columns)
