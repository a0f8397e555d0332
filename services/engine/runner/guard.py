"""Watches over one batch: retries failed rows, ends its sample, and pauses it when sending more rows is pointless."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from services.clock import Clock
from services.engine.causes import Cause, hint, quota_reason
from services.engine.runner.breaker import RECENT, Breaker, Verdict
from services.engine.runner.limits import AtLimit, LimitWatch, OutsizedInputs
from services.engine.runner.reasons import same_reason
from services.engine.runner.retries import Retries
from services.models import EMPTY_SUGGESTION, Batch, BatchState, PauseKind, is_blank
from services.store import Ended, Store

_REMEMBERED_ROWS = 2 * RECENT
"""Rows that ended last which a new process reads from the store."""
_MAX_QUOTED_LENGTH = 300
"""Characters of Writer's words that a reason quotes."""


class Guard:
    """Watches over one batch. Synchronous; called in threads, one call at a time."""

    def __init__(self, batch_id: str, store: Store, clock: Clock) -> None:
        self._id = batch_id
        self._store = store
        self._clock = clock
        self._breaker = Breaker()
        self._retries = Retries(0)
        self._limits = LimitWatch()
        self._outsized = OutsizedInputs()
        self._busy_failures = 0
        self._knows_all = True
        self._is_new = True
        self._began: datetime | None = None

    def check(self) -> BatchState:
        """Do what is due; returns the batch's state after that."""
        batch = self._read()
        if self._stop_at_limit(batch):
            return BatchState.PAUSED
        if batch.state is not BatchState.RUNNING:
            return batch.state
        if self._stop_failing(batch):
            return BatchState.PAUSED
        if batch.options.retries:
            self._store.work.retry_due(self._id, self._clock.now())
        if batch.sample_end is not None and self._store.watch.end_sample(self._id, _sample_reason):
            return BatchState.PAUSED
        return batch.state

    def ended(self, group: list[Ended]) -> None:
        """Store how rows ended, and which of them will be retried."""
        batch, now = self._read(), self._clock.now()
        causes = self._causes(group)
        for item in group:
            cause = causes.get(item.position)
            self._limits.add(item, cause, now)
            self._record(item.position, _reason(item), cause)
        hopeless = None if batch.unguarded else self._breaker.verdict()
        again = [self._with_retries(item, causes.get(item.position), hopeless) for item in group]
        self._store.work.ended(self._id, again, now)
        self._busy_failures += sum(cause is Cause.BUSY for cause in causes.values())

    @property
    def is_suspicious(self) -> bool:
        """Whether a quota may be used up, so that rows are better sent one by one."""
        return self._limits.is_suspicious

    def take_busy_failures(self) -> int:
        """How many jobs failed because Writer was busy, since this was asked last."""
        number, self._busy_failures = self._busy_failures, 0
        return number

    def _read(self) -> Batch:
        """The batch as it is; what was recorded is dropped when the batch has started over since."""
        batch = self._store.batches.only(self._id)
        if self._is_new or batch.started_at != self._began:
            self._is_new, self._began = False, batch.started_at
            self._breaker, self._retries = Breaker(), Retries(batch.options.retries)
            self._limits, self._outsized = LimitWatch(), OutsizedInputs()
            self._remember()
        return batch

    def _remember(self) -> None:
        """Record how the last rows ended that were sent since the batch began: earlier causes may be fixed."""
        last = self._store.watch.last_ended(self._id, _REMEMBERED_ROWS)
        self._knows_all = len(last) < _REMEMBERED_ROWS
        for position, words in last:
            self._record(position, words, hint(words) if words else None)
        if not self._knows_all and self._store.watch.any_completed(self._id):
            self._retries.mix()  # the last ones may all have failed alike, but not every row does

    def _causes(self, group: list[Ended]) -> dict[int, Cause]:
        """What the failures among these outcomes are about, by position: as their words hint and their sizes show."""
        errors = {item.position: item.error for item in group if item.error is not None}
        causes = {position: hint(words) for position, words in errors.items()}
        busy = [position for position, cause in causes.items() if cause is Cause.BUSY]
        outsized = self._store.watch.outsized(self._id, busy) if busy else None
        if outsized is None:
            return causes
        for position in busy:
            if self._outsized.add(errors[position], position, is_outsized=position in outsized):
                causes[position] = Cause.INPUT
        return causes

    def _record(self, position: int, reason: str | None, cause: Cause | None) -> None:
        """Record how a row ended; what a limit of Writer's did to it says nothing of the batch."""
        if cause in (Cause.BUSY, Cause.QUOTA):
            return
        self._breaker.add(reason)
        self._retries.add(position, None if reason == EMPTY_SUGGESTION else reason)

    def _stop_at_limit(self, batch: Batch) -> bool:
        """Pause the batch if a limit of Writer's stops every row; rows that failed for it wait to be sent again."""
        if batch.unguarded or not self._limits.positions:
            return False
        if batch.pause_kind is PauseKind.QUOTA:
            reason, failed = batch.reason, self._limits.positions
        elif (verdict := self._limits.verdict(partial(self._store.watch.in_progress, self._id))) is not None:
            reason, failed = limit_reason(verdict), verdict.positions
        else:
            return False
        is_stopped = self._store.watch.stop_at_limit(self._id, reason, failed)
        if is_stopped:
            self._limits.clear()
        return is_stopped

    def _with_retries(self, item: Ended, cause: Cause | None, hopeless: Verdict | None) -> Ended:
        if not item.job_failed or item.error is None or cause is Cause.INPUT:
            return item
        if hopeless is not None and same_reason(item.error) == hopeless.reason:
            return item
        return replace(item, retry_after=self._retries.pauses(item.error))

    def _stop_failing(self, batch: Batch) -> bool:
        verdict = None if batch.unguarded else self._breaker.verdict()
        if verdict is None:
            return False
        to_retry = self._store.watch.to_retry(self._id).items()
        given_up = [position for position, words in to_retry if same_reason(words) == verdict.reason]
        reason = _failing_reason(verdict, batch, knows_all=self._knows_all)
        return self._store.watch.stop_failing(self._id, reason, given_up)


def _reason(item: Ended) -> str | None:
    """Why a row failed, or that it is empty; None for a suggestion."""
    if item.suggestion is None:
        return item.error
    return EMPTY_SUGGESTION if is_blank(item.suggestion) else None


def limit_reason(verdict: AtLimit) -> str:
    """Why a batch is paused whose rows all meet a limit, with Writer's own words, and what to do."""
    words = _quoted(verdict.words)
    if verdict.is_quota:
        return quota_reason(words)
    return (
        f"Writer kept failing rows for more than a minute, even at a slower pace: “{words}” "
        "Check your limits at Writer, then press Resume."
    )


def _quoted(words: str) -> str:
    return words if len(words) <= _MAX_QUOTED_LENGTH else f"{words[:_MAX_QUOTED_LENGTH]}…"


def _sample_reason(first: int, behind: int) -> str:
    if first == 1:
        done = "The first row is done. Check its suggestion"
    else:
        done = f"The first {first:,} rows are done. Check their suggestions"
    return f"{done}, then run the remaining {'row' if behind == 1 else f'{behind:,} rows'}."


def _failing_reason(verdict: Verdict, batch: Batch, *, knows_all: bool) -> str:
    number = "All" if verdict.failed == verdict.of else f"{verdict.failed:,}"
    which = "first" if knows_all and not verdict.is_jump else "last"
    # with automatic retries a row may have failed more than once
    what = "attempts" if batch.options.retries else "rows"
    suddenly = ", many more than before" if verdict.is_jump else ""
    if verdict.words == EMPTY_SUGGESTION:
        return (
            f"{number} of the {which} {verdict.of:,} suggestions are empty{suddenly}. Check the agent at Writer, then "
            "press Resume anyway, or cancel and launch the spreadsheet again."
        )
    return (
        f"{number} of the {which} {verdict.of:,} {what} to finish failed for the same reason{suddenly}: "
        f"“{_quoted(verdict.words)}” Fix the cause and press Resume anyway, or cancel and launch the spreadsheet again."
    )
