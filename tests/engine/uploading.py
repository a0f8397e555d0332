"""An engine on a sandbox in this process, and batches whose rows have one photo each."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import httpx

from services.clock import Clock
from services.engine.budget import Budget
from services.engine.embedded import EmbeddedEngine
from services.engine.gateway import Gateway
from services.engine.uploads import Uploads
from services.files.vault import Vault
from services.models import (
    Agent,
    BatchState,
    Choice,
    ChoiceKind,
    FileRef,
    LaunchOptions,
    NamedFile,
    PauseKind,
    RowDetail,
    RowState,
)
from services.sandbox import SandboxOptions, create_app
from services.store import DraftSource, NewBatch, NewRow, Store
from services.writer.client import Writer
from tests.store.making import draft, wait_until

HERE = "https://writer.test"
QUICK = SandboxOptions(fail_rate=0, slow_rate=0, job_seconds=(0.0, 0.1), file_seconds=0.1, requests_per_minute=9999)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)

Trouble = Callable[[httpx.Request], httpx.Response]
"""What comes in place of an answer; or it raises."""


class Line(httpx.ASGITransport):
    """The way to the sandbox: counts requests, keeps uploads waiting, and loses or replaces answers to them."""

    def __init__(self, app: Any) -> None:
        super().__init__(app=app)
        self.requests: Counter[str] = Counter()
        self.uploads: Counter[str] = Counter()
        """Uploads that arrived, by the file's name."""
        self.in_flight = 0
        """Uploads that are kept waiting."""
        self.free = asyncio.Event()
        self.free.set()
        self.lose_uploads = 0
        self.trouble: Trouble | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        kind = "uploads" if request.url.path == "/v1/files" else "files" if "/files/" in request.url.path else "jobs"
        self.requests[kind] += 1
        if kind != "uploads":
            return await super().handle_async_request(request)
        if self.trouble is not None:
            return self.trouble(request)
        answer = await super().handle_async_request(request)
        name = request.headers["Content-Disposition"].partition('filename="')[2].rstrip('"')
        self.uploads[name] += 1
        if "corrupt" not in name:
            await self._wait()
        if self.lose_uploads:
            self.lose_uploads -= 1
            raise httpx.ReadError("the connection broke")
        return answer

    async def hold(self) -> None:
        """Keep the answers to uploads of files that can be used."""
        self.free.clear()

    async def let_go(self) -> None:
        """Give them."""
        self.free.set()

    async def _wait(self) -> None:
        self.in_flight += 1
        try:
            await self.free.wait()
        finally:
            self.in_flight -= 1


class Bench:
    """The engine, and what a person does."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(f"sqlite:///{folder}/copydesk.db")
        self.vault = Vault(folder / "files")
        self.app = create_app(folder / "sandbox.db", QUICK)
        self.agent: Agent
        self.begin()

    def begin(self) -> None:
        """Start an engine, as a new process does."""
        self.line = Line(self.app)
        clock = Clock()
        self.gateway = Gateway(
            self.store, Writer(HERE, "a-key-of-the-test", self.line), Budget(self.store, HERE, 9999, clock), HERE, clock
        )
        uploads = Uploads(self.store, self.gateway, self.vault, HERE, clock)
        self.engine = EmbeddedEngine(self.store, self.gateway, uploads, HERE, clock)
        self.engine.start()
        agents = self.engine.call(self.gateway.agents())
        self.agent = next(agent for agent in agents if agent.name == "Image alt text")

    def launch(self, names: Collection[str], **options: Any) -> str:
        """Launch a row for each name; the same name stands for the same file."""
        draft_id = draft(self.store)
        files = {name: self.vault.add([PNG, name.encode()], name, 10_000) for name in names}
        named = [DraftSource(name, NamedFile(name, file)) for name, file in files.items()]
        self.store.files.add(draft_id, named)
        rows = [
            NewRow(n, (name,), {"Image": [str(FileRef(files[name].hash, name))]}, None)
            for n, name in enumerate(names, 2)
        ]
        choices = {"Image": Choice(ChoiceKind.COLUMN, ("Photo",))}
        new = NewBatch(
            draft_id, "Photos", HERE, self.agent, "photos.csv", ("Photo",), choices, LaunchOptions(**options)
        )
        batch_id = self.store.batches.launch(new, rows, Clock().now(), lambda _: None)
        self.engine.wake(batch_id)
        return batch_id

    def hold(self) -> None:
        """Let uploads arrive at Writer, but no answers to them here."""
        self.engine.call(self.line.hold())

    def let_go(self) -> None:
        """Give the answers."""
        self.engine.call(self.line.let_go())

    def pause(self, batch_id: str) -> None:
        """Press Pause."""
        self.store.batches.pause(batch_id, PauseKind.PERSON)
        self.engine.wake(batch_id)

    def resume(self, batch_id: str) -> None:
        """Press Resume."""
        self.store.batches.resume(batch_id, HERE)
        self.gateway.budget.relax()
        self.engine.wake(batch_id)

    def retry(self, batch_id: str) -> None:
        """Press Retry."""
        self.store.rows.retry(batch_id, None)
        self.engine.wake(batch_id)

    def is_paused(self, batch_id: str, kind: PauseKind) -> bool:
        """Whether the batch is, and why."""
        batch = self.store.batches.only(batch_id)
        return batch.state is BatchState.PAUSED and batch.pause_kind is kind

    def states(self, batch_id: str) -> Counter[RowState]:
        """How many rows are in each state."""
        return Counter(self.store.batches.get(batch_id).counts.by_state)

    def ended(self, batch_id: str) -> list[RowDetail]:
        """Wait until every row has ended, and give the rows."""
        wait_until(lambda: self.store.batches.only(batch_id).state is BatchState.FINISHED)
        count = self.store.batches.only(batch_id).row_count
        return [self.store.rows.get(batch_id, position) for position in range(count)]

    def close(self) -> None:
        """End the engine, and close all it used."""
        self.let_go()
        self.engine.stop()
        self.vault.close()
        self.store.close()
