"""Which agents there are, and how they are listed."""

import pytest

from tests.sandbox.conftest import Caller

NEWEST_FIRST = ["Product description", "Social post", "Image alt text", "Brief summary"]


async def names(sandbox: Caller, **query: str | int) -> tuple[list[str], bool]:
    response = await sandbox.http.get("/v1/applications", params=query)
    assert response.status_code == 200, response.text
    page = response.json()
    return [agent["name"] for agent in page["data"]], page["has_more"]


async def test_agents_have_these_ids_in_every_version(sandbox: Caller) -> None:
    assert sandbox.agents == {
        "Product description": "6f1d2c84-0b7e-4c55-9a43-1de0a7c2f951",
        "Social post": "b83a4e1f-52d9-4f06-8c1b-7e94d3560ad2",
        "Image alt text": "d0574b96-e3a8-4d21-b6f7-25c98e1b03a4",
        "Brief summary": "2ac97f35-816b-4e0d-a5d8-f41b60e7c893",
    }


async def test_the_product_agent_asks_for_name_tone_and_features_in_this_order(sandbox: Caller) -> None:
    agent = (await sandbox.http.get(f"/v1/applications/{sandbox.agents['Product description']}")).json()
    assert [(each["name"], each["input_type"], each["required"], each.get("options")) for each in agent["inputs"]] == [
        ("Product name", "text", True, None),
        ("Tone", "dropdown", True, {"list": ["Warm", "Expert", "Playful", "Bold", "Minimal"]}),
        ("Key features", "text", False, {"min_fields": 0, "max_fields": 5}),
    ]


async def test_every_kind_of_input_is_there_and_each_is_described(sandbox: Caller) -> None:
    listed = (await sandbox.http.get("/v1/applications")).json()["data"]
    inputs = [each for agent in listed for each in agent["inputs"]]
    assert {each["input_type"] for each in inputs} == {"text", "dropdown", "file", "media"}
    assert all(len(each["description"]) > 15 for each in inputs)


async def test_a_listed_agent_is_the_same_as_when_asked_for_alone(sandbox: Caller) -> None:
    listed = (await sandbox.http.get("/v1/applications")).json()["data"]
    assert listed == [(await sandbox.http.get(f"/v1/applications/{agent['id']}")).json() for agent in listed]


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ({}, (NEWEST_FIRST, False)),
        ({"type": "generation"}, (NEWEST_FIRST, False)),
        ({"order": "desc", "limit": 3}, (NEWEST_FIRST[:3], True)),
        ({"order": "asc", "limit": 3}, (NEWEST_FIRST[:0:-1], True)),
        ({"after": "Product description", "limit": 2}, (NEWEST_FIRST[1:3], True)),
        ({"after": "Social post", "limit": 2}, (NEWEST_FIRST[2:], False)),
        ({"after": "Brief summary"}, ([], False)),
        ({"after": "Social post", "order": "asc"}, (NEWEST_FIRST[:1], False)),
        ({"before": "Brief summary", "limit": 2}, (NEWEST_FIRST[1:3], True)),
        ({"before": "Image alt text", "limit": 2}, (NEWEST_FIRST[:2], False)),
        ({"limit": 1000}, (NEWEST_FIRST, False)),
    ],
)
async def test_pages_follow_the_cursor(
    sandbox: Caller, query: dict[str, str | int], page: tuple[list[str], bool]
) -> None:
    asked = {name: sandbox.agents.get(str(value), value) for name, value in query.items()}
    assert await names(sandbox, **asked) == page


async def test_a_page_names_its_first_and_last_and_an_empty_one_neither(sandbox: Caller) -> None:
    page = (await sandbox.http.get("/v1/applications", params={"limit": 2})).json()
    assert (page["first_id"], page["last_id"]) == (sandbox.agents[NEWEST_FIRST[0]], sandbox.agents[NEWEST_FIRST[1]])
    oldest = {"after": sandbox.agents["Brief summary"]}
    assert (await sandbox.http.get("/v1/applications", params=oldest)).json() == {"data": [], "has_more": False}
