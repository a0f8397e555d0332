"""Serve the double: `python -m tests.support.double --port 4011 --rpm 400 --fault reset_after=0.1`."""

import argparse
import socket

import uvicorn

from tests.support.double.core import Double
from tests.support.double.options import Fault, Options, Order, Span
from tests.support.double.served import server_config


def main() -> None:
    """Serve until interrupted; `GET /books` tells what was asked."""
    given = _parser().parse_args()
    options = Options(
        **{name: value for name, value in vars(given).items() if name not in ("port", "fault")},
        faults=dict(given.fault),
    )
    server = uvicorn.Server(server_config(Double(options)))
    with socket.create_server(("127.0.0.1", given.port)) as listening:
        print(f"Double listening on http://127.0.0.1:{listening.getsockname()[1]}", flush=True)  # noqa: T201
        server.run([listening])


def _parser() -> argparse.ArgumentParser:
    standard = Options()
    parser = argparse.ArgumentParser(prog="python -m tests.support.double", description=__doc__)
    parser.add_argument("--port", type=int, default=4011, help="0 takes any free one")
    for name in ("duration", "latency", "effect_delay", "slow"):
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=_span, default=getattr(standard, name), metavar="S or S-S")
    for name in ("fail_share", "lag", "skew", "other_share", "strangers_per_minute"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=getattr(standard, name))
    for name in ("seed", "page_cap", "failing_attempts", "rpm", "tokens_per_minute", "tokens_per_job"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(standard, name))
    parser.add_argument("--order", type=Order, default=standard.order, choices=list(Order))
    parser.add_argument("--retry-after", choices=["seconds", "date"])
    for name in ("retry_gives_new_id", "strangers_take_tokens"):
        parser.add_argument(f"--{name.replace('_', '-')}", action="store_true")
    parser.add_argument("--fault", type=_fault, action="append", default=[], metavar="NAME=CHANCE")
    return parser


def _span(text: str) -> Span:
    least, _, most = text.partition("-")
    return (float(least), float(most)) if most else float(least)


def _fault(text: str) -> tuple[Fault, float]:
    name, _, chance = text.partition("=")
    return Fault(name), float(chance)


if __name__ == "__main__":
    main()
