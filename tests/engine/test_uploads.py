"""Files on their way to Writer: each once, for all rows that need it; what can't be had fails its rows in words."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.clock import Clock
from services.engine import uploads
from services.engine.budget import Budget
from services.engine.embedded import EmbeddedEngine
from services.engine.gateway import Gateway
from services.engine.uploads import Uploads
from services.errors import FileError
from services.files.vault import Vault
from services.models import (
    Agent,
    BatchState,
    Choice,
    ChoiceKind,
    FileRef,
    NamedFile,
    RowDetail,
    RowState,
    UploadProgress,
)
from services.sandbox import SandboxOptions, create_app
from services.store import DraftSource, NewBatch, NewRow, Store
from services.writer.client import Writer
from tests.store.making import draft, wait_until

HERE = "https://writer.test"
QUICK = SandboxOptions(fail_rate=0, slow_rate=0, job_seconds=(0.0, 0.1), file_seconds=0.2, requests_per_minute=9999)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


class Line(httpx.ASGITransport):
    """The way to the sandbox: counts requests, and loses the answers it's told to lose."""

    def __init__(self, app: Any) -> None:
        super().__init__(app=app)
        self.requests: Counter[str] = Counter()
        self.lose_uploads = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        kind = "uploads" if request.url.path == "/v1/files" else "files" if "/files/" in request.url.path else "jobs"
        self.requests[kind] += 1
        answer = await super().handle_async_request(request)
        if kind == "uploads" and self.lose_uploads:
            self.lose_uploads -= 1
            raise httpx.ReadError("the connection broke")
        return answer


class Bench:
    """An engine on a sandbox, and batches whose rows have one photo each."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(f"sqlite:///{folder}/copydesk.db")
        self.vault = Vault(folder / "files")
        self.line = Line(create_app(folder / "sandbox.db", QUICK))
        clock = Clock()
        writer = Writer(HERE, "a-key-of-the-test", self.line)
        gateway = Gateway(self.store, writer, Budget(self.store, HERE, 9999, clock), HERE, clock)
        self.engine = EmbeddedEngine(
            self.store, gateway, Uploads(self.store, gateway, self.vault, HERE, clock), HERE, clock
        )
        self.engine.start()
        agents = self.engine.call(gateway.agents())
        self.agent: Agent = next(agent for agent in agents if agent.name == "Image alt text")

    def launch(self, names: list[str]) -> str:
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
        new = NewBatch(draft_id, "Photos", HERE, self.agent, "photos.csv", ("Photo",), choices)
        batch_id = self.store.batches.launch(new, rows, Clock().now(), lambda _: None)
        self.engine.wake(batch_id)
        return batch_id

    def ended(self, batch_id: str) -> list[RowDetail]:
        """Wait until every row has ended, and give the rows."""
        wait_until(lambda: self.store.batches.only(batch_id).state is BatchState.FINISHED)
        count = self.store.batches.only(batch_id).row_count
        return [self.store.rows.get(batch_id, position) for position in range(count)]

    def close(self) -> None:
        self.engine.stop()
        self.vault.close()
        self.store.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def outcomes(rows: list[RowDetail]) -> list[tuple[RowState, str | None]]:
    return [(row.state, row.error) for row in rows]


def test_rows_that_share_a_file_share_its_upload(bench: Bench) -> None:
    batch_id = bench.launch(["mug.png", "cap.png", "mug.png", "hat.png", "cap.png", "mug.png"])
    rows = bench.ended(batch_id)
    assert outcomes(rows) == [(RowState.COMPLETED, None)] * 6
    assert all(word in str(row.suggestion).lower() for word, row in zip(("mug", "cap", "mug"), rows, strict=False))
    assert bench.line.requests["uploads"] == 3
    assert bench.line.requests["files"] <= 6
    assert bench.store.uploads.progress(batch_id) == UploadProgress(3, 3)


def test_a_later_batch_reuses_what_writer_has(bench: Bench) -> None:
    bench.ended(bench.launch(["mug.png", "cap.png"]))
    rows = bench.ended(bench.launch(["cap.png", "mug.png"]))
    assert outcomes(rows) == [(RowState.COMPLETED, None)] * 2
    assert bench.line.requests["uploads"] == 2


def test_a_file_that_writer_lost_is_uploaded_again(bench: Bench) -> None:
    bench.ended(bench.launch(["mug.png"]))
    content_hash = bench.vault.add([PNG, b"mug.png"], "mug.png", 10_000).hash
    bench.store.uploads.uploaded(HERE, content_hash, "an id that Writer doesn't know", now=0.0, is_ready=True)
    assert outcomes(bench.ended(bench.launch(["mug.png"]))) == [(RowState.COMPLETED, None)]
    assert bench.line.requests["uploads"] == 2


def test_a_file_that_writer_cannot_process_fails_its_rows_and_no_others(bench: Bench) -> None:
    batch_id = bench.launch(["corrupt.png", "mug.png", "corrupt.png"])
    failed = (RowState.FAILED, "Writer couldn't process “corrupt.png”. Check that it opens, or retry the row.")
    assert outcomes(bench.ended(batch_id)) == [failed, (RowState.COMPLETED, None), failed]
    assert bench.line.requests["uploads"] == 2


def test_retrying_a_row_uploads_its_file_again(bench: Bench) -> None:
    batch_id = bench.launch(["corrupt.png"])
    bench.ended(batch_id)
    bench.store.rows.retry(batch_id, None)
    bench.engine.wake(batch_id)
    row = bench.ended(batch_id)[0]
    assert [attempt.number for attempt in row.attempts] == [1, 2]
    assert bench.line.requests["uploads"] == 2


def test_a_lost_answer_to_an_upload_costs_a_stray_copy_and_no_job(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LOST_PAUSES_S", (0.1, 0.1))
    bench.line.lose_uploads = 1
    assert outcomes(bench.ended(bench.launch(["mug.png"]))) == [(RowState.COMPLETED, None)]
    assert bench.line.requests["uploads"] == 2
    assert "may have left a stray copy at Writer" in caplog.text


def test_answers_that_keep_getting_lost_fail_the_row(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LOST_PAUSES_S", (0.1, 0.1))
    bench.line.lose_uploads = 3
    assert outcomes(bench.ended(bench.launch(["mug.png"]))) == [
        (RowState.FAILED, "Writer's answers to 3 uploads of “mug.png” were lost. Retry the row later.")
    ]


def test_a_file_that_vanished_from_the_disk_fails_its_row(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> None:
        raise FileError

    monkeypatch.setattr(bench.vault, "open", gone)
    assert outcomes(bench.ended(bench.launch(["mug.png"]))) == [
        (RowState.FAILED, "“mug.png” is no longer stored here. Start a new batch with it.")
    ]


def test_a_file_that_is_refused_fails_its_row_in_writers_words(bench: Bench) -> None:
    [(state, error)] = outcomes(bench.ended(bench.launch(["mug.exe"])))
    assert state is RowState.FAILED
    assert error is not None
    assert error.startswith("Writer refused “mug.exe”. Writer refused the request: ")
