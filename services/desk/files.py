"""Files beside drafts and batches on the desk: attach, download from the web, look at, and clear away."""

import asyncio
import logging
import math
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from services.drafts.files import DraftFiles, file_inputs, look
from services.drafts.mapping.values import UnfitError
from services.drafts.recent import Recent
from services.errors import FileError, MissingError
from services.files.archive import Limits
from services.files.fetch import Fetcher
from services.files.fetch import Limits as FetchLimits
from services.files.intake import Intake
from services.files.paths import shown
from services.files.vault import Vault
from services.models import (
    Batch,
    Draft,
    FileRef,
    FilesReport,
    FileView,
    InputType,
    NamedFile,
    RowDetail,
    SheetRow,
    UploadProgress,
    file_refs,
)
from services.settings import Settings
from services.store import DraftSource, Store

MAX_FILES = 20_000
"""Files beside one draft."""
_MB = 1024 * 1024
_QUIET_S = 1.0
"""Seconds without a file after which no more are expected."""
_STORE_EVERY_S = 0.5
"""Seconds between two times that downloads are noted: what was noted is not downloaded again after a crash."""
_LEAVE_ALONE_S = 3600.0
"""Seconds for which a file that nothing needs stays: somebody may be about to attach it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upload:
    """A file as the browser sends it."""

    name: str
    """With its folders, where a folder was chosen."""
    content: IO[bytes]


@dataclass(frozen=True)
class Attached:
    """What became of files that were sent."""

    stored: int
    notes: tuple[str, ...]
    """What was left out and why, in sentences."""


@dataclass(frozen=True)
class FetchProgress:
    """How far the downloads for a draft are."""

    done: int
    total: int


class Files:
    """What can be done with files beside drafts, and seen of those of batches."""

    def __init__(self, settings: Settings, store: Store, vault: Vault) -> None:
        self._settings = settings
        self._store = store
        self._vault = vault
        self._looks: Recent[DraftFiles] = Recent()
        self._lock = threading.Lock()
        self._arriving = 0
        """How many put files beside drafts right now: what they have stored isn't noted yet."""
        self._fetching: dict[str, FetchProgress] = {}
        self._received_at: dict[str, float] = {}
        """When a file last came in for a draft, by the monotonic clock."""

    # beside a draft

    def look(self, draft: Draft) -> DraftFiles:
        """What the cells of the draft's file inputs stand for. Kept until the draft or its files change."""
        if not file_inputs(draft):
            return DraftFiles(FilesReport(), {})
        key = (draft.id, draft.sheet, draft.agent, repr(draft.choices), self._store.files.version(draft.id))

        def compute() -> DraftFiles:
            sources = self._store.files.of_draft(draft.id)
            rows = self._store.drafts.rows(draft.id)
            return look(draft, sources, rows, self._vault.words, may_fetch=self._settings.fetch_urls)

        return self._looks.get(key, compute)

    def attach(self, draft_id: str, uploads: Sequence[Upload]) -> Attached:
        """Put files beside a draft, and what ZIP archives hold; a file replaces one with the same name.

        Raises MissingError: there's no such draft.
        """
        self._received_at[draft_id] = time.monotonic()
        full = f"the files beside one spreadsheet may have {self._settings.max_files_mb:,} MB together."
        limits = Limits(MAX_FILES, self._settings.max_file_mb * _MB, self._room(draft_id))
        sent = ((upload.name, upload.content) for upload in uploads)
        with self._arrival():
            taken = Intake(self._vault, limits, full).take(sent, lambda _: None)
            replaced = self._store.files.add(draft_id, [DraftSource(named.name, named) for named in taken.files])
        self._received_at[draft_id] = time.monotonic()
        notes = [*taken.notes, *(f"“{shown(name)}” replaced the file of that name." for name in replaced)]
        return Attached(len(taken.files), tuple(notes))

    def version(self, draft_id: str) -> int | None:
        """A number that grows with each change of the files beside a draft; None while more are coming in."""
        if time.monotonic() - self._received_at.get(draft_id, -math.inf) < _QUIET_S:
            return None
        return self._store.files.version(draft_id)

    def detach(self, draft_id: str, names: Sequence[str]) -> None:
        """Take files away from a draft."""
        self._store.files.remove(draft_id, names)

    def refetch(self, draft: Draft) -> None:
        """Download once more what couldn't be downloaded."""
        failed = [each.source for each in self._store.files.of_draft(draft.id) if each.error]
        self._store.files.remove(draft.id, failed)
        self.fetch(draft)

    def fetch(self, draft: Draft) -> None:
        """Begin to download what the draft's cells give as URLs, if there's anything and nobody has begun."""
        pending = self.look(draft).report.pending_urls
        with self._lock:
            if not pending or draft.id in self._fetching:
                return
            self._fetching[draft.id] = FetchProgress(0, len(pending))
        threading.Thread(target=self._fetch, args=(draft.id, pending), name="fetch", daemon=True).start()

    def fetch_progress(self, draft_id: str) -> FetchProgress | None:
        """How far the downloads for a draft are; None while there are none."""
        return self._fetching.get(draft_id)

    # of batches and drafts

    def of_row(self, row: RowDetail) -> dict[str, FileView]:
        """The stored files that a row's inputs name, by their hashes; without those that are gone."""
        found = (self._store.files.stored(ref.hash) for ref in file_refs(row.inputs))
        return {named.file.hash: self._view(named) for named in found if named is not None}

    def pictures(self, files: Iterable[NamedFile], most: int) -> list[FileView]:
        """The first of the files that are images."""
        views = (self._view(named) for named in files)
        return list(islice((view for view in views if view.image), most))

    def upload_progress(self, batch: Batch) -> UploadProgress:
        """How many of a batch's files Writer has processed."""
        if not any(field.type in (InputType.FILE, InputType.MEDIA) for field in batch.agent.inputs):
            return UploadProgress(0, 0)
        return self._store.uploads.progress(batch.id)

    def open(self, content_hash: str) -> tuple[NamedFile, Path]:
        """A stored file and where its bytes are. Raises MissingError: nothing has such a file."""
        named = self._store.files.stored(content_hash)
        path = self._vault.path(content_hash)
        if named is None or not path.exists():
            raise MissingError("This file doesn't exist. It was deleted with the last batch that needed it.")
        return named, path

    def thumbnail(self, content_hash: str) -> bytes | None:
        """A small WebP image of a stored file; None where it's no image."""
        if self._store.files.stored(content_hash) is None:
            return None
        return self._vault.thumbnail(content_hash)

    def sweep(self) -> None:
        """Delete the files that neither a draft nor a batch needs."""
        with self._lock:
            needed = self._store.files.needed()
            for content_hash in self._vault.hashes(unused_for_s=_LEAVE_ALONE_S):
                if content_hash not in needed:
                    self._vault.remove(content_hash)

    def remove_unneeded(self, files: Sequence[NamedFile]) -> None:
        """Delete those of the files that no draft or batch needs any more.

        While somebody attaches files, perhaps the same ones, all stay until the next `sweep`.
        """
        with self._lock:
            if self._arriving or not files:
                return
            needed = self._store.files.needed()
            for named in files:
                if named.file.hash not in needed:
                    self._vault.remove(named.file.hash)

    def examples(self, draft: Draft, row: SheetRow | None) -> dict[str, bytes]:
        """The small image of the first file that a row gives to each file input, by the input's name."""
        found: dict[str, bytes] = {}
        places = {name: place for place, name in enumerate(draft.sheet.columns)}
        for field, choice in file_inputs(draft) if row else []:
            find = self.look(draft).finders[field.name]
            cells = [row.cells[places[name]] for name in choice.columns if name in places] if row else []
            with suppress(UnfitError):
                values = find(cells[0] if cells else choice.value)
                ref = FileRef.parse(values[0]) if values else None
                if ref and (image := self._vault.thumbnail(ref.hash)):
                    found[field.name] = image
        return found

    @contextmanager
    def _arrival(self) -> Iterator[None]:
        """Have files stay that are stored meanwhile, or were there already."""
        with self._lock:
            self._arriving += 1
        try:
            yield
        finally:
            with self._lock:
                self._arriving -= 1

    def _view(self, named: NamedFile) -> FileView:
        is_image = named.file.media_type.startswith("image/")
        return FileView(named, self._vault.thumbnail(named.file.hash) if is_image else None)

    def _room(self, draft_id: str) -> int:
        """How many more bytes may be put beside a draft."""
        return self._settings.max_files_mb * _MB - self._store.files.draft_bytes(draft_id)

    # downloads

    def _fetch(self, draft_id: str, urls: Sequence[str]) -> None:
        try:
            with self._arrival():
                asyncio.run(self._fetch_all(draft_id, urls))
        except MissingError:
            _log.info("The draft %s is gone, and its downloads with it.", draft_id)
        except Exception:  # noqa: BLE001 - the page asks again
            _log.exception("The downloads for the draft %s failed.", draft_id)
        finally:
            with self._lock:
                del self._fetching[draft_id]

    async def _fetch_all(self, draft_id: str, urls: Sequence[str]) -> None:
        limits = FetchLimits(self._settings.max_file_mb * _MB)
        private = self._settings.fetch_private_hosts
        async with Fetcher(self._vault, limits, allowed_private=private) as fetcher:
            tasks = {asyncio.create_task(self._fetch_one(fetcher, url)) for url in urls}
            done = 0
            while tasks:
                ended, tasks = await asyncio.wait(tasks, timeout=_STORE_EVERY_S)
                done += len(ended)
                sources = self._within_room(draft_id, [task.result() for task in ended])
                await asyncio.to_thread(self._store.files.add, draft_id, sources)
                self._fetching[draft_id] = FetchProgress(done, len(urls))

    async def _fetch_one(self, fetcher: Fetcher, url: str) -> DraftSource:
        try:
            return DraftSource(url, await fetcher.fetch(url))
        except FileError as error:
            return DraftSource(url, None, str(error))

    def _within_room(self, draft_id: str, sources: list[DraftSource]) -> list[DraftSource]:
        room = self._room(draft_id)
        kept: list[DraftSource] = []
        for source in sources:
            if source.file is not None and (room := room - source.file.file.size) < 0:
                most = f"{self._settings.max_files_mb:,} MB"
                source = DraftSource(source.source, None, f"The files beside one spreadsheet may have {most} together.")
            kept.append(source)
        return kept
