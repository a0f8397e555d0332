"""Uploading files, and listing them."""

from typing import Any

import pytest

from tests.sandbox.conftest import Caller, Clock


async def upload(caller: Caller, name: str, content: bytes = b"words") -> Any:
    headers = {"Content-Type": "text/plain", "Content-Disposition": f'attachment; filename="{name}"'}
    response = await caller.http.post("/v1/files", content=content, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


async def test_an_uploaded_file_is_processed_for_a_second_and_then_completed(sandbox: Caller, clock: Clock) -> None:
    file = await upload(sandbox, "brief.txt")
    assert file == {
        "id": file["id"],
        "name": "brief.txt",
        "created_at": "2026-05-28T20:26:40.000000Z",
        "graph_ids": [],
        "status": "in_progress",
    }
    clock.advance(1)
    assert (await sandbox.http.get(f"/v1/files/{file['id']}")).json() == {**file, "status": "completed"}


async def test_files_are_listed_newest_first_by_cursor_type_and_status(sandbox: Caller, clock: Clock) -> None:
    files = [await upload(sandbox, name) for name in ("a.txt", "b.PDF", "c.png")]
    clock.advance(1)
    files.append(await upload(sandbox, "d.pdf"))

    async def names(**query: str | int) -> tuple[list[str], bool]:
        page = (await sandbox.http.get("/v1/files", params=query)).json()
        return [file["name"] for file in page["data"]], page["has_more"]

    assert await names() == (["d.pdf", "c.png", "b.PDF", "a.txt"], False)
    assert await names(limit=2, after=files[3]["id"]) == (["c.png", "b.PDF"], True)
    assert await names(order="asc", limit=1) == (["a.txt"], True)
    assert await names(file_types="pdf,txt") == (["d.pdf", "b.PDF", "a.txt"], False)
    assert await names(status="in_progress") == (["d.pdf"], False)
    assert await names(status="completed", file_types="pdf") == (["b.PDF"], False)


@pytest.mark.parametrize(
    ("headers", "content", "words"),
    [
        ({"Content-Disposition": "attachment; filename=a.txt"}, b"x", 'The header "Content-Type" is missing.'),
        ({"Content-Type": "text/plain"}, b"x", 'The header "Content-Disposition" is missing.'),
        (
            {"Content-Type": "text/plain", "Content-Disposition": "attachment"},
            b"x",
            'The header "Content-Disposition" must name the file: attachment; filename="brief.pdf".',
        ),
        (
            {"Content-Type": "text/plain", "Content-Disposition": "attachment; filename=a.txt"},
            b"",
            'The file "a.txt" is empty.',
        ),
    ],
)
async def test_an_upload_without_name_type_or_content_is_refused(
    sandbox: Caller, headers: dict[str, str], content: bytes, words: str
) -> None:
    response = await sandbox.http.post("/v1/files", content=content, headers=headers)
    assert (response.status_code, response.json()["errors"][0]["description"]) == (400, words)


async def test_a_name_outside_ascii_comes_through(sandbox: Caller) -> None:
    headers = {"Content-Type": "text/plain", "Content-Disposition": "attachment; filename*=UTF-8''caf%C3%A9.txt"}
    assert (await sandbox.http.post("/v1/files", content=b"x", headers=headers)).json()["name"] == "café.txt"


async def test_texts_speak_of_the_file_by_its_name(sandbox: Caller, clock: Clock) -> None:
    image, brief = await upload(sandbox, "blue-mug_01.png"), await upload(sandbox, "Spring campaign.pdf")
    web = "https://a.test/briefs/autumn%20launch.docx?v=2"
    alt = await sandbox.create("Image alt text", Image=[image["id"]])
    summary = await sandbox.create("Brief summary", Brief=[brief["id"], web], Length=["Short"])
    clock.advance(20)
    assert "blue mug" in (await sandbox.job(alt))["data"]["suggestion"].lower()
    assert (await sandbox.job(summary))["data"]["title"] == "Summary: Spring campaign and autumn launch"
