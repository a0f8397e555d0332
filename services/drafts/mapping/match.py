"""Which column an input's values probably come from, judged by names and by the cells of the first rows."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from services.drafts.mapping.names import (
    ANY_ORDER,
    MIN_SIMILARITY_BESIDE_SHARED_WORDS,
    Name,
    is_literal,
    is_part_of,
    likeness,
    part_likeness,
    read_name,
    same_words,
)
from services.drafts.mapping.samples import SampledColumn, sampled_columns
from services.models import Agent, AgentInput, Choice, ChoiceKind, InputType, MatchReason, Proposal, SheetRow

MIN_OPTION_SHARE = 0.5
"""A column belongs to a dropdown when more of its filled cells than this are the dropdown's options."""
MIN_ACCEPTED_SHARE = 0.2
"""A column whose name is only similar isn't proposed when the input accepts fewer of its cells."""


class _Pair(NamedTuple):
    """An input and a column that may feed it, by their places."""

    score: float
    place: int
    column: int
    reason: MatchReason


def match(agent: Agent, columns: Sequence[str], rows: Iterable[SheetRow] = ()) -> dict[str, Proposal]:
    """Propose a column for each input and say why; the best pairs come first, and no column is proposed twice.

    In this order: the same name (case, accents, punctuation, plural, and word order don't matter); columns whose cells
    are a dropdown's options; numbered columns for an input of several values ("Key feature 1", "Key feature 2"); a
    close spelling; a synonym, or a part of the name. Where two columns or two inputs fit equally well by anything less
    than the name itself, nothing is proposed.

    Args:
        agent: the agent whose inputs need columns.
        columns: the spreadsheet's columns.
        rows: its first rows, a few hundred at most; without them, only names count.

    Returns:
        A proposal for every input by its name; an input without a likely column is left out.
    """
    return match_sampled(agent, sampled_columns(columns, rows))


def match_sampled(agent: Agent, columns: Sequence[SampledColumn]) -> dict[str, Proposal]:
    """Do what `match` does, with columns that serve for several agents."""
    matching = _Matching(agent, columns)
    matching.match_names(only_accepted=True)
    matching.match_options()
    matching.match_names(only_accepted=False)
    matching.match_numbered(same_words, MatchReason.SAME_NAME)
    matching.match_numbered(is_part_of, MatchReason.PART_OF_NAME)
    matching.match_similar()
    matching.match_parts()
    matching.match_numbered(_means_part_of, MatchReason.SYNONYM)
    return matching.proposals()


class _Matching:
    """The columns matched with inputs so far."""

    def __init__(self, agent: Agent, columns: Sequence[SampledColumn]) -> None:
        self._inputs = agent.inputs
        self._names = [read_name(field.name) for field in agent.inputs]
        self._columns = columns
        self._matched: dict[int, list[int]] = {}
        self._reasons: dict[int, MatchReason] = {}
        self._undecided: set[int] = set()
        """Inputs that several columns fit equally well."""
        self._free = set(range(len(columns)))

    def match_names(self, *, only_accepted: bool) -> None:
        """Match equal names. Among equals, the first input gets the first column that isn't empty.

        Args:
            only_accepted: leave out dropdowns where no cell of the column is an option.
        """
        pairs = [
            pair
            for pair in self._pairs(lambda _, wanted, column: likeness(wanted, column.name), MatchReason.SAME_NAME)
            if pair.score >= ANY_ORDER
        ]
        for pair in sorted(pairs, key=lambda pair: (-pair.score, self._columns[pair.column].is_empty, pair[1:3])):
            accepted = self._columns[pair.column].accepted_share(self._inputs[pair.place]) > 0
            if (accepted or not only_accepted) and pair.place not in self._matched and pair.column in self._free:
                self._add(pair)

    def match_options(self) -> None:
        """Match dropdowns with the columns whose cells are mostly their options; the names decide among several."""

        def score(field: AgentInput, wanted: Name, column: SampledColumn) -> float:
            if field.type is not InputType.DROPDOWN or (share := column.option_share(field)) <= MIN_OPTION_SHARE:
                return 0.0
            named = likeness(wanted, column.name) or part_likeness(wanted, column.name)
            return 1 + named + round(share, 1) / 100

        self._add_clear(self._pairs(score, MatchReason.OPTIONS))

    def match_similar(self) -> None:
        """Match names that are spelled almost alike."""

        def score(field: AgentInput, wanted: Name, column: SampledColumn) -> float:
            close = likeness(wanted, column.name)
            return close if close >= MIN_SIMILARITY_BESIDE_SHARED_WORDS and _has_cells_for(field, column) else 0.0

        self._add_clear(self._pairs(score, MatchReason.SIMILAR_NAME))

    def match_parts(self) -> None:
        """Match names of which one is a part of the other, or that mean the same."""

        def score(field: AgentInput, wanted: Name, column: SampledColumn) -> float:
            return part_likeness(wanted, column.name) if _has_cells_for(field, column) else 0.0

        self._add_clear(self._pairs(score, MatchReason.SYNONYM))

    def match_numbered(self, fits: Callable[[Name, Name], bool], reason: MatchReason) -> None:
        """Match inputs of several values with the numbered columns that fit, unless a column alone does."""
        for place, (field, wanted) in enumerate(zip(self._inputs, self._names, strict=True)):
            numbered_before = len(self._matched.get(place, ())) and self._columns[self._matched[place][0]].name.numbers
            if field.max_values == 1 or wanted.numbers or (place in self._matched and not numbered_before):
                continue
            room = field.max_values - len(self._matched.get(place, ()))
            numbered = [column for column in sorted(self._free) if self._columns[column].name.numbers]
            for column in [column for column in numbered if fits(wanted, self._columns[column].name)][:room]:
                self._add(_Pair(1, place, column, self._reasons.get(place, reason)))

    def proposals(self) -> dict[str, Proposal]:
        """Give what is proposed for every input."""
        return {field.name: self._proposal(place) for place, field in enumerate(self._inputs)}

    def _pairs(self, score: Callable[[AgentInput, Name, SampledColumn], float], reason: MatchReason) -> list[_Pair]:
        """Score the open inputs with the free columns; gives the pairs above 0."""
        return [
            _Pair(found, place, column, reason)
            for place, (field, wanted) in enumerate(zip(self._inputs, self._names, strict=True))
            if place not in self._matched and place not in self._undecided
            for column in self._free
            if (found := score(field, wanted, self._columns[column])) > 0
        ]

    def _add_clear(self, pairs: Sequence[_Pair]) -> None:
        """Match the best pairs first; an input whose best column isn't its alone, or not the only one, stays open."""
        while pairs:
            best = max(pair.score for pair in pairs)
            tied = [pair for pair in pairs if pair.score == best]
            inputs, columns = Counter(pair.place for pair in tied), Counter(pair.column for pair in tied)
            for pair in tied:
                if inputs[pair.place] == columns[pair.column] == 1:
                    self._add(pair)
                else:
                    self._undecided.add(pair.place)
            settled = self._matched.keys() | self._undecided
            pairs = [pair for pair in pairs if pair.place not in settled and pair.column in self._free]

    def _add(self, pair: _Pair) -> None:
        reason = pair.reason
        if reason is MatchReason.SYNONYM and is_literal(self._names[pair.place], self._columns[pair.column].name):
            reason = MatchReason.PART_OF_NAME
        self._matched.setdefault(pair.place, []).append(pair.column)
        self._reasons[pair.place] = reason
        self._free.discard(pair.column)

    def _proposal(self, place: int) -> Proposal:
        columns = tuple(self._columns[column].written for column in sorted(self._matched.get(place, ())))
        return Proposal(Choice(ChoiceKind.COLUMN, columns), self._reasons[place]) if columns else Proposal(Choice())


def _has_cells_for(field: AgentInput, column: SampledColumn) -> bool:
    return not column.is_empty and column.accepted_share(field) >= MIN_ACCEPTED_SHARE


def _means_part_of(wanted: Name, column: Name) -> bool:
    return part_likeness(wanted, column, with_numbers=True) > 0
