"""A desk without an engine: it shows the batches it is given, and remembers what it was told to do."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.desk import PAGE_BATCHES, PAGE_ROWS, Desk
from services.desk.batches import Batches
from services.desk.connections import Connections
from services.desk.drafts import Drafts
from services.desk.files import Files, Upload
from services.desk.found import Found
from services.desk.graphs import Graphs
from services.desk.jobs import Jobs
from services.desk.rows import Rows
from services.desk.usage import Usage
from services.errors import GraphError, MissingError, RefusedError, SheetError, WriterError
from services.models import (
    Agent,
    AgentInput,
    AgentUsage,
    Attempt,
    Batch,
    BatchPage,
    BatchState,
    BatchSummary,
    Choice,
    ChoiceKind,
    CollectedJobs,
    CollectScope,
    ConnectionHealth,
    ConnectionState,
    ConnectionTest,
    Counts,
    DatabaseInfo,
    Draft,
    DraftSummary,
    Estimate,
    FailedFile,
    FileView,
    Graph,
    GraphChange,
    GraphProgress,
    GraphUse,
    InputType,
    JobList,
    JobState,
    ListedJob,
    Load,
    LostAndFound,
    PauseKind,
    RetriedJobs,
    RowDetail,
    RowPage,
    RowPreview,
    RowState,
    UploadProgress,
)
from services.settings import Settings, load
from services.store.rows import mapped_values
from services.writer.agents import Agents

AGENT = Agent(
    "agent-1",
    "Product description",
    (
        AgentInput("Product", InputType.TEXT, required=True),
        AgentInput("Tone", InputType.DROPDOWN, options=("Warm", "Expert")),
    ),
)
LAUNCHED = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


def a_batch(batch_id: str = "batch-1", **changes: Any) -> Batch:
    """A running batch on the sandbox, with changes."""
    batch = Batch(
        id=batch_id,
        name="Spring range",
        state=BatchState.RUNNING,
        pause_kind=None,
        reason="",
        connection="sandbox",
        agent=AGENT,
        filename="spring-range.xlsx",
        columns=("Product", "Tone"),
        choices={field.name: Choice(ChoiceKind.COLUMN, (field.name,)) for field in AGENT.inputs},
        row_count=0,
        created_at=LAUNCHED,
        finished_at=None,
    )
    return replace(batch, **changes)


def some_rows(**amounts: int) -> list[RowDetail]:
    """Rows in those states, in the order given: `some_rows(completed=2, failed=1)`."""
    states = [RowState(name) for name, amount in amounts.items() for _ in range(amount)]
    return [a_row(position, state) for position, state in enumerate(states)]


def a_row(position: int, state: RowState, **changes: Any) -> RowDetail:
    """A row in that state, with changes."""
    inputs = {"Product": [f"Product {position + 1}"], "Tone": ["Warm"]}
    sent = state not in (RowState.WAITING, RowState.SENDING, RowState.CANCELED, RowState.SKIPPED)
    suggestion = f"Meet product {position + 1}." if state is RowState.COMPLETED else None
    error = "The text was too long." if state is RowState.FAILED else None
    attempt = Attempt(1, state, f"job-{position}", suggestion, error, LAUNCHED, LAUNCHED + timedelta(seconds=20))
    row = RowDetail(
        batch_id="batch-1",
        position=position,
        number=position + 2,
        state=state,
        cells=(f"Product {position + 1}", "Warm"),
        inputs=inputs,
        suggestion=suggestion,
        error=error,
        job_id=attempt.job_id if sent else None,
        attempts=(attempt,) if sent else (),
    )
    return replace(row, **changes)


class StubDesk(Desk):
    """Holds batches and rows in memory; orders change nothing but `told`."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or load({})
        self.held: dict[str, tuple[Batch, list[RowDetail]]] = {}
        self.told: list[tuple[Any, ...]] = []
        self.refusal: str = ""
        self.sick = ConnectionHealth()
        self.busy = Load(0, 396)
        self.retrying = 0
        self.answers_lost = 0
        self.most_with_jobs: int | None = None
        self.works = True
        self.batches = StubBatches(self)
        self.rows = StubRows(self)
        self.drafts = StubDrafts()
        self.files = StubFiles()
        self.agents: StubAgents = StubAgents(self)
        self.graphs: StubGraphs = StubGraphs(self)
        self.jobs: StubJobs = StubJobs(self)
        self.found: StubFound = StubFound(self)
        self.usage: StubUsage = StubUsage()
        self.connections = StubConnections(self)
        self.tested = ConnectionTest(LAUNCHED, ("Product description", "Tag *line*"), 1, 0.42)

    def hold(self, batch: Batch, rows: Sequence[RowDetail] = ()) -> Batch:
        """Take a batch in."""
        batch = replace(batch, row_count=len(rows))
        self.held[batch.id] = (batch, list(rows))
        return batch

    def start(self) -> None:
        self.told.append(("start",))

    def stop(self) -> None:
        self.told.append(("stop",))

    @property
    def works_here(self) -> bool:
        return self.works

    def health(self) -> ConnectionHealth:
        return self.sick

    def load(self) -> Load:
        return self.busy

    def held_batch(self, batch_id: str) -> tuple[Batch, list[RowDetail]]:
        if batch_id not in self.held:
            raise MissingError("This batch doesn't exist.")
        return self.held[batch_id]

    def do(self, *order: Any) -> None:
        if self.refusal:
            raise RefusedError(self.refusal)
        self.told.append(order)

    def change(self, batch_id: str, **changes: Any) -> None:
        batch, rows = self.held_batch(batch_id)
        self.held[batch_id] = (replace(batch, **changes), rows)


class StubFiles(Files):
    """Knows of files what the page of a batch asks."""

    def __init__(self) -> None:
        self.held: dict[str, FileView] = {}

    def upload_progress(self, batch: Batch) -> UploadProgress:
        return UploadProgress(0, 0)

    def of_row(self, row: RowDetail) -> dict[str, FileView]:
        return self.held


class StubDrafts(Drafts):
    """Knows of drafts what the page of a batch asks."""

    def __init__(self) -> None:
        pass

    def recent(self) -> list[DraftSummary]:
        return []

    def open_batch(self, batch_id: str, states: Collection[RowState] = ()) -> Draft:
        raise SheetError(f"Opened {batch_id} with {', '.join(states) or 'all rows'}.")

    def estimate(self, rows: int) -> Estimate:
        return Estimate(rows * 2, rows / 200)

    def get(self, draft_id: str) -> Draft:
        raise MissingError("This draft doesn't exist.")


class StubBatches(Batches):
    """The batches that the stub holds."""

    def __init__(self, desk: StubDesk) -> None:
        self._desk = desk

    def page(self, page: int = 1) -> BatchPage:
        newest = sorted(self._desk.held.values(), key=lambda held: held[0].created_at, reverse=True)
        here = newest[(page - 1) * PAGE_BATCHES : page * PAGE_BATCHES]
        return BatchPage(tuple(self.get(batch.id) for batch, _ in here), len(newest))

    def get(self, batch_id: str) -> BatchSummary:
        batch, rows = self._desk.held_batch(batch_id)
        return BatchSummary(batch, Counts(Counter(row.state for row in rows), self._desk.retrying))

    def time_left(self, summary: BatchSummary) -> timedelta | None:
        is_known = summary.counts[RowState.COMPLETED] and self._desk.sick.unreachable_since is None
        return timedelta(minutes=4) if is_known else None

    def least_minutes(self, summary: BatchSummary) -> float:
        return summary.counts.waiting / 200

    def pause(self, batch_id: str) -> None:
        self._desk.do("pause", batch_id)
        self._desk.change(batch_id, state=BatchState.PAUSED, pause_kind=PauseKind.PERSON, reason="Paused by you.")

    def resume(self, batch_id: str) -> None:
        self._desk.do("resume", batch_id)
        self._desk.change(batch_id, state=BatchState.RUNNING, pause_kind=None, reason="")

    def resume_anyway(self, batch_id: str) -> None:
        self._desk.do("resume_anyway", batch_id)
        self._desk.change(batch_id, state=BatchState.RUNNING, pause_kind=None, reason="", unguarded=True)

    def run_remaining(self, batch_id: str) -> None:
        self._desk.do("run_remaining", batch_id)
        self._desk.change(batch_id, state=BatchState.RUNNING, pause_kind=None, reason="", sample_end=None)

    def cancel(self, batch_id: str) -> None:
        self._desk.do("cancel", batch_id)
        self._desk.change(batch_id, state=BatchState.CANCELED)

    def delete(self, batch_id: str) -> None:
        self._desk.do("delete", batch_id)
        del self._desk.held[batch_id]

    def export(self, batch_id: str, suffix: str, separator: str = ",") -> tuple[str, Iterator[bytes]]:
        batch, rows = self._desk.held_batch(batch_id)
        lines = (f"{row.suggestion}{separator}\n".encode() for row in rows)
        return f'attachment; filename="{batch.id}.{suffix}"', lines


class StubRows(Rows):
    """The rows that the stub holds."""

    def __init__(self, desk: StubDesk) -> None:
        self._desk = desk

    def page(
        self, batch_id: str, states: Collection[RowState], search: str, page: int, reason: str | None = None
    ) -> RowPage:
        batch, rows = self._desk.held_batch(batch_id)
        values_of = mapped_values(batch)
        found = [row for row in rows if (not states or row.state in states) and search.lower() in _text(row)]
        found = [row for row in found if reason is None or (row.state, row.error) == (RowState.FAILED, reason)]
        here = found[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
        return RowPage(tuple(_preview(row, values_of(row.cells)) for row in here), len(found))

    def get(self, batch_id: str, position: int) -> RowDetail:
        return self._desk.held_batch(batch_id)[1][position]

    def failure_reasons(self, batch_id: str) -> list[tuple[str, int]]:
        errors = Counter(
            row.error for row in self._desk.held_batch(batch_id)[1] if row.error and row.state is RowState.FAILED
        )
        return [(str(error), amount) for error, amount in errors.most_common()]

    def lost(self, batch_id: str) -> int:
        return self._desk.answers_lost

    def retry(self, batch_id: str, positions: Sequence[int] | None = None) -> int:
        self._desk.do("retry", batch_id, positions if positions is None else list(positions))
        return 1

    def resend_unconfirmed(self, batch_id: str) -> int:
        self._desk.do("resend_unconfirmed", batch_id)
        return 2

    def send_canceled(self, batch_id: str) -> int:
        self._desk.do("send_canceled", batch_id)
        return 2

    def most_with_jobs(self, batch_id: str) -> int | None:
        return self._desk.most_with_jobs

    def retry_reason(self, batch_id: str, reason: str) -> int:
        self._desk.do("retry_reason", batch_id, reason)
        return 2


class StubAgents(Agents):
    """The agents that the stub holds."""

    def __init__(self, desk: StubDesk) -> None:
        self._desk = desk
        self.held: list[Agent] = []
        self.error: WriterError | None = None

    def list(self, *, refresh: bool = False) -> list[Agent]:
        self._desk.told.append(("list", refresh))
        if self.error:
            raise self.error
        return self.held


class StubJobs(Jobs):
    """The jobs that the stub is given; it tells what came of retrying and collecting as the test says."""

    def __init__(self, desk: StubDesk) -> None:
        self._desk = desk
        self.held: tuple[ListedJob, ...] = ()
        self.pages = 1
        self.problem = ""
        self.retried = RetriedJobs(1)
        self.collected = CollectedJobs("batch-1", 2)

    def page(self, agent_id: str, state: JobState | None, page: int, *, refresh: bool = False) -> JobList:
        self._desk.told.append(("jobs", agent_id, state, page, refresh))
        jobs = tuple(item for item in self.held if state is None or item.job.state is state)
        return JobList(jobs, page, self.pages, len(jobs), datetime.now(UTC), self.problem)

    def retry(self, agent_id: str, jobs: Sequence[ListedJob], on_progress: Callable[[int], None]) -> RetriedJobs:
        self._desk.do("retry_jobs", agent_id, [item.job.id for item in jobs])
        on_progress(len(jobs))
        return self.retried

    def collect(
        self, agent: Agent, scope: CollectScope, name: str, on_progress: Callable[[int], None]
    ) -> CollectedJobs:
        self._desk.do("collect", agent.id, scope, name)
        on_progress(2)
        return self.collected


class StubFound(Found):
    """The lost jobs that the stub is given."""

    def __init__(self, desk: StubDesk) -> None:
        self._desk = desk
        self.held = LostAndFound((), 0, 0, 0, 0, None, None)
        self.error: WriterError | None = None

    def search(self, batch_id: str) -> None:
        self._desk.told.append(("search", batch_id))
        if self.error:
            raise self.error

    def view(self, batch_id: str) -> LostAndFound:
        return self.held

    def assign(self, batch_id: str, assigned: Mapping[str, int]) -> None:
        self._desk.do("assign", batch_id, dict(assigned))

    def dismiss(self, batch_id: str, job_ids: Collection[str]) -> None:
        self._desk.do("dismiss", batch_id, list(job_ids))
        left = tuple(found for found in self.held.jobs if found.job.id not in job_ids)
        self.held = replace(self.held, jobs=left, dismissed=self.held.dismissed + 1)

    def restore(self, batch_id: str) -> None:
        self._desk.do("restore", batch_id)

    def proven(self, batch_id: str) -> int:
        return self.held.proven

    def send_proven(self, batch_id: str) -> int:
        self._desk.do("send_proven", batch_id)
        return self.held.proven


class StubUsage(Usage):
    """The usage that the stub is given."""

    def __init__(self) -> None:
        self.held: dict[str, AgentUsage] = {}

    def by_agent(self) -> dict[str, AgentUsage]:
        return self.held


class StubConnections(Connections):
    """Tells what the stub is given as the result of every test."""

    def __init__(self, desk: StubDesk) -> None:
        self._desk = desk

    def state(self) -> ConnectionState:
        connection = self._desk.connection
        key_hint = "" if connection.is_sandbox else connection.key_hint
        database = DatabaseInfo("SQLite", "3.45.1", "data/copydesk.db", 1_234_567, "0006")
        return ConnectionState(self._desk.settings.writer_base_url, key_hint, database, "1.2.3")

    def test(self) -> "Future[ConnectionTest]":
        return self._done("test")

    def test_key(self, key: str) -> "Future[ConnectionTest]":
        return self._done("test_key", key)

    def _done(self, *order: str) -> "Future[ConnectionTest]":
        self._desk.told.append(order)
        future: Future[ConnectionTest] = Future()
        future.set_result(self._desk.tested)
        return future


def _text(row: RowDetail) -> str:
    return " ".join([*row.cells, row.suggestion or "", row.error or ""]).lower()


def _preview(row: RowDetail, values: tuple[str, ...]) -> RowPreview:
    return RowPreview(
        row.position,
        row.number,
        row.state,
        values,
        (row.suggestion or "")[:60],
        row.error or "",
        len(row.attempts),
    )


class StubGraphs(Graphs):
    """The Knowledge Graphs that the stub holds."""

    def __init__(self, desk: StubDesk) -> None:
        self._desk = desk
        self.held: list[Graph] = []
        self.of: dict[str, tuple[str, ...]] = {}
        self.is_read = True
        self.far = GraphProgress()
        self.broken: list[FailedFile] = []
        self.refusal = ""
        """Why Writer refuses whatever is to be changed."""
        self.trouble: WriterError | None = None
        """Why Writer can't be asked."""

    def all(self, *, refresh: bool = False) -> list[Graph]:
        if self.trouble is not None:
            raise self.trouble
        return [*self.held]

    def moving(self) -> bool:
        return self.far.is_moving

    def create(self, name: str, description: str) -> Graph:
        self._do("create", name, description)
        self.held.append(Graph("new", name, description, "manual", LAUNCHED, 0, 0, 0, 0))
        return self.held[-1]

    def progress(self, graph_id: str) -> GraphProgress:
        return self.far

    def failed(self, graph: Graph) -> list[FailedFile]:
        return self.broken

    def upload(self, graph_id: str, uploads: Iterable[Upload], on_progress: Callable[[int], None]) -> list[str]:
        names = [upload.name for upload in uploads]
        self._do("upload", graph_id, *names)
        on_progress(len(names))
        return ["“old.zip” is damaged."]

    def retry_failed(self, graph: Graph) -> None:
        self._do("retry_failed", graph.id)

    def forget_never_uploaded(self, graph_id: str) -> None:
        self._do("forget", graph_id)

    def use(self, agents: Sequence[Agent], *, refresh: bool = False) -> GraphUse:
        return GraphUse(dict(self.of), self.is_read)

    def of_agent(self, agent: Agent) -> tuple[str, ...]:
        if self.trouble is not None:
            raise self.trouble
        return self.of.get(agent.id, ())

    def add_to_agent(self, agent: Agent, shown: Sequence[str], graph_id: str) -> GraphChange:
        return self._set(agent, shown, (*shown, graph_id))

    def remove_from_agent(self, agent: Agent, shown: Sequence[str], graph_id: str) -> GraphChange:
        return self._set(agent, shown, tuple(each for each in shown if each != graph_id))

    def _set(self, agent: Agent, shown: Sequence[str], wanted: tuple[str, ...]) -> GraphChange:
        self._do("change", agent.id, wanted)
        is_made = self.of.get(agent.id, ()) == tuple(shown)
        if is_made:
            self.of[agent.id] = wanted
        return GraphChange(is_made, self.of[agent.id])

    def _do(self, *order: Any) -> None:
        if self.refusal:
            raise GraphError(self.refusal)
        self._desk.told.append(order)
