"""Every job of an agent on the desk, also those that were started elsewhere: list, retry and collect them."""

import asyncio
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from services.background import run_to_completion
from services.clock import Clock
from services.desk.rows import Rows
from services.engine.embedded import EmbeddedEngine
from services.engine.gateway import Gateway
from services.engine.whole_list import WholeList
from services.errors import AnswerLostError, PersonError, UnknownToWriterError, UnreachableError, WriterError
from services.models import (
    Agent,
    CollectedJobs,
    CollectScope,
    Job,
    JobList,
    JobPage,
    JobState,
    ListedJob,
    RetriedJobs,
    RowState,
)
from services.store import NewCollection, Store

MOVING_AGE_S, RESTING_AGE_S = 15.0, 60.0
"""Seconds that a page of the list is shown before it's read again: with jobs in progress on it, and without."""
_MIN_AGE_S = 1.0
"""The same where a person presses Refresh."""
_HELD_PAGES = 200
"""Pages of lists that are kept in memory."""
_USUAL_PAGE = 100
_CONCURRENT_REQUESTS = 6
"""Retries, or jobs asked for by their ids, at a time."""
MOST_IDS = 1000
"""Ids that may be pasted at once: each takes a request."""

_Key = tuple[str, JobState | None, int]
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class _Held:
    """A page of the list as it was read last."""

    page: JobPage
    read_at: float | None = None
    tried_at: float = float("-inf")
    problem: str = ""

    def is_due(self, now: float) -> bool:
        """Whether the page is too old to be shown without being read again."""
        is_moving = any(job.state is JobState.IN_PROGRESS for job in self.page.jobs)
        return now - self.tried_at >= (MOVING_AGE_S if is_moving else RESTING_AGE_S)


class Jobs:
    """What can be seen of an agent's jobs and done to them."""

    def __init__(
        self, connection_id: str, store: Store, engine: EmbeddedEngine, gateway: Gateway, rows: Rows, clock: Clock
    ) -> None:
        self._connection_id = connection_id
        self._store = store
        self._engine = engine
        self._gateway = gateway
        self._rows = rows
        self._clock = clock
        self._held: OrderedDict[_Key, _Held] = OrderedDict()
        self._held_lock = threading.Lock()
        self._locks: defaultdict[_Key, threading.Lock] = defaultdict(threading.Lock)
        self._page_sizes: dict[tuple[str, JobState | None], int] = {}

    def page(self, agent_id: str, state: JobState | None, page: int, *, refresh: bool = False) -> JobList:
        """One page of the agent's jobs in Writer's order, of all states or one; pages count from 1.

        It's read from Writer only where it's old: all who look at it share it. `refresh` reads it again.
        """
        if page > 1 and (agent_id, state) not in self._page_sizes:
            self.page(agent_id, state, 1)
        key = agent_id, state, page
        with self._locks[key]:
            held, now = self._held.get(key, _Held(JobPage(()))), self._clock.now()
            if held.is_due(now) or (refresh and now - held.tried_at >= _MIN_AGE_S):
                held = self._read(key, held)
                self._hold(key, held)
        return self._list(key, held)

    def retry(self, agent_id: str, jobs: Sequence[ListedJob], on_progress: Callable[[int], None]) -> RetriedJobs:
        """Have Writer run failed jobs again; those that belong to rows through their rows, so that states agree.

        No retry is ever repeated: where its answer is lost, that is noted with the job. `on_progress` gets how many
        jobs have been retried.
        """
        chosen = [listed.job for listed in jobs if listed.can_retry]
        owners = self._store.jobs.rows([job.id for job in chosen])
        again = self._retry_rows(list(owners))
        others = [job for job in chosen if job.id not in owners]
        now = self._clock.now()
        free = self._store.jobs.begin_retries(self._connection_id, others, now, self._gateway.writer_clock.passed(now))
        ids = [job.id for job in others if job.id in free]

        def work(tell: Callable[[int], None]) -> list[str | WriterError]:
            return self._wait(_in_turns(ids, self._retry_one, tell))

        answers = dict(zip(ids, run_to_completion(work, on_progress), strict=True))
        self._forget(agent_id)
        return _told(again, answers, len(jobs) - len(owners) - len(ids))

    def collect(
        self, agent: Agent, scope: CollectScope, name: str, on_progress: Callable[[int], None]
    ) -> CollectedJobs:
        """Make a batch of the agent's jobs that belong to no row. `on_progress` gets how many jobs have been read.

        Raises WriterError: the list couldn't be read; nothing was collected. Raises PersonError: too many ids.
        """
        if len(scope.ids) > MOST_IDS:
            raise PersonError(f"Paste {MOST_IDS:,} IDs or fewer, or collect the jobs of a time span.")

        def work(tell: Callable[[int], None]) -> CollectedJobs:
            jobs, left = self._wait(self._jobs_in(agent.id, scope, tell))
            new = NewCollection(name, self._connection_id, agent)
            collected = self._store.jobs.collect(new, jobs, self._clock.now(), lambda _: None)
            return replace(collected, unknown_ids=left.unknown_ids, unread=left.unread)

        # the page may be drawn anew while this goes on, and it must not end with the old one
        collected = run_to_completion(work, on_progress)
        if collected.batch_id is not None:
            self._engine.wake(collected.batch_id)
        return collected

    # reading

    def _read(self, key: _Key, held: _Held) -> _Held:
        agent_id, state, page = key
        now = self._clock.now()
        offset = (page - 1) * self._page_sizes.get((agent_id, state), _USUAL_PAGE)
        try:
            read = self._engine.call(self._gateway.jobs(agent_id, offset, state, for_person=True))
        except WriterError as error:
            return replace(held, tried_at=now, problem=str(error))
        if page == 1 and read.jobs:
            self._page_sizes[agent_id, state] = len(read.jobs)
        return _Held(read, now, now)

    def _hold(self, key: _Key, held: _Held) -> None:
        with self._held_lock:
            self._held[key] = held
            while len(self._held) > _HELD_PAGES:
                self._held.popitem(last=False)

    def _forget(self, agent_id: str) -> None:
        """Have the agent's list read again by whoever looks at it next."""
        with self._held_lock:
            for key, held in self._held.items():
                if key[0] == agent_id:
                    self._held[key] = replace(held, tried_at=float("-inf"))

    def _list(self, key: _Key, held: _Held) -> JobList:
        agent_id, state, page = key
        ids = [job.id for job in held.page.jobs]
        owners, retries = self._store.jobs.rows(ids), self._store.jobs.retries(self._connection_id, ids)
        listed = tuple(ListedJob(job, owners.get(job.id), retries.get(job.id)) for job in held.page.jobs)
        size = self._page_sizes.get((agent_id, state), _USUAL_PAGE)
        total = held.page.total
        if total is not None and total > len(ids):
            pages = -(-total // size)
        else:  # a total may be that of the page
            pages = page + (len(ids) == size and total is None)
        read_at = None if held.read_at is None else datetime.fromtimestamp(held.read_at, UTC)
        return JobList(listed, page, max(page, pages), total, read_at, held.problem)

    # retrying

    def _retry_rows(self, job_ids: Sequence[str]) -> RetriedJobs:
        """Retry the rows whose current jobs these are, where they failed."""
        owners = self._store.jobs.rows(job_ids)
        positions: defaultdict[str, list[int]] = defaultdict(list)
        for row in owners.values():
            if row.is_current and row.state is RowState.FAILED:
                positions[row.batch_id].append(row.position)
        retried, refused = 0, list[str]()
        for batch_id, chosen in positions.items():
            try:
                retried += self._rows.retry(batch_id, chosen)
            except PersonError as error:
                refused.append(str(error))
        return RetriedJobs(retried, (), tuple(dict.fromkeys(refused)), len(job_ids) - retried)

    async def _retry_one(self, job_id: str) -> str | WriterError:
        """Retry a job that was noted as about to be retried; gives the id that Writer answers, or what went wrong."""
        jobs = self._store.jobs
        try:
            job = await self._gateway.retry(job_id)
        except AnswerLostError as error:
            return error  # the note stays: nobody may retry it again
        except WriterError as error:
            await asyncio.to_thread(jobs.not_retried, self._connection_id, job_id)
            return error
        await asyncio.to_thread(jobs.retried, self._connection_id, job_id, job.id)
        return job.id

    # collecting

    async def _jobs_in(
        self, agent_id: str, scope: CollectScope, tell: Callable[[int], None]
    ) -> tuple[list[Job], CollectedJobs]:
        """The jobs in the scope; and what of it isn't among them."""
        if scope.ids:
            found = await _in_turns(list(dict.fromkeys(scope.ids)), self._job, tell)
            named = dict(zip(dict.fromkeys(scope.ids), found, strict=True))
            jobs = [job for job in found if job is not None and job.agent_id in ("", agent_id)]
            known = {job.id for job in jobs}
            unknown = tuple(job_id for job_id, job in named.items() if job is None or job.id not in known)
            return jobs, CollectedJobs(None, unknown_ids=unknown)
        whole = WholeList(lambda offset: self._gateway.jobs(agent_id, offset), scope.since, tell)
        await whole.read()
        jobs = [job for job in whole.jobs.values() if _is_within(job, scope)]
        return jobs, CollectedJobs(None, unread=whole.unread)

    async def _job(self, job_id: str) -> Job | None:
        try:
            return await self._gateway.job(job_id)
        except UnknownToWriterError:
            return None

    def _wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do work on the engine's loop however long it takes. Raises UnreachableError: the engine has stopped."""
        try:
            return self._engine.submit(work).result()
        except CancelledError as exc:
            raise UnreachableError("Copydesk is stopping. Try again when it's back.") from exc


async def _in_turns(
    items: Sequence[Item], work: Callable[[Item], Coroutine[Any, Any, Result]], tell: Callable[[int], None]
) -> list[Result]:
    """Do the work for each item, some at a time; gives the results in order."""
    turns, done = asyncio.Semaphore(_CONCURRENT_REQUESTS), 0

    async def one(item: Item) -> Result:
        nonlocal done
        async with turns:
            result = await work(item)
        done += 1
        tell(done)
        return result

    return list(await asyncio.gather(*map(one, items)))


def _told(rows: RetriedJobs, answers: dict[str, str | WriterError], held: int) -> RetriedJobs:
    """What came of retrying rows and other jobs; so many were `held` back."""
    lost = tuple(job_id for job_id, answer in answers.items() if isinstance(answer, AnswerLostError))
    retried = sum(isinstance(answer, str) for answer in answers.values())
    errors = _once(
        str(answer)
        for answer in answers.values()
        if isinstance(answer, WriterError) and not isinstance(answer, AnswerLostError)
    )
    not_retried = len(answers) - retried - len(lost) + held
    return RetriedJobs(rows.retried + retried, lost, (*rows.refused, *errors), rows.not_retried + not_retried)


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _is_within(job: Job, scope: CollectScope) -> bool:
    if scope.since is None and scope.until is None:
        return True
    if job.created_at is None:
        return False
    return (scope.since is None or job.created_at >= scope.since) and (
        scope.until is None or job.created_at <= scope.until
    )
