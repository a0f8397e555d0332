"""How much agents were used, from batches on SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.models import AgentUsage, LaunchOptions
from services.store import Ended, Sent, Store
from tests.store.making import AGENT, HERE, NOW, draft, launch, new_batch, new_rows, no_progress


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOW + seconds, UTC)


def launch_with(store: Store, agent_id: str, rows: int, launched: float) -> str:
    new = replace(new_batch(draft(store), HERE), agent=replace(AGENT, id=agent_id), options=LaunchOptions())
    return store.batches.launch(new, new_rows(rows), NOW + launched, no_progress)


def finish(store: Store, batch_id: str, rows: int, *, failed: int, seconds: float) -> None:
    """Send that many rows, and let all end that many seconds later, the first of them failed."""
    claimed = store.work.claim(batch_id, rows, NOW)
    store.work.sent(batch_id, [Sent(claim.position, f"job-{batch_id}-{claim.position}") for claim in claimed])
    ended = [
        Ended(claim.position, None if number < failed else "Text", "No." if number < failed else None, number < failed)
        for number, claim in enumerate(claimed)
    ]
    store.work.ended(batch_id, ended, NOW + seconds)


def test_without_batches_no_agent_was_used(store: Store) -> None:
    assert store.usage.by_agent(HERE) == {}


def test_batches_and_rows_are_counted_for_each_agent_of_the_connection(store: Store) -> None:
    finish(store, launch_with(store, "a", 4, 10), 4, failed=1, seconds=8)
    finish(store, launch_with(store, "a", 8, 30), 4, failed=1, seconds=12)
    launch_with(store, "b", 3, 20)
    launch(store, 5, "elsewhere")
    usage = store.usage.by_agent(HERE)
    assert usage == {
        "a": AgentUsage(2, 12, moment(30), 0.25, pytest.approx(10)),  # type: ignore[arg-type]
        "b": AgentUsage(1, 3, moment(20), None, None),
    }


def test_how_an_agent_does_is_reported_by_its_latest_rows(store: Store) -> None:
    finish(store, launch_with(store, "a", 5, 10), 5, failed=5, seconds=100)
    latest = launch_with(store, "a", 501, 20)
    finish(store, latest, 500, failed=100, seconds=4)
    finish(store, latest, 1, failed=0, seconds=1_000)
    usage = store.usage.by_agent(HERE)["a"]
    assert usage == AgentUsage(2, 506, moment(20), 0.2, pytest.approx(4))  # type: ignore[arg-type]


def test_of_very_small_batches_only_the_latest_twenty_tell(store: Store) -> None:
    for number in range(21):
        batch_id = launch_with(store, "a", 1, number)
        finish(store, batch_id, 1, failed=int(number == 0), seconds=2)
    assert store.usage.by_agent(HERE)["a"] == AgentUsage(21, 21, moment(20), 0.0, pytest.approx(2))  # type: ignore[arg-type]
