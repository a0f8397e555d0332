"""Sending: in order, without waves, and only while the batch may go on."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.models import BatchState, PauseKind, RowState
from services.store import Claim
from tests.engine.runner.conftest import Play, slow
from tests.engine.runner.stage import CONNECTION, Stage
from tests.support.double import AGENT_ID, Fault, Kind

COMPLETED, FAILED, CANCELED = RowState.COMPLETED, RowState.FAILED, RowState.CANCELED
WAITING, IN_PROGRESS = RowState.WAITING, RowState.IN_PROGRESS

ASIDE = 32
"""By how many places requests under way at the same time may overtake each other."""


def test_every_row_is_sent_once_in_order_and_gets_its_own_suggestion(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(150)
        await stage.settled(batch)
        assert stage.batch(batch).state is BatchState.FINISHED
        assert stage.states(batch) == {COMPLETED: 150}
        stage.check(batch)
        sent = [int(entry.text.split()[-1]) for entry in stage.books.of(Kind.CREATE)]
        assert sorted(sent) == list(range(150))
        assert all(abs(place - position) <= ASIDE for place, position in enumerate(sent))

    play(main, duration=(0.5, 20.0), latency=(0.0, 1.0))


def test_rows_are_not_sent_in_waves(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(200)
        await stage.until(lambda: stage.states(batch)[COMPLETED] == 199)
        assert stage.clock.now() - begun(stage, batch) < 120
        assert stage.states(batch)[IN_PROGRESS] == 1
        await stage.settled(batch)
        stage.check(batch)

    play(main, duration=(1.0, 5.0), durations={"batch 1 row 3": 300.0})


def test_a_slow_answer_holds_up_no_other_row(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.SLOW, text="batch 1 row 0")
        batch = stage.launch(100)
        await stage.until(lambda: stage.states(batch)[COMPLETED] == 99)
        assert stage.clock.now() - begun(stage, batch) < 45
        await stage.settled(batch)
        stage.check(batch)

    play(main, slow=50.0)


def test_a_paused_batch_sends_nothing_more_and_collects_what_is_at_writer(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(600)
        await stage.until(lambda: stage.states(batch)[IN_PROGRESS] >= 20)
        stage.pause(batch)
        await stage.settled(batch)
        states, sent = stage.states(batch), len(stage.books.of(Kind.CREATE))
        assert states == {COMPLETED: sent, WAITING: 600 - sent}
        assert stage.batch(batch).pause_kind is PauseKind.PERSON
        await stage.clock.sleep(300)
        assert len(stage.books.of(Kind.CREATE)) == sent
        stage.resume(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 600}
        stage.check(batch)

    play(main, duration=30.0, latency=0.3)


def test_a_canceled_batch_never_sends_what_waits_and_collects_what_is_at_writer(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(600)
        await stage.until(lambda: stage.states(batch)[IN_PROGRESS] >= 20)
        stage.cancel(batch)
        await stage.settled(batch)
        sent = len(stage.books.of(Kind.CREATE))
        assert stage.states(batch) == {COMPLETED: sent, CANCELED: 600 - sent}
        assert stage.batch(batch).state is BatchState.CANCELED
        stage.check(batch)
        assert stage.retry(batch, [599]) == 1
        await stage.settled(batch)
        assert stage.rows(batch)[599].state is COMPLETED
        stage.check(batch)

    play(main, duration=30.0, latency=0.3)


def test_a_refused_row_fails_in_writers_words_and_the_others_go_on(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(30)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 28, FAILED: 2}
        failed = {row.position: row.error for row in stage.rows(batch, FAILED)}
        assert failed.keys() == {3, 20}
        assert "This text is not allowed." in failed[3]
        assert "This one neither." in failed[20]
        assert len(stage.books.of(Kind.AGENT)) == 1, "the agent is read again on the first refusal only"
        stage.check(batch)

    play(main, refused={"batch 1 row 3": "This text is not allowed.", "batch 1 row 20": "This one neither."})


def test_a_failed_job_fails_its_row_in_writers_words(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(10)
        await stage.settled(batch)
        assert {row.error for row in stage.rows(batch, FAILED)} == {"The model gave no answer."}
        assert stage.states(batch) == {FAILED: 10}

    play(main, fail_share=1.0)


def test_when_the_agents_inputs_have_changed_the_batch_pauses_and_says_how(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(400)
        await stage.until(lambda: stage.states(batch)[COMPLETED] > 0)
        stage.double.add_agent(AGENT_ID, "Echo", [{"name": "Topic", "input_type": "text", "required": True}])
        await stage.settled(batch)
        paused = stage.batch(batch)
        assert (paused.state, paused.pause_kind) == (BatchState.PAUSED, PauseKind.INPUTS_CHANGED)
        assert "“Topic” is new" in paused.reason
        assert "“Text” is gone" in paused.reason
        assert stage.states(batch)[FAILED] == 0
        stage.double.add_agent(AGENT_ID, "Echo", [{"name": "Text", "input_type": "text", "required": True}])
        stage.resume(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 400}
        stage.check(batch)

    play(main, latency=0.5)


def test_inputs_that_change_after_a_row_was_refused_for_its_own_fault_fail_no_other_row(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(400)
        await stage.until(lambda: stage.states(batch)[FAILED] == 1)
        stage.double.add_agent(AGENT_ID, "Echo", [{"name": "Topic", "input_type": "text", "required": True}])
        await stage.settled(batch)
        assert stage.batch(batch).pause_kind is PauseKind.INPUTS_CHANGED
        assert stage.states(batch)[FAILED] == 1

    play(main, latency=0.5, refused={"batch 1 row 0": "This text is not allowed."})


def test_when_the_agent_is_gone_the_batch_pauses(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(100)
        stage.double.remove_agent()
        await stage.settled(batch)
        paused = stage.batch(batch)
        assert (paused.state, paused.pause_kind) == (BatchState.PAUSED, PauseKind.AGENT_GONE)
        assert "Echo" in paused.reason
        assert stage.states(batch) == {WAITING: 100}

    play(main)


def test_jobs_of_an_agent_that_is_gone_are_collected(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(400)
        await stage.until(lambda: stage.states(batch)[IN_PROGRESS] >= 20)
        stage.double.remove_agent()
        await stage.until(lambda: stage.batch(batch).state is BatchState.PAUSED)
        await stage.clock.sleep(180)
        assert stage.states(batch)[IN_PROGRESS] == 0

    play(main, duration=20.0, latency=0.5)


@pytest.mark.parametrize("status", [401, *slow(403)])
def test_a_refused_key_pauses_every_batch_and_is_noted(play: Play, status: int) -> None:
    async def main(stage: Stage) -> None:
        batches = [stage.launch(200), stage.launch(200)]
        await stage.until(lambda: all(stage.states(batch)[COMPLETED] for batch in batches))
        stage.double.options.key_refused = status
        await stage.until(lambda: all(stage.batch(batch).state is BatchState.PAUSED for batch in batches))
        assert {stage.batch(batch).pause_kind for batch in batches} == {PauseKind.KEY_REFUSED}
        mend = "Writer refuses the API key. Set WRITER_API_KEY to a valid key and start Copydesk again."
        says = "Writer says: The API key is not valid."
        assert {stage.batch(batch).reason for batch in batches} == {f"{mend} Then press Resume. {says}"}
        health = stage.store.connections.health(CONNECTION)
        assert health.key_refused_at is not None
        assert health.detail == f"{mend} {says}"
        assert all(stage.states(batch)[FAILED] == 0 for batch in batches)
        stage.double.options.key_refused = None
        for batch in batches:
            stage.resume(batch)
        await stage.settled(*batches)
        assert stage.store.connections.health(CONNECTION).key_refused_at is None
        stage.check(*batches)

    play(main, latency=0.5)


def test_while_writer_cannot_be_reached_rows_wait_and_go_on_by_themselves(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(300)
        await stage.until(lambda: stage.states(batch)[COMPLETED] >= 10)
        stage.double.options.offline = True
        since = stage.clock.now()
        await stage.clock.sleep(600)
        noted = stage.store.connections.health(CONNECTION).unreachable_since
        assert noted is not None
        assert abs((noted - datetime.fromtimestamp(since, UTC)).total_seconds()) < 15
        assert stage.batch(batch).state is BatchState.RUNNING
        tries = [entry for entry in stage.books.requests if since + 120 < entry.time]
        assert 3 < len(tries) < 150
        stage.double.options.offline = False
        await stage.settled(batch)
        assert stage.clock.now() - since < 600 + 240
        assert stage.states(batch) == {COMPLETED: 300}
        assert stage.store.connections.health(CONNECTION).unreachable_since is None
        stage.check(batch)

    play(main, latency=0.2, duration=(3.0, 60.0))


def test_requests_that_fail_together_pause_sending_once_and_not_for_a_minute(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(200)
        await stage.until(lambda: stage.states(batch)[RowState.IN_PROGRESS] >= 20)
        stage.double.options.offline = True
        await stage.clock.sleep(12)
        stage.double.options.offline = False
        back = stage.clock.now()
        await stage.until(lambda: any(entry.time > back for entry in stage.books.requests))
        assert stage.clock.now() - back < 15
        await stage.settled(batch)
        stage.check(batch)

    play(main, latency=2.0)


def test_a_pause_that_comes_while_rows_are_claimed_takes_no_turns_in_vain(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(100)
        claim = stage.store.work.claim

        def pause_and_claim(*args: Any) -> list[Claim]:
            monkeypatch.undo()
            stage.store.batches.pause(batch, PauseKind.PERSON)
            return claim(*args)

        monkeypatch.setattr(stage.store.work, "claim", pause_and_claim)
        await stage.settled(batch)
        began = stage.clock.now()
        stage.resume(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 100}
        assert stage.clock.now() - began < 30, "and not a minute later, when turns are to be had again"

    play(main, rpm=200)


def test_a_batch_that_is_canceled_and_deleted_between_two_looks_is_left_alone(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(5, sample_rows=1)
        other = stage.launch(1)
        await stage.until(lambda: stage.store.batches.get(batch).counts[COMPLETED] == 0 and stage.process is not None)
        stage.store.batches.cancel(batch, stage.clock.now())
        stage.store.batches.delete(batch)
        await stage.settled(other)
        assert stage.states(other) == {COMPLETED: 1}

    play(main)


def begun(stage: Stage, batch_id: str) -> float:
    return stage.batch(batch_id).created_at.timestamp()
