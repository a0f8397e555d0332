"""Rows that wait for their files: has Writer get the files, and lets the rows go or fail."""

import asyncio
from collections.abc import Callable
from itertools import chain
from typing import NamedTuple

from services.clock import Clock
from services.engine.uploads import Uploads
from services.errors import FileError, WriterError
from services.models import FileRef
from services.store import AwaitingRow, Store

_ROWS_AHEAD = 100
"""Rows whose files are looked at together."""
_FILES_AHEAD = 24
"""Files that wait for their upload, or for Writer to process them, at the same time."""
_LOOK_EVERY_S = 1.0
"""Seconds between two looks at the rows while no file gets ready: some may have been retried."""
_AGAIN_AFTER_S = 2.0
"""Seconds before a file is tried again that Writer couldn't be asked about."""
_REMEMBERED_S = 30.0
"""Seconds for which it's remembered what became of a file: as long as rows with the same file may follow."""


class _Ended(NamedTuple):
    """What became of a file."""

    error: str
    """Why it can't be had; empty where Writer has it."""
    at: float


class FileFeeder:
    """Gets the files of one batch to Writer, in the order of its rows."""

    def __init__(
        self, batch_id: str, store: Store, uploads: Uploads, clock: Clock, on_change: Callable[[], None]
    ) -> None:
        """`on_change` is called when rows may be sent or have failed."""
        self._batch_id = batch_id
        self._store = store
        self._uploads = uploads
        self._clock = clock
        self._on_change = on_change

    async def feed(self) -> None:
        """Work until no row that may be sent waits for a file. Each row goes as soon as its own files are there.

        To be canceled when the batch is paused: then only uploads in flight are finished.
        """
        running: dict[str, asyncio.Task[str | None]] = {}
        ended: dict[str, _Ended] = {}
        settled: set[int] = set()
        try:
            while rows := await asyncio.to_thread(self._store.uploads.awaiting, self._batch_id, _ROWS_AHEAD):
                _forget_where_settled(rows, settled, ended)
                settled |= await self._settle(rows, ended)
                self._begin(rows, running, ended)
                if running:
                    await asyncio.wait(running.values(), timeout=_LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
                self._reap(running, ended)
        finally:
            for task in running.values():
                task.cancel()

    def _begin(
        self, rows: list[AwaitingRow], running: dict[str, asyncio.Task[str | None]], ended: dict[str, _Ended]
    ) -> None:
        wanted = {ref.hash: ref for row in rows for ref in row.files if ref.hash not in ended}
        for content_hash, ref in wanted.items():
            if len(running) >= _FILES_AHEAD:
                return
            if content_hash not in running:
                running[content_hash] = asyncio.create_task(self._ensure(ref))

    async def _ensure(self, ref: FileRef) -> str | None:
        """Wait until Writer has a file. Returns "", or why it can't have it; None where it couldn't be asked."""
        try:
            await self._uploads.ensure(ref)
        except FileError as error:
            return str(error)
        except WriterError:
            await self._clock.sleep(_AGAIN_AFTER_S)  # the gateway has noted it, and may have paused the batch
            return None
        return ""

    def _reap(self, running: dict[str, asyncio.Task[str | None]], ended: dict[str, _Ended]) -> None:
        """Take over what has ended, and forget what ended some time ago: rows may have been retried since."""
        now = self._clock.now()
        for content_hash in [name for name, task in running.items() if task.done()]:
            error = running.pop(content_hash).result()
            if error is not None:
                ended[content_hash] = _Ended(error, now)
        for content_hash in [name for name, end in ended.items() if end.at < now - _REMEMBERED_S]:
            del ended[content_hash]

    async def _settle(self, rows: list[AwaitingRow], ended: dict[str, _Ended]) -> set[int]:
        """Let rows go whose files are all there, and end those with one that can't be had; gives both."""
        ready: list[int] = []
        failed: dict[str, list[int]] = {}
        for row in rows:
            ends = [ended[ref.hash] for ref in row.files if ref.hash in ended]
            if errors := [end.error for end in ends if end.error]:
                failed.setdefault(errors[0], []).append(row.position)
            elif len(ends) == len(row.files):
                ready.append(row.position)
        if ready:
            await asyncio.to_thread(self._store.uploads.release, self._batch_id, ready)
        for error, positions in failed.items():
            fail = self._store.uploads.fail
            await asyncio.to_thread(fail, self._batch_id, positions, error, self._clock.now())
        if ready or failed:
            self._on_change()
        return {*ready, *chain(*failed.values())}


def _forget_where_settled(rows: list[AwaitingRow], settled: set[int], ended: dict[str, _Ended]) -> None:
    """Look anew at the files of rows that wait again: they were retried, or Writer has lost one of the files."""
    for row in rows:
        if row.position in settled:
            settled.discard(row.position)
            for ref in row.files:
                ended.pop(ref.hash, None)
