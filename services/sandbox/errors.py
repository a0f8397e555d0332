"""Refusals in the form Writer gives them."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

TYPES = {400: "BadRequest", 401: "Unauthorized", 404: "NotFound", 405: "MethodNotAllowed", 429: "TooManyRequests"}


class ApiError(Exception):
    """A request that gets an error for an answer: a status, words for a person, a key for a program."""

    def __init__(self, status: int, description: str, key: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.key = key
        self.headers = headers

    def response(self) -> Response:
        """Return the answer, its body as `fail_response` in Writer's OpenAPI description has it."""
        message = {"description": self.description, "key": self.key, "extras": {}}
        body = {"tpe": TYPES.get(self.status, "Error"), "errors": [message], "extras": {}}
        return JSONResponse(body, self.status, self.headers)


def bad_request(description: str, key: str = "fail.invalid") -> ApiError:
    """Return the error for a request that can never succeed as it is."""
    return ApiError(400, description, key)


def not_found(kind: str, identifier: str) -> ApiError:
    """Return the error for an id that nothing has; `kind` is a word for what was looked for."""
    return ApiError(404, f"There is no {kind} with the id {quoted(identifier)}.", "fail.not_found")


def quoted(value: str) -> str:
    """Return `value` in quotation marks, cut where a message would become unreadable."""
    return f'"{value}"' if len(value) <= 80 else f'"{value[:79]}…"'


async def answer_api_error(_request: Request, error: Exception) -> Response:
    """Answer an ApiError raised by an endpoint."""
    assert isinstance(error, ApiError)  # noqa: S101 - registered for this class only
    return error.response()


async def answer_disconnect(_request: Request, _error: Exception) -> Response:
    """Answer a request that was cut off; nobody is there to read it."""
    return Response(status_code=400)


async def answer_http_error(request: Request, error: Exception) -> Response:
    """Answer what Starlette's routing refuses (an unknown address, a wrong method) in Writer's form."""
    status = getattr(error, "status_code", 400)
    words = {404: "There is nothing at", 405: f"{request.method} is not possible at"}.get(status, "Cannot answer")
    headers = getattr(error, "headers", None)
    return ApiError(status, f"{words} {request.url.path}.", "fail.route", headers).response()
