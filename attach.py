"""The form that attaches files to a draft, and where it sends them.

Streamlit's own field for files holds all of them in memory and freezes the browser with a folder of 10,000. This form
stands in a frame of the page, and sends files one by one to this server, which streams each to the disk.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from components.page import the_desk
from services.desk import Upload
from services.errors import MissingError

_ASSETS = Path(__file__).parent / "components/assets"
_MB = 1024 * 1024
_POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
}


def form(request: Request) -> Response:
    """The form for one draft, to stand in a frame of the page."""
    most = the_desk().settings.max_file_mb
    page = (_ASSETS / "attach.html").read_text(encoding="utf-8")
    theme = "dark" if request.query_params.get("theme") == "dark" else "light"
    draft_id = request.path_params["draft_id"]
    values = {"theme": theme, "draft_id": draft_id, "most_bytes": most * _MB, "most": f"{most:,} MB"}
    return HTMLResponse(page.format(**{name: escape(str(value)) for name, value in values.items()}), headers=_POLICY)


async def receive(request: Request) -> Response:
    """Take one file, and say what of it was stored, and what was left out and why.

    The header keeps other sites from sending files in a visitor's name: a browser asks us first, and we don't agree.
    """
    if request.headers.get("X-Copydesk") != "attach":
        return PlainTextResponse("Files are attached with the form of a draft.", 403)
    desk, name = the_desk(), request.query_params.get("name", "")
    most = desk.settings.max_file_mb * _MB
    with TemporaryFile() as file:
        if not await _received(request, file, most):
            return _answer(0, [f"“{name}” has more than {desk.settings.max_file_mb:,} MB. Make it smaller."], 413)
        try:
            attached = await to_thread.run_sync(
                desk.files.attach, request.path_params["draft_id"], [Upload(name, file)]
            )
        except MissingError as error:
            return _answer(0, [str(error)], 404)
    return _answer(attached.stored, attached.notes)


def _answer(stored: int, notes: Sequence[str], status: int = 200) -> Response:
    return JSONResponse({"stored": stored, "notes": list(notes)}, status)


async def _received(request: Request, file: IO[bytes], most: int) -> bool:
    """Write what is sent to a file; whether it has no more bytes than allowed."""
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > most:
            return False
        await to_thread.run_sync(file.write, chunk)
    file.seek(0)
    return True


def asset(request: Request) -> Response:
    """The script or the style of the form."""
    if request.path_params["suffix"] not in ("js", "css"):
        return PlainTextResponse("There's no such file.", 404)
    return FileResponse(_ASSETS / f"attach.{request.path_params['suffix']}")


ROUTES = [
    Route("/attach/attach.{suffix:str}", asset),
    Route("/attach/{draft_id}", form),
    Route("/attach/{draft_id}", receive, methods=["POST"]),
]
