"""The page of all batches."""

from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from services.models import BatchState
from tests.pages.conftest import Visit, settled
from tests.pages.stub import LAUNCHED, StubDesk, a_batch, some_rows


def buttons(page: AppTest) -> set[str]:
    return {str(button.key) for button in page.button if button.key}


def select(page: AppTest, *places: int) -> AppTest:
    page.session_state["batches"] = {"selection": {"rows": list(places), "columns": [], "cells": []}}
    return settled(page.run())


def captions(page: AppTest) -> list[str]:
    return [caption.value for caption in page.caption]


def names(page: AppTest) -> list[str]:
    return list(page.dataframe[0].value["name"])


def finished(batch_id: str, hours: int = 0, **changes: Any) -> Any:
    return a_batch(batch_id, state=BatchState.FINISHED, created_at=LAUNCHED + timedelta(hours=hours), **changes)


def test_without_batches_the_page_leads_to_a_new_one(visit: Visit) -> None:
    page = visit("batches.py")
    assert len(page.dataframe) == 0
    assert "**No batches yet**" in [text.value for text in page.markdown]
    assert [link.proto.label for link in page.get("page_link")] == ["Start a new batch"]


def test_batches_are_listed_newest_first_with_their_counts(desk: StubDesk, visit: Visit) -> None:
    desk.hold(finished("old", name="Old"), some_rows(completed=3, failed=1, empty=3, unconfirmed=2))
    desk.hold(a_batch("new", name="New", created_at=LAUNCHED + timedelta(days=1)), some_rows(completed=1, waiting=3))
    page = visit("batches.py")
    records = page.dataframe[0].value.to_dict("records")
    assert [record.pop("created").split(",")[0] for record in records] == ["Mar 11", "Mar 10"]
    assert [str(record.pop("attention")) for record in records] == ["None", "6"]
    assert records == [
        {
            "name": "New",
            "state": ["Running"],
            "progress": 25.0,
            "rows": 4,
            "completed": 1,
            "agent": "Product description",
        },
        {
            "name": "Old",
            "state": ["Finished"],
            "progress": 100.0,
            "rows": 9,
            "completed": 3,
            "agent": "Product description",
        },
    ]


def test_rows_that_are_retried_automatically_are_not_done_and_need_nobody(desk: StubDesk, visit: Visit) -> None:
    desk.retrying = 1
    desk.hold(a_batch(), some_rows(completed=2, failed=2))
    table = visit("batches.py").dataframe[0].value
    assert (list(table["progress"]), list(table["attention"])) == ([75.0], [1])


def test_a_ticked_batch_can_be_opened_and_deleted(desk: StubDesk, visit: Visit) -> None:
    desk.hold(finished("one"), some_rows(completed=1))
    page = visit("batches.py")
    assert buttons(page) == set()
    assert "Click a batch's name to open it. To delete one, check its box." in captions(page)
    assert buttons(select(page, 0)) == {"open_batch", "delete"}


def test_names_show_as_they_are_and_not_as_icons_or_menus(desk: StubDesk, visit: Visit) -> None:
    for hour, name in enumerate((":material/delete: x", '["a", "b"]', "**Plain** :red[x]")):
        desk.hold(finished(name, hours=-hour, name=name), some_rows(completed=1))
    assert names(visit("batches.py")) == ["\u2060:material/delete: x", '\u2060["a", "b"]', "**Plain** :red[x]"]


def test_the_ticked_batch_opens(desk: StubDesk, visit: Visit) -> None:
    desk.hold(finished("one", name="One"), some_rows(completed=1))
    page = select(visit("batches.py"), 0)
    page = settled(page.button(key="open_batch").click().run())
    assert page.title[0].value.startswith("One :")
    assert page.query_params["id"] == "one"


def test_deleting_asks_first_and_says_what_is_lost(desk: StubDesk, visit: Visit) -> None:
    desk.hold(finished("one", name="One *star*"), some_rows(completed=1, failed=1))
    page = select(visit("batches.py"), 0)
    page = settled(page.button(key="delete").click().run())
    assert desk.told == []
    texts = [text.value for text in page.markdown]
    assert r"**One \*star\*** and its 2 rows will be permanently deleted." in texts
    page = settled(page.button(key="confirm_delete").click().run())
    assert desk.told == [("delete", "one")]
    assert "**No batches yet**" in [text.value for text in page.markdown]


@pytest.mark.parametrize(
    ("changes", "rows"),
    [
        ({}, {"waiting": 1}),
        ({"state": BatchState.PAUSED}, {"waiting": 1}),
        ({"state": BatchState.CANCELED}, {"in_progress": 1}),
    ],
)
def test_a_batch_that_has_not_ended_cannot_be_deleted(
    desk: StubDesk, visit: Visit, changes: dict[str, Any], rows: dict[str, int]
) -> None:
    desk.hold(a_batch(**changes), some_rows(**rows))
    page = select(visit("batches.py"), 0)
    assert buttons(page) == {"open_batch"}
    assert captions(page) == ["Only a batch that has ended can be deleted."]


def test_a_refused_deletion_is_a_sentence(desk: StubDesk, visit: Visit) -> None:
    desk.hold(finished("one"), some_rows(completed=1))
    page = select(visit("batches.py"), 0)
    page = settled(page.button(key="delete").click().run())
    desk.refusal = "It runs again."
    page = settled(page.button(key="confirm_delete").click().run())
    assert [error.value for error in page.error] == [r"It runs again\."]


def test_the_selection_stays_on_its_batch_when_a_newer_one_comes(desk: StubDesk, visit: Visit) -> None:
    desk.hold(finished("one", name="One"), some_rows(completed=1))
    page = select(visit("batches.py"), 0)
    desk.hold(finished("two", hours=1, name="Two"), some_rows(completed=1))
    page = settled(page.run())
    assert names(page) == ["Two", "One"]
    settled(page.button(key="open_batch").click().run())
    assert page.title[0].value.startswith("One :")


def test_batches_come_in_pages_of_fifty(desk: StubDesk, visit: Visit) -> None:
    for hour in range(51):
        desk.hold(finished(f"batch-{hour}", hour, name=f"Batch {hour}"), some_rows(completed=1))
    page = visit("batches.py")
    assert names(page)[0] == "Batch 50"
    assert len(names(page)) == 50
    page.session_state["batches_page"] = 2
    assert names(settled(page.run())) == ["Batch 0"]
