"""The one `Desk` of the process: it puts the parts together, starts and stops them, and holds the verbs."""

from httpx import ASGITransport

from services.background import Repeating
from services.clock import Clock
from services.desk.batches import Batches
from services.desk.connections import Connections
from services.desk.drafts import Drafts
from services.desk.files import Files
from services.desk.found import Found
from services.desk.graphs import Graphs
from services.desk.jobs import Jobs
from services.desk.rows import Rows
from services.desk.usage import Usage
from services.engine.budget import Budget
from services.engine.embedded import EmbeddedEngine
from services.engine.gateway import Gateway
from services.engine.graph_uploads import GraphUploads
from services.engine.uploads import Uploads
from services.files.vault import Vault
from services.models import ConnectionHealth, Load
from services.sandbox import SandboxOptions, create_app
from services.settings import Connection, Settings
from services.store import Store
from services.writer.agents import Agents
from services.writer.client import Writer

_PURGE_INTERVAL_S = 6 * 3600.0
"""Seconds between two times that old drafts are deleted, and files that nothing needs."""


class Desk:
    """Drafts, agents, batches, rows and the engine behind them. All methods may be called from any thread."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._store = store = Store(settings.database_url)
        clock, connection_id = Clock(), self.connection.id
        self._budget = Budget(store, connection_id, settings.writer_rpm, clock)
        gateway = Gateway(store, _writer(settings), self._budget, connection_id, clock)
        self._vault = vault = Vault(settings.files_dir)
        uploads = Uploads(store, gateway, vault, connection_id, clock)
        self.files = Files(settings, store, vault)
        graph_uploads = GraphUploads(store, gateway, vault, connection_id, clock, self.files.remove_unneeded)
        self._engine = engine = EmbeddedEngine(store, gateway, uploads, connection_id, clock, graph_uploads)
        self.agents = Agents(lambda: engine.call(gateway.agents()), clock)
        self.graphs = Graphs(settings, store, vault, engine, gateway, clock)
        self.drafts = Drafts(settings, store, self.files, self.graphs, engine, clock)
        self.batches = Batches(connection_id, store, self.files, engine, gateway, clock)
        self.rows = Rows(connection_id, store, engine)
        self.jobs = Jobs(connection_id, store, engine, gateway, self.rows, clock)
        self.found = Found(connection_id, store, engine, gateway, clock)
        self.usage = Usage(connection_id, store)
        self.connections = Connections(settings, store, engine, gateway, clock)
        self._purging = Repeating(self.drafts.purge, _PURGE_INTERVAL_S)

    def start(self) -> None:
        """Begin to work on the batches that are running."""
        # whatever was said of the connection was said to another process, perhaps with another key
        self._store.connections.clear_trouble(self.connection.id)
        self._purging.start()
        self._engine.start()

    def stop(self) -> None:
        """Finish or record what is in flight, then end."""
        self._purging.stop()
        self._engine.stop()
        self._vault.close()
        self._store.close()

    @property
    def connection(self) -> Connection:
        """Where requests go."""
        return self.settings.connection

    @property
    def works_here(self) -> bool:
        """Whether this process sends rows; False while another Copydesk on the same database does."""
        return self._engine.is_owner

    def health(self) -> ConnectionHealth:
        """What the last requests told about the connection."""
        return self._store.connections.health(self.connection.id)

    def load(self) -> Load:
        """What the requests to Writer are doing right now, those of other processes too."""
        return self._budget.load()


def _writer(settings: Settings) -> Writer:
    """The client for the connection; the sandbox answers in process, to any key."""
    if settings.connection.is_sandbox:
        app = create_app(settings.sandbox_path, SandboxOptions(examples=True))
        return Writer("http://sandbox", "sandbox", ASGITransport(app=app))
    return Writer(settings.connection.id, settings.connection.key)
