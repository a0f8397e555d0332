"""The page of agents."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from components.agents.card import used
from services.errors import UnreachableError
from services.models import Agent, AgentInput, AgentUsage, InputType
from tests.pages.conftest import Visit, settled
from tests.pages.stub import AGENT, LAUNCHED, StubDesk

OTHER = Agent("agent/2", "*Tag* lines", (AgentInput("Photo", InputType.MEDIA, max_values=3),))


def names(page: AppTest) -> list[str]:
    return [header.value for header in page.header]


def captions(page: AppTest) -> list[str]:
    return [caption.value for caption in page.caption]


def test_agents_are_listed_with_what_they_need_and_how_they_did(desk: StubDesk, visit: Visit) -> None:
    desk.agents.held = [AGENT, OTHER]
    desk.usage.held = {AGENT.id: AgentUsage(3, 1_204, LAUNCHED, 0.004, 8.2)}
    page = visit("agents.py")
    assert names(page) == ["Product description", r"\*Tag\* lines"]
    assert captions(page) == [
        "3 batches · 1,204 rows · a few seconds a job · < 1% failed recently · last used Mar 10, 10:30 AM",
        "- **Product** · text, required\n- **Tone** · dropdown, optional",
        "Not used here yet",
        "- **Photo** · image, up to 3 values, optional",
    ]
    assert [expander.label for expander in page.expander] == ["2 inputs", "1 input"]


def test_a_new_batch_with_an_agent_opens_with_the_agent_in_its_address(desk: StubDesk, visit: Visit) -> None:
    desk.agents.held = [AGENT, OTHER]
    page = visit("agents.py")
    page = settled(page.button(key="new_batch_with_1").click().run())
    assert page.title[0].value == "New batch"
    assert page.query_params["agent"] == OTHER.id
    assert [box.value for box in page.info] == [r"Agent: **\*Tag\* lines**. Upload a spreadsheet for it."]


@pytest.mark.parametrize(("key", "title"), [("jobs_of_0", "Jobs of"), ("graphs_of_0", "Knowledge Graphs")])
def test_an_agents_jobs_and_knowledge_graphs_are_a_click_away(
    desk: StubDesk, visit: Visit, key: str, title: str
) -> None:
    desk.agents.held = [AGENT, OTHER]
    page = settled(visit("agents.py").button(key=key).click().run())
    assert title in page.title[0].value
    assert "agent" in page.query_params


def test_refresh_gets_the_latest_list(desk: StubDesk, visit: Visit) -> None:
    page = visit("agents.py")
    assert names(page) == []
    assert captions(page) == ["Build a no-code agent in Writer, deploy it, and press Refresh."]
    desk.agents.held = [AGENT]
    page = settled(page.button(key="refresh_agents").click().run())
    assert names(page) == ["Product description"]
    assert desk.told == [("list", False), ("list", True)]


def test_when_writer_cannot_be_asked_the_page_says_why_and_offers_another_try(desk: StubDesk, visit: Visit) -> None:
    desk.agents.error = UnreachableError("Can't reach Writer.")
    page = visit("agents.py")
    assert [box.value for box in page.error] == [r"Can\'t reach Writer\."]
    assert [button.label for button in page.button] == ["Try again"]


def test_many_agents_come_in_pages(desk: StubDesk, visit: Visit) -> None:
    desk.agents.held = [Agent(f"agent-{n}", f"Agent {n}", ()) for n in range(21)]
    page = visit("agents.py")
    assert len(names(page)) == 20
    page.session_state["agents_page"] = 2
    page = settled(page.run())
    assert names(page) == ["Agent 20"]
    assert captions(page) == ["Not used here yet", "This agent has no inputs."]


@pytest.mark.parametrize(
    ("share", "words"), [(0.0, "0%"), (0.001, "< 1%"), (0.126, "13%"), (0.999, "> 99%"), (1.0, "100%")]
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: float, words: str) -> None:
    usage = AgentUsage(1, 1, LAUNCHED, share, timedelta(minutes=3).total_seconds())
    assert used(usage, lambda _: "today") == (
        f"1 batch · 1 row · about 3 minutes a job · {words} failed recently · last used today"
    )
