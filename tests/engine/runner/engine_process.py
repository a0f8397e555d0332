"""A process that runs an engine until it is killed.

`python -m tests.engine.runner.engine_process DATABASE WRITER SECONDS`:

SECONDS takes the place of the time after which an unknown outcome is settled, so that a test need not wait for it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from services.clock import Clock
from services.engine.budget import Budget
from services.engine.embedded import EmbeddedEngine
from services.engine.gateway import Gateway
from services.engine.uploads import Uploads
from services.errors import Loss
from services.files.vault import Vault
from services.store import Store
from services.writer.client import Writer

RPM = 3000


def main(database_url: str, writer_url: str, proof_after: float) -> None:
    """Work on every batch until the input ends."""
    with working(database_url, writer_url, proof_after):
        print("started", flush=True)  # noqa: T201 - tells the test
        sys.stdin.read()


def work(database_url: str, writer_url: str, proof_after: float, test: Connection) -> None:
    """The same for a process that `multiprocessing` has forked, until the test says anything."""
    with working(database_url, writer_url, proof_after):
        test.send("started")
        test.recv()


@contextmanager
def working(database_url: str, writer_url: str, proof_after: float) -> Iterator[None]:
    """Have an engine work on every batch."""
    settle_after(proof_after)
    store, clock = Store(database_url), Clock()
    budget = Budget(store, writer_url, RPM, clock)
    gateway = Gateway(store, Writer(writer_url, "sk-key-of-ours"), budget, writer_url, clock)
    vault = Vault(Path(database_url.removeprefix("sqlite:///")).with_name("files"))
    uploads = Uploads(store, gateway, vault, writer_url, clock)
    engine = EmbeddedEngine(store, gateway, uploads, writer_url, clock)
    engine.start()
    yield
    engine.stop()
    store.close()


def settle_after(seconds: float) -> None:
    """Change the time wherever the runner keeps it."""
    modules = [module for name, module in sys.modules.items() if name.startswith("services.engine.runner")]
    places = [module for module in modules if hasattr(module, "LIST_LAG_S")]
    assert places
    for module in places:
        module.LIST_LAG_S = seconds  # type: ignore[attr-defined]
        module.MAX_EFFECT_DELAY_S = dict.fromkeys(Loss, 0.0)  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
