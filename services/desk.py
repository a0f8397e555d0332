"""The verbs that pages may use. Everything a screen can show or do goes through the one `Desk` of the process."""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import timedelta

from httpx import ASGITransport

from services import exports, launch, mapping, remaining, sheets
from services.agents import Agents
from services.budget import Budget
from services.checks import Checks
from services.clock import Clock
from services.engine import EmbeddedEngine
from services.errors import LaunchError, RefusedError
from services.follow import follow
from services.gateway import Gateway
from services.models import (
    Agent,
    BatchPage,
    BatchState,
    BatchSummary,
    Check,
    Choices,
    ConnectionHealth,
    Draft,
    Estimate,
    LaunchOptions,
    Load,
    PauseKind,
    Reading,
    RowDetail,
    RowPage,
    RowState,
    SheetRow,
)
from services.sandbox import create_app
from services.settings import Connection, Settings
from services.store import Signs, Store
from services.writer import Writer

PAGE_ROWS = 100
"""Rows on one page of a batch."""
PAGE_BATCHES = 50
"""Batches on one page of the list."""
DRAFT_DAYS = 7
"""Days that a draft is kept."""
_SAMPLE = "Sample products.csv"
_REASONS = 5
"""Reasons for failures that are told, the most frequent ones."""


def _quiet(_: int) -> None:
    """Take no notice of progress."""


class Desk:
    """Drafts, batches and the engine behind them, for the screens. All methods may be called from any thread."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._clock = Clock()
        self._store = Store(settings.database_url)
        budget = Budget(self._store, self.connection.id, settings.writer_rpm, self._clock)
        gateway = self._gateway = Gateway(self._store, _writer(settings), budget, self.connection.id, self._clock)
        self._engine = EmbeddedEngine(self._store, gateway, self.connection.id, self._clock)
        self._agents = Agents(lambda: self._engine.call(gateway.agents()), self._clock)
        self._checks = Checks()

    def start(self) -> None:
        """Begin to work on the batches that are running."""
        # whatever was said of the connection was said to another process, perhaps with another key
        self._store.connections.well(self.connection.id)
        self._store.drafts.purge(self._clock.now() - DRAFT_DAYS * 86_400)
        self._engine.start()

    def stop(self) -> None:
        """Finish or record what is on the wire, then end."""
        self._engine.stop()
        self._store.close()

    @property
    def connection(self) -> Connection:
        """Where requests go."""
        return self.settings.connection

    @property
    def works_here(self) -> bool:
        """Whether this process sends rows; False while another Copydesk on the same database does."""
        return self._engine.is_owner

    def health(self) -> ConnectionHealth:
        """What the last requests told about the connection."""
        return self._store.connections.health(self.connection.id)

    def load(self) -> Load:
        """What the requests to Writer are doing right now, those of other processes too."""
        return self._gateway.budget.load()

    # a draft's spreadsheet

    def open_spreadsheet(self, data: bytes, filename: str, on_progress: Callable[[int], None] = _quiet) -> Draft:
        """Read a spreadsheet and store it as a new draft; `on_progress` gets the number of rows read so far.

        Raises SheetError: it cannot be used; nothing is stored then.
        """
        return self._open(data, filename, Reading(), on_progress)

    def open_pasted(self, text: str, on_progress: Callable[[int], None] = _quiet) -> Draft:
        """The same for cells pasted from a spreadsheet."""
        return self._open(*sheets.pasted(text), on_progress)

    def open_sample(self) -> Draft:
        """The same for the 24 sample products."""
        return self._open(sheets.sample(), _SAMPLE, Reading(), _quiet)

    def reread(self, draft_id: str, reading: Reading, on_progress: Callable[[int], None] = _quiet) -> Draft:
        """Read the draft's file again in another way (encoding, separator, sheet); the choices that still fit stay.

        Raises SheetError: it cannot be read so; the draft stays as it was.
        """
        draft, file = self.draft(draft_id), self._store.drafts.file(draft_id)
        with sheets.read(file.data, file.filename, reading, self._limits, on_progress) as parsed:
            choices = draft.choices
            if draft.agent is not None and not set(draft.sheet.columns) <= set(parsed.sheet.columns):
                choices = mapping.match(draft.agent, parsed.sheet.columns)
            return self._store.drafts.replace_sheet(draft_id, parsed.sheet, parsed.chunks(), choices)

    def draft(self, draft_id: str) -> Draft:
        """The draft. Raises MissingError."""
        return self._store.drafts.get(draft_id)

    def preview(self, draft_id: str, count: int) -> list[SheetRow]:
        """The draft's first rows."""
        return self._store.drafts.first_rows(draft_id, count)

    # a draft's agent and columns

    def agents(self, *, refresh: bool = False) -> list[Agent]:
        """The key's agents by name, kept for a few minutes. Raises WriterError."""
        return self._agents.get(refresh=refresh)

    def choose_agent(self, draft_id: str, agent: Agent) -> Draft:
        """Set the draft's agent and propose a column for each of its inputs."""
        choices = mapping.match(agent, self.draft(draft_id).sheet.columns)
        return self._store.drafts.set_agent(draft_id, agent, choices)

    def save_choices(self, draft_id: str, choices: Choices) -> Draft:
        """Store where each input's values come from."""
        return self._store.drafts.set_choices(draft_id, choices)

    def rename_draft(self, draft_id: str, name: str) -> Draft:
        """Store the batch name that a person typed."""
        return self._store.drafts.set_name(draft_id, name)

    def save_options(self, draft_id: str, options: LaunchOptions) -> Draft:
        """Store how the batch is to be sent."""
        return self._store.drafts.set_options(draft_id, options)

    def incomplete(self, draft: Draft) -> list[str]:
        """What has to be decided before the rows can be checked, in sentences; empty when nothing is missing."""
        if draft.agent is None:
            return ["Choose an agent."]
        return mapping.incomplete(draft.agent, draft.choices, draft.sheet.columns)

    def check(self, draft: Draft) -> Check:
        """Check every row of a draft that is not incomplete. Kept until the draft changes."""
        return self._checks.get(draft, lambda: mapping.check(launch.builder(draft), self._store.drafts.rows(draft.id)))

    def estimate(self, rows: int) -> Estimate:
        """What sending so many rows takes at the least: a request for each row, and one for each page of results."""
        requests = rows + math.ceil(rows / 100)
        return Estimate(requests, requests / self.settings.writer_rpm)

    def launch(self, draft_id: str, name: str, on_progress: Callable[[int], None] = _quiet) -> str:
        """Turn the draft into a running batch, in one transaction, and give its id.

        A draft launches once: launching it again gives the id of the batch it became.
        Raises LaunchError: no row is ready, something is undecided, or Writer refuses the key.
        """
        draft = self.draft(draft_id)
        if draft.batch_id is not None:
            return draft.batch_id
        self._require_ready(draft)
        new = launch.new_batch(draft, name, self.connection.id)
        rows = launch.new_rows(draft, self._store.drafts.rows(draft_id))
        now = self._clock.now()
        # the page may be drawn anew while this goes on, and the launch must not end with the old one
        batch_id = follow(lambda tell: self._store.batches.launch(new, rows, now, tell), on_progress)
        self._engine.wake(batch_id)
        return batch_id

    # batches

    def batches(self, page: int = 1) -> BatchPage:
        """One page of all batches, newest first; pages count from 1."""
        return self._store.batches.page(page, PAGE_BATCHES)

    def batch(self, batch_id: str) -> BatchSummary:
        """One batch with its counts. Raises MissingError."""
        return self._store.batches.get(batch_id)

    def rows(self, batch_id: str, states: Collection[RowState], search: str, page: int) -> RowPage:
        """One page of the batch's rows in those states (all states if empty) that contain the search text."""
        return self._store.rows.page(self._store.batches.only(batch_id), states, search, page, PAGE_ROWS)

    def row(self, batch_id: str, position: int) -> RowDetail:
        """One row, whole. Raises MissingError."""
        return self._store.rows.get(batch_id, position)

    def failure_reasons(self, batch_id: str) -> list[tuple[str, int]]:
        """Why rows failed: the most frequent reasons, and how many rows failed for each."""
        return self._store.rows.failure_reasons(batch_id, _REASONS)

    def time_left(self, summary: BatchSummary) -> timedelta | None:
        """How long a running batch still needs; None while that cannot be told, or Writer is out of reach.

        Rows that wait behind those that are tried first do not count.
        """
        if summary.batch.state is not BatchState.RUNNING or self.health().unreachable_since is not None:
            return None
        signs, leaves_in, now = self._prospects(summary)
        seconds = remaining.remaining(signs, remaining.to_end(summary), leaves_in, now)
        return None if seconds is None else timedelta(seconds=seconds)

    def least_minutes(self, summary: BatchSummary) -> float:
        """What it takes at the least until the last row that may be sent has been sent, retries included."""
        return remaining.at_least(*self._prospects(summary)) / 60

    def lost(self, batch_id: str) -> int:
        """How many rows wait for proof of what became of them, because Writer's answer was lost."""
        return len(self._store.work.lost(batch_id))

    def pause(self, batch_id: str) -> None:
        """Send nothing more until the batch is resumed. Raises RefusedError, MissingError (so do the next six)."""
        self._store.batches.pause(batch_id, PauseKind.PERSON)
        self._engine.wake(batch_id)

    def resume(self, batch_id: str) -> None:
        """Go on with a paused batch."""
        self._store.batches.resume(batch_id, self.connection.id)
        self._gateway.budget.relax()  # whoever presses Resume wants to see now whether it works
        self._engine.wake(batch_id)

    def resume_anyway(self, batch_id: str) -> None:
        """Go on with a batch that was paused because nearly all of its rows fail."""
        self._store.batches.resume_anyway(batch_id, self.connection.id)
        self._engine.wake(batch_id)

    def run_remaining(self, batch_id: str) -> None:
        """Send the rows that wait behind the sample."""
        self._store.batches.run_remaining(batch_id, self.connection.id)
        self._engine.wake(batch_id)

    def cancel(self, batch_id: str) -> None:
        """Never send the rows that wait; those at Writer run to their end and are collected."""
        self._store.batches.cancel(batch_id, self._clock.now())
        self._engine.wake(batch_id)

    def retry(self, batch_id: str, positions: Sequence[int] | None = None) -> int:
        """Send rows again: those given, or all failed ones. Gives how many rows will be sent."""
        if self._store.batches.only(batch_id).connection != self.connection.id:
            raise RefusedError("This batch was launched on another connection, and its rows can be sent only there.")
        number = self._store.rows.retry(batch_id, positions)
        self._engine.wake(batch_id)
        return number

    def delete(self, batch_id: str) -> None:
        """Delete a batch that is over, with its rows."""
        self._store.batches.delete(batch_id)

    def export(self, batch_id: str, suffix: str) -> tuple[str, Iterator[bytes]]:
        """The download of a batch as `csv` or `xlsx`: the Content-Disposition header and the chunks of the file.

        Raises MissingError.
        """
        batch = self._store.batches.only(batch_id)
        stream = exports.csv_stream if suffix == "csv" else exports.xlsx_stream
        rows = self._store.rows.export(batch_id)
        return exports.content_disposition(batch.name, f".{suffix}"), stream(batch.columns, rows)

    @property
    def _limits(self) -> sheets.Limits:
        settings = self.settings
        return sheets.Limits(settings.max_upload_mb * 1024 * 1024, settings.max_rows, settings.max_columns)

    def _prospects(self, summary: BatchSummary) -> tuple[Signs, float | None, float]:
        """How the last rows went, the seconds until the last one that waits may leave, and what time it is."""
        now, rows = self._clock.now(), remaining.to_leave(summary)
        signs = self._store.rows.signs(summary.batch.id, now - remaining.LOOK_BACK, remaining.LAST_ROWS)
        leaves_in = self._gateway.budget.leaves_in(summary.batch.id, rows) if rows else None
        return signs, leaves_in, now

    def _open(self, data: bytes, filename: str, reading: Reading, on_progress: Callable[[int], None]) -> Draft:
        with sheets.read(data, filename, reading, self._limits, on_progress) as parsed:
            return self._store.drafts.create(parsed.sheet, data, parsed.chunks(), self._clock.now())

    def _require_ready(self, draft: Draft) -> None:
        undecided = self.incomplete(draft)
        if undecided:
            raise LaunchError(undecided[0])
        if self.health().key_refused_at is not None:
            raise LaunchError("Writer refuses the API key, so nothing can be launched. Set WRITER_API_KEY and restart.")
        if self.check(draft).ready == 0:
            raise LaunchError("No row is ready. Mend the rows that need a look, or choose other columns.")


def _writer(settings: Settings) -> Writer:
    """The client for the connection; the sandbox answers in process, to any key."""
    if settings.connection.is_sandbox:
        app = create_app(settings.sandbox_path)
        return Writer("http://sandbox", "sandbox", ASGITransport(app=app))
    return Writer(settings.connection.id, settings.connection.key)
