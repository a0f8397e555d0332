"""The verbs that pages may use. Everything a screen can show or do goes through the one `Desk` of the process."""

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

from services.models import (
    Agent,
    BatchPage,
    BatchSummary,
    Check,
    Choices,
    ConnectionHealth,
    Draft,
    Estimate,
    Reading,
    RowDetail,
    RowPage,
    RowState,
    SheetRow,
)
from services.settings import Connection, Settings

PAGE_ROWS = 100
"""Rows on one page of a batch."""
PAGE_BATCHES = 50
"""Batches on one page of the list."""


def _quiet(_: int) -> None:
    """Take no notice of progress."""


class Desk:
    """Drafts, batches and the engine behind them, for the screens. All methods may be called from any thread."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    # the desk itself
    def start(self) -> None:
        """Begin to work on the batches that are running."""

    def stop(self) -> None:
        """Finish or record what is on the wire, then end."""

    @property
    def connection(self) -> Connection:
        """Where requests go."""
        return self.settings.connection

    @property
    def works_here(self) -> bool:
        """Whether this process sends rows; False while another Copydesk on the same database does."""
        raise NotImplementedError

    def health(self) -> ConnectionHealth:
        """What the last requests told about the connection."""
        raise NotImplementedError

    # a draft's spreadsheet
    def open_spreadsheet(self, data: bytes, filename: str, on_progress: Callable[[int], None] = _quiet) -> Draft:
        """Read a spreadsheet and store it as a new draft; `on_progress` gets the number of rows read so far.

        Raises SheetError: it cannot be used; nothing is stored then.
        """
        raise NotImplementedError

    def open_pasted(self, text: str, on_progress: Callable[[int], None] = _quiet) -> Draft:
        """The same for cells pasted from a spreadsheet."""
        raise NotImplementedError

    def open_sample(self) -> Draft:
        """The same for the 24 sample products."""
        raise NotImplementedError

    def reread(self, draft_id: str, reading: Reading, on_progress: Callable[[int], None] = _quiet) -> Draft:
        """Read the draft's file again in another way (encoding, separator, sheet); the choices that still fit stay.

        Raises SheetError: it cannot be read so; the draft stays as it was.
        """
        raise NotImplementedError

    def draft(self, draft_id: str) -> Draft:
        """The draft. Raises MissingError."""
        raise NotImplementedError

    def preview(self, draft_id: str, count: int) -> list[SheetRow]:
        """The draft's first rows."""
        raise NotImplementedError

    # a draft's agent and columns
    def agents(self, *, refresh: bool = False) -> list[Agent]:
        """The key's agents by name, kept for a few minutes. Raises WriterError."""
        raise NotImplementedError

    def choose_agent(self, draft_id: str, agent: Agent) -> Draft:
        """Set the draft's agent and propose a column for each of its inputs."""
        raise NotImplementedError

    def save_choices(self, draft_id: str, choices: Choices) -> Draft:
        """Store where each input's values come from."""
        raise NotImplementedError

    def rename_draft(self, draft_id: str, name: str) -> Draft:
        """Store the batch name that a person typed."""
        raise NotImplementedError

    def incomplete(self, draft: Draft) -> list[str]:
        """What has to be decided before the rows can be checked, in sentences; empty when nothing is missing."""
        raise NotImplementedError

    def check(self, draft: Draft) -> Check:
        """Check every row of a draft that is not incomplete. Kept until the draft changes."""
        raise NotImplementedError

    def estimate(self, rows: int) -> Estimate:
        """What sending so many rows takes at the least."""
        raise NotImplementedError

    def launch(self, draft_id: str, name: str, on_progress: Callable[[int], None] = _quiet) -> str:
        """Turn the draft into a running batch, in one transaction, and give its id.

        A draft launches once: launching it again gives the id of the batch it became.
        Raises LaunchError: no row is ready, something is undecided, or Writer refuses the key.
        """
        raise NotImplementedError

    # batches
    def batches(self, page: int = 1) -> BatchPage:
        """One page of all batches, newest first; pages count from 1."""
        raise NotImplementedError

    def batch(self, batch_id: str) -> BatchSummary:
        """One batch with its counts. Raises MissingError."""
        raise NotImplementedError

    def rows(self, batch_id: str, states: Collection[RowState], search: str, page: int) -> RowPage:
        """One page of the batch's rows in those states (all states if empty) that contain the search text."""
        raise NotImplementedError

    def row(self, batch_id: str, position: int) -> RowDetail:
        """One row, whole. Raises MissingError."""
        raise NotImplementedError

    def time_left(self, summary: BatchSummary) -> timedelta | None:
        """How long a running batch still needs at the pace of the last minute; None while that cannot be told."""
        raise NotImplementedError

    def pause(self, batch_id: str) -> None:
        """Send nothing more until the batch is resumed. Raises RefusedError, MissingError (so do the next four)."""
        raise NotImplementedError

    def resume(self, batch_id: str) -> None:
        """Go on with a paused batch."""
        raise NotImplementedError

    def cancel(self, batch_id: str) -> None:
        """Never send the rows that wait; those at Writer run to their end and are collected."""
        raise NotImplementedError

    def retry(self, batch_id: str, positions: Sequence[int] | None = None) -> int:
        """Send rows again: those given, or all failed ones. Gives how many rows will be sent."""
        raise NotImplementedError

    def delete(self, batch_id: str) -> None:
        """Delete a batch that is over, with its rows."""
        raise NotImplementedError

    def export(self, batch_id: str, suffix: str) -> tuple[str, object]:
        """The download of a batch as `csv` or `xlsx`: the Content-Disposition header and the chunks of the file."""
        raise NotImplementedError
