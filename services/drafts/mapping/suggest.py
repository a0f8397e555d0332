"""Which agent a spreadsheet was probably made for."""

from collections.abc import Iterable, Mapping, Sequence

from services.drafts.mapping.match import match_sampled
from services.drafts.mapping.rows import compile_choices, incomplete
from services.drafts.mapping.samples import SampledColumn, sampled_columns
from services.models import Agent, MatchReason, Proposal, SheetRow

_STRENGTH = {
    MatchReason.SAME_NAME: 1.0,
    MatchReason.OPTIONS: 1.0,
    MatchReason.SIMILAR_NAME: 0.9,
    MatchReason.SYNONYM: 0.8,
    MatchReason.PART_OF_NAME: 0.8,
}
"""What an input counts that has a column for this reason."""
_UNMATCHED = 0.25
"""What an optional input without a column takes away."""
MIN_READY_SHARE = 0.5
"""An agent that fewer of the first rows are ready for isn't suggested, unless the names leave no doubt."""


def suggest_agent(agents: Iterable[Agent], columns: Sequence[str], rows: Sequence[SheetRow]) -> Agent | None:
    """Give the agent whose inputs fit the columns best, or None.

    It has a column for every required input (or for half of its inputs, where none is required), and most of the first
    rows are ready or every required input has a column of the same name. The more inputs have columns, the surer these
    are, and the more rows are ready, the better it fits; of two that fit equally well neither is suggested.

    Args:
        agents: the agents to choose from.
        columns: the spreadsheet's columns.
        rows: its first rows, a few hundred at the most.
    """
    sampled = sampled_columns(columns, rows)
    fits = [(fit, agent) for agent in agents if (fit := _fit(agent, columns, sampled, rows)) > 0]
    best = max((fit for fit, _ in fits), default=0.0)
    found = [agent for fit, agent in fits if fit == best]
    return found[0] if len(found) == 1 else None


def _fit(agent: Agent, columns: Sequence[str], sampled: Sequence[SampledColumn], rows: Sequence[SheetRow]) -> float:
    """Say how well the columns fit an agent's inputs; 0 where it can't be launched like this."""
    proposals = match_sampled(agent, sampled)
    choices = {name: proposal.choice for name, proposal in proposals.items()}
    matched = sum(proposal.reason is not None for proposal in proposals.values())
    is_enough = any(field.required for field in agent.inputs) or 2 * matched >= len(agent.inputs)
    if matched == 0 or not is_enough or incomplete(agent, choices, columns):
        return 0.0
    build = compile_choices(agent, choices, columns).build
    ready = sum(not build(row)[1] for row in rows) / len(rows) if rows else 1.0
    if ready < MIN_READY_SHARE and not _same_names(agent, proposals):
        return 0.0
    return round((1 + ready) * sum(map(_strength, proposals.values())), 3)


def _same_names(agent: Agent, proposals: Mapping[str, Proposal]) -> bool:
    """Say whether every required input has a column of its name."""
    required = [field for field in agent.inputs if field.required]
    return bool(required) and all(proposals[field.name].reason is MatchReason.SAME_NAME for field in required)


def _strength(proposal: Proposal) -> float:
    return -_UNMATCHED if proposal.reason is None else _STRENGTH[proposal.reason]
