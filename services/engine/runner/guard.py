"""Watches over one batch: failed rows are tried again, its sample ends, and it stops when going on would be in vain."""

from dataclasses import replace
from datetime import datetime

from services.clock import Clock
from services.engine.runner.breaker import RECENT, Breaker, Verdict
from services.engine.runner.reasons import same_reason
from services.engine.runner.retries import Retries
from services.models import Batch, BatchState
from services.store import Ended, Store

_REMEMBERED = 2 * RECENT
"""Rows that ended last which a new process learns from the store."""
_QUOTED = 300
"""Characters of Writer's words that a reason quotes."""


class Guard:
    """Watches over one batch. Synchronous; called in threads, one call at a time."""

    def __init__(self, batch_id: str, store: Store, clock: Clock) -> None:
        self._id = batch_id
        self._store = store
        self._clock = clock
        self._breaker = Breaker()
        self._retries = Retries(0)
        self._knows_all = True
        self._is_new = True
        self._began: datetime | None = None

    def look(self) -> BatchState:
        """Do what is due, and give the batch's state after that."""
        batch = self._read()
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
        """Store how rows came to an end, and which of them are to be tried again."""
        batch = self._read()
        for item in group:
            self._learn(item.position, item.error)
        hopeless = None if batch.unguarded else self._breaker.verdict()
        again = [self._with_retries(item, hopeless) for item in group]
        self._store.work.ended(self._id, again, self._clock.now())

    def _read(self) -> Batch:
        """The batch as it is; what was learned is forgotten when it has begun anew since."""
        batch = self._store.batches.only(self._id)
        if self._is_new or batch.started_at != self._began:
            self._is_new, self._began = False, batch.started_at
            self._breaker, self._retries = Breaker(), Retries(batch.options.retries)
            self._remember()
        return batch

    def _remember(self) -> None:
        """Learn how the last rows ended that were sent since the batch began: others may have been mended."""
        last = self._store.watch.last_ended(self._id, _REMEMBERED)
        self._knows_all = len(last) < _REMEMBERED
        for position, words in last:
            self._learn(position, words)
        if not self._knows_all and self._store.watch.any_completed(self._id):
            self._retries.mix()  # the last ones may all have failed alike, but not every row does

    def _learn(self, position: int, words: str | None) -> None:
        self._breaker.add(words)
        self._retries.add(position, words)

    def _with_retries(self, item: Ended, hopeless: Verdict | None) -> Ended:
        if not item.job_failed or item.error is None:
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


def _sample_reason(first: int, behind: int) -> str:
    if first == 1:
        done = "The first row is done. Look at its suggestion"
    else:
        done = f"The first {first:,} rows are done. Look at their suggestions"
    return f"{done}, then run the remaining {'row' if behind == 1 else f'{behind:,} rows'}."


def _failing_reason(verdict: Verdict, batch: Batch, *, knows_all: bool) -> str:
    number = "All" if verdict.failed == verdict.of else f"{verdict.failed:,}"
    which = "first" if knows_all and not verdict.is_jump else "last"
    # with automatic retries a row may have failed more than once
    what = "attempts" if batch.options.retries else "rows"
    words = verdict.words if len(verdict.words) <= _QUOTED else f"{verdict.words[:_QUOTED]}…"
    suddenly = ", many more than before" if verdict.is_jump else ""
    return (
        f"{number} of the {which} {verdict.of:,} {what} to finish failed for the same reason{suddenly}: “{words}” "
        "Nothing more is sent; what Writer still works on is collected. If the cause is mended, or you want to "
        "go on all the same, press Resume anyway: this batch is not stopped again then. Or cancel it and launch "
        "the spreadsheet anew."
    )
