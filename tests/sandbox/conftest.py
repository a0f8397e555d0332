"""A sandbox in process, on a clock of the test's own, with every answer held against the contract."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.sandbox import SandboxOptions, create_app
from tests.contract import check_answer

START = 1_780_000_000.0


class Clock:
    """Epoch seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


async def check_contract(response: httpx.Response) -> None:
    await response.aread()
    check_answer(response)


class Caller:
    """What tests say to a sandbox, in few words."""

    def __init__(self, http: httpx.AsyncClient, agents: dict[str, str]) -> None:
        self.http = http
        self.agents = agents

    async def post_job(self, agent: str, inputs: object) -> httpx.Response:
        return await self.http.post(f"/v1/applications/{self.agents[agent]}/jobs", json={"inputs": inputs})

    async def create(self, agent: str, **values: list[str]) -> str:
        """Create a job, with underscores for the blanks in the inputs' names, and return its id."""
        inputs = [{"id": name.replace("_", " "), "value": value} for name, value in values.items()]
        response = await self.post_job(agent, inputs)
        assert response.status_code == 202, response.text
        return str(response.json()["id"])

    async def upload(self, name: str, content: bytes = b"words", **query: str) -> dict[str, Any]:
        headers = {"Content-Type": "text/plain", "Content-Disposition": f'attachment; filename="{name}"'}
        response = await self.http.post("/v1/files", content=content, headers=headers, params=query)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def file(self, file_id: str) -> dict[str, Any]:
        response = await self.http.get(f"/v1/files/{file_id}")
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def create_post(self, product: str) -> str:
        return await self.create("Social post", Product=[product], Channel=["X"])

    async def job(self, job_id: str) -> dict[str, Any]:
        response = await self.http.get(f"/v1/applications/jobs/{job_id}")
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def posts(self, **query: str | int) -> dict[str, Any]:
        """Return a page of the jobs of the agent "Social post"."""
        response = await self.http.get(f"/v1/applications/{self.agents['Social post']}/jobs", params=query)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def retry(self, job_id: str) -> httpx.Response:
        return await self.http.post(f"/v1/applications/jobs/{job_id}/retry")


async def open_caller(stack: AsyncExitStack, app: Any) -> Caller:
    http = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://sandbox",
        headers={"Authorization": "Bearer any"},
        event_hooks={"response": [check_contract]},
    )
    await stack.enter_async_context(http)
    listed = (await http.get("/v1/applications")).json()["data"]
    return Caller(http, {agent["name"]: agent["id"] for agent in listed})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "sandbox.db"


@pytest.fixture
async def opened(path: Path, clock: Clock) -> AsyncIterator[Callable[..., Any]]:
    """Open a sandbox with the options given, on the test's file or another; several on one file are possible."""
    async with AsyncExitStack() as stack:

        async def open_sandbox(file: Path = path, **options: Any) -> Caller:
            return await open_caller(stack, create_app(file, SandboxOptions(**options), clock))

        yield open_sandbox


@pytest.fixture
async def sandbox(opened: Callable[..., Any]) -> Caller:
    """Return a sandbox in which jobs take 2 seconds and none fails, and files are ready at once."""
    caller: Caller = await opened(fail_rate=0, slow_rate=0, job_seconds=(2, 2), file_seconds=0)
    return caller
