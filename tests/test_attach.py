"""The form that attaches files, and where it sends them."""

import io
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

import attach
from app import SecurityHeaders
from services.desk import Desk
from services.models import Draft
from services.settings import load
from services.store import Store

SENT = {"X-Copydesk": "attach"}
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    settings = load(
        {"DATABASE_URL": f"sqlite:///{tmp_path / 'copydesk.db'}", "MAX_FILE_MB": "1"}, tmp_path / "none.env"
    )
    desk = Desk(settings)
    desk.start()
    monkeypatch.setattr(attach, "the_desk", lambda: desk)
    yield desk
    desk.stop()


@pytest.fixture
def draft(desk: Desk) -> Draft:
    return desk.drafts.open(b"Photo\nmug.png\n", "photos.csv")


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=attach.ROUTES, middleware=[Middleware(SecurityHeaders)])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8501") as opened:
        yield opened


async def test_a_file_that_is_sent_stands_beside_the_draft(client: httpx.AsyncClient, desk: Desk, draft: Draft) -> None:
    before = desk.files.version(draft.id)
    answer = await client.post(f"/attach/{draft.id}?name=photos/mug.png", content=PNG, headers=SENT)
    assert (answer.status_code, answer.json()) == (200, {"stored": 1, "notes": []})
    assert desk.files.version(draft.id) is None  # more may be coming
    [source] = Store(desk.settings.database_url).files.of_draft(draft.id)
    assert (source.source, source.file and source.file.file.media_type) == ("photos/mug.png", "image/png")
    assert before is not None


async def test_what_is_left_out_is_said(client: httpx.AsyncClient, draft: Draft) -> None:
    answer = await client.post(f"/attach/{draft.id}?name=../mug.png", content=PNG, headers=SENT)
    assert answer.json() == {
        "stored": 0,
        "notes": ["“../mug.png” has a name that can't be used. Rename it and upload it again."],
    }
    large = await client.post(f"/attach/{draft.id}?name=big.png", content=bytes(1_048_577), headers=SENT)
    assert (large.status_code, large.json()) == (
        413,
        {"stored": 0, "notes": ["“big.png” has more than 1 MB. Make it smaller."]},
    )


async def test_a_draft_that_is_gone_takes_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.post("/attach/nowhere?name=mug.png", content=io.BytesIO(PNG).getvalue(), headers=SENT)
    assert (answer.status_code, answer.json()) == (
        404,
        {"stored": 0, "notes": ["This draft doesn't exist. Drafts are kept for 7 days."]},
    )


async def test_other_sites_cannot_send_files(client: httpx.AsyncClient, draft: Draft) -> None:
    answer = await client.post(f"/attach/{draft.id}?name=mug.png", content=PNG)
    assert answer.status_code == 403
    asked = await client.options(
        f"/attach/{draft.id}",
        headers={
            "Origin": "https://evil.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "X-Copydesk",
        },
    )
    assert "access-control-allow-origin" not in asked.headers


async def test_the_form_loads_only_what_is_ours_and_stands_only_in_our_frames(client: httpx.AsyncClient) -> None:
    answer = await client.get('/attach/"><script>alert(1)</script>?theme="><script>')
    assert answer.status_code in (200, 404)
    answer = await client.get("/attach/%22%3E%3Cscript%3E?theme=dark")
    assert "<script>" not in answer.text
    assert '<html lang="en" class="dark">' in answer.text
    [policy] = answer.headers.get_list("content-security-policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    for path in re.findall(r'(?:href|src)="([^"]+)"', answer.text):
        assert (await client.get(path)).status_code == 200
    assert (await client.get("/attach/attach.html")).status_code == 404
