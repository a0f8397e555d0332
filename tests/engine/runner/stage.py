"""A stage for batches: what an engine does, in the test's own loop, and what a person may do."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, cast

from services.clock import Clock
from services.engine.budget import Budget
from services.engine.gateway import Gateway
from services.engine.runner import Runner
from services.models import (
    Agent,
    AgentInput,
    Batch,
    BatchState,
    Choice,
    ChoiceKind,
    InputType,
    LaunchOptions,
    Load,
    PauseKind,
    Reading,
    RowPreview,
    RowState,
    Sheet,
)
from services.store import NewBatch, NewRow, Store
from services.writer.client import Writer
from tests.support.double import AGENT_ID, Books, Double, Fault, FaultyTransport, Kind, is_for
from tests.support.files import uploads
from tests.support.virtual_time import VirtualClock

CONNECTION = "https://writer.example"
AGENT = Agent(AGENT_ID, "Echo", (AgentInput("Text", InputType.TEXT, required=True),))
FINAL = {
    *(RowState.COMPLETED, RowState.EMPTY, RowState.FAILED),
    *(RowState.UNCONFIRMED, RowState.CANCELED, RowState.SKIPPED),
}
"""States that a row leaves only when a person retries it."""

_PAGE = 500


class Stage:
    """A store, a double of Writer, and a runner for every batch that has something to do."""

    def __init__(self, store: Store, double: Double, clock: Clock, rpm: int, *, connection: str = CONNECTION) -> None:
        self.store = store
        self.double = double
        self.clock = clock
        self._rpm = rpm
        self._connection = connection
        self._batches = 0
        self.process: Process | None = None

    @property
    def books(self) -> Books:
        """The double's books."""
        return self.double.books

    # what a person does

    def launch(self, rows: int | Sequence[str], skipped: Collection[int] = (), **options: Any) -> str:
        """Launch a batch of so many rows, or of rows with these texts, some skipped, with options; give its id."""
        self._batches += 1
        texts = [f"batch {self._batches} row {n}" for n in range(rows)] if isinstance(rows, int) else rows
        choices = {"Text": Choice(ChoiceKind.COLUMN, ("Text",))}
        sheet = Sheet("texts.csv", ("Text",), len(texts), Reading())
        draft = self.store.drafts.create(sheet, b"", [], self.clock.now())
        new = NewBatch(
            draft.id, "Texts", self._connection, AGENT, "texts.csv", ("Text",), choices, LaunchOptions(**options)
        )
        new_rows = [
            NewRow(n + 2, (text,), {"Text": [text]}, "Flawed." if n in skipped else None)
            for n, text in enumerate(texts)
        ]
        batch_id = self.store.batches.launch(new, new_rows, self.clock.now(), lambda _: None)
        self._wake(batch_id)
        return batch_id

    async def settled_losing(self, fault: Fault, rows: int = 5, lost: int = 2) -> str:
        """Launch a batch, lose Writer's answer for one of its rows, and wait until it is settled; give its id."""
        self.double.script(Kind.CREATE, fault, text=f"batch {self._batches + 1} row {lost}")
        batch = self.launch(rows)
        await self.settled(batch)
        return batch

    def pause(self, batch_id: str) -> None:
        """Press Pause."""
        self.store.batches.pause(batch_id, PauseKind.PERSON)
        self._wake(batch_id)

    def resume(self, batch_id: str) -> None:
        """Press Resume."""
        self.store.batches.resume(batch_id, self._connection)
        if self.process is not None:
            self.process.relax()
        self._wake(batch_id)

    def resume_anyway(self, batch_id: str) -> None:
        """Press Resume anyway."""
        self.store.batches.resume_anyway(batch_id, self._connection)
        self._wake(batch_id)

    def run_remaining(self, batch_id: str) -> None:
        """Press Run the remaining rows."""
        self.store.batches.run_remaining(batch_id, self._connection)
        self._wake(batch_id)

    def cancel(self, batch_id: str) -> None:
        """Press Cancel."""
        self.store.batches.cancel(batch_id, self.clock.now())
        self._wake(batch_id)

    def retry(self, batch_id: str, positions: Sequence[int] | None = None) -> int:
        """Press Retry."""
        number = self.store.rows.retry(batch_id, positions)
        self._wake(batch_id)
        return number

    def send_all(self, batch_id: str, state: RowState) -> int:
        """Send all unconfirmed or all canceled rows."""
        number = self.store.rows.send_all(batch_id, state)
        self._wake(batch_id)
        return number

    # what a process does

    def begin(self) -> None:
        """Start a process that works on the batches."""
        self.process = Process(self.store, self.double, self.clock, self._rpm)

    async def kill(self) -> None:
        """End the process as `kill -9` does: nothing that it would still write reaches the store."""
        assert self.process is not None
        await self.process.end(killed=True)
        self.process = None

    def jump(self, seconds: float) -> None:
        """Set the clock of Copydesk's machine; Writer's goes on as it was."""
        assert isinstance(self.clock, VirtualClock)
        self.clock.jump(seconds)

    async def end(self) -> None:
        """Cancel what the process does, which may still write."""
        if self.process is not None:
            await self.process.end(killed=False)
            self.process = None

    # what comes of it

    async def settled(self, *batch_ids: str) -> None:
        """Wait until these batches change no more on their own."""
        if self.process is None:
            self.begin()
        for batch_id in batch_ids:
            while not self.is_settled(batch_id):
                assert self.process is not None
                await self.process.news()

    async def until(self, condition: Callable[[], bool], step: float = 0.5) -> None:
        """Wait until it is so."""
        if self.process is None:
            self.begin()
        while not condition():
            assert self.process is not None
            self.process.check()
            await asyncio.sleep(step)

    def batch(self, batch_id: str) -> Batch:
        """The batch as it is."""
        return self.store.batches.only(batch_id)

    def rows(self, batch_id: str, *states: RowState) -> list[RowPreview]:
        """Its rows in these states, all where none is named."""
        batch = self.batch(batch_id)
        pages = range(1, batch.row_count // _PAGE + 2)
        return [row for n in pages for row in self.store.rows.page(batch, states, "", n, _PAGE).rows]

    def states(self, batch_id: str) -> Counter[RowState]:
        """How many rows are in each state."""
        return Counter(self.store.batches.get(batch_id).counts.by_state)

    def load(self) -> Load:
        """What the requests are doing right now."""
        return Budget(self.store, CONNECTION, self._rpm, self.clock).load()

    def check(self, *batch_ids: str) -> None:
        """Every row is at its end, none was created twice, and each suggestion is on its own row."""
        for batch_id in batch_ids:
            for row in self.rows(batch_id):
                text = row.values[0]
                assert row.state in FINAL, (text, row.state)
                assert self.books.created[text] <= 1, (text, self.books.created[text])
                assert not row.suggestion or is_for(row.suggestion, text), (text, row.suggestion)
                if row.state is RowState.COMPLETED:
                    assert row.suggestion
                    assert self.books.created[text] == 1

    def _wake(self, batch_id: str) -> None:
        if self.process is not None:
            self.process.wake(batch_id)

    def is_settled(self, batch_id: str) -> bool:
        """Whether the batch changes no more on its own."""
        summary = self.store.batches.get(batch_id)
        counts = summary.counts
        at_writer = counts[RowState.SENDING] + counts[RowState.IN_PROGRESS]
        return summary.batch.state is not BatchState.RUNNING and not at_writer


class Process:
    """What dies when a process is killed: runners, and all they know that is not in the store."""

    def __init__(self, store: Store, double: Double, clock: Clock, rpm: int) -> None:
        self._mortal = MortalStore(store)
        self._store = cast(Store, self._mortal)
        self._clock = clock
        writer = Writer(CONNECTION, "sk-key-of-ours", FaultyTransport(double))
        budget = Budget(self._store, CONNECTION, rpm, clock)
        self.gateway = Gateway(self._store, writer, budget, CONNECTION, clock)
        self._uploads = uploads(self._store, self.gateway, CONNECTION, clock)
        self._runners: dict[str, tuple[Runner, asyncio.Task[None]]] = {}
        self._news = asyncio.Event()
        self._failure: BaseException | None = None
        self._stopping = False
        self.look()

    def wake(self, batch_id: str) -> None:
        """Tell of a change in the store."""
        if batch_id in self._runners:
            self._runners[batch_id][0].wake()
        self.look()
        self._news.set()

    def relax(self) -> None:
        """Go on at once, as after Resume."""
        self.gateway.budget.relax()

    async def news(self) -> None:
        """Wait until a runner has ended, or there was a change."""
        await self._news.wait()
        self._news.clear()
        self.check()

    def check(self) -> None:
        """Raise what a runner failed with."""
        if self._failure is not None:
            raise self._failure

    async def stop(self) -> None:
        """Tell all runners to stop, and wait until they have."""
        tasks = [task for _, task in self._runners.values()]
        self._stopping = True
        for runner, _ in self._runners.values():
            runner.stop()
        await asyncio.gather(*tasks)

    async def end(self, *, killed: bool) -> None:
        """Cancel all runners."""
        self._mortal.alive = not killed
        tasks = [task for _, task in self._runners.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.gateway.aclose()

    def look(self) -> None:
        """Give every batch that has something to do a runner."""
        for batch_id in self._store.batches.working(CONNECTION):
            if batch_id not in self._runners:
                runner = Runner(batch_id, self._store, self.gateway, self._uploads, self._clock)
                task = asyncio.create_task(runner.advance())
                self._runners[batch_id] = (runner, task)
                task.add_done_callback(partial(self._ended, batch_id))

    def _ended(self, batch_id: str, task: asyncio.Task[None]) -> None:
        del self._runners[batch_id]
        if not self._mortal.alive or self._stopping or task.cancelled():
            return
        self._failure = self._failure or task.exception()
        self.look()
        self._news.set()


class MortalStore:
    """A store that a killed process cannot reach any more."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.alive = True

    def __getattr__(self, noun: str) -> Any:
        return _Noun(self, getattr(self._store, noun))


class _Noun:
    def __init__(self, store: MortalStore, noun: Any) -> None:
        self._store = store
        self._noun = noun

    def __getattr__(self, verb: str) -> Any:
        method = getattr(self._noun, verb)

        def call(*args: Any, **options: Any) -> Any:
            if not self._store.alive:
                raise KilledError
            return method(*args, **options)

        return call if callable(method) else method


class KilledError(Exception):
    """The process is dead."""
