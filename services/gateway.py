"""Writer behind its budget: every answer, good or bad, teaches all that talk to Writer how to go on."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from services.budget import Budget
from services.clock import Clock
from services.concurrency import Concurrency
from services.errors import AnswerLostError, KeyRefusedError, RefusalError, SlowDownError, UnreachableError, WriterError
from services.listing import Listing
from services.models import Agent, Inputs, Job, JobPage, JobState, PauseKind
from services.store import Store
from services.writer import Writer

_LOST_IN_A_ROW = 3
"""Lost answers in a row after which Writer counts as unreachable: sending more rows into the dark helps nobody."""
_CLOCK_MARGIN = 2.0
"""Seconds by which Writer's servers may differ among themselves."""

Answer = TypeVar("Answer")
JobOrPage = TypeVar("JobOrPage", Job, JobPage)


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
        self._ahead: float | None = None
        self._listings: dict[str, Listing] = {}

    def now_at_writer(self) -> float | None:
        """A time that Writer's clock has surely passed; None as long as that clock is not known."""
        return None if self._ahead is None else self._clock.now() + self._ahead - _CLOCK_MARGIN

    async def learn_clock(self, agent_id: str) -> None:
        """Have Writer say what time it is there, if it has not yet. Raises WriterError."""
        if self._ahead is None:
            await self.jobs(agent_id, 0)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._writer.aclose()

    async def agents(self) -> list[Agent]:
        """All agents of the key."""
        return await self._ask(lambda: self._writer.agents(self.budget.person_turn))

    async def agent(self, agent_id: str) -> Agent:
        """One agent as it is now."""
        await self.budget.turn()
        return await self._ask(lambda: self._writer.agent(agent_id))

    async def job(self, job_id: str) -> Job:
        """One job as it is now."""
        await self.budget.turn()
        return await self._ask(lambda: self._writer.job(job_id))

    async def jobs(self, agent_id: str, offset: int, state: JobState | None = None) -> JobPage:
        """One page of an agent's jobs: of all, or of those in that state."""
        await self.budget.turn()
        return self._learn(await self._ask(lambda: self._writer.jobs(agent_id, state=state, offset=offset)))

    def listing(self, agent_id: str) -> Listing:
        """What is known of an agent's list of jobs; the same one for all of its batches."""
        if agent_id not in self._listings:
            self._listings[agent_id] = Listing(lambda offset, state: self.jobs(agent_id, offset, state))
        return self._listings[agent_id]

    async def send(self, batch_id: str, agent_id: str, inputs: Inputs, retry_of: str | None) -> Job:
        """Retry that job, or else create one. The caller has reserved the request for the batch."""
        sent_at = self._clock.now()
        self.concurrency.on_the_wire += 1
        try:
            if retry_of is not None:
                job = await self._ask(lambda: self._writer.retry_job(retry_of), batch_id)
            else:
                job = await self._ask(lambda: self._writer.create_job(agent_id, inputs), batch_id)
        except SlowDownError:
            self.concurrency.refused()
            raise
        finally:
            self.concurrency.on_the_wire -= 1
        self.concurrency.taken(self._clock.now() - sent_at, self.budget.jobs_in_minute)
        return self._learn(job)

    async def _ask(self, request: Callable[[], Awaitable[Answer]], batch_id: str | None = None) -> Answer:
        """Make a request; for a batch, if it is to start one of its jobs."""
        asked_at = self._clock.now()
        try:
            answer = await request()
        except WriterError as error:
            await self._note_trouble(error, asked_at)
            if isinstance(error, SlowDownError) and batch_id is not None:
                await self.budget.refused(batch_id, self._clock.now() - asked_at)
            raise
        await self._note_answer(asked_at)
        return answer

    async def _note_trouble(self, error: WriterError, asked_at: float) -> None:
        if isinstance(error, SlowDownError):
            self._troubled_at = self._clock.now()
            await self.budget.hold(error.retry_after)
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
            await asyncio.to_thread(self._store.connections.well, self._connection_id)

    def _learn(self, answer: JobOrPage) -> JobOrPage:
        """Note how far Writer's clock is ahead of ours: at least this far, for the answer took its time to come."""
        created_at = answer.created_at if isinstance(answer, Job) else None
        said: datetime | None = answer.server_time or created_at
        if said is not None:
            ahead = said.timestamp() - self._clock.now()
            self._ahead = ahead if self._ahead is None else max(ahead, self._ahead)
        return answer
