"""The page of Knowledge Graphs."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from services.errors import UnreachableError
from services.models import FailedFile, Graph, GraphName, GraphProgress
from tests.pages.conftest import Visit, settled
from tests.pages.stub import AGENT, LAUNCHED, StubDesk, a_batch, some_rows

BOOK = Graph("book", "Brand *book*", "How we sound.", "manual", LAUNCHED, 1, 3, 2, 6)
CATALOG = Graph("catalog", "Catalog 2026", "", "connector", None, 0, 0, 0, 0)
SITE = Graph("site", ":material/delete: Site", "", "web", None, 0, 0, 0, 0)


@pytest.fixture(autouse=True)
def held(desk: StubDesk) -> None:
    desk.agents.held = [AGENT]
    desk.graphs.held = [BOOK, CATALOG, SITE]
    desk.graphs.of = {AGENT.id: ("book",)}


def orders(desk: StubDesk) -> list[tuple[Any, ...]]:
    """What the desk was told to do with Knowledge Graphs."""
    return [order for order in desk.told if order[0] != "list"]


def said(page: AppTest) -> list[str]:
    kinds = (page.markdown, page.caption, page.error, page.warning)
    return [str(element.value) for kind in kinds for element in kind]


def press(page: AppTest, key: str) -> AppTest:
    return settled(page.button(key=key).click().run())


def keys(page: AppTest) -> set[str]:
    return {str(button.key) for button in page.button if button.key}


def choose(page: AppTest, key: str, name: str) -> AppTest:
    return settled(page.selectbox(key=key).select(name).run())


def test_all_are_listed_with_their_files_and_the_agents_that_use_them(visit: Visit) -> None:
    records: list[dict[str, Any]] = visit("graphs.py").dataframe[0].value.to_dict("records")
    assert records[0].pop("created").startswith("Mar 10")
    assert records == [
        {
            "name": "Brand *book*",
            "kind": "Files",
            "completed": 3,
            "in_progress": 1,
            "failed": 2,
            "agents": "Product description",
        },
        *(
            {"name": name, "kind": kind, "completed": 0, "in_progress": 0, "failed": 0, "agents": "", "created": ""}
            for name, kind in (("Catalog 2026", "Connector"), ("\u2060:material/delete: Site", "Web pages"))
        ),
    ]


def test_while_agents_are_asked_about_the_list_says_so(desk: StubDesk, visit: Visit) -> None:
    desk.graphs.is_read = False
    assert list(visit("graphs.py").dataframe[0].value["agents"]) == ["Product description", "Checking…", "Checking…"]


def test_without_any_the_page_says_what_they_are(desk: StubDesk, visit: Visit) -> None:
    desk.graphs.held = []
    assert "**No Knowledge Graphs yet**" in said(visit("graphs.py"))


def test_where_writer_cannot_be_asked_the_page_says_why(desk: StubDesk, visit: Visit) -> None:
    desk.graphs.trouble = UnreachableError("Can't reach *Writer*.")
    page = visit("graphs.py", agent=AGENT.id)
    assert [error.value for error in page.error] == [r"Can\'t reach \*Writer\*\."] * 3


# an agent


def test_the_address_chooses_the_agent_and_a_change_is_made_only_when_confirmed(desk: StubDesk, visit: Visit) -> None:
    page = visit("graphs.py", agent=AGENT.id)
    assert page.selectbox(key="graph_agent").value == AGENT.id
    assert "Product description uses 1 Knowledge Graph." in said(page)
    page = press(choose(page, "graph_to_add", "catalog"), "add_graph")
    assert orders(desk) == []
    assert "Every later job of this agent uses it, also jobs that others start." in said(page)
    assert "Product description uses 2 Knowledge Graphs." in said(press(page, "confirm_graph_change"))
    assert orders(desk) == [("change", AGENT.id, ("book", "catalog"))]
    page = press(page, "remove_graph_0")
    assert any(text.startswith("Later jobs of this agent no longer use it") for text in said(page))
    press(page, "confirm_graph_change")
    assert desk.graphs.of == {AGENT.id: ("catalog",)}


def test_what_somebody_else_changed_is_shown_and_the_person_decides_again(desk: StubDesk, visit: Visit) -> None:
    page = press(visit("graphs.py", agent=AGENT.id), "remove_graph_0")
    desk.graphs.of = {AGENT.id: ("catalog", "gone")}
    page = press(page, "confirm_graph_change")
    assert [warning.value for warning in page.warning] == [
        r"Somebody added “Catalog 2026”\, “gone” and removed “Brand \*book\*” in the meantime\, "
        r"so nothing was changed\. Check the list and decide again\."
    ]
    assert desk.graphs.of == {AGENT.id: ("catalog", "gone")}
    assert {"remove_graph_0", "remove_graph_1"} <= keys(page)
    page = press(press(page, "remove_graph_1"), "confirm_graph_change")
    assert (desk.graphs.of, list(page.warning)) == ({AGENT.id: ("catalog",)}, [])


def test_a_refusal_is_shown_in_its_words(desk: StubDesk, visit: Visit) -> None:
    page = press(visit("graphs.py", agent=AGENT.id), "remove_graph_0")
    desk.graphs.refusal = "Only agents with chat."
    page = press(page, "confirm_graph_change")
    assert [error.value for error in page.error] == [r"Only agents with chat\."]


def test_choosing_another_agent_puts_it_into_the_address(visit: Visit) -> None:
    page = choose(visit("graphs.py"), "graph_agent", AGENT.id)
    assert page.query_params["agent"] in (AGENT.id, [AGENT.id])
    page = settled(page.selectbox(key="graph_agent").set_value(None).run())
    assert "agent" not in page.query_params


# one of them


def test_a_new_one_opens_once_writer_has_created_it(desk: StubDesk, visit: Visit) -> None:
    page = press(visit("graphs.py"), "new_graph")
    page.text_input(key="graph_name").input("Glossary")
    desk.graphs.refusal = "No *room*."
    page = settled(page.button(key="create_graph").click().run())
    assert orders(desk) == []
    desk.graphs.refusal = ""
    page = press(page, "new_graph")
    page.text_input(key="graph_name").input("Glossary")
    page.text_area(key="graph_description").input("Our words.")
    page = settled(page.button(key="create_graph").click().run())
    assert orders(desk) == [("create", "Glossary", "Our words.")]
    assert page.title[0].value == "Glossary"


def test_files_are_handed_over_and_what_is_left_out_is_told(desk: StubDesk, visit: Visit) -> None:
    page = visit("graphs.py", graph="book")
    assert page.title[0].value == r"Brand \*book\*"
    assert page.button(key="upload_to_graph").disabled
    page.file_uploader[0].upload("a.pdf", b"%PDF", "application/pdf")
    page = press(settled(page.run()), "upload_to_graph")
    assert orders(desk) == [("upload", "book", "a.pdf")]
    assert [warning.value for warning in page.warning] == [r"- “old\.zip” is damaged\."]
    assert page.button(key="upload_to_graph").disabled


def test_failed_files_are_named_and_retried(desk: StubDesk, visit: Visit) -> None:
    desk.graphs.far = GraphProgress(completed=12, failed=2, processing=20, waiting=6)
    desk.graphs.broken = [
        FailedFile("tool.exe", "Writer refused *it*.", is_at_writer=False),
        FailedFile("b.pdf", "", is_at_writer=True),
    ]
    page = visit("graphs.py", graph="book")
    assert [(metric.label, metric.value) for metric in page.metric] == [
        ("Processed", "3"),
        ("In progress", "1"),
        ("Failed", "2"),
    ]
    assert [bar.text for bar in page.get("progress")] == ["12 of 40 processed, 2 failed, 6 to upload"]
    assert (
        "- **tool\\.exe**: Writer refused \\*it\\*\\.\n"
        "- **b\\.pdf**: Writer couldn\\'t process it\\. Check that it opens\\, then retry it\\."
    ) in said(page)
    assert page.button(key="retry_failed_files").label == "Retry 2 failed files"
    page = press(press(page, "retry_failed_files"), "forget_failed_files")
    assert orders(desk) == [("retry_failed", "book"), ("forget", "book")]
    desk.graphs.refusal = "Not now."
    assert [error.value for error in press(page, "retry_failed_files").error] == [r"Not now\."]


def test_what_was_uploaded_last_stays_readable(desk: StubDesk, visit: Visit) -> None:
    assert not any("upload:" in text for text in said(visit("graphs.py", graph="book")))
    desk.graphs.far = GraphProgress(completed=38, failed=2)
    page = visit("graphs.py", graph="book")
    assert "Last upload: 38 of 40 processed, 2 failed" in said(page)
    assert list(page.get("progress")) == []


def test_what_a_connector_fills_takes_no_files(visit: Visit) -> None:
    page = visit("graphs.py", graph="catalog")
    assert "Its content comes from a connector. Change it in Writer." in said(page)
    assert list(page.file_uploader) == []
    assert press(page, "all_graphs").title[0].value == "Knowledge Graphs"


def test_one_that_is_gone_says_so_above_the_list(visit: Visit) -> None:
    page = visit("graphs.py", graph="nowhere")
    assert [warning.value for warning in page.warning] == [
        "This Knowledge Graph doesn't exist anymore. Choose another one."
    ]
    assert len(page.dataframe) == 1


# a batch


@pytest.mark.parametrize(
    ("graphs", "line"),
    [
        (None, []),
        ((), []),
        ((GraphName("book", "Brand *book*"),), [r"Knowledge Graph at launch: “Brand \*book\*”"]),
        ((GraphName("a", "A"), GraphName("b", "B")), ["Knowledge Graphs at launch: “A”, “B”"]),
    ],
)
def test_a_batch_says_which_ones_its_agent_used(
    desk: StubDesk, visit: Visit, graphs: tuple[GraphName, ...] | None, line: list[str]
) -> None:
    desk.hold(a_batch(graphs=graphs), some_rows(completed=1))
    page = visit("batch.py", id="batch-1")
    assert [caption.value for caption in page.caption if caption.value.startswith("Knowledge Graph")] == line
