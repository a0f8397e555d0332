"""Files of batches on their way to Writer: which rows wait for which, and what Writer has."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update

from services.models import BatchState, FileRef, RowState, UploadProgress, file_refs
from services.models import with_file_ids as replaced
from services.store import codec
from services.store.batches import lock
from services.store.database import Database
from services.store.records import Claim
from services.store.tables import IS_WAITING, batch_files, batches, rows, uploads

_BEYOND_ALL_ROWS = 2**31 - 1
"""A position behind all rows."""


@dataclass(frozen=True)
class AwaitingRow:
    """A row that can't be sent before Writer has its files."""

    position: int
    files: tuple[FileRef, ...]


@dataclass(frozen=True)
class Upload:
    """A file that Writer has, or may have."""

    file_id: str | None
    """Writer's id; None where the upload began, and nothing is known of its end."""
    is_ready: bool
    """Whether Writer has processed it."""
    checked_at: float
    """When Writer last said so."""


class Uploads:
    """The files of batches, and the uploads of each connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def awaiting(self, batch_id: str, most: int) -> list[AwaitingRow]:
        """The next rows of a running batch that wait for their files; none of those behind the sample."""
        may_be_sent = rows.c.position < func.coalesce(batches.c.sample_end, _BEYOND_ALL_ROWS)
        query = (
            select(rows.c.position, rows.c.inputs)
            .join(batches, batches.c.id == rows.c.batch_id)
            .where(rows.c.batch_id == batch_id, IS_WAITING, rows.c.awaits_files)
            .where(batches.c.state == BatchState.RUNNING, may_be_sent)
            .order_by(rows.c.awaits_files, rows.c.position)
            .limit(most)
        )
        with self._database.read() as connection:
            found = connection.execute(query).all()
        return [AwaitingRow(row.position, tuple(file_refs(codec.inputs(row.inputs)))) for row in found]

    def release(self, batch_id: str, positions: Collection[int]) -> None:
        """Let rows be sent whose files Writer has."""
        with self._database.write() as connection:
            lock(connection, batch_id)
            connection.execute(update(rows).where(_awaiting(batch_id, positions)).values(awaits_files=False))

    def fail(self, batch_id: str, positions: Collection[int], error: str, now: float) -> None:
        """End rows that have a file that Writer can't get, with the reason. It counts as an attempt."""
        values = {"state": RowState.FAILED, "error": error, "ended_at": now, "awaits_files": False}
        failed = {**values, "retry_of": None, "attempts": rows.c.attempts + 1}
        with self._database.write() as connection:
            lock(connection, batch_id)
            connection.execute(update(rows).where(_awaiting(batch_id, positions)).values(failed))

    def has_files(self, batch_id: str) -> bool:
        """Whether any row of the batch has files."""
        with self._database.read() as connection:
            found = connection.execute(select(batch_files.c.hash).where(batch_files.c.batch_id == batch_id).limit(1))
            return found.first() is not None

    def progress(self, batch_id: str) -> UploadProgress:
        """How many different files the batch has, and how many of them Writer has processed."""
        at_writer = and_(
            uploads.c.connection == batches.c.connection, uploads.c.hash == batch_files.c.hash, uploads.c.is_ready
        )
        query = (
            select(func.count(uploads.c.hash), func.count())
            .select_from(batch_files)
            .join(batches, batches.c.id == batch_files.c.batch_id)
            .outerjoin(uploads, at_writer)
            .where(batch_files.c.batch_id == batch_id)
        )
        with self._database.read() as connection:
            uploaded, total = connection.execute(query).one()
        return UploadProgress(uploaded, total)

    def get(self, connection_id: str, content_hash: str) -> Upload | None:
        """What is known of a file at Writer."""
        with self._database.read() as connection:
            row = connection.execute(select(uploads).where(_upload(connection_id, content_hash))).one_or_none()
        return None if row is None else Upload(row.file_id, row.is_ready, row.checked_at)

    def begin(self, connection_id: str, content_hash: str, now: float) -> None:
        """Note that a file is about to be uploaded."""
        self._put(connection_id, content_hash, Upload(None, is_ready=False, checked_at=now))

    def uploaded(self, connection_id: str, content_hash: str, file_id: str, now: float, *, is_ready: bool) -> None:
        """Note what Writer says of a file that it has."""
        self._put(connection_id, content_hash, Upload(file_id, is_ready, now))

    def doubt(self, connection_id: str, file_ids: Collection[str]) -> None:
        """Note that Writer may not have files (any more) that have these ids there."""
        named = and_(uploads.c.connection == connection_id, uploads.c.file_id.in_(file_ids))
        with self._database.write() as connection:
            connection.execute(update(uploads).where(named).values(checked_at=0.0))

    def forget(self, connection_id: str, content_hash: str) -> None:
        """Note that Writer doesn't have a file, or can't use it."""
        with self._database.write() as connection:
            connection.execute(delete(uploads).where(_upload(connection_id, content_hash)))

    def _put(self, connection_id: str, content_hash: str, upload: Upload) -> None:
        values = {"file_id": upload.file_id, "is_ready": upload.is_ready, "checked_at": upload.checked_at}
        with self._database.write() as connection:
            changed = connection.execute(update(uploads).where(_upload(connection_id, content_hash)).values(**values))
            if not changed.rowcount:
                connection.execute(insert(uploads).values(connection=connection_id, hash=content_hash, **values))


def with_file_ids(connection: Connection, batch_id: str, claims: Sequence[Claim]) -> list[Claim]:
    """Put Writer's ids into the inputs of rows that are sent as new jobs.

    A row whose file Writer doesn't have (any more) waits for it again, and isn't given back.
    """
    ids = _ids(connection, batch_id, {ref.hash for claim in claims for ref in file_refs(claim.inputs)})
    lacking = {
        claim.position
        for claim in claims
        if claim.retry_of is None and any(ref.hash not in ids for ref in file_refs(claim.inputs))
    }
    if lacking:
        these = and_(rows.c.batch_id == batch_id, rows.c.position.in_(lacking))
        connection.execute(update(rows).where(these).values(awaits_files=True))
    return [replace(claim, inputs=replaced(claim.inputs, ids)) for claim in claims if claim.position not in lacking]


def _ids(connection: Connection, batch_id: str, hashes: Iterable[str]) -> dict[str, str]:
    """Writer's ids of the files that it has processed."""
    query = (
        select(uploads.c.hash, uploads.c.file_id)
        .join(batches, batches.c.connection == uploads.c.connection)
        .where(batches.c.id == batch_id, uploads.c.hash.in_(hashes), uploads.c.is_ready)
    )
    return {row.hash: row.file_id for row in connection.execute(query)}


def _upload(connection_id: str, content_hash: str) -> ColumnElement[bool]:
    return and_(uploads.c.connection == connection_id, uploads.c.hash == content_hash)


def _awaiting(batch_id: str, positions: Collection[int]) -> ColumnElement[bool]:
    return and_(rows.c.batch_id == batch_id, rows.c.position.in_(positions), IS_WAITING, rows.c.awaits_files)
