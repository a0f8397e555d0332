"""The page of the connection: what it shows, and what becomes of a key that somebody tests."""

import logging
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from streamlit.testing.v1 import AppTest

from services.models import ConnectionHealth, ConnectionTest, Load
from services.settings import load
from tests.pages.conftest import Visit, settled
from tests.pages.stub import LAUNCHED, StubDesk

KEY = "sk-candidate-that-nobody-sees"
FAILED = ConnectionTest(LAUNCHED, problem="Writer refuses this key. Writer says: “No *such* key.”")


def facts(page: AppTest) -> dict[str, str]:
    """The facts of all sections, by their names."""
    texts = [text.value for text in page.markdown]
    return {
        name.removeprefix(":gray[").removesuffix("]"): value
        for name, value in pairwise(texts)
        if name.startswith(":gray[") and not value.startswith(":gray[")
    }


def texts(page: AppTest) -> list[str]:
    """All that the page says."""
    kinds = (page.markdown, page.caption, page.success, page.error, page.warning, page.info)
    return [str(element.value) for kind in kinds for element in kind]


def enter_key(page: AppTest) -> AppTest:
    page.text_input(key="candidate_key").input(KEY)
    return settled(page.button(key="test_key").click().run())


def test_on_the_sandbox_the_page_says_how_to_connect_a_key(visit: Visit) -> None:
    page = visit("connection.py")
    assert facts(page) == {
        "Server": "Sandbox, built into Copydesk",
        "API key": "None",
        "Last minute": "0 of 396",
        "Batches sending": "0",
        "Held back by": "Nothing",
        "Requests per minute": "400 · `WRITER_RPM`",
        "Largest spreadsheet": "50 MB · `MAX_UPLOAD_MB`",
        "Most rows": "200,000 · `MAX_ROWS`",
        "Most columns": "256 · `MAX_COLUMNS`",
        "Largest file": "100 MB · `MAX_FILE_MB`",
        "All files together": "5,000 MB · `MAX_FILES_MB`",
        "Version": r"1\.2\.3",
        "Database": r"SQLite 3\.45\.1",
        "Database file": r"data\/copydesk\.db",
        "Database size": "1.2 MB",
        "Schema revision": "0006",
        "Files": r"data\/files",
    }
    steps = (
        "1. Copy `.env.example` to `.env`.\n"
        "2. In `.env`, set `WRITER_API_KEY` to the API key of your Writer organization.\n"
        "3. Restart Copydesk."
    )
    assert steps in texts(page)


def test_with_a_key_the_page_names_the_server_and_the_keys_end(desk: StubDesk, visit: Visit) -> None:
    desk.settings = load({"WRITER_API_KEY": "key-0123456789", "WRITER_BASE_URL": "https://w.test"})
    page = visit("connection.py")
    assert {name: facts(page)[name] for name in ("Server", "API key")} == {
        "Server": "https\u2060\\:\\/\\/w\\.test",
        "API key": "…6789",
    }
    assert not any("env.example" in text or "012345" in text for text in texts(page))


def test_a_test_of_the_connection_lists_the_agents_and_how_long_it_took(desk: StubDesk, visit: Visit) -> None:
    page = visit("connection.py")
    page = settled(page.button(key="test_connection").click().run())
    assert desk.told == [("test",)]
    assert [box.value for box in page.success] == ["Connected at Mar 10, 10:30 AM: **2 agents** in 420\u00a0ms."]
    assert r"Product description · Tag \*line\*" in texts(page)
    page = settled(page.run())
    assert desk.told == [("test",)]
    assert len(page.success) == 1


@pytest.mark.parametrize(
    ("tested", "sentence", "names"),
    [
        (
            ConnectionTest(LAUNCHED, tuple(f"Agent {n}" for n in range(60)), 2, 3.0),
            "Writer accepts this key: **60 agents** in 2 requests of 1.5\u00a0s each.",
            " · ".join([*(f"Agent {n}" for n in range(50)), "and 10 more"]),
        ),
        (
            ConnectionTest(LAUNCHED, (), 1, 0.0),
            "Writer accepts this key: **0 agents** in 1\u00a0ms.",
            "To use this key, build a no-code agent in Writer and deploy it.",
        ),
    ],
)
def test_what_a_key_gives_is_counted_and_the_list_ends(
    desk: StubDesk, visit: Visit, tested: ConnectionTest, sentence: str, names: str
) -> None:
    desk.tested = tested
    page = enter_key(visit("connection.py"))
    assert [box.value for box in page.success] == [sentence]
    assert names in texts(page)


@pytest.mark.parametrize("failed", [False, True])
def test_a_key_that_is_tested_is_forgotten(
    desk: StubDesk, visit: Visit, caplog: pytest.LogCaptureFixture, failed: bool
) -> None:
    caplog.set_level(logging.INFO)
    if failed:
        desk.tested = FAILED
    page = visit("connection.py")
    assert page.text_input(key="candidate_key").proto.type == page.text_input(key="candidate_key").proto.PASSWORD
    page = enter_key(page)
    assert desk.told == [("test_key", KEY)]
    assert page.text_input(key="candidate_key").value == ""
    assert len(page.error if failed else page.success) == 1
    for _ in range(2):
        assert not any(KEY in text for text in texts(page))
        assert KEY not in repr(page.session_state)
        page = settled(page.run())
    assert KEY not in caplog.text
    assert len(desk.told) == 1


def test_a_failed_test_shows_writers_words_literally(desk: StubDesk, visit: Visit) -> None:
    desk.tested = FAILED
    page = settled(visit("connection.py").button(key="test_connection").click().run())
    assert [box.value for box in page.error] == [
        r"Writer refuses this key\. Writer says\: “No \*such\* key\.” :small[Tested at Mar 10, 10:30 AM.]"
    ]


def test_a_test_that_a_rerun_interrupts_still_shows_its_result(desk: StubDesk, visit: Visit) -> None:
    page = visit("connection.py")
    running: Future[ConnectionTest] = Future()
    running.set_result(desk.tested)
    page.session_state["connection_test"] = running
    page = settled(page.run())
    assert len(page.success) == 1
    assert page.session_state["connection_test"] == desk.tested


NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("load_now", "health", "expected"),
    [
        (
            Load(380, 396, used_up=True, sending=2),
            ConnectionHealth(),
            {"Batches sending": "2", "Held back by": "Rate limit reached. Sending resumes automatically."},
        ),
        (Load(380, 396, used_up=True), ConnectionHealth(), {"Last minute": "380 of 396", "Held back by": "Nothing"}),
        (
            Load(5, 396, NOW + timedelta(hours=3), "Slow *down*", jobs_per_minute=50),
            ConnectionHealth(),
            {
                "Held back by": "Writer asked us to slow down. Sending resumes in about 3 hours.",
                "Writer says": r"“Slow \*down\*”",
                "Writer accepts": "about 50 jobs a minute",
            },
        ),
        (
            Load(5, 396),
            ConnectionHealth(key_refused_at=LAUNCHED),
            {"Held back by": "Writer has rejected the API key since Mar 10, 10:30 AM."},
        ),
        (
            Load(5, 396),
            ConnectionHealth(unreachable_since=LAUNCHED),
            {"Held back by": "Can't reach Writer since Mar 10, 10:30 AM. Copydesk keeps trying."},
        ),
    ],
)
def test_what_holds_requests_back_is_said(
    desk: StubDesk, visit: Visit, load_now: Load, health: ConnectionHealth, expected: dict[str, str]
) -> None:
    desk.busy, desk.sick = load_now, health
    shown = facts(visit("connection.py"))
    assert {name: shown.get(name) for name in expected} == expected
