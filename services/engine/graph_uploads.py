"""Files on their way into Knowledge Graphs: uploaded, put into theirs, and followed until Writer has processed them.

A file is uploaded first and put into its Knowledge Graph by a second request. That one may be repeated, so neither a
lost answer nor the end of a process puts a file in twice; all they may leave is a stray copy outside of it.
"""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

from services.clock import Clock
from services.engine.gateway import Gateway
from services.errors import (
    AnswerLostError,
    FileError,
    NoEffectError,
    PaymentRequiredError,
    RefusalError,
    UnknownToWriterError,
    WriterError,
)
from services.files.vault import Vault
from services.models import GraphUpload, GraphUploadState, NamedFile, WriterFileState
from services.store import Store

MAX_AT_ONCE = 4
"""Files that are uploaded at the same time."""
_CHUNK_BYTES = 64 * 1024
_LOST_TRIES = 3
"""Times that the answers to a file's upload get lost before a person has to try again."""
_AGAIN_AFTER_S = 5.0
"""Seconds before a file is tried again that Writer couldn't be asked about."""
_MIN_POLL_INTERVAL_S, _MAX_POLL_INTERVAL_S = 1.0, 20.0
"""Seconds between two questions of how far Writer is; they grow while nothing changes."""
_FOLLOWED_AT_ONCE = 1000
_LISTED_FROM = 3
"""Files from which the list is read instead of each one."""
_MAX_PAGES = 5
_ASKED_AT_ONCE = 20
"""Files that are asked about one by one in each round, because the pages that were read don't have them."""

_log = logging.getLogger(__name__)


class GraphUploads:
    """The files on their way into the Knowledge Graphs of one connection."""

    def __init__(
        self,
        store: Store,
        gateway: Gateway,
        vault: Vault,
        connection_id: str,
        clock: Clock,
        release: Callable[[Sequence[NamedFile]], None],
    ) -> None:
        """`release` is called with files whose bytes aren't needed here any more."""
        self._store = store.graph_uploads
        self._gateway = gateway
        self._vault = vault
        self._connection_id = connection_id
        self._clock = clock
        self._release = release
        self._tasks: dict[GraphUploadState, asyncio.Task[None]] = {}
        self._choosing = asyncio.Lock()
        self._busy: set[str] = set()
        self._losses: Counter[str] = Counter()

    async def check(self) -> None:
        """Begin what is to be done, unless it has begun."""
        states = await asyncio.to_thread(self._store.unfinished_states, self._connection_id)
        if GraphUploadState.WAITING in states:
            self._begin(GraphUploadState.WAITING, self._upload_all)
        if GraphUploadState.PROCESSING in states:
            self._begin(GraphUploadState.PROCESSING, self._follow_all)

    async def stop(self) -> None:
        """Cut off what is being done; it begins again with the next `check`."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, state: GraphUploadState, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if state not in self._tasks:
            task = self._tasks[state] = asyncio.create_task(work())
            task.add_done_callback(lambda ended: self._ended(state, ended))

    def _ended(self, state: GraphUploadState, task: asyncio.Task[None]) -> None:
        del self._tasks[state]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("Files for Knowledge Graphs wait, and are tried again.", exc_info=error)

    # files that wait

    async def _upload_all(self) -> None:
        """Work until no file waits."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(MAX_AT_ONCE):
                workers.create_task(self._upload_one_by_one())
        await asyncio.to_thread(self._let_go)

    async def _upload_one_by_one(self) -> None:
        while (upload := await self._next()) is not None:
            try:
                await self._put_in(upload)
            finally:
                self._busy.discard(upload.id)

    def _let_go(self) -> None:
        """Give up the bytes of files that are in their Knowledge Graphs."""
        files = self._store.release(self._connection_id)
        if files:
            self._release(files)

    async def _next(self) -> GraphUpload | None:
        """A file that waits, and that nobody works on."""
        async with self._choosing:
            waiting, busy = GraphUploadState.WAITING, list(self._busy)
            found = await asyncio.to_thread(self._store.unfinished, self._connection_id, waiting, 1, busy)
            self._busy.update(upload.id for upload in found)
        return found[0] if found else None

    async def _put_in(self, upload: GraphUpload) -> None:
        """Upload a file if need be, and put it into its Knowledge Graph."""
        try:
            file_id = upload.file_id or await self._upload(upload)
            await self._gateway.add_to_graph(upload.graph_id, file_id)
        except (FileError, RefusalError, PaymentRequiredError) as error:
            await self._give_up(upload, f"It isn't in the Knowledge Graph. {error}")
        except NoEffectError:
            await self._clock.sleep(_AGAIN_AFTER_S)
        except AnswerLostError as error:
            self._losses[upload.id] += 1
            if self._losses[upload.id] < _LOST_TRIES:
                _log.warning("The answer to an upload into a Knowledge Graph was lost; it's tried again. %s", error)
                return
            await self._give_up(
                upload, f"It may not be in the Knowledge Graph: {_LOST_TRIES} answers of Writer were lost."
            )
        else:
            await asyncio.to_thread(self._store.arrived, upload.id)

    async def _upload(self, upload: GraphUpload) -> str:
        """Upload a file, and give Writer's id of it."""
        if upload.file is None:
            raise FileError("It isn't stored here anymore. Upload it again.")
        name = upload.name.rpartition("/")[2]
        file = await self._gateway.upload(name, upload.file, self._content(upload.file.hash), for_graph=True)
        await asyncio.to_thread(self._store.uploaded, upload.id, file.id)
        return file.id

    async def _content(self, content_hash: str) -> AsyncIterator[bytes]:
        """The bytes of a file, from disk, a little at a time."""
        with await asyncio.to_thread(self._vault.open, content_hash) as opened:
            while chunk := await asyncio.to_thread(opened.read, _CHUNK_BYTES):
                yield chunk

    async def _give_up(self, upload: GraphUpload, error: str) -> None:
        del self._losses[upload.id]
        await asyncio.to_thread(self._store.not_arrived, upload.id, error)

    # files that Writer processes

    async def _follow_all(self) -> None:
        """Work until Writer has processed every file."""
        await asyncio.to_thread(self._let_go)  # a process may have ended before it did
        pause = _MIN_POLL_INTERVAL_S
        processing = GraphUploadState.PROCESSING
        while uploads := await asyncio.to_thread(
            self._store.unfinished, self._connection_id, processing, _FOLLOWED_AT_ONCE
        ):
            await self._clock.sleep(pause)
            ended = await self._look(uploads)
            pause = _MIN_POLL_INTERVAL_S if ended else min(_MAX_POLL_INTERVAL_S, pause * 1.5)

    async def _look(self, uploads: Sequence[GraphUpload]) -> int:
        """Note which files have ended; gives how many."""
        by_graph: defaultdict[str, dict[str, GraphUpload]] = defaultdict(dict)
        for upload in uploads:
            by_graph[upload.graph_id][upload.file_id or ""] = upload
        ended = 0
        for graph_id, of_graph in by_graph.items():
            try:
                states = await self._states(graph_id, set(of_graph))
            except WriterError as error:
                _log.info("Nothing is known of files in a Knowledge Graph at the moment: %s", error)
                continue
            for file_id, state in states.items():
                ended += await self._note(of_graph[file_id], state)
        return ended

    async def _note(self, upload: GraphUpload, state: WriterFileState | None) -> bool:
        if state is None:
            await asyncio.to_thread(self._store.not_arrived, upload.id, "Writer doesn't have it anymore.")
        elif state is WriterFileState.COMPLETED:
            await asyncio.to_thread(self._store.completed, upload.id)
        elif state is WriterFileState.FAILED:
            await asyncio.to_thread(self._store.not_processed, upload.id)
        return state is not WriterFileState.IN_PROGRESS

    async def _states(self, graph_id: str, file_ids: set[str]) -> dict[str, WriterFileState | None]:
        """How far Writer is with files; None for one that it doesn't have anymore. Raises WriterError."""
        listed = await self._listed(graph_id, file_ids) if len(file_ids) >= _LISTED_FROM else {}
        states: dict[str, WriterFileState | None] = {**listed}
        for file_id in sorted(file_ids - set(listed))[:_ASKED_AT_ONCE]:
            try:
                states[file_id] = (await self._gateway.file(file_id, for_graph=True)).state
            except UnknownToWriterError:
                states[file_id] = None
        return states

    async def _listed(self, graph_id: str, file_ids: set[str]) -> dict[str, WriterFileState]:
        """What the list of the Knowledge Graph says, whose newest files come first."""
        found: dict[str, WriterFileState] = {}
        after = None
        for _ in range(_MAX_PAGES):
            page = await self._gateway.graph_files(graph_id, None, after)
            found |= {file.id: file.state for file in page.files if file.id in file_ids}
            after = page.next_after
            if after is None or len(found) == len(file_ids):
                break
        return found
