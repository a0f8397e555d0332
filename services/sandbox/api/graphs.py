"""The calls for Knowledge Graphs, and for those that an agent uses."""

from collections.abc import Callable, Sequence
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from services.sandbox.agents import Agent, find_agent
from services.sandbox.bodies import read_field, read_ids, read_text
from services.sandbox.errors import bad_request, not_found, quoted
from services.sandbox.options import SandboxOptions
from services.sandbox.paging import cursor_page
from services.sandbox.records import File, Graph
from services.sandbox.store.files import Files
from services.sandbox.store.graphs import Graphs

LONGEST_TEXT = 255
"""Characters of a name or a description."""


class GraphCalls:
    """One method for each call, from a request to its answer; refusals are raised as ApiError."""

    def __init__(self, files: Files, graphs: Graphs, options: SandboxOptions, clock: Callable[[], float]) -> None:
        self._files = files
        self._graphs = graphs
        self._options = options
        self._clock = clock

    def list_graphs(self, request: Request) -> JSONResponse:
        """`GET /v1/graphs`."""
        graphs = [graph.to_wire() for graph in self._graphs.all(self._clock())]
        return JSONResponse(cursor_page(request, graphs, self._options.page_cap))

    async def create_graph(self, request: Request) -> JSONResponse:
        """`POST /v1/graphs`."""
        body = await request.body()
        name, description = (read_text(body, field, LONGEST_TEXT) for field in ("name", "description"))
        if not name.strip():
            raise bad_request('A Knowledge Graph needs a "name".', "fail.graph.name")
        graph = Graph(str(uuid4()), name, description, self._clock())
        await run_in_threadpool(self._graphs.add, graph)
        return JSONResponse(graph.receipt())

    def get_graph(self, request: Request) -> JSONResponse:
        """`GET /v1/graphs/{graph_id}`."""
        return JSONResponse(self._graph(request.path_params["graph_id"]).to_wire())

    async def add_file(self, request: Request) -> JSONResponse:
        """`POST /v1/graphs/{graph_id}/file`."""
        file_id = read_field(await request.body(), "file_id")
        if not isinstance(file_id, str):
            raise bad_request('The body must be an object with a string called "file_id".', "fail.shape")
        file = await run_in_threadpool(self._add_file, request.path_params["graph_id"], file_id)
        return JSONResponse(file.to_wire(self._clock()))

    def remove_file(self, request: Request) -> JSONResponse:
        """`DELETE /v1/graphs/{graph_id}/file/{file_id}`; the file itself stays."""
        graph, file_id = self._graph(request.path_params["graph_id"]), request.path_params["file_id"]
        if not self._files.remove_from_graph(file_id, graph.id):
            raise not_found(f"file in the Knowledge Graph {quoted(graph.name)}", file_id)
        return JSONResponse({"id": file_id, "deleted": True})

    def of_agent(self, request: Request) -> JSONResponse:
        """`GET /v1/applications/{agent_id}/graphs`."""
        return JSONResponse({"graph_ids": self._graphs.of_agent(find_agent(request).id)})

    async def set_for_agent(self, request: Request) -> JSONResponse:
        """`PUT /v1/applications/{agent_id}/graphs`."""
        agent, graph_ids = find_agent(request), read_ids(await request.body(), "graph_ids")
        await run_in_threadpool(self._set_for_agent, agent, graph_ids)
        return JSONResponse({"graph_ids": graph_ids})

    def _add_file(self, graph_id: str, file_id: str) -> File:
        graph = self._graph(graph_id)
        if self._files.get(file_id) is not None:
            self._files.add_to_graph(file_id, graph.id)
        file = self._files.get(file_id)
        if file is None:
            raise not_found("file", file_id)
        return file

    def _set_for_agent(self, agent: Agent, graph_ids: Sequence[str]) -> None:
        if not agent.has_chat:
            words = (
                "Only agents with chat capabilities can have associated Knowledge Graphs, "
                f"and {quoted(agent.name)} has none."
            )
            raise bad_request(words, "fail.application.no_chat")
        for graph_id in graph_ids:
            self._graph(graph_id)
        self._graphs.set_for_agent(agent.id, graph_ids)

    def _graph(self, graph_id: str) -> Graph:
        graph = self._graphs.get(graph_id, self._clock())
        if graph is None:
            raise not_found("Knowledge Graph", graph_id)
        return graph
