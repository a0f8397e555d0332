"""Which drafts and batches have which files: their bytes are in the vault as long as one of them needs them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, union, update

from services.errors import MissingError
from services.models import GraphUploadState, NamedFile, StoredFile
from services.store.database import AnyRow, Database
from services.store.tables import batch_files, draft_files, drafts, graph_uploads

_AT_ONCE = 500
"""Files named in one statement; SQLite takes a limited number of parameters."""


@dataclass(frozen=True)
class DraftSource:
    """What stands beside a draft: a file that was attached, or what a URL led to."""

    source: str
    """The name it was attached under, or the URL."""
    file: NamedFile | None
    """None where a URL gave no file."""
    error: str = ""
    """Why it gave none."""


class Files:
    """The files of drafts and batches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_draft(self, draft_id: str) -> list[DraftSource]:
        """What stands beside a draft, by name."""
        query = select(draft_files).where(draft_files.c.draft_id == draft_id).order_by(draft_files.c.source)
        with self._database.read() as connection:
            return [_source(row) for row in connection.execute(query)]

    def of_batch(self, batch_id: str) -> list[NamedFile]:
        """The files of a batch, by name."""
        query = select(batch_files).where(batch_files.c.batch_id == batch_id).order_by(batch_files.c.name)
        with self._database.read() as connection:
            return [_named(row) for row in connection.execute(query)]

    def add(self, draft_id: str, sources: Iterable[DraftSource]) -> list[str]:
        """Note what stands beside a draft; what had the same name or URL before is replaced.

        Returns the names of files that were replaced by others.

        Raises MissingError: there is no such draft (any more).
        """
        added = {source.source: source for source in sources}
        with self._database.write() as connection:
            if not _count_change(connection, draft_id, 1 if added else 0):
                raise MissingError("This draft doesn't exist. Drafts are kept for 7 days.")
            before = _hashes(connection, draft_id, list(added))
            _remove(connection, draft_id, list(added))
            if added:
                connection.execute(insert(draft_files), [_values(draft_id, source) for source in added.values()])
        return [name for name, content in before.items() if (new := added[name].file) and new.file.hash != content]

    def remove(self, draft_id: str, sources: Iterable[str]) -> None:
        """Take files away from a draft."""
        with self._database.write() as connection:
            _count_change(connection, draft_id, 1)
            _remove(connection, draft_id, list(sources))

    def stored(self, content_hash: str) -> NamedFile | None:
        """A file that any batch or draft has; None if none does."""
        with self._database.read() as connection:
            for table in (batch_files, draft_files):
                row = connection.execute(select(table).where(table.c.hash == content_hash).limit(1)).one_or_none()
                if row is not None:
                    return _named(row)
        return None

    def needed(self) -> set[str]:
        """The hashes of all files that a batch has, a draft that may still be launched, or a Knowledge Graph awaits."""
        of_drafts = (
            select(draft_files.c.hash)
            .join(drafts, drafts.c.id == draft_files.c.draft_id)
            .where(draft_files.c.hash.is_not(None), drafts.c.batch_id.is_(None))
        )
        of_graphs = select(graph_uploads.c.hash).where(graph_uploads.c.hash.is_not(None), _is_to_upload())
        query = union(select(batch_files.c.hash), of_drafts, of_graphs)
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())

    def version(self, draft_id: str) -> int:
        """A number that grows with each change of the files beside a draft."""
        query = select(drafts.c.files_version).where(drafts.c.id == draft_id)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none() or 0

    def draft_bytes(self, draft_id: str) -> int:
        """How many bytes the files beside a draft have together."""
        query = select(func.coalesce(func.sum(draft_files.c.size), 0)).where(draft_files.c.draft_id == draft_id)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())


def draft_hashes(connection: Connection, draft_id: str) -> set[str]:
    """The hashes of the files beside a draft."""
    query = select(draft_files.c.hash).where(draft_files.c.draft_id == draft_id, draft_files.c.hash.is_not(None))
    return set(connection.execute(query).scalars())


def keep_files(connection: Connection, draft_id: str, batch_id: str, names: Mapping[str, str]) -> None:
    """Note which files the rows of a new batch name, with the names by their hashes."""
    if not names:
        return
    query = select(draft_files).where(draft_files.c.draft_id == draft_id, draft_files.c.hash.is_not(None))
    found = {row.hash: row for row in connection.execute(query)}
    kept = [
        {
            "batch_id": batch_id,
            "hash": content_hash,
            "name": name,
            "size": found[content_hash].size,
            "media_type": found[content_hash].media_type,
        }
        for content_hash, name in names.items()
        if content_hash in found
    ]
    if kept:
        connection.execute(insert(batch_files), kept)


def _is_to_upload() -> ColumnElement[bool]:
    not_in_its_graph = graph_uploads.c.state == GraphUploadState.WAITING
    return or_(not_in_its_graph, graph_uploads.c.file_id.is_(None))


def _count_change(connection: Connection, draft_id: str, by: int) -> bool:
    """Raise the version of a draft's files; False if there is no such draft."""
    raised = update(drafts).where(drafts.c.id == draft_id).values(files_version=drafts.c.files_version + by)
    return connection.execute(raised).rowcount == 1


def _hashes(connection: Connection, draft_id: str, sources: list[str]) -> dict[str, str]:
    """The files that have these names so far, by name."""
    found: dict[str, str] = {}
    for start in range(0, len(sources), _AT_ONCE):
        named = draft_files.c.source.in_(sources[start : start + _AT_ONCE])
        query = select(draft_files.c.source, draft_files.c.hash).where(draft_files.c.draft_id == draft_id, named)
        found |= {row.source: row.hash for row in connection.execute(query.where(draft_files.c.hash.is_not(None)))}
    return found


def _remove(connection: Connection, draft_id: str, sources: list[str]) -> None:
    for start in range(0, len(sources), _AT_ONCE):
        named = draft_files.c.source.in_(sources[start : start + _AT_ONCE])
        connection.execute(delete(draft_files).where(draft_files.c.draft_id == draft_id, named))


def _values(draft_id: str, source: DraftSource) -> dict[str, object]:
    file = source.file
    return {
        "draft_id": draft_id,
        "source": source.source,
        "name": file.name if file else "",
        "hash": file.file.hash if file else None,
        "size": file.file.size if file else 0,
        "media_type": file.file.media_type if file else "",
        "error": source.error,
    }


def _named(row: AnyRow) -> NamedFile:
    return NamedFile(row.name, StoredFile(row.hash, row.size, row.media_type))


def _source(row: AnyRow) -> DraftSource:
    return DraftSource(row.source, None if row.hash is None else _named(row), row.error)
