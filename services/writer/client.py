"""The thin client of Writer's API: one method, one request, and no second try.

Every method raises what `services.writer.transport` says. The facts about the API are those of Writer's reference, and
of the official SDK where the reference is silent.
"""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar
from urllib.parse import quote

import httpx

from services.errors import FileError
from services.models import Agent, Graph, Inputs, Job, JobPage, JobState, WriterFile, WriterFilePage, WriterFileState
from services.writer.disposition import attachment
from services.writer.transport import Transport
from services.writer.wire.agents import read_agent, read_agent_page
from services.writer.wire.errors import check_confirmed
from services.writer.wire.files import read_file, read_file_page
from services.writer.wire.graphs import read_graph, read_graph_ids, read_graph_page
from services.writer.wire.jobs import job_request, read_accepted_job, read_job, read_job_page
from services.writer.wire.pages import CursorPage

MAX_PAGES = 200
"""The end of a list is believed after this many pages."""

LONGEST_PAGE = 100
"""The most files or Knowledge Graphs that Writer gives at once."""

UPLOAD_S_PER_MEGABYTE = 1.0
"""Seconds that an upload may take in all, for each of its megabytes, on top of the deadline of any request."""

BeforeRequest = Callable[[], Awaitable[object]]
Item = TypeVar("Item", Agent, Graph)


class Writer:
    """Writer's API for one key. Close it with `aclose` when done."""

    def __init__(self, connection_url: str, key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Take where the API is (without `/v1`), the API key, and for an API in this process its transport."""
        self._transport = Transport(connection_url, key, transport)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def agents(self, before_request: BeforeRequest | None = None) -> list[Agent]:
        """Return all agents that can be used, in Writer's order.

        This takes a request for each page of 50. `before_request` is awaited before each of them leaves, the first one
        included, for the budget to have its say. A server that repeats a page ends the list.
        """
        return await _all_pages(self._agent_page, before_request)

    async def agent(self, agent_id: str) -> Agent:
        """Return one agent with its inputs as they are now."""
        answer = await self._transport.call("GET", _agent_path(agent_id), "this agent")
        return read_agent(answer.body)

    async def create_job(self, agent_id: str, inputs: Inputs) -> Job:
        """Start the agent on the inputs, and return the job, in progress."""
        path = f"{_agent_path(agent_id)}/jobs"
        answer = await self._transport.call("POST", path, "this agent", json=job_request(inputs))
        return read_accepted_job(answer.body, answer.server_time)

    async def job(self, job_id: str) -> Job:
        """Return one job as it stands."""
        answer = await self._transport.call("GET", f"/v1/applications/jobs/{_part(job_id)}", "this job")
        return read_job(answer.body, answer.server_time, job_id)

    async def jobs(self, agent_id: str, *, state: JobState | None = None, offset: int = 0, limit: int = 100) -> JobPage:
        """Return a page of the agent's jobs, everybody's, in no documented order; Writer may cap `limit`.

        `state` asks for the jobs in that state only.
        """
        params: dict[str, str | int] = {"offset": offset, "limit": limit}
        if state is not None:
            params["status"] = state.value
        answer = await self._transport.call("GET", f"{_agent_path(agent_id)}/jobs", "this agent", params=params)
        return read_job_page(answer.body, answer.server_time)

    async def retry_job(self, job_id: str) -> Job:
        """Start a failed job once more, and return it, in progress; its id may be the same or a new one."""
        answer = await self._transport.call("POST", f"/v1/applications/jobs/{_part(job_id)}/retry", "this job")
        return read_accepted_job(answer.body, answer.server_time)

    async def upload_file(
        self, name: str, media_type: str, size: int, content: AsyncIterable[bytes], graph_id: str | None = None
    ) -> WriterFile:
        """Upload a file of `size` bytes, and return it; it can be used once its state is `completed`.

        `content` is sent piece by piece, never held as a whole. If a Knowledge Graph is given, the file is added to it,
        though the answer doesn't say so. `media_type` is ASCII.

        Raises:
            FileError: `content` isn't `size` bytes long. As with an error that `content` itself raises, the request
                was cut off before its end.
        """
        headers = {
            "Content-Type": media_type,
            "Content-Disposition": attachment(name),
            "Content-Length": str(size),
        }
        answer = await self._transport.call(
            "POST",
            "/v1/files",
            "this Knowledge Graph",
            params={} if graph_id is None else {"graphId": graph_id},
            headers=headers,
            content=_exactly(size, content, name),
            extra_seconds=size / 1_000_000 * UPLOAD_S_PER_MEGABYTE,
        )
        return read_file(answer.body)

    async def file(self, file_id: str) -> WriterFile:
        """Return one file as it stands."""
        answer = await self._transport.call("GET", f"/v1/files/{_part(file_id)}", "this file")
        return read_file(answer.body)

    async def files(
        self, state: WriterFileState | None = None, graph_id: str | None = None, after: str | None = None
    ) -> WriterFilePage:
        """Return a page of the files, newest first: of those in that state, of those in that Knowledge Graph.

        `after` is the `next_after` of the page before.
        """
        asked = {"status": state and state.value, "graph_id": graph_id, "after": after}
        params: dict[str, str | int] = {name: value for name, value in asked.items() if value is not None}
        answer = await self._transport.call(
            "GET", "/v1/files", "this Knowledge Graph", params={**params, "limit": LONGEST_PAGE}
        )
        return read_file_page(answer.body)

    async def delete_file(self, file_id: str) -> None:
        """Delete a file for good, also from its Knowledge Graphs."""
        answer = await self._transport.call("DELETE", f"/v1/files/{_part(file_id)}", "this file")
        check_confirmed(answer.body, "deleted")

    async def retry_files(self, file_ids: Sequence[str]) -> None:
        """Have files processed once more whose processing failed."""
        body = {"file_ids": list(file_ids)}
        answer = await self._transport.call("POST", "/v1/files/retry", "one of these files", json=body)
        check_confirmed(answer.body, "success")

    async def graphs(self, before_request: BeforeRequest | None = None) -> list[Graph]:
        """Return all Knowledge Graphs, in Writer's order; `before_request` is as in `agents`."""
        return await _all_pages(self._graph_page, before_request)

    async def create_graph(self, name: str, description: str) -> Graph:
        """Create a Knowledge Graph without files, and return it; both texts have 255 characters at the most."""
        body = {"name": name, "description": description}
        answer = await self._transport.call("POST", "/v1/graphs", "its Knowledge Graphs", json=body)
        return read_graph(answer.body)

    async def graph(self, graph_id: str) -> Graph:
        """Return one Knowledge Graph as it stands."""
        answer = await self._transport.call("GET", f"/v1/graphs/{_part(graph_id)}", "this Knowledge Graph")
        return read_graph(answer.body)

    async def add_to_graph(self, graph_id: str, file_id: str) -> WriterFile:
        """Add an uploaded file to a Knowledge Graph, and return the file."""
        path, subject = f"/v1/graphs/{_part(graph_id)}/file", "this file or this Knowledge Graph"
        answer = await self._transport.call("POST", path, subject, json={"file_id": file_id})
        return read_file(answer.body)

    async def remove_from_graph(self, graph_id: str, file_id: str) -> None:
        """Remove a file from a Knowledge Graph; the file itself stays."""
        path = f"/v1/graphs/{_part(graph_id)}/file/{_part(file_id)}"
        answer = await self._transport.call("DELETE", path, "this file in this Knowledge Graph")
        check_confirmed(answer.body, "deleted")

    async def agent_graphs(self, agent_id: str) -> tuple[str, ...]:
        """Return the ids of the Knowledge Graphs that the agent uses."""
        answer = await self._transport.call("GET", f"{_agent_path(agent_id)}/graphs", "this agent")
        return read_graph_ids(answer.body)

    async def set_agent_graphs(self, agent_id: str, ids: Sequence[str]) -> tuple[str, ...]:
        """Have the agent use these Knowledge Graphs and no others, and return their ids as Writer keeps them.

        Writer refuses this for an agent without chat capabilities.
        """
        path, subject = f"{_agent_path(agent_id)}/graphs", "this agent or one of these Knowledge Graphs"
        answer = await self._transport.call("PUT", path, subject, json={"graph_ids": list(ids)})
        return read_graph_ids(answer.body)

    async def _agent_page(self, after: str | None) -> CursorPage[Agent]:
        params = {} if after is None else {"after": after}
        answer = await self._transport.call("GET", "/v1/applications", "the list of agents", params=params)
        return read_agent_page(answer.body)

    async def _graph_page(self, after: str | None) -> CursorPage[Graph]:
        params: dict[str, str | int] = (
            {"limit": LONGEST_PAGE} if after is None else {"limit": LONGEST_PAGE, "after": after}
        )
        answer = await self._transport.call("GET", "/v1/graphs", "the list of Knowledge Graphs", params=params)
        return read_graph_page(answer.body)


async def _all_pages(
    read_page: Callable[[str | None], Awaitable[CursorPage[Item]]], before_request: BeforeRequest | None
) -> list[Item]:
    found: dict[str, Item] = {}
    cursors: list[str | None] = [None]
    while len(cursors) <= MAX_PAGES:
        if before_request is not None:
            await before_request()
        page = await read_page(cursors[-1])
        found |= {item.id: item for item in page.items}
        if page.next_after is None or page.next_after in cursors:
            break
        cursors.append(page.next_after)
    return list(found.values())


async def _exactly(size: int, content: AsyncIterable[bytes], name: str) -> AsyncIterator[bytes]:
    """Give the content on, its last piece only once it's known to be as long as it should be."""
    changed = FileError(f"“{name}” changed while it was being uploaded. Upload it again.")
    total, held = 0, b""
    async for piece in content:
        total += len(piece)
        if total > size:
            raise changed
        if piece:
            yield held
            held = piece
    if total < size:
        raise changed
    yield held


def _agent_path(agent_id: str) -> str:
    return f"/v1/applications/{_part(agent_id)}"


def _part(identifier: str) -> str:
    return quote(identifier, safe="")
