"""Files on their way into Knowledge Graphs."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update

from services.models import GraphProgress, GraphUpload, GraphUploadState, NamedFile, StoredFile, WriterFile
from services.store.database import AnyRow, Database
from services.store.tables import graph_uploads

_UNFINISHED = (GraphUploadState.WAITING, GraphUploadState.PROCESSING)
_IN_ORDER = (graph_uploads.c.added_at, graph_uploads.c.name, graph_uploads.c.id)
_NEVER_ARRIVED = and_(graph_uploads.c.state == GraphUploadState.FAILED, graph_uploads.c.file_id.is_(None))


class GraphUploads:
    """The files that are, or were lately, on their way into the Knowledge Graphs of each connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, connection_id: str, graph_id: str, files: Iterable[NamedFile], now: float) -> None:
        """Let stored files wait to be put into a Knowledge Graph."""
        self._insert(connection_id, graph_id, [_waiting(file) for file in files], now)

    def follow(self, connection_id: str, graph_id: str, files: Iterable[WriterFile], now: float) -> None:
        """Follow files that Writer has and processes once more."""
        given = list(files)
        here = and_(_of(connection_id, graph_id), graph_uploads.c.file_id.in_([file.id for file in given]))
        with self._database.write() as connection:
            connection.execute(delete(graph_uploads).where(here))
        self._insert(connection_id, graph_id, [_processed_again(file) for file in given], now)

    def progress(self, connection_id: str, graph_id: str) -> GraphProgress:
        """How many of the files that were last put into a Knowledge Graph are in each state."""
        query = (
            select(graph_uploads.c.state, func.count())
            .where(_of(connection_id, graph_id))
            .group_by(graph_uploads.c.state)
        )
        with self._database.read() as connection:
            return GraphProgress(**{GraphUploadState(state): number for state, number in connection.execute(query)})

    def unfinished(
        self, connection_id: str, state: GraphUploadState, most: int, but: Sequence[str] = ()
    ) -> list[GraphUpload]:
        """The next files in that state, in the order they were added; without those of some ids."""
        here = and_(graph_uploads.c.connection == connection_id, graph_uploads.c.state == state)
        return self._select(and_(here, graph_uploads.c.id.not_in(but)), most)

    def unfinished_states(self, connection_id: str) -> set[GraphUploadState]:
        """The states of files on their way that any file is in."""
        here = and_(graph_uploads.c.connection == connection_id, graph_uploads.c.state.in_(_UNFINISHED))
        with self._database.read() as connection:
            found = connection.execute(select(graph_uploads.c.state).where(here).distinct()).scalars()
            return {GraphUploadState(state) for state in found}

    def moving(self, connection_id: str) -> set[str]:
        """The ids of the Knowledge Graphs that files are on their way into."""
        here = and_(graph_uploads.c.connection == connection_id, graph_uploads.c.state.in_(_UNFINISHED))
        with self._database.read() as connection:
            return set(connection.execute(select(graph_uploads.c.graph_id).where(here).distinct()).scalars())

    def never_arrived(self, connection_id: str, graph_id: str) -> list[GraphUpload]:
        """The files that failed before they were in the Knowledge Graph."""
        return self._select(and_(_of(connection_id, graph_id), _NEVER_ARRIVED))

    def uploaded(self, upload_id: str, file_id: str) -> None:
        """Note that Writer has a file, which is to be put into the Knowledge Graph next."""
        self._change(upload_id, file_id=file_id)

    def arrived(self, upload_id: str) -> None:
        """Note that a file is in its Knowledge Graph."""
        self._change(upload_id, state=GraphUploadState.PROCESSING)

    def completed(self, upload_id: str) -> None:
        """Note that Writer has processed a file."""
        self._change(upload_id, state=GraphUploadState.COMPLETED)

    def not_processed(self, upload_id: str) -> None:
        """Note that Writer couldn't process a file; it stays in the Knowledge Graph."""
        self._change(upload_id, state=GraphUploadState.FAILED)

    def not_arrived(self, upload_id: str, error: str) -> None:
        """Note why a file can't be put into its Knowledge Graph."""
        self._change(upload_id, state=GraphUploadState.FAILED, error=error, file_id=None)

    def upload_again(self, connection_id: str, graph_id: str) -> int:
        """Let those wait again that failed before they were in the Knowledge Graph; gives how many.

        Those whose bytes aren't here (any more) are forgotten instead.
        """
        here = and_(_of(connection_id, graph_id), _NEVER_ARRIVED)
        waiting = {"state": GraphUploadState.WAITING, "error": ""}
        with self._database.write() as connection:
            connection.execute(delete(graph_uploads).where(here, graph_uploads.c.hash.is_(None)))
            return connection.execute(update(graph_uploads).where(here).values(**waiting)).rowcount

    def forget_never_arrived(self, connection_id: str, graph_id: str) -> None:
        """Forget those that failed before they were in the Knowledge Graph."""
        with self._database.write() as connection:
            connection.execute(delete(graph_uploads).where(_of(connection_id, graph_id), _NEVER_ARRIVED))

    def release(self, connection_id: str) -> list[NamedFile]:
        """Forget the bytes of files that are in their Knowledge Graphs; gives the files that had some."""
        in_there = and_(graph_uploads.c.state != GraphUploadState.WAITING, graph_uploads.c.file_id.is_not(None))
        here = and_(graph_uploads.c.connection == connection_id, graph_uploads.c.hash.is_not(None), in_there)
        with self._database.write() as connection:
            found = connection.execute(select(graph_uploads).where(here)).all()
            connection.execute(update(graph_uploads).where(here).values(hash=None))
        return [NamedFile(row.name, StoredFile(row.hash, row.size, row.media_type)) for row in found]

    def _insert(self, connection_id: str, graph_id: str, values: Sequence[dict[str, Any]], now: float) -> None:
        """Add files; where those before have all ended, the count begins anew with these."""
        if not values:
            return
        fixed = {"connection": connection_id, "graph_id": graph_id, "error": "", "added_at": now}
        with self._database.write() as connection:
            if not _any_unfinished(connection, connection_id, graph_id):
                ended = and_(_of(connection_id, graph_id), graph_uploads.c.file_id.is_not(None))
                connection.execute(delete(graph_uploads).where(ended))
            connection.execute(insert(graph_uploads), [{"id": str(uuid4()), **fixed, **each} for each in values])

    def _select(self, where: ColumnElement[bool], most: int | None = None) -> list[GraphUpload]:
        query = select(graph_uploads).where(where).order_by(*_IN_ORDER).limit(most)
        with self._database.read() as connection:
            return [_upload(row) for row in connection.execute(query)]

    def _change(self, upload_id: str, **values: Any) -> None:
        with self._database.write() as connection:
            connection.execute(update(graph_uploads).where(graph_uploads.c.id == upload_id).values(**values))


def _any_unfinished(connection: Connection, connection_id: str, graph_id: str) -> bool:
    here = and_(_of(connection_id, graph_id), graph_uploads.c.state.in_(_UNFINISHED))
    return connection.execute(select(graph_uploads.c.id).where(here).limit(1)).first() is not None


def _of(connection_id: str, graph_id: str) -> ColumnElement[bool]:
    return and_(graph_uploads.c.connection == connection_id, graph_uploads.c.graph_id == graph_id)


def _waiting(named: NamedFile) -> dict[str, Any]:
    file = named.file
    stored = {"hash": file.hash, "size": file.size, "media_type": file.media_type}
    return {"name": named.name, **stored, "state": GraphUploadState.WAITING, "file_id": None}


def _processed_again(file: WriterFile) -> dict[str, Any]:
    unknown = {"hash": None, "size": 0, "media_type": ""}
    return {"name": file.name, **unknown, "state": GraphUploadState.PROCESSING, "file_id": file.id}


def _upload(row: AnyRow) -> GraphUpload:
    return GraphUpload(
        id=row.id,
        graph_id=row.graph_id,
        name=row.name,
        file=None if row.hash is None else StoredFile(row.hash, row.size, row.media_type),
        state=GraphUploadState(row.state),
        file_id=row.file_id,
        error=row.error,
    )
