"""A process that runs an engine: `python -m tests.benchmarks.engine_process DATABASE WRITER REQUESTS_PER_MINUTE`.

Each line that comes in is the id of a batch, which is woken as the pages do; the engine ends with the input.
"""

import sys
from pathlib import Path

from services.clock import Clock
from services.engine.budget import Budget
from services.engine.embedded import EmbeddedEngine
from services.engine.gateway import Gateway
from services.engine.uploads import Uploads
from services.files.vault import Vault
from services.store import Store
from services.writer.client import Writer


def main(database_url: str, writer_url: str, rpm: int) -> None:
    """Work on every batch until the input ends."""
    store, clock = Store(database_url), Clock()
    budget = Budget(store, writer_url, rpm, clock)
    gateway = Gateway(store, Writer(writer_url, "sk-key-of-ours"), budget, writer_url, clock)
    vault = Vault(Path(database_url.removeprefix("sqlite:///")).with_name("files"))
    uploads = Uploads(store, gateway, vault, writer_url, clock)
    engine = EmbeddedEngine(store, gateway, uploads, writer_url, clock)
    engine.start()
    print("started", flush=True)  # noqa: T201 - tells the benchmark
    for line in sys.stdin:
        engine.wake(line.strip())
    engine.stop()
    store.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
