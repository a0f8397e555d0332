"""Files in the database: which rows wait for which, what Writer has of them, and what is still needed."""

from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import Connection, event

from services.errors import MissingError
from services.models import BatchState, FileRef, NamedFile, PauseKind, RowState, StoredFile, UploadProgress
from services.store import AwaitingRow, Claim, DraftSource, Ended, NewRow, Sent, Store
from tests.store.making import HERE, NOW, draft, new_batch, no_progress, states

MUG, CAP = (FileRef(letter * 64, f"{name}.png") for letter, name in (("a", "mug"), ("b", "cap")))


def attach(store: Store, draft_id: str, *refs: FileRef) -> None:
    named = (NamedFile(ref.name, StoredFile(ref.hash, 10, "image/png")) for ref in refs)
    store.files.add(draft_id, [DraftSource(file.name, file) for file in named])


def row(number: int, *refs: FileRef) -> NewRow:
    return NewRow(number + 2, (f"S{number}",), {"Photo": [str(ref) for ref in refs]}, None)


def launch(store: Store, rows: Iterable[tuple[FileRef, ...]], **options: Any) -> str:
    """A batch whose rows have these files."""
    draft_id = draft(store)
    attach(store, draft_id, MUG, CAP)
    new_rows = [row(number, *refs) for number, refs in enumerate(rows)]
    return store.batches.launch(new_batch(draft_id, **options), new_rows, NOW, no_progress)


def ready(store: Store, *refs: FileRef) -> None:
    for ref in refs:
        store.uploads.uploaded(HERE, ref.hash, f"id-{ref.name}", NOW, is_ready=True)


def test_rows_wait_for_their_files_and_are_sent_with_writers_ids(store: Store) -> None:
    batch_id = launch(store, [(MUG, CAP), (), (CAP,)])
    assert store.uploads.awaiting(batch_id, 9) == [AwaitingRow(0, (MUG, CAP)), AwaitingRow(2, (CAP,))]
    assert store.uploads.awaiting(batch_id, 1) == [AwaitingRow(0, (MUG, CAP))]
    assert (store.work.waiting(batch_id, 9), store.work.claim(batch_id, 9, NOW)) == (1, [Claim(1, {"Photo": []}, None)])
    ready(store, CAP)
    assert store.uploads.progress(batch_id) == UploadProgress(1, 2)
    store.uploads.release(batch_id, [2])
    assert store.work.claim(batch_id, 9, NOW) == [Claim(2, {"Photo": ["id-cap.png"]}, None)]
    assert states(store, batch_id) == [RowState.WAITING, RowState.SENDING, RowState.SENDING]


def test_a_row_whose_file_was_forgotten_between_release_and_claim_waits_again(store: Store) -> None:
    batch_id = launch(store, [(MUG,), (CAP,)])
    ready(store, MUG, CAP)
    store.uploads.release(batch_id, [0, 1])
    store.uploads.forget(HERE, MUG.hash)
    assert [claim.position for claim in store.work.claim(batch_id, 9, NOW)] == [1]
    assert store.uploads.awaiting(batch_id, 9) == [AwaitingRow(0, (MUG,))]


def test_only_rows_that_may_be_sent_wait_for_files(store: Store) -> None:
    batch_id = launch(store, [(MUG,)] * 3, sample_rows=1)
    assert [each.position for each in store.uploads.awaiting(batch_id, 9)] == [0]
    store.batches.pause(batch_id, PauseKind.PERSON)
    assert store.uploads.awaiting(batch_id, 9) == []
    store.batches.cancel(batch_id, NOW)
    store.uploads.release(batch_id, [0])
    store.uploads.fail(batch_id, [1], "Gone.", NOW)
    assert states(store, batch_id) == [RowState.CANCELED] * 3


def test_a_row_that_failed_for_its_file_waits_for_it_when_retried(store: Store) -> None:
    batch_id = launch(store, [(MUG,)])
    store.uploads.fail(batch_id, [0], "Writer refused it.", NOW)
    failed = store.rows.get(batch_id, 0)
    assert (failed.state, failed.error, [each.number for each in failed.attempts]) == (
        *(RowState.FAILED, "Writer refused it."),
        [1],
    )
    assert store.batches.finish(batch_id, NOW)
    store.rows.retry(batch_id, None)
    assert store.batches.only(batch_id).state is BatchState.RUNNING
    assert store.uploads.awaiting(batch_id, 9) == [AwaitingRow(0, (MUG,))]


@pytest.mark.parametrize("is_resent", [False, True])
def test_a_row_that_goes_through_writers_retry_call_keeps_its_inputs_and_waits_for_no_file(
    store: Store, is_resent: bool
) -> None:
    batch_id = launch(store, [(MUG,)])
    ready(store, MUG)
    store.uploads.release(batch_id, [0])
    store.work.claim(batch_id, 1, NOW)
    store.work.sent(batch_id, [Sent(0, "job")])
    store.work.ended(batch_id, [Ended(0, None, "Busy.", job_failed=True)], NOW)
    store.rows.retry(batch_id, None)
    store.uploads.forget(HERE, MUG.hash)
    if is_resent:
        store.work.claim(batch_id, 1, NOW)
        store.work.resend(batch_id, [0], "Lost.", NOW)
    assert store.uploads.awaiting(batch_id, 9) == []
    assert [claim.retry_of for claim in store.work.claim(batch_id, 1, NOW)] == ["job"]
    assert store.rows.get(batch_id, 0).inputs == {"Photo": [str(MUG)]}


def test_a_doubted_file_is_asked_for_before_it_is_used_again(store: Store) -> None:
    ready(store, MUG, CAP)
    store.uploads.doubt(HERE, ["id-mug.png", "something else"])
    checked = [upload and upload.checked_at for upload in (store.uploads.get(HERE, ref.hash) for ref in (MUG, CAP))]
    assert checked == [0.0, NOW]


def test_a_row_whose_file_is_detached_during_the_launch_is_skipped_in_words(store: Store) -> None:
    draft_id = draft(store)
    attach(store, draft_id, CAP)
    batch_id = store.batches.launch(new_batch(draft_id), [row(0, MUG), row(1, CAP)], NOW, no_progress)
    skipped = store.rows.get(batch_id, 0)
    assert (skipped.state, skipped.error) == (
        *(RowState.SKIPPED, "“mug.png” was removed before the launch. Start a new batch with it."),
    )
    assert [file.name for file in store.files.of_batch(batch_id)] == ["cap.png"]
    assert store.uploads.awaiting(batch_id, 9) == [AwaitingRow(1, (CAP,))]


def test_files_are_needed_by_batches_and_by_drafts_that_may_be_launched(store: Store) -> None:
    draft_id = draft(store)
    attach(store, draft_id, MUG, CAP)
    assert store.files.needed() == {MUG.hash, CAP.hash}
    batch_id = store.batches.launch(new_batch(draft_id), [row(0, MUG)], NOW, no_progress)
    assert store.files.needed() == {MUG.hash}
    store.batches.cancel(batch_id, NOW)
    store.batches.delete(batch_id)
    assert store.files.needed() == set()


def test_files_of_a_draft_that_is_gone_cannot_be_noted_and_are_not_needed(store: Store) -> None:
    draft_id = draft(store)
    attach(store, draft_id, MUG)
    store.drafts.purge(NOW + 1, NOW)
    assert store.files.needed() == set()
    with pytest.raises(MissingError):
        attach(store, draft_id, MUG)


def test_rows_that_may_be_sent_are_found_by_the_index_of_rows_that_wait(store: Store) -> None:
    """SQLite plans by the statement alone; with PostgreSQL it depends on how many rows there are."""
    if not store._database.is_sqlite:
        pytest.skip("plans small tables otherwise")
    plans: list[str] = []

    def explain(connection: Connection, _: object, statement: str, parameters: Any, *__: object) -> None:
        if statement.startswith("SELECT rows.position"):
            cursor = connection.connection.cursor()
            plans.extend(step[3] for step in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    batch_id = launch(store, [(MUG,), ()])
    event.listen(store._database.engine, "before_cursor_execute", explain)
    store.work.waiting(batch_id, 9)
    store.work.claim(batch_id, 9, NOW)
    store.uploads.awaiting(batch_id, 9)
    event.remove(store._database.engine, "before_cursor_execute", explain)
    of_rows = [plan for plan in plans if plan.startswith("SEARCH rows")]
    assert len(of_rows) == 3
    assert all("ix_rows_waiting (batch_id=? AND awaits_files=? AND state=? AND position<?)" in plan for plan in of_rows)
