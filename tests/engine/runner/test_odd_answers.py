"""Jobs whose answers are empty or can't be read: each is its own row's business."""

from typing import Any

import pytest

from services.engine.runner import collect
from services.models import BatchState, PauseKind, RowState, is_blank
from tests.engine.runner.conftest import Play
from tests.engine.runner.stage import CONNECTION, Stage

COMPLETED, EMPTY, FAILED = RowState.COMPLETED, RowState.EMPTY, RowState.FAILED
UNREADABLE = "Writer's answer for this job can't be read: {}. Retry the row to make a new job."


def changed(rows: range, **change: Any) -> dict[str, dict[str, Any]]:
    return {f"batch 1 row {n}": change for n in rows}


def is_well(stage: Stage) -> bool:
    health = stage.store.connections.health(CONNECTION)
    return health.unreachable_since is None and health.key_refused_at is None


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\ufeff", "\xa0\u2003\u2028", "\u2800\u3164", "\x00\x1f"])
def test_what_cannot_be_seen_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", " . ", "0", "\u200bé", "—", "😀", "\ufffd"])
def test_what_can_be_seen_is_not_blank(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize("suggestion", ["", " \n", "\u200b", None])
def test_an_empty_suggestion_is_its_own_state_and_is_retried_with_the_failed_rows(
    play: Play, suggestion: str | None
) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(20, retries=1)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 16, EMPTY: 3, FAILED: 1}
        assert {row.suggestion for row in stage.rows(batch, EMPTY)} == {""}
        assert stage.batch(batch).state is BatchState.FINISHED
        stage.double.options.changed.clear()
        stage.double.options.refused.clear()
        created = stage.books.created.total()
        assert stage.retry(batch) == 4
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 20}
        assert (stage.books.created.total() - created, stage.books.retried.total()) == (4, 0)
        attempts = stage.store.rows.get(batch, 4).attempts
        assert [(each.state, each.suggestion is None) for each in attempts] == [(EMPTY, True), (COMPLETED, False)]

    play(main, changed=changed(range(4, 7), data={"suggestion": suggestion}), refused={"batch 1 row 9": "No."})


def test_an_earlier_suggestion_stays_when_a_retry_gives_an_empty_one(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(3)
        await stage.settled(batch)
        before = stage.rows(batch)[1].suggestion
        stage.double.options.changed.update(changed(range(1, 2), data={"suggestion": "  "}))
        stage.retry(batch, [1])
        await stage.settled(batch)
        row = stage.rows(batch)[1]
        assert (row.state, row.suggestion, row.attempts) == (EMPTY, before, 2)
        assert before

    play(main)


def test_a_batch_whose_suggestions_are_nearly_all_empty_pauses(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(200)
        await stage.settled(batch)
        paused = stage.batch(batch)
        assert (paused.state, paused.pause_kind) == (BatchState.PAUSED, PauseKind.MOST_FAIL)
        assert paused.reason.startswith("All of the first ")
        assert paused.reason.endswith(
            " suggestions are empty. Check the agent at Writer, then press Resume anyway, "
            "or cancel and launch the spreadsheet again."
        )

    play(main, changed=changed(range(200), data={"suggestion": ""}), rpm=60)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data": {"suggestion": 5}}, "its suggestion isn't text"),
        ({"data": {"suggestion": ["Tea"]}}, "its suggestion isn't text"),
        ({"data": {"suggestion": {"text": "Tea"}}}, "its suggestion isn't text"),
        ({"data": None}, "it has no data"),
    ],
)
def test_a_suggestion_that_is_not_text_fails_its_own_row_only(play: Play, change: dict[str, Any], words: str) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(40)
        await stage.until(lambda: stage.batch(batch).finished_at is not None or not is_well(stage))
        assert is_well(stage)
        assert stage.states(batch) == {COMPLETED: 37, FAILED: 3}
        assert {row.error for row in stage.rows(batch, FAILED)} == {UNREADABLE.format(words)}
        assert len(stage.books.of()) < 40 + 20
        stage.double.options.changed.clear()
        stage.retry(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 40}

    play(main, changed=changed(range(10, 13), **change))


def test_an_unknown_status_may_pass(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(10)
        await stage.until(lambda: stage.states(batch)[COMPLETED] == 9)
        await stage.clock.sleep(40)
        assert stage.states(batch) == {COMPLETED: 9, RowState.IN_PROGRESS: 1}
        for job in stage.double.jobs.values():
            job.changed = {}
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 10}
        assert is_well(stage)

    play(main, changed=changed(range(4, 5), status="queued"))


@pytest.mark.parametrize(
    ("status", "words"), [("zombie", "its status, “zombie”, is unknown"), (None, "it has no status")]
)
def test_a_status_that_stays_unknown_fails_its_own_row_after_a_while(
    play: Play, monkeypatch: pytest.MonkeyPatch, status: str | None, words: str
) -> None:
    monkeypatch.setattr(collect, "UNKNOWN_STATUS_PATIENCE_S", 60.0)

    async def main(stage: Stage) -> None:
        batch = stage.launch(10)
        began = stage.clock.now()
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 9, FAILED: 1}
        assert [row.error for row in stage.rows(batch, FAILED)] == [UNREADABLE.format(words)]
        assert 60 < stage.clock.now() - began < 100
        assert len(stage.books.of()) < 10 + 25
        assert is_well(stage)

    play(main, changed=changed(range(4, 5), status=status))
