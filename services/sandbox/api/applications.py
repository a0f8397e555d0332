"""The calls for agents and their jobs."""

from collections.abc import Callable, Mapping
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from services.sandbox.agents import AGENTS, Agent, find_agent
from services.sandbox.choice import Chooser
from services.sandbox.errors import bad_request, not_found
from services.sandbox.inputs import check_files, is_url, read_inputs
from services.sandbox.limits import Window, too_many
from services.sandbox.options import SandboxOptions
from services.sandbox.paging import DEFAULT_LIMIT, cursor_page, one_of, whole_number
from services.sandbox.plans import fingerprint, ordinary_seconds, plan, tokens
from services.sandbox.records import STATUSES, File, Job
from services.sandbox.store.files import Files
from services.sandbox.store.jobs import Jobs


class ApplicationCalls:
    """One method for each call, from a request to its answer; refusals are raised as ApiError."""

    def __init__(self, jobs: Jobs, files: Files, options: SandboxOptions, clock: Callable[[], float]) -> None:
        self._jobs = jobs
        self._files = files
        self._options = options
        self._clock = clock
        self._tokens = Window(options.tokens_per_minute)

    async def list_agents(self, request: Request) -> JSONResponse:
        """`GET /v1/applications`."""
        one_of(request, "type", ("generation",))
        return JSONResponse(cursor_page(request, [agent.to_wire() for agent in AGENTS], self._options.page_cap))

    async def get_agent(self, request: Request) -> JSONResponse:
        """`GET /v1/applications/{agent_id}`."""
        return JSONResponse(find_agent(request).to_wire())

    async def create_job(self, request: Request) -> JSONResponse:
        """`POST /v1/applications/{agent_id}/jobs`."""
        agent = find_agent(request)
        inputs = read_inputs(agent, await request.body())
        job = await run_in_threadpool(self._create, agent, inputs)
        return JSONResponse(job.receipt(), 202)

    def list_jobs(self, request: Request) -> JSONResponse:
        """`GET /v1/applications/{agent_id}/jobs`."""
        agent = find_agent(request)
        status = one_of(request, "status", STATUSES)
        offset = whole_number(request, "offset", 0, 0)
        limit = min(whole_number(request, "limit", DEFAULT_LIMIT, 1), self._options.page_cap)
        now = self._clock()
        jobs, total = self._jobs.page(agent.id, status, now, offset, limit)
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
        retried = self._jobs.retry(job.id, now, finishes_at)
        if retried is None:
            raise refusal
        return JSONResponse(retried.receipt(), 202)

    def _create(self, agent: Agent, inputs: dict[str, list[str]]) -> Job:
        files = self._files_in(agent, inputs)
        check_files(agent, inputs, files, self._clock())
        mark = fingerprint(agent.id, _described(inputs, files, lambda file: f"{file.name} {file.sha256}"))
        inputs = _described(inputs, files, lambda file: file.name)
        text = agent.write(inputs, Chooser(mark))
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
        self._jobs.add(job)
        return job

    def _files_in(self, agent: Agent, inputs: Mapping[str, list[str]]) -> dict[str, File | None]:
        """Return the files that the inputs name, by their ids."""
        names = [each.name for each in agent.inputs if each.kind in {"file", "media"}]
        ids = [value for name in names for value in inputs.get(name, ()) if not is_url(value)]
        return {file_id: self._files.get(file_id) for file_id in ids}

    def _spend(self, amount: int, now: float) -> None:
        wait = self._tokens.take(amount, now)
        if wait:
            raise too_many("tokens", self._options.tokens_per_minute, wait)

    def _job(self, request: Request) -> Job:
        job_id: str = request.path_params["job_id"]
        job = self._jobs.get(job_id)
        if job is None:
            raise not_found("job", job_id)
        return job


def _described(
    inputs: Mapping[str, list[str]], files: Mapping[str, File | None], describe: Callable[[File], str]
) -> dict[str, list[str]]:
    """Return the inputs with a description of each file in place of its id."""

    def described(value: str) -> str:
        file = files.get(value)
        return describe(file) if file else value

    return {name: [described(value) for value in values] for name, values in inputs.items()}
