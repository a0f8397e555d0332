"""The application: which address leads where."""

import time
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.routing import Route

from services.sandbox.api.applications import ApplicationCalls
from services.sandbox.api.files import FileCalls
from services.sandbox.api.graphs import GraphCalls
from services.sandbox.errors import ApiError, answer_api_error, answer_disconnect, answer_http_error
from services.sandbox.examples import add_examples
from services.sandbox.gate import Gate
from services.sandbox.options import DEFAULTS, SandboxOptions
from services.sandbox.store.database import Database
from services.sandbox.store.files import Files
from services.sandbox.store.graphs import Graphs
from services.sandbox.store.jobs import Jobs


def create_app(path: Path, options: SandboxOptions = DEFAULTS, clock: Callable[[], float] = time.time) -> Starlette:
    """Return an ASGI application that keeps its jobs in the SQLite file at `path`, which is made if need be.

    It needs no lifespan events, starts no tasks and runs in any event loop: jobs advance because `clock`, which
    returns epoch seconds, does. The limits are counted by the application; two of them on one file count apart.
    Addresses, methods and answers are those of Writer's public OpenAPI description.
    """
    database = Database(path)
    if options.examples:
        add_examples(database, clock())
    jobs, files, graphs = Jobs(database), Files(database), Graphs(database)
    app = Starlette(
        routes=[
            *_application_routes(ApplicationCalls(jobs, files, options, clock)),
            *_file_routes(FileCalls(files, graphs, options, clock)),
            *_graph_routes(GraphCalls(files, graphs, options, clock)),
        ],
        middleware=[Middleware(Gate, options=options, clock=clock)],
        exception_handlers={
            ApiError: answer_api_error,
            HTTPException: answer_http_error,
            ClientDisconnect: answer_disconnect,
        },
    )
    app.router.redirect_slashes = False
    return app


def _application_routes(calls: ApplicationCalls) -> list[Route]:
    return [
        Route("/v1/applications", calls.list_agents),
        Route("/v1/applications/jobs/{job_id}", calls.get_job),
        Route("/v1/applications/jobs/{job_id}/retry", calls.retry_job, methods=["POST"]),
        Route("/v1/applications/{agent_id}", calls.get_agent),
        Route("/v1/applications/{agent_id}/jobs", calls.list_jobs),
        Route("/v1/applications/{agent_id}/jobs", calls.create_job, methods=["POST"]),
    ]


def _file_routes(calls: FileCalls) -> list[Route]:
    return [
        Route("/v1/files", calls.list_files),
        Route("/v1/files", calls.upload_file, methods=["POST"]),
        Route("/v1/files/retry", calls.retry_files, methods=["POST"]),
        Route("/v1/files/{file_id}", calls.get_file),
        Route("/v1/files/{file_id}", calls.delete_file, methods=["DELETE"]),
    ]


def _graph_routes(calls: GraphCalls) -> list[Route]:
    return [
        Route("/v1/graphs", calls.list_graphs),
        Route("/v1/graphs", calls.create_graph, methods=["POST"]),
        Route("/v1/graphs/{graph_id}", calls.get_graph),
        Route("/v1/graphs/{graph_id}/file", calls.add_file, methods=["POST"]),
        Route("/v1/graphs/{graph_id}/file/{file_id}", calls.remove_file, methods=["DELETE"]),
        Route("/v1/applications/{agent_id}/graphs", calls.of_agent),
        Route("/v1/applications/{agent_id}/graphs", calls.set_for_agent, methods=["PUT"]),
    ]
