"""Requests and answers as the API has them, without a network."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import Enum, auto
from typing import Any

from tests.support.double.options import Kind


@dataclass(frozen=True)
class Request:
    """What a client asks."""

    method: str
    path: str
    query: dict[str, str]
    token: str
    content: bytes

    @property
    def body(self) -> Any:
        """The JSON that came with it; None where none can be read."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


@dataclass
class Answer:
    """What it is answered."""

    status: int
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    at: float = 0.0
    """When, by Writer's clock."""

    @property
    def all_headers(self) -> dict[str, str]:
        """With the time by Writer's clock."""
        return {"Date": http_date(self.at), **self.headers}


class Drop(Enum):
    """What becomes of a connection instead of an answer."""

    REFUSED = auto()
    RESET = auto()
    SILENT = auto()


Outcome = Answer | Drop

_ROUTES = (
    ("GET", re.compile(r"/v1/applications()"), Kind.AGENTS),
    ("GET", re.compile(r"/v1/applications/jobs/([^/]+)"), Kind.JOB),
    ("POST", re.compile(r"/v1/applications/jobs/([^/]+)/retry"), Kind.RETRY),
    ("GET", re.compile(r"/v1/applications/([^/]+)"), Kind.AGENT),
    ("POST", re.compile(r"/v1/applications/([^/]+)/jobs"), Kind.CREATE),
    ("GET", re.compile(r"/v1/applications/([^/]+)/jobs"), Kind.LIST),
)


def route(request: Request) -> tuple[Kind, str]:
    """What a request asks for, and the id in its path."""
    for method, path, kind in _ROUTES:
        if method == request.method and (found := path.fullmatch(request.path)):
            return kind, found[1]
    return Kind.OTHER, ""


def text_of(body: Any) -> str:
    """A row's own text: all the values of its inputs."""
    try:
        return " | ".join(value for item in body["inputs"] for value in item["value"])
    except (TypeError, KeyError):
        return ""


def json_answer(status: int, body: object, headers: dict[str, str] | None = None) -> Answer:
    """An answer with JSON."""
    content = json.dumps(body, separators=(",", ":")).encode()
    return Answer(status, content, {"Content-Type": "application/json", **(headers or {})})


def error(status: int, words: str, headers: dict[str, str] | None = None) -> Answer:
    """Writer's kind of refusal."""
    errors = [{"description": words, "key": "fail.double", "extras": {}}]
    return json_answer(status, {"tpe": "fail", "errors": errors, "extras": {}}, headers)


def html(status: int, words: str) -> Answer:
    """A gateway's kind of error."""
    return Answer(status, f"<html><body><h1>{words}</h1></body></html>".encode(), {"Content-Type": "text/html"})


def slow_down(wait: int, style: str | None, now: float) -> Answer:
    """429, that tells how long to wait in `seconds`, as a `date`, or not (None)."""
    told = {"seconds": str(wait), "date": http_date(now + wait)}
    return error(429, "Too many requests.", {"Retry-After": told[style]} if style else None)


def http_date(moment: float) -> str:
    """A time as HTTP's headers have it."""
    return format_datetime(datetime.fromtimestamp(int(moment), UTC), usegmt=True)
