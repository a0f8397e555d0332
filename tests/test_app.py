"""The server: routes, headers, hosts, and how it starts and stops."""

import importlib
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

import app as server
import components.page
from services.errors import CopydeskError
from services.models import BatchPage
from services.settings import load
from tests.pages.stub import StubDesk, a_batch, some_rows

ROOT = Path(__file__).parents[1]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> StubDesk:
    stub = StubDesk(load({}, env_file=Path("none.env")))
    monkeypatch.setattr(server, "the_desk", lambda: stub)
    monkeypatch.setattr(components.page, "the_desk", lambda: stub)
    return stub


@pytest.fixture
async def client(desk: StubDesk) -> AsyncIterator[httpx.AsyncClient]:
    """A browser's requests, without a running Streamlit behind the routes."""
    transport = httpx.ASGITransport(app=server.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8501") as opened:
        yield opened


@pytest.mark.parametrize(
    ("suffix", "query", "separator"),
    [("csv", "", ","), ("csv", "?separator=comma", ","), ("csv", "?separator=semicolon", ";"), ("xlsx", "", ",")],
)
async def test_a_download_streams_the_batch_under_its_name(
    client: httpx.AsyncClient, desk: StubDesk, suffix: str, query: str, separator: str
) -> None:
    desk.hold(a_batch(), some_rows(completed=2))
    answer = await client.get(f"/export/batch-1.{suffix}{query}")
    assert answer.status_code == 200
    assert answer.text == f"Meet product 1.{separator}\nMeet product 2.{separator}\n"
    assert answer.headers["content-disposition"] == f'attachment; filename="batch-1.{suffix}"'
    assert answer.headers["content-type"] == server.MEDIA_TYPES[suffix]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/export/nowhere.csv", "This batch doesn't exist."),
        ("/export/batch-1.pdf", "A batch can be downloaded as .csv or .xlsx."),
        ("/export/batch-1.csv?separator=pipe", "The separator of a CSV can be comma or semicolon."),
    ],
)
async def test_what_cannot_be_downloaded_is_not_found_in_a_sentence(
    client: httpx.AsyncClient, desk: StubDesk, path: str, sentence: str
) -> None:
    desk.hold(a_batch(), some_rows(completed=1))
    answer = await client.get(path)
    assert (answer.status_code, answer.text) == (404, sentence)
    assert answer.headers["content-type"].startswith("text/plain")


async def test_health_is_good_while_the_store_can_be_read(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("error", [CopydeskError("no"), OSError("secret path")])
async def test_health_is_bad_when_the_store_cannot_be_read_and_says_nothing_more(
    client: httpx.AsyncClient, desk: StubDesk, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(page: int = 1) -> BatchPage:
        raise error

    monkeypatch.setattr(desk.batches, "page", fail)
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "failing"})


@pytest.mark.parametrize("path", ["/healthz", "/export/batch-1.csv", "/_stcore/health", "/"])
async def test_every_route_is_closed_to_other_hosts(client: httpx.AsyncClient, desk: StubDesk, path: str) -> None:
    desk.hold(a_batch(), some_rows(completed=1))
    for host in ("evil.example", "localhost.evil.example", "evil.example:8501", ""):
        answer = await client.get(path, headers={"Host": host})
        assert (answer.status_code, answer.text) == (400, "Invalid host header")


@pytest.mark.parametrize("host", ["localhost", "localhost:8612", "127.0.0.1:1", "[::1]:8501"])
async def test_the_own_host_is_open_on_any_port(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/healthz", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/export/nowhere.csv", "/_stcore/health", "/nowhere"])
async def test_every_answer_tells_the_browser_what_it_may_load(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["img-src"] == "'self' data: blob:"
    assert re.fullmatch(r"'self' 'sha256-[^' ]+'", policy["script-src"])
    assert policy["connect-src"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert policy["base-uri"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


async def test_the_desk_is_at_work_from_the_servers_start_to_its_end(desk: StubDesk) -> None:
    async with server.lifespan(server.app):
        assert desk.told == []
    assert desk.told == [("stop",)]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("WRITER_RPM", "many", "WRITER_RPM must be a whole number above 0. It is: many"),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL must start with"),
    ],
)
def test_a_setting_that_cannot_be_used_stops_the_start_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as stop:
        importlib.reload(server)
    monkeypatch.undo()
    importlib.reload(server)
    assert str(stop.value).startswith(f"Copydesk can't start. {sentence}")


def test_the_command_that_starts_copydesk_ends_with_that_sentence_and_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", "0"]
    environment = {"PATH": "/usr/bin", "HOME": str(tmp_path), "WRITER_RPM": "0"}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    assert "Copydesk can't start. WRITER_RPM must be a whole number above 0. It is: 0" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
