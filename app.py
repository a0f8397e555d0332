"""The server: starts and stops the desk, serves downloads, and refuses foreign hosts."""

import logging
import re
import signal
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit as st
import uvicorn
from anyio import to_thread
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import attach
from components.page import the_desk
from services.errors import MissingError, SettingsError
from services.settings import Settings, load

log = logging.getLogger("copydesk")

SHUTDOWN_TIMEOUT_S = 1
"""Seconds that downloads and open pages get to finish when the server stops."""

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

SEPARATORS = {"comma": ",", "semicolon": ";"}
"""What `?separator=` of a CSV download may be."""


def content_policy() -> str:
    """What a page may load and from where: nothing from other hosts, and only Streamlit's own scripts."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    inline = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    hashes = [f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in inline]
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(["script-src 'self'", *hashes]),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


PRIVATE = {"Cache-Control": "private, max-age=86400"}
"""A content has its hash as its address, so it never changes; only the person's browser may keep it."""

HEADERS = {
    "Content-Security-Policy": content_policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class SecurityHeaders:
    """Adds the security headers to every response that doesn't bring its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and add the headers where a response starts."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                ours = [(name, value) for name, value in self.headers if name not in given]
                message["headers"] = [*message["headers"], *ours]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def export(request: Request) -> Response:
    """The download of a batch, streamed while it's read."""
    batch_id, suffix = request.path_params["batch_id"], request.path_params["suffix"]
    separator = request.query_params.get("separator", "comma")
    if suffix not in MEDIA_TYPES:
        return PlainTextResponse("A batch can be downloaded as .csv or .xlsx.", 404)
    if separator not in SEPARATORS:
        return PlainTextResponse("The separator of a CSV can be comma or semicolon.", 404)
    try:
        disposition, chunks = the_desk().batches.export(batch_id, suffix, SEPARATORS[separator])
    except MissingError as error:
        return PlainTextResponse(str(error), 404)
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return StreamingResponse(chunks, media_type=MEDIA_TYPES[suffix], headers=headers)


def stored_file(request: Request) -> Response:
    """A file that a row was sent with; always a download, so that nothing in it runs on a page of ours."""
    try:
        named, path = the_desk().files.open(request.path_params["content_hash"])
    except MissingError as error:
        return PlainTextResponse(str(error), 404)
    name = named.name.rpartition("/")[2]
    return FileResponse(path, media_type="application/octet-stream", filename=name, headers=PRIVATE)


def thumbnail(request: Request) -> Response:
    """A small image of a stored file."""
    image = the_desk().files.thumbnail(request.path_params["content_hash"])
    if image is None:
        return PlainTextResponse("There's no image of this file.", 404)
    return Response(image, media_type="image/webp", headers=PRIVATE)


def healthz(_: Request) -> Response:
    """Whether the desk works: it can read its store."""
    try:
        the_desk().batches.page()
    except Exception:
        log.exception("The health check failed")
        return JSONResponse({"status": "failing"}, 503)
    return JSONResponse({"status": "ok"})


def apologize(_: Exception) -> bool:
    """What a visitor sees when a page fails; the log has the traceback. Returns True: the error is handled."""
    st.error("Something went wrong, and nothing is lost. Reload the page to continue; Copydesk's log has the details.")
    return True


def limit_shutdown() -> None:
    """Let the server stop within seconds, even while a browser doesn't read its download.

    uvicorn waits for such downloads without limit, and Streamlit passes no setting on to it. The server is found
    through the handler that it installs for the signal.
    """
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if isinstance(server, uvicorn.Server):
        server.config.timeout_graceful_shutdown = SHUTDOWN_TIMEOUT_S


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict[str, Any]]:
    """Run the desk from the server's start to its end, whether or not a page is open."""
    limit_shutdown()
    desk = await to_thread.run_sync(the_desk)
    try:
        yield {}
    finally:
        await to_thread.run_sync(desk.stop)


def settings_or_stop() -> Settings:
    """The settings. Exits with a message that names the variable where one is invalid."""
    try:
        return load()
    except SettingsError as error:
        raise SystemExit(f"Copydesk can't start. {error}") from None


settings = settings_or_stop()

app = st.App(
    "pages/router.py",
    lifespan=lifespan,
    routes=[
        Route("/export/{batch_id}.{suffix}", export),
        *attach.ROUTES,
        Route("/files/{content_hash}", stored_file),
        Route("/thumbnails/{content_hash}.webp", thumbnail),
        Route("/healthz", healthz),
    ],
    middleware=[
        Middleware(SecurityHeaders),
        Middleware(TrustedHostMiddleware, allowed_hosts=list(settings.allowed_hosts), www_redirect=False),
    ],
    on_script_error=apologize,
)
