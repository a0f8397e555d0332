"""The calls. Those that are not `async` run in threads, because they read or write the database."""

from collections.abc import Callable, Mapping
from email.message import Message
from pathlib import PurePath
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from services.sandbox.agents import AGENTS, BY_ID, Agent
from services.sandbox.choice import Chooser
from services.sandbox.database import Database
from services.sandbox.errors import bad_request, not_found, quoted
from services.sandbox.inputs import read_inputs
from services.sandbox.limits import Window, too_many
from services.sandbox.options import SandboxOptions
from services.sandbox.paging import DEFAULT_LIMIT, cursor_page, one_of, whole_number
from services.sandbox.plans import fingerprint, ordinary_seconds, plan, tokens
from services.sandbox.records import File, Job

STATUSES = ("in_progress", "completed", "failed")


class Api:
    """One method for each call, from a request to its answer; refusals are raised as ApiError."""

    def __init__(self, database: Database, options: SandboxOptions, clock: Callable[[], float]) -> None:
        self._database = database
        self._options = options
        self._clock = clock
        self._tokens = Window(options.tokens_per_minute)

    async def list_agents(self, request: Request) -> JSONResponse:
        """`GET /v1/applications`."""
        one_of(request, "type", ("generation",))
        return JSONResponse(cursor_page(request, [agent.to_wire() for agent in AGENTS], self._options.page_cap))

    async def get_agent(self, request: Request) -> JSONResponse:
        """`GET /v1/applications/{agent_id}`."""
        return JSONResponse(_agent(request).to_wire())

    async def create_job(self, request: Request) -> JSONResponse:
        """`POST /v1/applications/{agent_id}/jobs`."""
        agent = _agent(request)
        inputs = read_inputs(agent, await request.body())
        job = await run_in_threadpool(self._create, agent, inputs)
        return JSONResponse(job.receipt(), 202)

    def list_jobs(self, request: Request) -> JSONResponse:
        """`GET /v1/applications/{agent_id}/jobs`."""
        agent = _agent(request)
        status = one_of(request, "status", STATUSES)
        offset = whole_number(request, "offset", 0, 0)
        limit = min(whole_number(request, "limit", DEFAULT_LIMIT, 1), self._options.page_cap)
        now = self._clock()
        jobs, total = self._database.jobs(agent.id, status, now, offset, limit)
        pagination = {"offset": offset, "limit": limit}
        return JSONResponse(
            {"result": [job.to_wire(now) for job in jobs], "totalCount": total, "pagination": pagination}
        )

    def get_job(self, request: Request) -> JSONResponse:
        """`GET /v1/applications/jobs/{job_id}`."""
        return JSONResponse(self._job(request).to_wire(self._clock()))

    def retry_job(self, request: Request) -> JSONResponse:
        """`POST /v1/applications/jobs/{job_id}/retry`; the job keeps its id."""
        job, now = self._job(request), self._clock()
        refusal = bad_request("Only a failed job can be retried, and this one is not.", "fail.job.not_failed")
        if job.to_wire(now)["status"] != "failed":
            raise refusal
        self._spend(job.tokens, now)
        finishes_at = now + ordinary_seconds(job.fingerprint, self._options)
        retried = self._database.retry_job(job.id, now, finishes_at)
        if retried is None:
            raise refusal
        return JSONResponse(retried.receipt(), 202)

    def list_files(self, request: Request) -> JSONResponse:
        """`GET /v1/files`."""
        _refuse_graph(request, "graph_id")
        status = one_of(request, "status", STATUSES)
        types = request.query_params.get("file_types")
        now = self._clock()
        files = [file.to_wire(now) for file in self._database.files() if types is None or _has_type(file, types)]
        chosen = [file for file in files if status in {None, file["status"]}]
        return JSONResponse(cursor_page(request, chosen, self._options.page_cap))

    async def upload_file(self, request: Request) -> JSONResponse:
        """`POST /v1/files`; the content is counted, not kept."""
        _refuse_graph(request, "graphId")
        name = _file_name(request.headers)
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
        if not size:
            raise bad_request(f"The file {quoted(name)} is empty.", "fail.file.empty")
        file = File(str(uuid4()), name, self._clock())
        await run_in_threadpool(self._database.add_file, file)
        return JSONResponse(file.to_wire(file.created_at))

    def get_file(self, request: Request) -> JSONResponse:
        """`GET /v1/files/{file_id}`."""
        file_id: str = request.path_params["file_id"]
        file = self._database.file(file_id)
        if file is None:
            raise not_found("file", file_id)
        return JSONResponse(file.to_wire(self._clock()))

    def _create(self, agent: Agent, inputs: dict[str, list[str]]) -> Job:
        mark = fingerprint(agent.id, inputs)
        text = agent.write(self._with_file_names(agent, inputs), Chooser(mark))
        used = tokens(inputs, text.suggestion)
        now, course = self._clock(), plan(mark, self._options)
        self._spend(used, now)
        job = Job(
            id=str(uuid4()),
            agent_id=agent.id,
            fingerprint=mark,
            created_at=now,
            started_at=now,
            finishes_at=now + course.seconds,
            outcome="completed",
            error=course.error,
            title=text.title,
            suggestion=text.suggestion,
            tokens=used,
        )
        self._database.add_job(job)
        return job

    def _with_file_names(self, agent: Agent, inputs: dict[str, list[str]]) -> dict[str, list[str]]:
        """Return the inputs with the names of uploaded files for their ids: better words to write from."""
        named = dict(inputs)
        for each in agent.inputs:
            if each.kind in {"file", "media"}:
                files = {value: self._database.file(value) for value in inputs[each.name]}
                named[each.name] = [file.name if file else value for value, file in files.items()]
        return named

    def _spend(self, amount: int, now: float) -> None:
        wait = self._tokens.take(amount, now)
        if wait:
            raise too_many("tokens", self._options.tokens_per_minute, wait)

    def _job(self, request: Request) -> Job:
        job_id: str = request.path_params["job_id"]
        job = self._database.job(job_id)
        if job is None:
            raise not_found("job", job_id)
        return job


def _agent(request: Request) -> Agent:
    agent_id: str = request.path_params["agent_id"]
    if agent_id not in BY_ID:
        raise not_found("application", agent_id)
    return BY_ID[agent_id]


def _refuse_graph(request: Request, name: str) -> None:
    graph_id = request.query_params.get(name)
    if graph_id is not None:
        raise not_found("Knowledge Graph", graph_id)


def _has_type(file: File, types: str) -> bool:
    return PurePath(file.name).suffix.lower().lstrip(".") in types.lower().split(",")


def _file_name(headers: Mapping[str, str]) -> str:
    for header in ("Content-Type", "Content-Disposition"):
        if not headers.get(header, "").strip():
            raise bad_request(f'The header "{header}" is missing.', "fail.header")
    message = Message()
    message["Content-Disposition"] = headers["Content-Disposition"]
    name = message.get_filename()
    if not name:
        words = 'The header "Content-Disposition" must name the file: attachment; filename="brief.pdf".'
        raise bad_request(words, "fail.header")
    return name
