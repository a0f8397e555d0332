"""The engine: it sends rows as long as this process is the one to do it."""

from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest

from services.clock import Clock
from services.engine.budget import Budget
from services.engine.embedded import EmbeddedEngine
from services.engine.gateway import Gateway
from services.models import RowState
from services.store import Store
from services.store.ownership import Ownership
from services.writer.client import Writer
from tests.store.making import launch, wait_until
from tests.support.files import uploads

HERE = "https://writer.test"


class Loseable(Ownership):
    """A right to send rows that can be taken away."""

    def __init__(self) -> None:
        self.given = True
        self.asked = 0

    def acquire(self) -> bool:
        self.asked += 1
        return self.given

    def release(self) -> None:
        pass


@pytest.fixture
def ownership() -> Loseable:
    return Loseable()


@pytest.fixture
def store(tmp_path: Path, ownership: Loseable) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/copydesk.db")
    store.ownership = ownership
    yield store
    store.close()


@pytest.fixture
def engine(store: Store) -> Iterator[EmbeddedEngine]:
    """An engine whose Writer takes every job and ends none."""
    numbers = count()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            made = {"id": f"job-{next(numbers)}", "status": "in_progress", "created_at": "2026-05-01T10:00:00Z"}
            return httpx.Response(200, json={"application_id": "agent-1", **made})
        return httpx.Response(200, json={"result": [], "totalCount": 0, "pagination": {"limit": 10, "offset": 0}})

    clock = Clock()
    writer = Writer(HERE, "a-key-of-the-test", httpx.MockTransport(answer))
    gateway = Gateway(store, writer, Budget(store, HERE, 400, clock), HERE, clock)
    engine = EmbeddedEngine(store, gateway, uploads(store, gateway, HERE, clock), HERE, clock)
    engine.start()
    yield engine
    engine.stop()


def states(store: Store, batch_id: str) -> Counter[RowState]:
    return Counter(store.batches.get(batch_id).counts.by_state)


def test_an_engine_that_is_not_the_owner_any_more_stops_until_it_is_again(
    store: Store, engine: EmbeddedEngine, ownership: Loseable
) -> None:
    before = launch(store, 3, HERE)
    engine.wake(before)
    wait_until(lambda: states(store, before) == {RowState.IN_PROGRESS: 3})
    assert engine.is_owner
    ownership.given = False
    engine.wake(before)
    wait_until(lambda: not engine.is_owner and not engine._tasks)

    meanwhile, asked = launch(store, 3, HERE), ownership.asked
    engine.wake(meanwhile)
    wait_until(lambda: ownership.asked >= asked + 2)
    assert states(store, meanwhile) == {RowState.WAITING: 3}
    assert not engine._tasks

    ownership.given = True
    engine.wake(meanwhile)
    wait_until(lambda: states(store, meanwhile) == {RowState.IN_PROGRESS: 3})
    assert engine.is_owner
    assert len(engine._tasks) == 2
