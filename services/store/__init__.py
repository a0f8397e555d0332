"""The store: the only place that knows SQL, and the only truth. Synchronous; called in threads."""

from services.models import DatabaseInfo
from services.store.about import database_info
from services.store.batches import Batches
from services.store.connections import Connections
from services.store.database import Database
from services.store.drafts import DraftFile, Drafts
from services.store.evidence import Evidence
from services.store.files import DraftSource, Files
from services.store.found import Found
from services.store.graph_uploads import GraphUploads
from services.store.jobs import Jobs, NewCollection
from services.store.launch import NewBatch, NewRow
from services.store.ownership import Ownership
from services.store.records import (
    Claim,
    EffectWindow,
    Ended,
    Lost,
    OpenRow,
    Outstanding,
    Sent,
    Signs,
    Suspects,
    UnconfirmedRows,
)
from services.store.rows import Rows
from services.store.uploads import AwaitingRow, Upload, Uploads
from services.store.usage import Usage
from services.store.watch import Watch
from services.store.window import Decision, Entry, Window
from services.store.work import Work

__all__ = [
    "AwaitingRow",
    "Claim",
    "Decision",
    "DraftFile",
    "DraftSource",
    "EffectWindow",
    "Ended",
    "Entry",
    "Lost",
    "NewBatch",
    "NewCollection",
    "NewRow",
    "OpenRow",
    "Outstanding",
    "Sent",
    "Signs",
    "Store",
    "Suspects",
    "UnconfirmedRows",
    "Upload",
    "Window",
]


class Store:
    """Everything that is kept, by noun."""

    def __init__(self, database_url: str) -> None:
        """Open the database, creating and upgrading it where needed."""
        self._database = Database(database_url)
        self.drafts = Drafts(self._database)
        self.batches = Batches(self._database)
        self.rows = Rows(self._database)
        self.work = Work(self._database)
        self.evidence = Evidence(self._database)
        self.jobs = Jobs(self._database)
        self.found = Found(self._database)
        self.files = Files(self._database)
        self.uploads = Uploads(self._database)
        self.usage = Usage(self._database)
        self.graph_uploads = GraphUploads(self._database)
        self.watch = Watch(self._database)
        self.connections = Connections(self._database)
        self.ownership = Ownership(self._database)

    def database_info(self) -> DatabaseInfo:
        """What the database is and where."""
        return database_info(self._database)

    def close(self) -> None:
        """Close the database."""
        self.ownership.release()
        self._database.close()
