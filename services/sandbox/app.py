"""The application: which address leads where."""

import time
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from services.sandbox.api import Api
from services.sandbox.database import Database
from services.sandbox.errors import ApiError, answer_api_error, answer_http_error
from services.sandbox.gate import Gate
from services.sandbox.options import DEFAULTS, SandboxOptions


def create_app(path: Path, options: SandboxOptions = DEFAULTS, clock: Callable[[], float] = time.time) -> Starlette:
    """Return an ASGI application that keeps its jobs in the SQLite file at `path`, which is made if need be.

    It needs no lifespan events, starts no tasks and runs in any event loop: jobs advance because `clock`, which
    returns epoch seconds, does. The limits are counted by the application; two of them on one file count apart.
    Addresses, methods and answers are those of Writer's public OpenAPI description.
    """
    api = Api(Database(path), options, clock)
    app = Starlette(
        routes=_routes(api),
        middleware=[Middleware(Gate, options=options, clock=clock)],
        exception_handlers={ApiError: answer_api_error, HTTPException: answer_http_error},
    )
    app.router.redirect_slashes = False
    return app


def _routes(api: Api) -> list[Route]:
    return [
        Route("/v1/applications", api.list_agents),
        Route("/v1/applications/jobs/{job_id}", api.get_job),
        Route("/v1/applications/jobs/{job_id}/retry", api.retry_job, methods=["POST"]),
        Route("/v1/applications/{agent_id}", api.get_agent),
        Route("/v1/applications/{agent_id}/jobs", api.list_jobs),
        Route("/v1/applications/{agent_id}/jobs", api.create_job, methods=["POST"]),
        Route("/v1/files", api.list_files),
        Route("/v1/files", api.upload_file, methods=["POST"]),
        Route("/v1/files/{file_id}", api.get_file),
    ]
