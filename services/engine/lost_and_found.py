"""Searches an agent's list for jobs that may belong to unconfirmed rows, and says how likely they are whose."""

import asyncio
import math
from collections.abc import Mapping, Sequence

from services.clock import Clock
from services.engine.gateway import Gateway
from services.engine.mentions import mentions
from services.engine.runner.proof import jobs_since
from services.engine.runner.settle import IN_FLIGHT_POLL_S, MAX_FIRST_NOTE_S
from services.engine.runner.windows import LIST_LAG_S, MAX_EFFECT_DELAY_S
from services.engine.writer_clock import MAX_SKEW_S, Offset
from services.errors import NoEffectError, RequestRefusedError, UnknownToWriterError
from services.models import Batch, Candidate, FoundJob, Job
from services.store import EffectWindow, OpenRow, Store

MAX_PAGES = 300
"""Pages of the list that are read: the rows may have been sent long ago."""
WIDER_S = MAX_SKEW_S + max(MAX_EFFECT_DELAY_S.values()) - min(MAX_EFFECT_DELAY_S.values())
"""Seconds by which a window is widened on either side: the one that decided may have been a likely one."""
MAX_DRIFT_S = 10.0
"""Seconds by which what is known of Writer's clock may differ from what was known when a row was sent."""
_IN_FLIGHT_PATIENCE_S = 120.0
"""Seconds to wait for the answers to requests that left before the list was read."""
_CLEAR_FIT, _CLEAR_LEAD = 0.5, 0.3
"""How well a row has to fit, and by how much better than the next one, to be proposed."""
_STAMP_RESOLUTION_S = 1.0
"""Stamps without fractions are cut to the second."""


def window_of(row: OpenRow, offset: Offset | None) -> EffectWindow:
    """When the row's request may have created a job at the widest, by the clock that stamps jobs."""
    if row.window is not None and not math.isinf(row.window.end):
        return EffectWindow(row.window.start - WIDER_S, row.window.end + WIDER_S)
    if row.sent_at_writer is None:
        return EffectWindow(-math.inf, math.inf)
    start = row.sent_at_writer - MAX_SKEW_S
    if offset is None or abs(row.sent_at + offset.least - row.sent_at_writer) > MAX_DRIFT_S:
        return EffectWindow(start, math.inf)  # our clock may have been set meanwhile
    return EffectWindow(start, row.ended_at + max(MAX_EFFECT_DELAY_S.values()) + offset.most + MAX_SKEW_S)


def complete_at(window: EffectWindow, offset: Offset | None) -> float:
    """When the list shows all that was created in the window, by our clock; infinite where that isn't known."""
    return math.inf if offset is None else window.end - offset.least + offset.skew + LIST_LAG_S


class Search:
    """The search for one batch."""

    def __init__(self, batch: Batch, store: Store, gateway: Gateway, clock: Clock) -> None:
        self._batch = batch
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._agent = (batch.agent.id, batch.connection)

    async def run(self) -> dict[str, Job]:
        """Read the list, and keep which jobs may belong to unconfirmed rows; gives these jobs by their ids.

        Raises WriterError: the list couldn't be read, or not as far back as it has to be.
        """
        rows = await asyncio.to_thread(self._store.found.open_rows, self._batch.id)
        if not rows:
            return {}
        await self._gateway.learn_clock(self._batch.agent.id)
        asked_at = self._clock.now()
        offset = self._gateway.writer_clock.creation_offset(asked_at)
        windows = {row.position: window_of(row, offset) for row in rows}
        jobs = await self._jobs_since(min(window.start for window in windows.values()))
        await self._wait_for_answers(asked_at)
        unknown = await asyncio.to_thread(self._store.evidence.unknown, [job.id for job in jobs])
        found = {job.id: job for job in jobs if job.id in unknown and _is_in_any(job, list(windows.values()))}
        times = {job.id: None if job.created_at is None else job.created_at.timestamp() for job in found.values()}
        searched = [position for position, window in windows.items() if complete_at(window, offset) <= asked_at]
        await asyncio.to_thread(self._store.found.record, self._batch.id, times, searched, asked_at)
        return found | await self._recorded_before(found)

    async def _jobs_since(self, since: float) -> list[Job]:
        known = await asyncio.to_thread(self._store.evidence.created_since, *self._agent, since + MAX_FIRST_NOTE_S)
        jobs = await jobs_since(
            since, lambda offset: self._gateway.jobs(self._batch.agent.id, offset), known, MAX_PAGES
        )
        if jobs is None:
            raise RequestRefusedError(
                "Writer's job list couldn't be read back to when these rows were sent. Try again in a minute."
            )
        return jobs

    async def _wait_for_answers(self, asked_at: float) -> None:
        """A job whose answer is on its way belongs to a row in a moment."""
        until = self._clock.now() + _IN_FLIGHT_PATIENCE_S
        while await asyncio.to_thread(self._store.evidence.in_flight, *self._agent, asked_at):
            if self._clock.now() > until:
                raise NoEffectError("Copydesk is sending rows with this agent. Try again in a minute.")
            await self._clock.sleep(IN_FLIGHT_POLL_S)

    async def _recorded_before(self, found: Mapping[str, Job]) -> dict[str, Job]:
        """The jobs that an earlier check has found and this list doesn't show."""
        suspects = await asyncio.to_thread(self._store.found.suspects, self._batch.id)
        missing = [job_id for job_id in suspects.created_at if job_id not in found]
        jobs: dict[str, Job] = {}
        for job_id in missing:
            try:
                jobs[job_id] = await self._gateway.job(job_id)
            except UnknownToWriterError:
                continue  # its id is all that's left of it
        return jobs


def match(rows: Sequence[OpenRow], jobs: Sequence[Job], offset: Offset | None) -> list[FoundJob]:
    """Each job with the rows that it may belong to, likeliest first, and the one that clearly fits if there is one."""
    windows = {row.position: window_of(row, offset) for row in rows}
    inputs = {row.position: row.inputs for row in rows}
    found = [_candidates(rows, windows, mentions(inputs, job.suggestion or ""), job) for job in jobs]
    best = [_best(item.candidates) for item in found]
    return [
        FoundJob(item.job, item.candidates, row if best.count(row) == 1 else None)
        for item, row in zip(found, best, strict=True)
    ]


def _candidates(
    rows: Sequence[OpenRow], windows: Mapping[int, EffectWindow], fits: Mapping[int, float], job: Job
) -> FoundJob:
    likely = [row for row in rows if _is_in(job, windows[row.position])]
    created_at = None if job.created_at is None else job.created_at.timestamp()

    def order(row: OpenRow) -> tuple[float, float, int]:
        start = windows[row.position].start
        late = 0.0 if created_at is None or math.isinf(start) else abs(created_at - start)
        return -round(fits[row.position], 2), late, row.position

    chosen = sorted(likely, key=order)
    return FoundJob(
        job, tuple(Candidate(row.position, row.number, row.inputs, fits[row.position]) for row in chosen), None
    )


def _best(candidates: Sequence[Candidate]) -> int | None:
    """The row that fits far better than all others."""
    if not candidates or candidates[0].fit < _CLEAR_FIT:
        return None
    lead = candidates[0].fit - (candidates[1].fit if len(candidates) > 1 else 0.0)
    return candidates[0].position if lead >= _CLEAR_LEAD else None


def _is_in_any(job: Job, windows: Sequence[EffectWindow]) -> bool:
    return any(_is_in(job, window) for window in windows)


def _is_in(job: Job, window: EffectWindow) -> bool:
    if job.created_at is None:
        return True
    return window.start - _STAMP_RESOLUTION_S <= job.created_at.timestamp() <= window.end
