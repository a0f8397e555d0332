"""Files for tests of the engine."""

import tempfile
from pathlib import Path

from services.clock import Clock
from services.engine.gateway import Gateway
from services.engine.uploads import Uploads
from services.files.vault import Vault
from services.store import Store


def uploads(store: Store, gateway: Gateway, connection_id: str, clock: Clock, folder: Path | None = None) -> Uploads:
    """The uploads of a connection; without a folder, for batches that have no files."""
    vault = Vault(folder or Path(tempfile.gettempdir()) / "copydesk-no-files")
    return Uploads(store, gateway, vault, connection_id, clock)
