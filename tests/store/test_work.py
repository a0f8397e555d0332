"""Rows as the runner sees them: each change is made only in the states it is meant for."""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import chain

import pytest

from services.errors import Loss
from services.models import BatchState, PauseKind, RowState
from services.store import Claim, Ended, Lost, Outstanding, Sent, Store
from tests.store.making import NOW, complete, launch, launch_in_each_state, new_row, new_rows, states

ELSEWHERE = "https://api.writer.com"


def positions(claims: list[Claim]) -> list[int]:
    return [claim.position for claim in claims]


def test_rows_are_claimed_in_order_with_what_to_send(store: Store) -> None:
    batch_id = launch(store, [new_row(0), new_row(1, error="Flawed."), *new_rows(4)[2:]])
    launch(store, 3)
    inputs = {"Product": ["Shoe 0"], "Tone": ["Warm"]}
    assert store.work.claim(batch_id, 1, NOW) == [Claim(0, inputs, None)]
    assert positions(store.work.claim(batch_id, 9, NOW)) == [2, 3]
    assert store.work.claim(batch_id, 9, NOW) == []
    assert states(store, batch_id) == [RowState.SENDING, RowState.SKIPPED, RowState.SENDING, RowState.SENDING]


def test_many_rows_are_claimed_at_once(store: Store) -> None:
    batch_id = launch(store, 1201)
    assert positions(store.work.claim(batch_id, 1200, NOW)) == list(range(1200))
    assert store.batches.get(batch_id).counts.by_state == {RowState.SENDING: 1200, RowState.WAITING: 1}


def test_nothing_is_claimed_from_a_batch_that_does_not_run(store: Store) -> None:
    paused, canceled, finished = (launch(store, 2) for _ in range(3))
    store.batches.pause(paused, PauseKind.PERSON)
    store.batches.cancel(canceled, NOW)
    complete(store, finished, {0: "Text", 1: "Text"})
    store.batches.finish(finished, NOW)
    assert [store.work.claim(batch_id, 9, NOW) for batch_id in (paused, canceled, finished, "nowhere")] == [[]] * 4
    assert states(store, paused) == [RowState.WAITING] * 2


def claim_all(store: Store, batch_id: str) -> list[int]:
    claimed: list[int] = []
    while some := positions(store.work.claim(batch_id, 7, NOW)):
        claimed += some
    return claimed


def claim_all_at(url: str, batch_id: str) -> list[int]:
    store = Store(url)
    try:
        return claim_all(store, batch_id)
    finally:
        store.close()


def test_no_row_is_claimed_twice_by_several_threads(open_store: Callable[[], Store]) -> None:
    stores = [open_store(), open_store()]
    batch_id = launch(stores[0], 200)
    with ThreadPoolExecutor(4) as pool:
        claimed = list(pool.map(lambda number: claim_all(stores[number % 2], batch_id), range(4)))
    assert sorted(chain(*claimed)) == list(range(200))
    assert {row.attempts for row in stores[0].rows.page(stores[0].batches.only(batch_id), [], "", 1, 200).rows} == {1}


def test_no_row_is_claimed_twice_by_several_processes(store: Store, database_url: str, processes: Executor) -> None:
    batch_id = launch(store, 300)
    claimed = list(processes.map(claim_all_at, [database_url] * 3, [batch_id] * 3))
    assert sorted(chain(*claimed)) == list(range(300))


def _as_it_is(store: Store, batch_id: str) -> None: ...


def _sent(store: Store, batch_id: str) -> None:
    store.work.sent(batch_id, [Sent(n, f"new-{n}") for n in range(8)])


def _completed(store: Store, batch_id: str) -> None:
    store.work.ended(batch_id, [Ended(n, "New.", None) for n in range(8)], NOW)


def _failed(store: Store, batch_id: str) -> None:
    store.work.ended(batch_id, [Ended(n, None, "New.", job_failed=True) for n in range(8)], NOW)


def _unsent(store: Store, batch_id: str) -> None:
    store.work.unsend(batch_id, range(8))


def _lost(store: Store, batch_id: str) -> None:
    store.work.lose(batch_id, range(8), NOW)


def _unconfirmed(store: Store, batch_id: str) -> None:
    store.work.unconfirm(batch_id, range(8), "New.", NOW)


@pytest.mark.parametrize(
    ("change", "becomes"),
    [
        (_sent, {RowState.SENDING: RowState.IN_PROGRESS}),
        (_completed, {RowState.SENDING: RowState.COMPLETED, RowState.IN_PROGRESS: RowState.COMPLETED}),
        (_failed, {RowState.SENDING: RowState.FAILED, RowState.IN_PROGRESS: RowState.FAILED}),
        (_unsent, {RowState.SENDING: RowState.WAITING}),
        (_lost, {RowState.SENDING: RowState.SENDING}),
        (_unconfirmed, {RowState.SENDING: RowState.UNCONFIRMED}),
    ],
)
def test_outcomes_change_only_rows_that_await_them(
    store: Store, change: Callable[[Store, str], None], becomes: dict[RowState, RowState]
) -> None:
    batch_id, other = launch_in_each_state(store), launch_in_each_state(store)
    before = [store.rows.get(batch_id, n) for n in range(8)]
    others = [store.rows.get(other, n) for n in range(8)]
    change(store, batch_id)
    for position, row in enumerate(before):
        now = store.rows.get(batch_id, position)
        assert now.state is becomes.get(row.state, row.state)
        if row.state not in becomes:
            assert now == row
    assert [store.rows.get(other, n) for n in range(8)] == others


def test_a_sent_row_is_outstanding_until_it_ends(store: Store) -> None:
    batch_id = launch(store, 3)
    store.work.claim(batch_id, 3, NOW + 1, NOW - 9)
    assert store.work.outstanding(batch_id) == {}
    store.work.sent(batch_id, [Sent(2, "two"), Sent(0, "zero")])
    zero, two = (Outstanding(position, NOW + 1, NOW - 9) for position in (0, 2))
    assert store.work.outstanding(batch_id) == {"two": two, "zero": zero}
    store.work.ended(batch_id, [Ended(2, " \u200b", None)], NOW + 2)
    assert store.work.outstanding(batch_id) == {"zero": zero}
    assert states(store, batch_id) == [RowState.IN_PROGRESS, RowState.SENDING, RowState.EMPTY]


def test_the_end_of_a_job_is_not_put_on_a_row_that_has_another_one(store: Store) -> None:
    batch_id = launch(store, 2)
    store.work.claim(batch_id, 2, NOW)
    store.work.sent(batch_id, [Sent(0, "old"), Sent(1, "new")])
    store.work.ended(batch_id, [Ended(n, "Text", None, job_id="old") for n in range(2)], NOW)
    assert states(store, batch_id) == [RowState.COMPLETED, RowState.IN_PROGRESS]


def test_rows_taken_back_wait_again_or_are_canceled_with_their_batch(store: Store) -> None:
    batch_id = launch(store, 3)
    store.work.claim(batch_id, 2, NOW)
    store.work.unsend(batch_id, [1])
    assert states(store, batch_id) == [RowState.SENDING, RowState.WAITING, RowState.WAITING]
    store.batches.cancel(batch_id, NOW)
    store.work.unsend(batch_id, [0, 1])
    assert states(store, batch_id) == [RowState.CANCELED] * 3
    assert store.batches.finish(batch_id, NOW)
    assert store.rows.get(batch_id, 0).attempts == ()


def test_a_row_taken_back_keeps_the_job_to_retry_unless_it_is_to_get_a_new_one(store: Store) -> None:
    batch_id = launch(store, 2)
    complete(store, batch_id, {0: None, 1: None})
    store.rows.retry(batch_id, None)
    store.work.claim(batch_id, 2, NOW)
    store.work.unsend(batch_id, [0])
    store.work.unsend(batch_id, [1], new_job=True)
    claims = store.work.claim(batch_id, 2, NOW)
    assert [claim.retry_of for claim in claims] == [f"job-{batch_id}-0", None]


def test_lost_rows_are_reported_oldest_first_until_they_are_settled(store: Store) -> None:
    batch_id = launch(store, 4)
    for seconds in (3, 1, 2):
        store.work.claim(batch_id, 1, NOW + seconds, NOW + seconds)
    store.work.lose(batch_id, [0, 1, 2, 3], NOW + 9, Loss.GATEWAY)
    lost = [Lost(n, NOW + at, NOW + at, NOW + 9, Loss.GATEWAY, None) for n, at in ((1, 1), (2, 2), (0, 3))]
    assert store.work.lost(batch_id) == lost
    store.work.sent(batch_id, [Sent(1, "one")])
    store.work.unsend(batch_id, [2])
    store.work.unconfirm(batch_id, [0], "May exist.", NOW)
    assert store.work.lost(batch_id) == []
    store.work.claim(batch_id, 9, NOW, NOW)
    assert store.work.lost(batch_id) == []


def test_what_a_killed_process_leaves_behind_is_lost(store: Store) -> None:
    batch_id, other = launch_in_each_state(store), launch_in_each_state(store)
    store.work.claim(batch_id, 1, NOW + 5, NOW + 5)
    store.work.lose(batch_id, [0], NOW + 6, Loss.ANSWER)
    store.work.take_over(batch_id, NOW + 7)
    assert store.work.lost(batch_id) == [Lost(n, NOW + at, NOW + at, NOW + 7, None, None) for n, at in ((0, 1), (5, 5))]
    assert store.work.lost(other) == []


def test_what_is_taken_over_was_sent_and_lost_no_later_than_now(store: Store) -> None:
    batch_id = launch(store, 3)
    store.work.claim(batch_id, 3, NOW, NOW)
    store.work.sent(batch_id, [Sent(0, "one")])
    store.work.lose(batch_id, [1], NOW)
    store.work.take_over(batch_id, NOW - 600)
    assert store.work.outstanding(batch_id) == {"one": Outstanding(0, NOW - 600, NOW)}
    assert store.work.lost(batch_id) == [Lost(n, NOW - 600, NOW, NOW - 600, None, None) for n in (1, 2)]
    store.work.take_over(batch_id, NOW + 600)
    assert store.work.outstanding(batch_id) == {"one": Outstanding(0, NOW - 600, NOW)}
    assert store.work.lost(batch_id) == [Lost(n, NOW - 600, NOW, NOW + 600, None, None) for n in (1, 2)]


def test_a_lost_retry_names_the_job_that_was_retried(store: Store) -> None:
    batch_id = launch(store, 1)
    complete(store, batch_id, {0: None})
    store.rows.retry(batch_id, None)
    store.work.claim(batch_id, 1, NOW + 5, NOW + 5)
    store.work.lose(batch_id, [0], NOW + 6)
    assert store.work.lost(batch_id) == [Lost(0, NOW + 5, NOW + 5, NOW + 6, None, f"job-{batch_id}-0")]


def test_jobs_are_unknown_unless_any_attempt_at_any_row_has_them(store: Store) -> None:
    batch_id = launch(store, 2)
    complete(store, batch_id, {0: None, 1: "Text"})
    store.rows.retry(batch_id, [0])
    here = [f"job-{batch_id}-{n}" for n in range(2)]
    assert store.evidence.unknown([*here, "strange", "strange", "é"]) == {"strange", "é"}
    assert store.evidence.unknown(f"j{n}" for n in range(1200)) == {f"j{n}" for n in range(1200)}
    assert store.evidence.unknown([]) == set()


def test_requests_in_flight_are_those_of_the_agent_there_that_left_before_and_have_no_answer(store: Store) -> None:
    one, two, elsewhere = launch(store, 1), launch(store, 2), launch(store, 1, ELSEWHERE)
    agent = store.batches.only(one).agent.id

    def in_flight(before: float, agent_id: str = agent, connection: str = "sandbox") -> bool:
        return store.evidence.in_flight(agent_id, connection, NOW + before)

    assert not in_flight(99)
    store.work.claim(elsewhere, 1, NOW)
    assert not in_flight(99)
    store.work.claim(one, 1, NOW + 5)
    store.work.claim(two, 1, NOW + 6)
    assert (in_flight(4.9), in_flight(5), in_flight(99, "another")) == (False, True, False)
    store.work.lose(one, [0], NOW + 7)
    assert (in_flight(5.9), in_flight(6)) == (False, True)
    store.work.sent(two, [Sent(0, "job")])
    assert (in_flight(99), in_flight(99, connection=ELSEWHERE)) == (False, True)


def test_what_waits_and_what_is_at_writer(store: Store) -> None:
    batch_id = launch(store, 4)
    assert (store.work.waiting(batch_id, 3), store.work.waiting(batch_id, 9)) == (3, 4)
    assert not store.work.any_at_writer(batch_id)
    store.work.claim(batch_id, 3, NOW, NOW)
    assert (store.work.waiting(batch_id, 9), store.work.any_at_writer(batch_id)) == (1, True)
    store.work.sent(batch_id, [Sent(n, f"job-{n}") for n in range(3)])
    assert store.work.any_at_writer(batch_id)
    store.work.ended(batch_id, [Ended(n, "Text", None) for n in range(3)], NOW)
    assert not store.work.any_at_writer(batch_id)
    assert store.batches.only(batch_id).state is BatchState.RUNNING
