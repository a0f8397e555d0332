"""Uploading files, following them, and giving them to agents."""

import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sandbox.uploads import TYPES, disposition_name
from services.writer.disposition import attachment
from tests.sandbox.conftest import Caller, Clock


def words_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["description"]


async def test_an_uploaded_file_is_processed_for_a_second_and_then_completed(
    opened: Callable[..., Any], clock: Clock
) -> None:
    sandbox = await opened()
    file = await sandbox.upload("brief.txt")
    assert file == {
        "id": file["id"],
        "name": "brief.txt",
        "created_at": "2026-05-28T20:26:40.000000Z",
        "graph_ids": [],
        "status": "in_progress",
    }
    clock.advance(1)
    assert await sandbox.file(file["id"]) == {**file, "status": "completed"}


async def test_files_are_listed_newest_first_by_cursor_type_and_status(
    opened: Callable[..., Any], clock: Clock
) -> None:
    sandbox = await opened()
    files = [await sandbox.upload(name) for name in ("a.txt", "b.PDF", "corrupt.png")]
    clock.advance(1)
    files.append(await sandbox.upload("d.pdf"))

    async def names(**query: str | int) -> tuple[list[str], bool]:
        page = (await sandbox.http.get("/v1/files", params=query)).json()
        return [file["name"] for file in page["data"]], page["has_more"]

    assert await names() == (["d.pdf", "corrupt.png", "b.PDF", "a.txt"], False)
    assert await names(limit=2, after=files[3]["id"]) == (["corrupt.png", "b.PDF"], True)
    assert await names(order="asc", limit=1) == (["a.txt"], True)
    assert await names(file_types="pdf,txt") == (["d.pdf", "b.PDF", "a.txt"], False)
    assert await names(status="in_progress") == (["d.pdf"], False)
    assert await names(status="failed") == (["corrupt.png"], False)
    assert await names(status="completed", file_types="pdf") == (["b.PDF"], False)


async def test_size_and_checksum_are_kept_and_the_content_is_not(sandbox: Caller, path: Path) -> None:
    content = b"a page of words " * 10_000
    file = await sandbox.upload("brief.txt", content)
    with sqlite3.connect(path) as connection:
        row = connection.execute("SELECT * FROM uploads").fetchone()
    connection.close()
    assert row[1:5] == (file["id"], "brief.txt", 160_000, sha256(content).hexdigest())
    assert sum(len(str(column)) for column in row) < 500


NAMED = {"Content-Type": "text/plain", "Content-Disposition": "attachment; filename=a.txt"}


@pytest.mark.parametrize(
    ("headers", "content", "words"),
    [
        ({**NAMED, "Content-Type": ""}, b"x", 'The header "Content-Type" is missing.'),
        ({**NAMED, "Content-Disposition": ""}, b"x", 'The header "Content-Disposition" is missing.'),
        (
            {**NAMED, "Content-Disposition": "attachment"},
            b"x",
            'The header "Content-Disposition" must name the file: attachment; filename="brief.pdf".',
        ),
        (NAMED, b"", 'The file "a.txt" is empty.'),
        (
            {**NAMED, "Content-Disposition": "attachment; filename=tool.EXE"},
            b"x",
            'The file "tool.EXE" can\'t be uploaded. Files of the type "exe" aren\'t supported. '
            f"Use one of: {', '.join(TYPES)}.",
        ),
        (
            {"Content-Type": "x/unknown", "Content-Disposition": "attachment; filename=readme"},
            b"x",
            "The file \"readme\" can't be uploaded. Files without an extension aren't supported. "
            f"Use one of: {', '.join(TYPES)}.",
        ),
    ],
)
async def test_an_upload_that_breaks_a_rule_is_refused(
    sandbox: Caller, headers: dict[str, str], content: bytes, words: str
) -> None:
    assert words_of(await sandbox.http.post("/v1/files", content=content, headers=headers)) == (400, words)
    assert (await sandbox.http.get("/v1/files")).json()["data"] == []


async def test_an_upload_has_to_say_its_length(sandbox: Caller) -> None:
    async def content() -> Any:
        yield b"x"

    response = await sandbox.http.post("/v1/files", content=content(), headers=NAMED)
    assert words_of(response) == (400, 'The header "Content-Length" is missing.')


async def test_a_name_without_an_extension_is_judged_by_its_media_type(sandbox: Caller) -> None:
    headers = {"Content-Type": "image/png; q=1", "Content-Disposition": "attachment; filename=logo"}
    assert (await sandbox.http.post("/v1/files", content=b"x", headers=headers)).json()["name"] == "logo"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename=a.txt", "a.txt"),
        ('attachment; filename="a b.txt"', "a b.txt"),
        (r'attachment; filename="say \"hi\"; \\.txt"', r'say "hi"; \.txt'),
        ("attachment; FileName*=utf-8'en'caf%C3%A9.txt", "café.txt"),
        ("attachment; filename=cafe.txt; filename*=UTF-8''caf%C3%A9.txt", "café.txt"),
        ("attachment; filename*=UTF-8''caf%C3%A9.txt; filename=cafe.txt", "café.txt"),
        ("attachment; filename*=iso-8859-1''caf%E9.txt", "café.txt"),
        ("attachment; filename=cafe.txt; filename*=UTF-8''caf%E9.txt", "cafe.txt"),
        ("attachment; filename=cafe.txt; filename*=klingon''x.txt", "cafe.txt"),
        ("attachment; filename=café.txt".encode().decode("latin-1"), "café.txt"),
        ("attachment; filename=caf\xe9.txt", "café.txt"),
        ("attachment", ""),
        ("attachment; filename", ""),
        ('attachment; filename=""', ""),
    ],
)
def test_a_file_name_is_read_in_every_form(header: str, name: str) -> None:
    assert disposition_name(header) == name


NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1)


@given(NAMES | NAMES.map(lambda name: f"{name}.pdf") | st.text("ab\"\\%;=*' é", min_size=1))
def test_any_name_survives_the_header(name: str) -> None:
    header = attachment(name)
    assert disposition_name(header) == name
    assert (header.isascii(), header.isprintable()) == (True, True)


async def test_a_corrupt_file_always_fails_and_a_flaky_one_once(opened: Callable[..., Any], clock: Clock) -> None:
    sandbox = await opened()
    ids = [(await sandbox.upload(name))["id"] for name in ("Corrupt.pdf", "flaky.pdf", "good.pdf")]

    async def statuses() -> list[str]:
        return [(await sandbox.file(file_id))["status"] for file_id in ids]

    async def retry(*file_ids: str) -> Any:
        return await sandbox.http.post("/v1/files/retry", json={"file_ids": file_ids})

    clock.advance(1)
    assert await statuses() == ["failed", "failed", "completed"]
    refused = 'Only a file whose processing failed can be retried, and "good.pdf" is not one.'
    assert words_of(await retry(*ids)) == (400, refused)
    assert words_of(await retry(ids[0], "nope")) == (404, 'There is no file with the id "nope".')
    assert await statuses() == ["failed", "failed", "completed"]
    assert (await retry(*ids[:2])).json() == {"success": True}
    assert await statuses() == ["in_progress", "in_progress", "completed"]
    clock.advance(1)
    assert await statuses() == ["failed", "completed", "completed"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"file_ids": "x"}', b'{"file_ids": [1]}'])
async def test_a_retry_without_a_list_of_ids_is_refused(sandbox: Caller, body: bytes) -> None:
    assert (await sandbox.http.post("/v1/files/retry", content=body)).status_code == 400


async def test_a_deleted_file_is_gone(sandbox: Caller) -> None:
    kept, file = await sandbox.upload("a.txt"), await sandbox.upload("b.txt")
    address = f"/v1/files/{file['id']}"
    assert (await sandbox.http.delete(address)).json() == {"id": file["id"], "deleted": True}
    assert [(await getattr(sandbox.http, method)(address)).status_code for method in ("get", "delete")] == [404, 404]
    assert [each["id"] for each in (await sandbox.http.get("/v1/files")).json()["data"]] == [kept["id"]]


async def test_an_upload_counts_as_one_request(opened: Callable[..., Any]) -> None:
    sandbox = await opened(requests_per_minute=3)
    await sandbox.upload("a.txt", b"x" * 1_000_000)
    await sandbox.upload("b.txt")
    assert (await sandbox.http.post("/v1/files", content=b"x" * 1_000_000, headers=NAMED)).status_code == 429


# Files given to agents


async def test_texts_speak_of_the_file_by_its_name(sandbox: Caller, clock: Clock) -> None:
    image, brief = await sandbox.upload("blue-mug-01.jpg"), await sandbox.upload("Spring campaign.pdf")
    web = "https://a.test/briefs/autumn%20launch.docx?v=2"
    alt = await sandbox.create("Image alt text", Image=[image["id"]])
    summary = await sandbox.create("Brief summary", Brief=[brief["id"], web], Length=["Short"])
    clock.advance(20)
    told = (await sandbox.job(alt))["data"]
    assert (told["title"], "a blue mug" in told["suggestion"].lower()) == ("Alt text: Blue mug", True)
    assert (await sandbox.job(summary))["data"]["title"] == "Summary: Spring campaign and autumn launch"


async def test_a_name_that_says_nothing_still_gets_a_text(sandbox: Caller, clock: Clock) -> None:
    alt = await sandbox.create("Image alt text", Image=[(await sandbox.upload("IMG_4711.jpg"))["id"]])
    clock.advance(20)
    told = (await sandbox.job(alt))["data"]["suggestion"]
    assert ("img" in told.lower(), len(told) > 60) == (False, True)


async def test_the_same_file_uploaded_again_gets_the_same_text(sandbox: Caller, clock: Clock) -> None:
    ids = [(await sandbox.upload("mug.png", b"pixels"))["id"] for _ in range(2)]
    jobs = [await sandbox.create("Image alt text", Image=[file_id]) for file_id in ids]
    clock.advance(20)
    first, second = [(await sandbox.job(job_id))["data"] for job_id in jobs]
    assert (first == second, ids[0] == ids[1]) == (True, False)


async def test_a_file_that_cannot_be_used_is_refused_in_words(opened: Callable[..., Any], clock: Clock) -> None:
    sandbox = await opened(fail_rate=0)
    image, corrupt, brief = [(await sandbox.upload(name))["id"] for name in ("mug.png", "corrupt.png", "brief.pdf")]
    big = (await sandbox.upload("big.png", b"x" * (10 * 1024 * 1024 + 1)))["id"]

    async def refusal(file_id: str) -> tuple[int, str]:
        return words_of(await sandbox.post_job("Image alt text", [{"id": "Image", "value": [file_id]}]))

    subject = 'The file "{}" for the input "Image"'
    in_progress = f"{subject.format('mug.png')} is still being processed. Try again in a few seconds."
    assert await refusal(image) == (400, in_progress)
    clock.advance(1)
    assert await sandbox.create("Image alt text", Image=[image])
    failed = f"{subject.format('corrupt.png')} could not be processed. Upload it again."
    assert await refusal(corrupt) == (400, failed)
    wrong_type = f"{subject.format('brief.pdf')} is of the wrong type. Use one of: jpg, jpeg, png."
    assert await refusal(brief) == (400, wrong_type)
    assert await refusal(big) == (400, f"{subject.format('big.png')} is larger than 10 MB.")
    await sandbox.http.delete(f"/v1/files/{image}")
    assert await refusal(image) == (
        400,
        f'The input "Image" names a file that doesn\'t exist or was deleted: "{image}".',
    )
