"""What is refused, in which words; and that nothing is answered with a 5xx."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from services.sandbox import SandboxOptions, create_app
from tests.sandbox.conftest import Caller, open_caller

TONES = "Warm, Expert, Playful, Bold, Minimal"
NAME = {"id": "Product name", "value": ["Mug"]}
WARM = {"id": "Tone", "value": ["Warm"]}

REFUSED: list[tuple[str, Any, str]] = [
    (
        "Product description",
        [NAME, WARM, {"id": "Colour", "value": ["red"]}],
        'Product description has no input called "Colour". Its inputs are: Product name, Tone, Key features.',
    ),
    ("Product description", [WARM], 'The input "Product name" is required, but it is missing.'),
    ("Product description", [NAME, {**WARM, "value": []}], 'The input "Tone" is required, but it is missing.'),
    (
        "Product description",
        [{**NAME, "value": [" "]}, WARM],
        'The input "Product name" has an empty value: fill it in.',
    ),
    (
        "Product description",
        [NAME, WARM, {"id": "Key features", "value": ["blue", ""]}],
        'The input "Key features" has an empty value: fill it in or leave it out.',
    ),
    (
        "Product description",
        [NAME, {**WARM, "value": ["warm"]}],
        f'The input "Tone" does not offer "warm". Choose one of: {TONES}.',
    ),
    (
        "Product description",
        [NAME, {**WARM, "value": ["w" * 90]}],
        f'The input "Tone" does not offer "{"w" * 79}…". Choose one of: {TONES}.',
    ),
    (
        "Product description",
        [NAME, {**WARM, "value": ["Warm", "Bold"]}],
        'The input "Tone" takes one value, but 2 were given.',
    ),
    (
        "Product description",
        [NAME, WARM, {"id": "Key features", "value": list("abcdef")}],
        'The input "Key features" takes at most 5 values, but 6 were given.',
    ),
    ("Product description", [NAME, NAME, WARM], 'The input "Product name" is given twice.'),
    (
        "Product description",
        [{**NAME, "value": "Mug"}, WARM],
        'The value of the input "Product name" must be a list of strings.',
    ),
    (
        "Product description",
        [{**NAME, "value": [1]}, WARM],
        'The value of the input "Product name" must be a list of strings.',
    ),
    (
        "Product description",
        ["Mug"],
        'Each of the inputs must be an object with an "id" (a string) and a "value".',
    ),
    ("Product description", {"Product name": "Mug"}, 'The body must be an object with a list called "inputs".'),
    (
        "Image alt text",
        [{"id": "Image", "value": ["https://a.test/mug.png"]}],
        'The input "Image" takes the id of an uploaded file, not a web address: "https://a.test/mug.png".',
    ),
    (
        "Image alt text",
        [{"id": "Image", "value": ["no-id"]}],
        'The input "Image" names a file that doesn\'t exist or was deleted: "no-id".',
    ),
    ("Image alt text", [{"id": "Image", "value": [""]}], 'The input "Image" has an empty value: fill it in.'),
    ("Image alt text", [{"id": "Image", "value": ["a", "b"]}], 'The input "Image" takes one value, but 2 were given.'),
    (
        "Brief summary",
        [{"id": "Brief", "value": list("abcd")}],
        'The input "Brief" takes at most 3 values, but 4 were given.',
    ),
]


@pytest.mark.parametrize(("agent", "inputs", "words"), REFUSED)
async def test_inputs_that_break_a_rule_are_refused_in_words_that_name_them(
    sandbox: Caller, agent: str, inputs: Any, words: str
) -> None:
    response = await sandbox.post_job(agent, inputs)
    assert response.status_code == 400
    body = response.json()
    assert body["errors"] == [{"description": words, "key": body["errors"][0]["key"], "extras": {}}]
    assert (body["tpe"], body["extras"]) == ("BadRequest", {})


@pytest.mark.parametrize(
    ("agent", "inputs"),
    [
        ("Product description", [NAME, WARM]),
        ("Product description", [NAME, WARM, {"id": "Key features", "value": []}]),
        ("Product description", [WARM, {"id": "Key features", "value": list("abcde")}, NAME]),
        (
            "Social post",
            [
                {"id": "Product", "value": ["Mug"]},
                {"id": "Channel", "value": ["X"]},
                {"id": "Audience", "value": []},
            ],
        ),
        ("Brief summary", [{"id": "Brief", "value": ["https://a.test/brief.pdf", "HTTP://b.test"]}]),
    ],
)
async def test_inputs_that_keep_the_rules_make_a_job(sandbox: Caller, agent: str, inputs: Any) -> None:
    assert (await sandbox.post_job(agent, inputs)).status_code == 202


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b'{"inputs": [{"id": "\\ud800", "value": []}]}', b"[" * 100_000, b"1" * 5000],
    ids=["empty", "cut", "bytes", "surrogate", "deep", "huge"],
)
async def test_what_is_not_json_is_refused(sandbox: Caller, body: bytes) -> None:
    address = f"/v1/applications/{sandbox.agents['Social post']}/jobs"
    response = await sandbox.http.post(address, content=body)
    words = "The body of the request is not valid JSON."
    assert (response.status_code, response.json()["errors"][0]["description"]) == (400, words)


@pytest.mark.parametrize(
    ("method", "address", "status", "words"),
    [
        ("GET", "/v1/applications/nope", 404, 'There is no application with the id "nope".'),
        ("GET", "/v1/applications/nope/jobs", 404, 'There is no application with the id "nope".'),
        ("POST", "/v1/applications/nope/jobs", 404, 'There is no application with the id "nope".'),
        ("GET", "/v1/applications/jobs/nope", 404, 'There is no job with the id "nope".'),
        ("POST", "/v1/applications/jobs/nope/retry", 404, 'There is no job with the id "nope".'),
        ("GET", "/v1/files/nope", 404, 'There is no file with the id "nope".'),
        ("DELETE", "/v1/files/nope", 404, 'There is no file with the id "nope".'),
        ("GET", "/v1/files/nope/download", 404, "There is nothing at /v1/files/nope/download."),
        ("GET", "/v1/graphs/nope", 404, 'There is no Knowledge Graph with the id "nope".'),
        ("DELETE", "/v1/graphs/nope/file/x", 404, 'There is no Knowledge Graph with the id "nope".'),
        ("GET", "/v1/applications/nope/graphs", 404, 'There is no application with the id "nope".'),
        ("GET", "/v1/files?graph_id=nope", 404, 'There is no Knowledge Graph with the id "nope".'),
        ("GET", "/v1/nothing", 404, "There is nothing at /v1/nothing."),
        ("GET", "/v1/applications/", 404, "There is nothing at /v1/applications/."),
        ("DELETE", "/v1/applications", 405, "DELETE is not possible at /v1/applications."),
        ("GET", "/v1/applications?limit=0", 400, '"limit" must be a whole number from 1 up, not "0".'),
        ("GET", "/v1/applications?limit=many", 400, '"limit" must be a whole number from 1 up, not "many".'),
        ("GET", "/v1/applications?order=up", 400, '"order" must be one of asc, desc, not "up".'),
        ("GET", "/v1/applications?type=chat", 400, '"type" must be one of generation, not "chat".'),
        ("GET", "/v1/applications?after=x", 400, '"after" names nothing in this list: "x".'),
        ("GET", "/v1/applications?after=x&before=x", 400, 'Give "after" or "before", not both.'),
        ("GET", "{jobs}?offset=-1", 400, '"offset" must be a whole number from 0 up, not "-1".'),
        ("GET", "{jobs}?offset=9999999999999999999", 400, None),
        ("GET", "{jobs}?status=done", 400, '"status" must be one of in_progress, completed, failed, not "done".'),
    ],
)
async def test_wrong_addresses_and_questions_are_refused_in_words(
    sandbox: Caller, method: str, address: str, status: int, words: str | None
) -> None:
    jobs = f"/v1/applications/{sandbox.agents['Social post']}/jobs"
    response = await sandbox.http.request(method, address.format(jobs=jobs))
    assert response.status_code == status
    assert words in {None, response.json()["errors"][0]["description"]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
INPUT_NAMES = st.sampled_from(["Product", "Channel", "Audience", "Product name", "Brief"]) | st.text()
VALUES = st.lists(st.sampled_from(["X", "Mug", "https://["]) | st.text(), max_size=3)
INPUTS = st.fixed_dictionaries({"id": INPUT_NAMES | JSON, "value": VALUES | JSON})
BODIES = st.fixed_dictionaries({"inputs": st.lists(INPUTS, max_size=3) | JSON}) | JSON


@pytest.fixture(scope="module")
def lenient_app(tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    path: Path = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    return create_app(path, SandboxOptions(requests_per_minute=10**9, tokens_per_minute=10**9))


@given(agent=st.sampled_from(["Social post", "Product description", "Brief summary"]), body=BODIES)
@settings(max_examples=100, deadline=None)
def test_any_json_is_a_job_or_is_refused(lenient_app: Starlette, agent: str, body: Any) -> None:
    async def post() -> int:
        async with AsyncExitStack() as stack:
            caller = await open_caller(stack, lenient_app)
            address = f"/v1/applications/{caller.agents[agent]}/jobs"
            return (await caller.http.post(address, content=json.dumps(body))).status_code

    assert asyncio.run(post()) in {202, 400}


@given(
    query=st.dictionaries(
        st.sampled_from(["limit", "offset", "status", "order", "after", "before", "file_types"]),
        st.text(st.characters(exclude_categories=["Cs"])) | st.integers().map(str),
        max_size=3,
    )
)
@settings(max_examples=50, deadline=None)
def test_any_question_is_answered_or_refused(lenient_app: Starlette, query: dict[str, str]) -> None:
    async def get() -> set[int]:
        async with AsyncExitStack() as stack:
            caller = await open_caller(stack, lenient_app)
            jobs = f"/v1/applications/{caller.agents['Social post']}/jobs"
            addresses = ["/v1/applications", "/v1/files", "/v1/graphs", jobs]
            return {(await caller.http.get(address, params=query)).status_code for address in addresses}

    assert asyncio.run(get()) <= {200, 400}
