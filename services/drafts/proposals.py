"""What is proposed for drafts: an agent, and a column for each of its inputs, judged by the first rows."""

from collections.abc import Callable, Sequence

from services.drafts import mapping
from services.drafts.recent import Recent
from services.models import Agent, Choices, Draft, MatchReason, Proposal, SheetRow

MAX_SAMPLED_ROWS = 300
"""How many of the first rows are looked at."""

FirstRows = Callable[[str, int], Sequence[SheetRow]]
"""Gives the first rows of a draft, by its id."""


class Proposals:
    """The latest proposals. They only depend on the spreadsheet and the agents, and are kept while these stay."""

    def __init__(self, first_rows: FirstRows) -> None:
        self._first_rows = first_rows
        self._agents: Recent[Agent | None] = Recent()
        self._columns: Recent[dict[str, Proposal]] = Recent()

    def agent(self, draft: Draft, agents: Sequence[Agent]) -> Agent | None:
        """Give the agent whose inputs clearly fit the columns best, or None."""
        key = (draft.id, draft.sheet, tuple(agents))
        return self._agents.get(
            key, lambda: mapping.suggest_agent(agents, draft.sheet.columns, self._sampled_rows(draft))
        )

    def choices(self, draft: Draft, agent: Agent) -> Choices:
        """Give the choice proposed for each input of an agent."""
        return {name: proposal.choice for name, proposal in self._proposed(draft, agent).items()}

    def reasons(self, draft: Draft) -> dict[str, MatchReason]:
        """Say for each input whose column is the proposed one why it was proposed."""
        if draft.agent is None:
            return {}
        proposed = self._proposed(draft, draft.agent)
        return {
            name: proposal.reason
            for name, proposal in proposed.items()
            if proposal.reason is not None and draft.choices.get(name) == proposal.choice
        }

    def _proposed(self, draft: Draft, agent: Agent) -> dict[str, Proposal]:
        return self._columns.get(
            (draft.id, draft.sheet, agent),
            lambda: mapping.match(agent, draft.sheet.columns, self._sampled_rows(draft)),
        )

    def _sampled_rows(self, draft: Draft) -> Sequence[SheetRow]:
        return self._first_rows(draft.id, MAX_SAMPLED_ROWS)
