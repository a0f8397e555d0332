"""The third step of a new batch: the column for each input."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from components.new_batch.steps import distinct, show_stored
from components.words import count, plain, shorten
from services.models import AgentInput, Choice, ChoiceKind, Choices, InputType, MatchReason, SheetRow

LEAVE_OUT = "(leave out)"
SAME_VALUE = "(same value for all rows)"
_MAX_EXAMPLE_CHARACTERS = 140
_PICTURE_PX = 120
_REASONS = {
    MatchReason.SIMILAR_NAME: "Suggested: similar name",
    MatchReason.SYNONYM: "Suggested: similar meaning",
    MatchReason.PART_OF_NAME: "Suggested: part of the name matches",
    MatchReason.OPTIONS: "Suggested: the cells match the dropdown's options",
}
"""What is said of a suggested column; the same name needs no explanation."""

OnChoice = Callable[[str, Choice], None]
"""Called with an input's name and the choice that was made for it."""


@dataclass(frozen=True)
class Columns:
    """A spreadsheet's columns with a unique label each, and the row that serves as the example."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    example: SheetRow | None

    @classmethod
    def of(cls, names: Sequence[str], first_row: SheetRow | None) -> "Columns":
        """Label the columns; one with the name of a special choice gets a label of its own."""
        return cls(tuple(names), tuple(distinct(names, (LEAVE_OUT, SAME_VALUE))), first_row)

    def label(self, name: str) -> str:
        """Give the label of a column."""
        return self.labels[self.names.index(name)]

    def name(self, label: str) -> str:
        """Give the column with this label."""
        return self.names[self.labels.index(label)]

    @property
    def sender(self) -> str:
        """The name of the example row."""
        return f"Row {self.example.number}" if self.example else "No rows"

    def cell(self, name: str) -> str:
        """Give the example row's cell in a column."""
        return self.example.cells[self.names.index(name)] if self.example else ""


def choose_columns(
    inputs: Sequence[AgentInput],
    columns: Columns,
    choices: Choices,
    reasons: Mapping[str, MatchReason],
    pictures: Mapping[str, bytes],
    on_choice: OnChoice,
) -> None:
    """Show one line per input: where its values come from, and what the first row sends.

    `reasons`: why a column was suggested, for inputs whose column is the suggested one. `pictures`: the image that the
    first row sends, for inputs that take files.
    """
    lines = st.container(gap="medium")
    for n, agent_input in enumerate(inputs):
        choice = choices.get(agent_input.name, Choice())
        left, right = lines.columns([3, 2])
        with left:
            _source(n, agent_input, columns, choice, reasons.get(agent_input.name), on_choice)
        with right.container(gap="xsmall"):
            _example(agent_input, columns, choice)
            if agent_input.name in pictures:
                st.image(pictures[agent_input.name], width=_PICTURE_PX, alt=f"{columns.sender}: the image that is sent")


def show_unused_columns(columns: Sequence[str], choices: Choices) -> None:
    """Say what happens to the columns that no input uses."""
    used = {name for choice in choices.values() for name in choice.columns}
    unused = [name for name in columns if name not in used]
    if unused:
        those = "isn't used, but it" if len(unused) == 1 else "aren't used, but they"
        st.caption(f"{count(len(unused), 'column')} {those} will be in the download.")


def _source(
    n: int,
    agent_input: AgentInput,
    columns: Columns,
    choice: Choice,
    reason: MatchReason | None,
    on_choice: OnChoice,
) -> None:
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
    if reason in _REASONS:
        st.caption(_REASONS[reason])
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
        st.text_input(label, key=key, on_change=changed, placeholder="Enter a value", label_visibility="collapsed")


def _more_columns(n: int, agent_input: AgentInput, columns: Columns, choice: Choice, on_choice: OnChoice) -> None:
    key = f"more_columns_for_{n}"
    first, *further = choice.columns
    show_stored(key, [columns.label(name) for name in further])

    def changed() -> None:
        names = (columns.name(label) for label in st.session_state[key])
        on_choice(agent_input.name, Choice(ChoiceKind.COLUMN, (first, *names)))

    st.multiselect(
        f"{plain(agent_input.name)}: more columns",
        [label for label in columns.labels if label != columns.label(first)],
        key=key,
        on_change=changed,
        max_selections=max(agent_input.max_values - 1, len(further)),
        placeholder=f"Add columns (up to {agent_input.max_values} values in total)",
        label_visibility="collapsed",
        select_all=False,
    )


def _example(agent_input: AgentInput, columns: Columns, choice: Choice) -> None:
    """Show what would be sent, so that a wrong choice is easy to see."""
    if choice.kind is ChoiceKind.FIXED:
        sender, given = "Every row", [choice.value]
    else:
        sender, given = columns.sender, [columns.cell(name) for name in choice.columns]
    if agent_input.max_values > 1 and len(given) == 1:
        given = given[0].splitlines()
    values = [shorten(value, _MAX_EXAMPLE_CHARACTERS) for value in given if value.strip()]
    st.caption(f"{sender}:" if values else f"{sender}: nothing")
    for value in values:
        st.text(value)
