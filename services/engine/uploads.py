"""Files on their way to Writer: each content is uploaded once per connection, for all rows and batches that need it."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from statistics import median

from services.clock import Clock
from services.engine.gateway import Gateway
from services.errors import (
    AnswerLostError,
    FileError,
    KeyRefusedError,
    NoEffectError,
    RequestRefusedError,
    UnknownToWriterError,
)
from services.files.vault import Vault
from services.models import FileRef, WriterFile, WriterFileState
from services.store import Store

MAX_AT_ONCE = 6
"""Uploads in flight at the same time, for all batches together."""
LOST_PAUSES_S = (5.0, 30.0)
"""Seconds before an upload is repeated whose answer was lost; after the last one a person has to try again."""
_CHUNK_BYTES = 64 * 1024
_BELIEVED_FOR_S = 600.0
"""Seconds after which Writer is asked whether it still has a file, before it's used again."""
_FIRST_LOOK_S = 1.0
"""Seconds that processing a file is expected to take, before any file was seen to be processed."""
_MAX_LOOK_S = 15.0
_PROCESSED_WITHIN_S = 600.0
"""Seconds after which Writer is believed to have given up on a file."""
_REMEMBERED = 50
"""Files whose processing times are remembered."""
_STOP_TIMEOUT_S = 1.0
"""Seconds in which uploads in flight may still arrive when the engine stops."""

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Upload:
    """A file that is being uploaded or processed."""

    task: asyncio.Task[None] = field(init=False)
    waiting: int = 0
    """How many wait for it."""
    in_flight: bool = False
    """Whether its bytes are leaving: then it may arrive whatever happens here."""

    def end_if_unwanted(self) -> None:
        """Stop unless somebody waits for the file, or the upload is better finished than repeated."""
        if not self.waiting and not self.in_flight:
            self.task.cancel()


class Uploads:
    """The uploads of one connection."""

    def __init__(self, store: Store, gateway: Gateway, vault: Vault, connection_id: str, clock: Clock) -> None:
        self._store = store
        self._gateway = gateway
        self._vault = vault
        self._connection_id = connection_id
        self._clock = clock
        self._running: dict[str, _Upload] = {}
        self._room = asyncio.Semaphore(MAX_AT_ONCE)
        self._times: deque[float] = deque(maxlen=_REMEMBERED)

    async def ensure(self, ref: FileRef) -> None:
        """Wait until Writer has a file and has processed it; whoever asks for the same file shares the upload.

        When the last one that waits is canceled, only an upload that is in flight is still finished.

        Raises:
            FileError: the file can't be used; the sentence is for its rows.
            WriterError: Writer can't be asked right now.
        """
        while (upload := self._running.get(ref.hash)) is not None and upload.task.cancelling():
            await asyncio.wait([upload.task])
        if upload is None:
            upload = self._begin(ref)
        upload.waiting += 1
        try:
            await asyncio.shield(upload.task)
        finally:
            upload.waiting -= 1
            upload.end_if_unwanted()

    async def aclose(self) -> None:
        """End within seconds: what is in flight may still arrive, so that it needn't be uploaded again."""
        tasks = [upload.task for upload in self._running.values()]
        for upload in self._running.values():
            upload.end_if_unwanted()
        if tasks:
            await asyncio.wait(tasks, timeout=_STOP_TIMEOUT_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, ref: FileRef) -> _Upload:
        upload = self._running[ref.hash] = _Upload()
        upload.task = asyncio.create_task(self._ensure(ref, upload))
        upload.task.add_done_callback(lambda ended: self._ended(ref, ended))
        return upload

    def _ended(self, ref: FileRef, task: asyncio.Task[None]) -> None:
        del self._running[ref.hash]
        if not task.cancelled() and (error := task.exception()) is not None:
            # whoever asked may have been stopped meanwhile
            _log.info("A file isn't at Writer: %s", error)

    async def _ensure(self, ref: FileRef, upload: _Upload) -> None:
        noted = await asyncio.to_thread(self._store.uploads.get, self._connection_id, ref.hash)
        if noted is not None and noted.file_id is None:
            _log.warning("An upload of %s was cut off, so Writer may have a stray copy of it.", ref.hash)
        elif noted is not None and noted.is_ready and self._clock.now() - noted.checked_at < _BELIEVED_FOR_S:
            return
        elif noted is not None and noted.file_id is not None and (known := await self._known(noted.file_id)):
            await self._process(ref, upload, known, self._clock.now())
            return
        began = self._clock.now()
        await self._process(ref, upload, await self._upload(ref, upload), began)

    async def _known(self, file_id: str) -> WriterFile | None:
        """A file that Writer had before; None if it's gone, or was never processed."""
        try:
            known = await self._gateway.file(file_id)
        except UnknownToWriterError:
            return None
        return known if known.state is not WriterFileState.FAILED else None

    async def _upload(self, ref: FileRef, upload: _Upload) -> WriterFile:
        """Upload a file anew. When an answer is lost, a second copy at Writer costs nothing, unlike a second job."""
        for pause in (*LOST_PAUSES_S, None):
            try:
                return await self._upload_once(ref, upload)
            except AnswerLostError as error:
                _log.warning("An upload of %s may have left a stray copy at Writer: %s", ref.hash, error)
                if not upload.waiting:
                    raise
                if pause is None:
                    raise FileError(
                        f"Writer's answers to {len(LOST_PAUSES_S) + 1} uploads of “{ref.name}” were lost. "
                        "Retry the row later."
                    ) from error
            await self._clock.sleep(pause)
        raise AssertionError

    async def _upload_once(self, ref: FileRef, upload: _Upload) -> WriterFile:
        found = await asyncio.to_thread(self._store.files.stored, ref.hash)
        if found is None:
            raise _gone(ref)
        try:
            async with self._room:
                return await self._gateway.upload(ref.name, found.file, self._content(ref, upload))
        except (RequestRefusedError, UnknownToWriterError) as refusal:
            await self._forget(ref)
            raise FileError(f"Writer refused “{ref.name}”. {refusal}") from refusal
        except (NoEffectError, KeyRefusedError, FileError):
            await self._forget(ref)
            raise
        finally:
            upload.in_flight = False

    async def _content(self, ref: FileRef, upload: _Upload) -> AsyncIterator[bytes]:
        """The bytes of a file, from disk, a little at a time; that they leave is noted before the first ones do."""
        try:
            with await asyncio.to_thread(self._vault.open, ref.hash) as opened:
                chunk = await asyncio.to_thread(opened.read, _CHUNK_BYTES)
                upload.in_flight = True
                await asyncio.to_thread(self._store.uploads.begin, self._connection_id, ref.hash, self._clock.now())
                while chunk:
                    yield chunk
                    chunk = await asyncio.to_thread(opened.read, _CHUNK_BYTES)
        except FileError as error:
            raise _gone(ref) from error
        except OSError as error:
            raise FileError(
                f"“{ref.name}” can't be read on the server ({error.strerror}). Check the folder for files there, "
                "then retry the row."
            ) from error

    async def _process(self, ref: FileRef, upload: _Upload, file: WriterFile, began: float) -> None:
        """Follow a file until Writer has processed it, as long as somebody waits for that."""
        pause = median(self._times) if self._times else _FIRST_LOOK_S
        while file.state is WriterFileState.IN_PROGRESS:
            await self._note(ref, file, is_ready=False)
            if not upload.waiting:
                return
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
