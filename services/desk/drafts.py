"""Drafts on the desk: a spreadsheet and the choices made for it, up to the launch."""

import math
from collections.abc import Callable, Collection, Sequence

from services.background import run_to_completion
from services.clock import Clock
from services.desk.files import Files
from services.desk.graphs import Graphs
from services.drafts import again, launch, mapping, sheets
from services.drafts.checks import Checks
from services.drafts.mapping.refit import refit
from services.drafts.proposals import Proposals
from services.engine.embedded import Engine
from services.errors import LaunchError, SheetError
from services.models import (
    Agent,
    Check,
    Choices,
    Draft,
    DraftSummary,
    Estimate,
    LaunchOptions,
    MatchReason,
    Reading,
    RowState,
    SheetRow,
)
from services.settings import Settings
from services.store import DraftSource, Store

DRAFT_DAYS = 7
"""Days that a draft is kept."""
RECENT_DRAFTS = 20
"""Drafts on the list."""
_DAY_S = 86_400.0
_SAMPLE = "Sample products.csv"


def _quiet(_: int) -> None:
    """Take no notice of progress."""


class Drafts:
    """Opens, changes, checks and launches drafts."""

    def __init__(
        self, settings: Settings, store: Store, files: Files, graphs: Graphs, engine: Engine, clock: Clock
    ) -> None:
        self._settings = settings
        self._store = store
        self._files = files
        self._graphs = graphs
        self._engine = engine
        self._clock = clock
        self._checks = Checks()
        self._proposals = Proposals(store.drafts.first_rows)

    # the spreadsheet

    def open(
        self, data: bytes, filename: str, on_progress: Callable[[int], None] = _quiet, language: str = ""
    ) -> Draft:
        """Read a spreadsheet and store it as a new draft; `on_progress` gets the number of rows read so far.

        `language` is the reader's ("pl-PL"), a hint at the encoding. Raises SheetError: it can't be used, and nothing
        was stored.
        """
        return self._open(data, filename, Reading(), on_progress, language)

    def open_pasted(self, text: str, on_progress: Callable[[int], None] = _quiet) -> Draft:
        """The same for cells pasted from a spreadsheet."""
        try:
            return self._open(*sheets.pasted(text), on_progress)
        except SheetError as exc:
            raise sheets.pasted_error(exc) from exc

    def open_batch(self, batch_id: str, states: Collection[RowState] = ()) -> Draft:
        """Make a draft of a batch's rows in those states (all if empty), with its agent, choices, and files.

        Raises MissingError; SheetError: no row is in those states.
        """
        batch = self._store.batches.only(batch_id)
        rows = list(self._store.rows.sheet_rows(batch_id, states))
        if not rows:
            raise SheetError("No row of this batch is in that state any more. Reload the page.")
        sheet, data = again.as_sheet(batch, rows)
        draft = self._store.drafts.create(sheet, data, again.packed(rows), self._clock.now())
        self._store.files.add(draft.id, [DraftSource(file.name, file) for file in self._store.files.of_batch(batch_id)])
        self._store.drafts.set_agent(draft.id, batch.agent, batch.choices)
        return self._store.drafts.set_options(draft.id, batch.options)

    def open_sample(self) -> Draft:
        """The same for the 24 sample products."""
        return self._open(sheets.sample(), _SAMPLE, Reading(), _quiet)

    def reread(
        self, draft_id: str, reading: Reading, on_progress: Callable[[int], None] = _quiet, language: str = ""
    ) -> Draft:
        """Read the draft's file again in another way (encoding, sheet, header row); the choices that still fit stay.

        Raises SheetError: it can't be read that way; the draft stays as it was.
        """
        draft, file = self.get(draft_id), self._store.drafts.file(draft_id)
        before = self._proposals.choices(draft, draft.agent) if draft.agent else {}
        with sheets.read(file.data, file.filename, reading, self._limits, on_progress, language) as parsed:
            columns = parsed.sheet.columns
            kept = {name: choice for name, choice in draft.choices.items() if set(choice.columns) <= set(columns)}
            reread = self._store.drafts.replace_sheet(draft_id, parsed.sheet, parsed.chunks(), kept)
        if draft.agent is None or draft.sheet.columns == columns:
            return reread
        choices = refit(draft.choices, columns, before, self._proposals.choices(reread, draft.agent))
        return self._store.drafts.set_choices(draft_id, choices)

    def get(self, draft_id: str) -> Draft:
        """The draft. Raises MissingError."""
        return self._store.drafts.get(draft_id)

    def recent(self) -> list[DraftSummary]:
        """The latest drafts that are neither launched nor discarded, newest first."""
        return self._store.drafts.recent(RECENT_DRAFTS)

    def discard(self, draft_id: str) -> None:
        """Take a draft off the list; it's deleted after a day. Raises MissingError."""
        self._store.drafts.discard(draft_id, self._clock.now())

    def restore(self, draft_id: str) -> None:
        """Put a discarded draft back onto the list. Raises MissingError: it's deleted."""
        self._store.drafts.discard(draft_id, None)

    def preview(self, draft_id: str, count: int) -> list[SheetRow]:
        """The draft's first rows."""
        return self._store.drafts.first_rows(draft_id, count)

    # agent, columns and options

    def choose_agent(self, draft_id: str, agent: Agent) -> Draft:
        """Set the draft's agent and propose a column for each of its inputs."""
        return self._store.drafts.set_agent(draft_id, agent, self._proposals.choices(self.get(draft_id), agent))

    def suggested_agent(self, draft: Draft, agents: Sequence[Agent]) -> Agent | None:
        """Give the agent whose inputs clearly fit the draft's columns best, or None."""
        return self._proposals.agent(draft, agents)

    def preselect_agent(self, draft_id: str, agent: Agent) -> Draft:
        """Set the draft's agent like `choose_agent`, unless one has been chosen in the meantime."""
        draft = self.get(draft_id)
        return draft if draft.agent is not None else self.choose_agent(draft_id, agent)

    def match_reasons(self, draft: Draft) -> dict[str, MatchReason]:
        """Say why a column was proposed for an input, where the proposed one is still chosen."""
        return self._proposals.reasons(draft)

    def save_choices(self, draft_id: str, choices: Choices) -> Draft:
        """Store where each input's values come from."""
        return self._store.drafts.set_choices(draft_id, choices)

    def rename(self, draft_id: str, name: str) -> Draft:
        """Store the batch name that a person typed."""
        return self._store.drafts.set_name(draft_id, name)

    def save_options(self, draft_id: str, options: LaunchOptions) -> Draft:
        """Store how the batch is to be sent."""
        return self._store.drafts.set_options(draft_id, options)

    def incomplete(self, draft: Draft) -> list[str]:
        """What has to be decided before the rows can be checked, in sentences; empty when nothing is missing."""
        if draft.agent is None:
            return ["Choose an agent."]
        return mapping.incomplete(draft.agent, draft.choices, draft.sheet.columns) or self._awaited(draft)

    # check and launch

    def check(self, draft: Draft) -> Check:
        """Check every row of a draft that is not incomplete. Kept until the draft changes."""
        files = self._files.look(draft)
        builder = launch.builder(draft, files.finders)
        return self._checks.get(draft, files.report, lambda: mapping.check(builder, self._store.drafts.rows(draft.id)))

    def estimate(self, rows: int) -> Estimate:
        """What sending so many rows takes at the least: a request for each row, and one for each page of results."""
        requests = rows + math.ceil(rows / 100)
        return Estimate(requests, requests / self._settings.writer_rpm)

    def launch(self, draft_id: str, name: str, on_progress: Callable[[int], None] = _quiet) -> str:
        """Turn the draft into a running batch, in one transaction, and give its id.

        A draft launches once: launching it again gives the id of the batch it became.
        Raises LaunchError: no row is ready, something is undecided, or Writer refuses the key.
        """
        draft = self.get(draft_id)
        if draft.batch_id is not None:
            return draft.batch_id
        self._require_ready(draft)
        new = launch.new_batch(draft, name, self._settings.connection.id)
        rows = launch.new_rows(draft, self._files.look(draft).finders, self._store.drafts.rows(draft_id))
        now = self._clock.now()
        # the page may be drawn anew while this goes on, and the launch must not end with the old one
        batch_id = run_to_completion(lambda tell: self._store.batches.launch(new, rows, now, tell), on_progress)
        self._engine.wake(batch_id)
        self._graphs.record_use(batch_id, new.agent.id)
        return batch_id

    def purge(self) -> None:
        """Delete drafts after `DRAFT_DAYS`, and discarded ones after a day."""
        now = self._clock.now()
        self._store.drafts.purge(now - DRAFT_DAYS * _DAY_S, now - _DAY_S)
        self._files.sweep()

    @property
    def _limits(self) -> sheets.Limits:
        settings = self._settings
        return sheets.Limits(settings.max_upload_mb * 1024 * 1024, settings.max_rows, settings.max_columns)

    def _open(
        self, data: bytes, filename: str, reading: Reading, on_progress: Callable[[int], None], language: str = ""
    ) -> Draft:
        with sheets.read(data, filename, reading, self._limits, on_progress, language) as parsed:
            return self._store.drafts.create(parsed.sheet, data, parsed.chunks(), self._clock.now())

    def _awaited(self, draft: Draft) -> list[str]:
        """What is still being downloaded, in a sentence; nothing if all is there."""
        report = self._files.look(draft).report
        pending = len(report.pending_urls)
        return [f"{report.urls - pending:,} of {report.urls:,} links downloaded so far."] if pending else []

    def _require_ready(self, draft: Draft) -> None:
        undecided = self.incomplete(draft)
        if undecided:
            raise LaunchError(undecided[0])
        if self._store.connections.health(self._settings.connection.id).key_refused_at is not None:
            raise LaunchError("Writer refuses the API key, so nothing can be launched. Set WRITER_API_KEY and restart.")
        if self.check(draft).ready == 0:
            raise LaunchError("No rows are ready. Fix the rows that have problems, or choose other columns.")
