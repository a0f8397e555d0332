"""The third step of a new batch: which column feeds which input."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from components.new_batch.steps import distinct, show_stored
from components.words import count, plain, shorten
from services.models import AgentInput, Choice, ChoiceKind, Choices, InputType, SheetRow

LEAVE_OUT = "(leave out)"
SAME_VALUE = "(same value for all rows)"
_EXAMPLE_LENGTH = 140

OnChoice = Callable[[str, Choice], None]
"""Takes an input's name and the choice that was made for it."""


@dataclass(frozen=True)
class Columns:
    """A spreadsheet's columns under labels that no two choices share, and the row that serves as the example."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    example: SheetRow | None

    @classmethod
    def of(cls, names: Sequence[str], first_row: SheetRow | None) -> "Columns":
        """Label the columns; one that is called like a special choice gets a label of its own."""
        return cls(tuple(names), tuple(distinct(names, (LEAVE_OUT, SAME_VALUE))), first_row)

    def label(self, name: str) -> str:
        """The label of a column."""
        return self.labels[self.names.index(name)]

    def name(self, label: str) -> str:
        """The column with that label."""
        return self.names[self.labels.index(label)]

    @property
    def sender(self) -> str:
        """What the example row is called."""
        return f"Row {self.example.number}" if self.example else "No row"

    def cell(self, name: str) -> str:
        """What the example row has in that column."""
        return self.example.cells[self.names.index(name)] if self.example else ""


def choose_columns(inputs: Sequence[AgentInput], columns: Columns, choices: Choices, on_choice: OnChoice) -> None:
    """One line for each input: where its values come from, and what the first row gives."""
    lines = st.container(gap="medium")
    for n, agent_input in enumerate(inputs):
        choice = choices.get(agent_input.name, Choice())
        left, right = lines.columns([3, 2])
        with left:
            _source(n, agent_input, columns, choice, on_choice)
        with right.container(gap="xsmall"):
            _example(agent_input, columns, choice)


def tell_unused(columns: Sequence[str], choices: Choices) -> None:
    """Say what becomes of the columns that no input takes."""
    used = {name for choice in choices.values() for name in choice.columns}
    unused = [name for name in columns if name not in used]
    if unused:
        st.caption(f"{count(len(unused), 'column')} not used here. The download has all columns.")


def _source(n: int, agent_input: AgentInput, columns: Columns, choice: Choice, on_choice: OnChoice) -> None:
    key = f"column_for_{n}"
    show_stored(key, _label(columns, choice))

    def changed() -> None:
        on_choice(agent_input.name, _choice(columns, st.session_state[key], choice))

    st.selectbox(
        plain(agent_input.name),
        [*columns.labels, LEAVE_OUT, SAME_VALUE],
        key=key,
        on_change=changed,
        help=plain(agent_input.description) or None,
        required=agent_input.required,
    )
    if choice.kind is ChoiceKind.FIXED:
        _same_value(n, agent_input, choice, on_choice)
    elif choice.kind is ChoiceKind.COLUMN and agent_input.max_values > 1:
        _more_columns(n, agent_input, columns, choice, on_choice)


def _label(columns: Columns, choice: Choice) -> str:
    if choice.kind is ChoiceKind.COLUMN:
        return columns.label(choice.columns[0])
    return SAME_VALUE if choice.kind is ChoiceKind.FIXED else LEAVE_OUT


def _choice(columns: Columns, label: str, before: Choice) -> Choice:
    if label == SAME_VALUE:
        return Choice(ChoiceKind.FIXED)
    if label == LEAVE_OUT:
        return Choice()
    name = columns.name(label)
    return Choice(ChoiceKind.COLUMN, (name, *(further for further in before.columns[1:] if further != name)))


def _same_value(n: int, agent_input: AgentInput, choice: Choice, on_choice: OnChoice) -> None:
    key = f"value_for_{n}"
    label = f"{plain(agent_input.name)}: value for all rows"

    def changed() -> None:
        on_choice(agent_input.name, Choice(ChoiceKind.FIXED, value=st.session_state[key] or ""))

    if agent_input.type is InputType.DROPDOWN:
        show_stored(key, choice.value if choice.value in agent_input.options else None)
        st.selectbox(
            label,
            agent_input.options,
            key=key,
            on_change=changed,
            placeholder="Choose a value",
            label_visibility="collapsed",
        )
    else:
        show_stored(key, choice.value)
        st.text_input(label, key=key, on_change=changed, placeholder="Type the value", label_visibility="collapsed")


def _more_columns(n: int, agent_input: AgentInput, columns: Columns, choice: Choice, on_choice: OnChoice) -> None:
    key = f"more_columns_for_{n}"
    first, *further = choice.columns
    show_stored(key, [columns.label(name) for name in further])

    def changed() -> None:
        names = (columns.name(label) for label in st.session_state[key])
        on_choice(agent_input.name, Choice(ChoiceKind.COLUMN, (first, *names)))

    st.multiselect(
        f"{plain(agent_input.name)}: further columns",
        [label for label in columns.labels if label != columns.label(first)],
        key=key,
        on_change=changed,
        max_selections=max(agent_input.max_values - 1, len(further)),
        placeholder=f"Further columns, up to {agent_input.max_values} values in all",
        label_visibility="collapsed",
        select_all=False,
    )


def _example(agent_input: AgentInput, columns: Columns, choice: Choice) -> None:
    """What would be sent, so that a person sees what the choice means."""
    if choice.kind is ChoiceKind.FIXED:
        sender, given = "Every row", [choice.value]
    else:
        sender, given = columns.sender, [columns.cell(name) for name in choice.columns]
    if agent_input.max_values > 1 and len(given) == 1:
        given = given[0].splitlines()
    values = [shorten(value, _EXAMPLE_LENGTH) for value in given if value.strip()]
    st.caption(f"{sender} sends" if values else f"{sender} sends nothing")
    for value in values:
        st.text(value)
