"""Files on their way to Writer: each content is uploaded once per connection, for all rows and batches that need it."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from statistics import median

from services.clock import Clock
from services.engine.gateway import Gateway
from services.errors import AnswerLostError, FileError, RequestRefusedError, UnknownToWriterError
from services.files.vault import Vault
from services.models import FileRef, WriterFile, WriterFileState
from services.store import Store

MAX_AT_ONCE = 6
"""Files that are uploaded or processed at the same time."""
_CHUNK_BYTES = 64 * 1024
_BELIEVED_FOR_S = 600.0
"""Seconds after which Writer is asked whether it still has a file, before it's used again."""
_LOST_TRIES = 3
"""Uploads whose answers get lost before a person has to try again."""
_FIRST_LOOK_S = 1.0
"""Seconds that processing a file is expected to take, before any file was seen to be processed."""
_MAX_LOOK_S = 15.0
_PROCESSED_WITHIN_S = 600.0
"""Seconds after which Writer is believed to have given up on a file."""
_REMEMBERED = 50
"""Files whose processing times are remembered."""

_log = logging.getLogger(__name__)


class Uploads:
    """The uploads of one connection."""

    def __init__(self, store: Store, gateway: Gateway, vault: Vault, connection_id: str, clock: Clock) -> None:
        self._store = store
        self._gateway = gateway
        self._vault = vault
        self._connection_id = connection_id
        self._clock = clock
        self._running: dict[str, asyncio.Task[None]] = {}
        self._times: deque[float] = deque(maxlen=_REMEMBERED)

    async def ensure(self, ref: FileRef) -> None:
        """Wait until Writer has a file and has processed it; whoever asks for the same file shares the upload.

        Raises:
            FileError: the file can't be used; the sentence is for its rows.
            WriterError: Writer can't be asked right now.
        """
        task = self._running.get(ref.hash)
        if task is None:
            task = self._running[ref.hash] = asyncio.create_task(self._ensure(ref))
            task.add_done_callback(lambda ended: self._ended(ref, ended))
        await asyncio.shield(task)

    async def aclose(self) -> None:
        """Cut off what is being uploaded."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _ended(self, ref: FileRef, task: asyncio.Task[None]) -> None:
        del self._running[ref.hash]
        if not task.cancelled() and (error := task.exception()) is not None:
            # whoever asked may have been stopped meanwhile
            _log.info("A file isn't at Writer: %s", error)

    async def _ensure(self, ref: FileRef) -> None:
        upload = await asyncio.to_thread(self._store.uploads.get, self._connection_id, ref.hash)
        if upload is not None and upload.file_id is None:
            _log.warning("An upload of %s was cut off, so Writer may have a stray copy of it.", ref.hash)
        elif upload is not None and upload.is_ready and self._clock.now() - upload.checked_at < _BELIEVED_FOR_S:
            return
        elif upload is not None and upload.file_id is not None and (known := await self._known(upload.file_id)):
            await self._process(ref, known, self._clock.now())
            return
        began = self._clock.now()
        await self._process(ref, await self._upload(ref), began)

    async def _known(self, file_id: str) -> WriterFile | None:
        """A file that Writer had before; None if it's gone, or was never processed."""
        try:
            known = await self._gateway.file(file_id)
        except UnknownToWriterError:
            return None
        return known if known.state is not WriterFileState.FAILED else None

    async def _upload(self, ref: FileRef) -> WriterFile:
        """Upload a file anew. When an answer is lost, a second copy at Writer costs nothing, unlike a second job."""
        found = await asyncio.to_thread(self._store.files.stored, ref.hash)
        if found is None:
            raise _gone(ref)
        for attempt in range(1, _LOST_TRIES + 1):
            await asyncio.to_thread(self._store.uploads.begin, self._connection_id, ref.hash, self._clock.now())
            try:
                return await self._gateway.upload(ref.name, found.file, self._content(ref))
            except AnswerLostError as error:
                _log.warning("An upload of %s may have left a stray copy at Writer: %s", ref.hash, error)
                if attempt == _LOST_TRIES:
                    raise FileError(
                        f"Writer's answers to {_LOST_TRIES} uploads of “{ref.name}” were lost. Retry the row later."
                    ) from error
            except (RequestRefusedError, UnknownToWriterError) as refusal:
                await self._forget(ref)
                raise FileError(f"Writer refused “{ref.name}”. {refusal}") from refusal
        raise AssertionError

    async def _content(self, ref: FileRef) -> AsyncIterator[bytes]:
        """The bytes of a file, from disk, a little at a time."""
        try:
            opened = await asyncio.to_thread(self._vault.open, ref.hash)
        except FileError as error:
            raise _gone(ref) from error
        with opened:
            while chunk := await asyncio.to_thread(opened.read, _CHUNK_BYTES):
                yield chunk

    async def _process(self, ref: FileRef, file: WriterFile, began: float) -> None:
        """Follow a file until Writer has processed it."""
        pause = median(self._times) if self._times else _FIRST_LOOK_S
        while file.state is WriterFileState.IN_PROGRESS:
            await self._note(ref, file, is_ready=False)
            if self._clock.now() - began > _PROCESSED_WITHIN_S:
                raise FileError(f"Writer hasn't finished processing “{ref.name}” in 10 minutes. Retry the row later.")
            await self._clock.sleep(min(_MAX_LOOK_S, pause))
            pause = max(_FIRST_LOOK_S, pause * 2)
            file = await self._gateway.file(file.id)
        if file.state is WriterFileState.FAILED:
            await self._forget(ref)
            raise FileError(f"Writer couldn't process “{ref.name}”. Check that it opens, or retry the row.")
        self._times.append(self._clock.now() - began)
        await self._note(ref, file, is_ready=True)

    async def _note(self, ref: FileRef, file: WriterFile, *, is_ready: bool) -> None:
        note, now = self._store.uploads.uploaded, self._clock.now()
        await asyncio.to_thread(note, self._connection_id, ref.hash, file.id, now, is_ready=is_ready)

    async def _forget(self, ref: FileRef) -> None:
        await asyncio.to_thread(self._store.uploads.forget, self._connection_id, ref.hash)


def _gone(ref: FileRef) -> FileError:
    return FileError(f"“{ref.name}” is no longer stored here. Start a new batch with it.")
