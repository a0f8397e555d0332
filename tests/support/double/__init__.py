"""A double of Writer's API that keeps books, and misbehaves as it is told.

It runs in process under any clock (`FaultyTransport`, or `asgi_app` with httpx.ASGITransport) and over HTTP (`Served`,
or `python -m tests.support.double --port 4011`). It shares no code with Copydesk, and holds what Copydesk does against
what was really asked of it.
"""

from tests.support.double.app import asgi_app
from tests.support.double.books import US, Books, Entry
from tests.support.double.core import AGENT_ID, Double, Time
from tests.support.double.jobs import is_for, suggestion_for
from tests.support.double.options import Fault, Kind, Options, Order, Overload
from tests.support.double.served import Served
from tests.support.double.transport import FaultyTransport

__all__ = [
    "AGENT_ID",
    "US",
    "Books",
    "Double",
    "Entry",
    "Fault",
    "FaultyTransport",
    "Kind",
    "Options",
    "Order",
    "Overload",
    "Served",
    "Time",
    "asgi_app",
    "is_for",
    "suggestion_for",
]
