"""Serves the sandbox over HTTP: `python -m services.sandbox --port 4010`."""

import sys
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from pathlib import Path
from socket import socket

import uvicorn

from services.sandbox.app import create_app
from services.sandbox.options import DEFAULTS, SandboxOptions


def main() -> None:
    """Serve until interrupted, after one line that says where."""
    parser = _parser()
    arguments = parser.parse_args()
    try:
        options = _options(arguments)
    except ValueError as error:
        parser.error(str(error))
    app = create_app(arguments.database, options)
    config = uvicorn.Config(
        app, host=arguments.host, port=arguments.port, log_level="warning", lifespan="off", date_header=False
    )
    Server(config, f"keeping its jobs in {arguments.database}").run()


class Server(uvicorn.Server):
    """A server that says where it listens once it does, for `--port 0` too."""

    def __init__(self, config: uvicorn.Config, remark: str) -> None:
        super().__init__(config)
        self._remark = remark

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        for server in self.servers:
            host, port = server.sockets[0].getsockname()[:2]
            address = f"[{host}]" if ":" in host else host
            sys.stdout.write(f"Sandbox listening on http://{address}:{port}, {self._remark}\n")
            sys.stdout.flush()


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m services.sandbox",
        description="Writer's API in miniature. Any API key will do.",
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add, shortest_longest = parser.add_argument, ("MIN", "MAX")
    add("--port", type=int, default=4010, help="port to listen on; 0 takes a free one")
    add("--host", default="127.0.0.1", help="address to listen on")
    add(
        "--database",
        type=Path,
        default=Path("data/sandbox.db"),
        help="SQLite file for jobs, files, and Knowledge Graphs",
    )
    add("--rpm", type=int, default=DEFAULTS.requests_per_minute, help="requests answered per minute")
    add("--tpm", type=int, default=DEFAULTS.tokens_per_minute, help="tokens that jobs may use per minute")
    add("--latency", type=float, default=DEFAULTS.latency, help="seconds added to each answer")
    add("--fail-rate", type=float, default=DEFAULTS.fail_rate, help="share of jobs that fail at first, 0 to 1")
    add("--slow-rate", type=float, default=DEFAULTS.slow_rate, help="share of jobs that take much longer, 0 to 1")
    add("--file-seconds", type=float, default=DEFAULTS.file_seconds, help="seconds that an uploaded file is processed")
    add("--page-cap", type=int, default=DEFAULTS.page_cap, help="the most that one page of a list holds")
    add(
        "--job-seconds",
        type=float,
        nargs=2,
        metavar=shortest_longest,
        default=DEFAULTS.job_seconds,
        help="shortest and longest time of an ordinary job",
    )
    return parser


def _options(arguments: Namespace) -> SandboxOptions:
    shortest, longest = arguments.job_seconds
    return SandboxOptions(
        requests_per_minute=arguments.rpm,
        tokens_per_minute=arguments.tpm,
        latency=arguments.latency,
        fail_rate=arguments.fail_rate,
        slow_rate=arguments.slow_rate,
        job_seconds=(shortest, longest),
        file_seconds=arguments.file_seconds,
        page_cap=arguments.page_cap,
        examples=True,
    )


if __name__ == "__main__":
    main()
