"""The calls for uploaded files."""

from collections.abc import Callable
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from services.sandbox.bodies import read_ids
from services.sandbox.errors import bad_request, not_found, quoted
from services.sandbox.options import SandboxOptions
from services.sandbox.paging import cut, one_of, page_of
from services.sandbox.plans import file_outcome
from services.sandbox.records import STATUSES, File
from services.sandbox.store.files import Files
from services.sandbox.store.graphs import Graphs
from services.sandbox.uploads import extension_of, read_name, receive


class FileCalls:
    """One method for each call, from a request to its answer; refusals are raised as ApiError."""

    def __init__(self, files: Files, graphs: Graphs, options: SandboxOptions, clock: Callable[[], float]) -> None:
        self._files = files
        self._graphs = graphs
        self._options = options
        self._clock = clock

    def list_files(self, request: Request) -> JSONResponse:
        """`GET /v1/files`."""
        graph_id = self._graph_id(request, "graph_id")
        status, types = one_of(request, "status", STATUSES), request.query_params.get("file_types")
        now = self._clock()
        named = self._files.named(status, graph_id, now)
        if types is not None:
            named = [(file_id, name) for file_id, name in named if extension_of(name) in types.lower().split(",")]
        ids, has_more = cut(request, [file_id for file_id, _ in named], self._options.page_cap)
        files = [file.to_wire(now) for file_id in ids if (file := self._files.get(file_id))]
        return JSONResponse(page_of(files, has_more))

    async def upload_file(self, request: Request) -> JSONResponse:
        """`POST /v1/files`; the answer names no Knowledge Graph even when the file is in one, as Writer has it."""
        # read to its end even if it's refused: a sender who still sends might never see the answer
        content = await receive(request)
        name = read_name(request.headers)
        if not content.size:
            raise bad_request(f"The file {quoted(name)} is empty.", "fail.file.empty")
        is_again = await run_in_threadpool(self._files.was_uploaded, name, content.sha256)
        now, outcome = self._clock(), file_outcome(name, retried=is_again)
        finishes_at = now + self._options.file_seconds
        file = File(str(uuid4()), name, content.size, content.sha256, now, finishes_at, outcome)
        await run_in_threadpool(self._add, file, request)
        return JSONResponse(file.to_wire(now))

    def get_file(self, request: Request) -> JSONResponse:
        """`GET /v1/files/{file_id}`."""
        return JSONResponse(self._file(request.path_params["file_id"]).to_wire(self._clock()))

    def delete_file(self, request: Request) -> JSONResponse:
        """`DELETE /v1/files/{file_id}`."""
        file_id: str = request.path_params["file_id"]
        if not self._files.delete(file_id):
            raise not_found("file", file_id)
        return JSONResponse({"id": file_id, "deleted": True})

    async def retry_files(self, request: Request) -> JSONResponse:
        """`POST /v1/files/retry`; either all files are processed once more, or none is."""
        await run_in_threadpool(self._process_again, read_ids(await request.body(), "file_ids"))
        return JSONResponse({"success": True})

    def _add(self, file: File, request: Request) -> None:
        self._files.add(file, self._graph_id(request, "graphId"))

    def _process_again(self, file_ids: list[str]) -> None:
        now = self._clock()
        files = [self._file(file_id) for file_id in file_ids]
        for file in files:
            if file.status(now) != "failed":
                words = f"Only a file whose processing failed can be retried, and {quoted(file.name)} is not one."
                raise bad_request(words, "fail.file.not_failed")
        for file in files:
            finishes_at = now + self._options.file_seconds
            self._files.process_again(file.id, finishes_at, file_outcome(file.name, retried=True))

    def _file(self, file_id: str) -> File:
        file = self._files.get(file_id)
        if file is None:
            raise not_found("file", file_id)
        return file

    def _graph_id(self, request: Request, parameter: str) -> str | None:
        graph_id = request.query_params.get(parameter)
        if graph_id is not None and self._graphs.get(graph_id, self._clock()) is None:
            raise not_found("Knowledge Graph", graph_id)
        return graph_id
