"""Writer behind its budget: every answer, good or bad, teaches all that talk to Writer how to go on."""

import asyncio
import math
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from services.clock import Clock
from services.engine.budget import Budget
from services.engine.causes import Cause, hint, quota_reason
from services.engine.concurrency import Concurrency
from services.engine.listing import Listing
from services.engine.stopwatch import Stopwatch
from services.engine.writer_clock import WriterClock
from services.errors import (
    AnswerLostError,
    KeyRefusedError,
    PaymentRequiredError,
    RefusalError,
    SlowDownError,
    UnreachableError,
    WriterError,
)
from services.models import (
    Agent,
    Graph,
    Inputs,
    Job,
    JobPage,
    JobState,
    PauseKind,
    StoredFile,
    WriterFile,
    WriterFilePage,
    WriterFileState,
)
from services.store import Store
from services.writer.client import Writer

_LOST_IN_A_ROW = 3
"""Lost answers in a row after which Writer counts as unreachable: sending more rows into the dark helps nobody."""
QUOTA_REFUSALS = 3
"""Times that Writer refuses because a quota is used up, each after a hold, before every batch pauses."""

Answer = TypeVar("Answer")


class Gateway:
    """The one way to Writer for a connection."""

    def __init__(self, store: Store, writer: Writer, budget: Budget, connection_id: str, clock: Clock) -> None:
        self._store = store
        self._writer = writer
        self._connection_id = connection_id
        self._clock = clock
        self.budget = budget
        self.concurrency = Concurrency()
        self._troubled_at: float | None = clock.now()  # nothing is known yet: the first good answer is worth a note
        self._lost_in_a_row = 0
        self._quota_refusals = 0
        self._quota_refused_at = -math.inf
        self.writer_clock = WriterClock()
        """By how much Writer's clocks are ahead of ours."""
        self._listings: dict[str, Listing] = {}

    async def learn_clock(self, agent_id: str) -> None:
        """Have Writer say what time it is there, if it has not for some time. Raises WriterError."""
        if self.writer_clock.is_stale(self._clock.now()):
            await self.jobs(agent_id, 0)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._writer.aclose()

    async def agents(self, stopwatch: Stopwatch | None = None) -> list[Agent]:
        """All agents of the key; the stopwatch measures how long Writer takes to list them."""
        turn = self.budget.acquire_for_person
        before_request = turn if stopwatch is None else partial(stopwatch.leave, turn)
        return await self._ask(lambda: self._writer.agents(before_request))

    async def agent(self, agent_id: str) -> Agent:
        """One agent as it is now."""
        await self.budget.acquire()
        return await self._ask(lambda: self._writer.agent(agent_id))

    async def job(self, job_id: str) -> Job:
        """One job as it is now."""
        await self.budget.acquire()
        return await self._ask(lambda: self._writer.job(job_id))

    async def upload(
        self, name: str, file: StoredFile, content: AsyncIterable[bytes], *, for_graph: bool = False
    ) -> WriterFile:
        """Upload a file, which nothing is repeated of; it can be used once Writer has processed it."""
        await self.budget.acquire_for_file()
        return await self._ask(
            lambda: self._writer.upload_file(name, file.media_type, file.size, content), aside=for_graph, is_poll=False
        )

    async def file(self, file_id: str, *, for_graph: bool = False) -> WriterFile:
        """One uploaded file as it is now."""
        await self.budget.acquire_for_file()
        return await self._ask(lambda: self._writer.file(file_id), aside=for_graph, is_poll=False)

    # Knowledge Graphs: a key that may not use them may still be good for jobs

    async def graphs(self) -> list[Graph]:
        """All Knowledge Graphs of the key."""
        return await self._ask(lambda: self._writer.graphs(self.budget.acquire_for_person), aside=True)

    async def create_graph(self, name: str, description: str) -> Graph:
        """Create a Knowledge Graph."""
        await self.budget.acquire_for_person()
        return await self._ask(lambda: self._writer.create_graph(name, description), aside=True)

    async def agent_graphs(self, agent_id: str) -> tuple[str, ...]:
        """The ids of the Knowledge Graphs that an agent uses."""
        await self.budget.acquire_for_person()
        return await self._ask(lambda: self._writer.agent_graphs(agent_id), aside=True)

    async def set_agent_graphs(self, agent_id: str, ids: Sequence[str]) -> tuple[str, ...]:
        """Have an agent use these Knowledge Graphs and no others."""
        await self.budget.acquire_for_person()
        return await self._ask(lambda: self._writer.set_agent_graphs(agent_id, ids), aside=True)

    async def add_to_graph(self, graph_id: str, file_id: str) -> WriterFile:
        """Add an uploaded file to a Knowledge Graph; to do it twice changes nothing."""
        await self.budget.acquire()
        return await self._ask(lambda: self._writer.add_to_graph(graph_id, file_id), aside=True)

    async def graph_files(self, graph_id: str, state: WriterFileState | None, after: str | None) -> WriterFilePage:
        """A page of the files of a Knowledge Graph: of all, or of those in that state."""
        await self.budget.acquire()
        return await self._ask(lambda: self._writer.files(state, graph_id, after), aside=True)

    async def retry_files(self, file_ids: Sequence[str]) -> None:
        """Have files processed once more whose processing failed."""
        await self.budget.acquire_for_person()
        await self._ask(lambda: self._writer.retry_files(file_ids), aside=True)

    # jobs

    async def jobs(
        self, agent_id: str, offset: int, state: JobState | None = None, *, for_person: bool = False
    ) -> JobPage:
        """One page of an agent's jobs: of all, or of those in that state; `for_person` says that somebody waits."""
        await (self.budget.acquire_for_person() if for_person else self.budget.acquire())
        asked_at = self._clock.now()
        page = await self._ask(lambda: self._writer.jobs(agent_id, state=state, offset=offset))
        self.writer_clock.record_date(page.server_time, asked_at, self._clock.now())
        return page

    def listing(self, agent_id: str) -> Listing:
        """What is known of an agent's list of jobs; the same one for all of its batches."""
        if agent_id not in self._listings:
            self._listings[agent_id] = Listing(lambda offset, state: self.jobs(agent_id, offset, state))
        return self._listings[agent_id]

    async def send(self, batch_id: str, agent_id: str, inputs: Inputs, retry_of: str | None) -> Job:
        """Retry that job, or else create one. The caller has reserved the request for the batch."""
        sent_at = self._clock.now()
        self.concurrency.sent()
        try:
            if retry_of is not None:
                job = await self._ask(lambda: self._writer.retry_job(retry_of), batch_id)
            else:
                job = await self._ask(lambda: self._writer.create_job(agent_id, inputs), batch_id)
        except SlowDownError:
            self.concurrency.refused()
            raise
        except AnswerLostError:
            self.concurrency.lost(self._clock.now())
            raise
        finally:
            self.concurrency.in_flight -= 1
        if sent_at >= self._quota_refused_at:
            self._quota_refusals = 0
        self.concurrency.accepted(self._clock.now() - sent_at, self.budget.jobs_in_minute)
        now = self._clock.now()
        self.writer_clock.record_date(job.server_time, sent_at, now)
        if retry_of is None:  # a job that is retried was created long before
            self.writer_clock.record_creation(job.created_at, sent_at, now)
        return job

    async def retry(self, job_id: str) -> Job:
        """Retry a failed job that belongs to no row. Raises NoEffectError too where there is no turn within seconds."""
        await self.budget.acquire_for_person()
        return await self._ask(lambda: self._writer.retry_job(job_id))

    async def _ask(
        self,
        request: Callable[[], Awaitable[Answer]],
        batch_id: str | None = None,
        *,
        aside: bool = False,
        is_poll: bool = True,
    ) -> Answer:
        """Make a request; for a batch, if it is to start one of its jobs.

        That the key may not do what is asked `aside` from jobs says nothing about jobs, and pauses no batch. `is_poll`
        tells whether it's one of the requests that leave now and then during a hold.
        """
        asked_at = self._clock.now()
        try:
            answer = await request()
        except WriterError as error:
            if aside and isinstance(error, KeyRefusedError):
                raise
            await self._note_trouble(error, asked_at, is_poll=is_poll and batch_id is None)
            if type(error) is SlowDownError and batch_id is not None and self._quota_refusals == 0:
                await self.budget.refused(batch_id, self._clock.now() - asked_at)
            raise
        await self._note_answer(asked_at)
        return answer

    async def _note_trouble(self, error: WriterError, asked_at: float, *, is_poll: bool) -> None:
        if isinstance(error, SlowDownError):
            self._troubled_at = self._clock.now()
            await self.budget.hold(error.retry_after, error.says, refused_poll=is_poll)
            if isinstance(error, PaymentRequiredError) or hint(f"{error.says} {error.code}") is Cause.QUOTA:
                await self._note_quota(error.says, asked_at, QUOTA_REFUSALS)
        elif isinstance(error, KeyRefusedError) and hint(error.says) is Cause.QUOTA:
            await self._note_quota(error.says, asked_at, 1)
        elif isinstance(error, KeyRefusedError):
            await self._note_refusal(error, asked_at)
        elif isinstance(error, UnreachableError):
            await self._note_unreachable(error)
        elif isinstance(error, AnswerLostError):
            self._lost_in_a_row += 1
            if self._lost_in_a_row >= _LOST_IN_A_ROW:
                await self._note_unreachable(error)
        elif isinstance(error, RefusalError):
            await self._note_answer(asked_at)  # a refusal is an answer: the connection is well

    async def _note_refusal(self, error: KeyRefusedError, asked_at: float) -> None:
        """Note that the key is refused; an answer to what was asked before a person tried anew tells nothing of now.

        Good answers to other requests are no reason to doubt it: a key may be good for one agent and not for another.
        """
        if asked_at < self.budget.relaxed_at:
            return
        self._troubled_at = self._clock.now()
        self.budget.pause()
        connections, halt = self._store.connections, self._store.batches.halt
        await asyncio.to_thread(connections.key_refused, self._connection_id, self._clock.now(), str(error))
        await asyncio.to_thread(halt, self._connection_id, PauseKind.KEY_REFUSED, error.batch_reason)

    async def _note_quota(self, says: str, asked_at: float, most: int) -> None:
        """Note that a quota seems to be used up; after `most` refusals without a new job, pause every batch.

        Requests that are refused together count as one, and a person who has just pressed Resume gets a new try.
        """
        if asked_at < max(self._quota_refused_at, self.budget.relaxed_at):
            return
        self._quota_refused_at = self._clock.now()
        self._quota_refusals += 1
        if self._quota_refusals >= most:
            halt = self._store.batches.halt
            await asyncio.to_thread(halt, self._connection_id, PauseKind.QUOTA, quota_reason(says))

    async def _note_unreachable(self, error: WriterError) -> None:
        self._troubled_at = self._clock.now()
        self.budget.pause()
        connections = self._store.connections
        await asyncio.to_thread(connections.unreachable, self._connection_id, self._clock.now(), str(error))

    async def _note_answer(self, asked_at: float) -> None:
        """Note that Writer answers; an answer to what was asked before the trouble began tells nothing of now."""
        self._lost_in_a_row = 0
        if self._troubled_at is not None and asked_at >= self._troubled_at:
            self._troubled_at = None
            self.budget.recover()
            await asyncio.to_thread(self._store.connections.clear_trouble, self._connection_id)
