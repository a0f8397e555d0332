"""Files on their way to Writer: each once, for all rows that need it; what can't be had fails its rows in words."""

import pytest

from services.engine import uploads
from services.errors import FileError
from services.models import RowDetail, RowState, UploadProgress
from tests.engine.uploading import HERE, PNG, Bench


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
