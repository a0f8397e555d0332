"""What answers teach: only an answer to a request that left after a trouble says that it is over."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.clock import Clock
from services.engine.budget import Budget
from services.engine.gateway import Gateway
from services.errors import KeyRefusedError, NoEffectError
from services.models import BatchState, Load, PauseKind
from services.store import Store
from services.writer.client import Writer
from tests.store.making import launch

HERE = "https://writer.test"
JOB = {"id": "job", "status": "in_progress", "application_id": "agent", "created_at": "2026-05-01T10:00:00Z"}


@asynccontextmanager
async def opened(
    tmp_path: Path, answer: Callable[[httpx.Request], Any], rpm: int = 400
) -> AsyncIterator[tuple[Store, Gateway]]:
    """A store, and a gateway to a Writer that answers so."""
    store, clock = Store(f"sqlite:///{tmp_path}/copydesk.db"), Clock()
    writer = Writer(HERE, "a-key-of-the-test", httpx.MockTransport(answer))
    gateway = Gateway(store, writer, Budget(store, HERE, rpm, clock), HERE, clock)
    try:
        yield store, gateway
    finally:
        await gateway.aclose()
        store.close()


async def test_an_answer_to_an_older_request_does_not_hide_that_the_key_is_refused(tmp_path: Path) -> None:
    begun, may_answer = asyncio.Event(), asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("slow"):
            begun.set()
            await may_answer.wait()
        status = 401 if request.url.path.endswith("refused") else 200
        return httpx.Response(status, json=JOB)

    async with opened(tmp_path, answer) as (store, gateway):
        slow = asyncio.create_task(gateway.job("slow"))
        await begun.wait()
        with pytest.raises(KeyRefusedError):
            await gateway.job("refused")
        may_answer.set()
        await slow
        assert store.connections.health(HERE).key_refused_at is not None
        gateway.budget.relax()
        await gateway.job("new")
        assert store.connections.health(HERE).key_refused_at is None


async def test_a_refusal_of_what_was_asked_before_a_person_tried_anew_pauses_nothing(tmp_path: Path) -> None:
    begun, may_answer = asyncio.Event(), asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("slow"):
            begun.set()
            await may_answer.wait()
        return httpx.Response(401)

    states = []
    async with opened(tmp_path, answer) as (store, gateway):
        batch_id = launch(store, 1, HERE)

        def note() -> None:
            batch = store.batches.only(batch_id)
            states.append((batch.state, batch.pause_kind))

        slow = asyncio.create_task(gateway.job("slow"))
        await begun.wait()
        with pytest.raises(KeyRefusedError):
            await gateway.job("refused")
        note()
        store.batches.resume(batch_id, HERE)
        gateway.budget.relax()
        may_answer.set()
        with pytest.raises(KeyRefusedError):
            await slow
        note()
        with pytest.raises(KeyRefusedError):
            await gateway.job("refused")
        note()
    paused = (BatchState.PAUSED, PauseKind.KEY_REFUSED)
    assert states == [paused, (BatchState.RUNNING, None), paused]


async def test_a_key_that_is_refused_for_one_thing_only_is_noted_whatever_else_is_answered(tmp_path: Path) -> None:
    begun, may_answer = asyncio.Event(), asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("forbidden"):
            begun.set()
            await may_answer.wait()
            return httpx.Response(403)
        return httpx.Response(200, json=JOB)

    async with opened(tmp_path, answer) as (store, gateway):
        forbidden = asyncio.create_task(gateway.job("forbidden"))
        await begun.wait()
        await gateway.job("allowed")
        may_answer.set()
        with pytest.raises(KeyRefusedError):
            await forbidden
        assert store.connections.health(HERE).key_refused_at is not None


async def test_a_person_who_finds_the_limit_used_up_makes_nobody_hold(tmp_path: Path) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=JOB)

    async with opened(tmp_path, answer, rpm=10) as (_, gateway):
        for _ in range(10):
            await gateway.budget.acquire()
        with pytest.raises(NoEffectError, match="limit is used up"):
            await gateway.agents()
        assert asked == []
        assert gateway.budget.load() == Load(last_minute=10, limit=10, used_up=True), (
            "nobody may have been made to hold"
        )
