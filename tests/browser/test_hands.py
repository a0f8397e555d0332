"""Somebody works on the batch page while the batch changes on its own or by another's orders, in a real browser."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.marketer import PATIENCE, Marketer
from tests.browser.test_sample_first import choose_sample
from tests.support.server import Server

ROWS = 120
"""More than a page of the table has, and more than a slow server sends in the minutes of a test."""
FEW_ROWS = 24


def draft(marketer: Marketer, product: str, rows: int = ROWS) -> None:
    """Upload rows of that product; some of the sandbox's jobs fail, once for each input."""
    marketer.open()
    lines = [f"{product} No. {number},Warm" for number in range(1, rows + 1)]
    marketer.upload(f"{product}.csv", "\n".join(["Product name,Tone", *lines]).encode())
    marketer.choose("agent", "Product description")


def second_tab(marketer: Marketer) -> Page:
    """The page of the batch once more."""
    other = marketer.page.context.new_page()
    other.goto(marketer.page.url)
    expect(other.locator(".st-key-cancel button")).to_be_visible(timeout=PATIENCE)
    return other


def order(page: Page, key: str) -> None:
    page.locator(f".st-key-{key} button").click()


def click_twice(marketer: Marketer, key: str) -> None:
    """Click as slowly as somebody who double-clicks everything: the page is redrawn in between."""
    place = marketer.place(key)
    for _ in range(2):
        marketer.page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
        marketer.page.wait_for_timeout(400)
    marketer.settle()


def sees_state(marketer: Marketer, state: str, patience: float = PATIENCE) -> None:
    expect(marketer.page.get_by_role("heading", level=1)).to_contain_text(state, timeout=patience)


def scroll(marketer: Marketer) -> int:
    """Scroll the table and return how far; it takes a moment until a new one can be scrolled."""
    for _ in range(20):
        marketer.element("rows").hover()
        marketer.page.mouse.wheel(0, 700)
        marketer.page.wait_for_timeout(500)
        if scrolled(marketer):
            break
    assert scrolled(marketer) > 0
    return scrolled(marketer)


def scrolled(marketer: Marketer) -> int:
    return int(marketer.element("rows").locator(".dvn-scroller").evaluate("scroller => scroller.scrollTop"))


def test_a_dialog_stays_open_and_no_button_takes_the_place_of_another(
    visit: Callable[[Server], Marketer], slow_server: Server
) -> None:
    marketer = visit(slow_server)
    draft(marketer, "Apron")
    choose_sample(marketer, 1)
    marketer.launch("Launch a sample of 1 row")
    expect(marketer.button("run_remaining")).to_be_visible(timeout=PATIENCE)
    other = second_tab(marketer)
    expect(marketer.page.get_by_text("No jobs running")).to_be_visible(timeout=PATIENCE)
    marketer.button("cancel").click()
    expect(marketer.page.get_by_role("dialog")).to_be_visible(timeout=PATIENCE)
    order(other, "run_remaining")
    sees_state(marketer, "Running")
    marketer.settle()
    expect(marketer.page.get_by_role("dialog")).to_be_visible()
    marketer.page.keyboard.press("Escape")

    toolbar = ("cancel", "download_csv", "download_xlsx")
    before = [marketer.place(key) for key in toolbar]
    expect(marketer.button("retry_failed")).to_be_visible(timeout=PATIENCE)
    retry = marketer.place("retry_failed")
    assert [marketer.place(key) for key in toolbar] == before
    click_twice(marketer, "pause")
    sees_state(marketer, "Paused")
    assert [marketer.place(key) for key in toolbar] == before
    order(other, "cancel")
    order(other, "confirm_cancel")
    sees_state(marketer, "Canceled")
    assert marketer.place("retry_failed") == retry
    click_twice(marketer, "retry_failed")
    expect(marketer.page.get_by_role("dialog")).to_have_count(0)
    assert marketer.complaints == []


def test_a_pause_and_a_resume_leave_search_focus_and_the_place_in_the_table(
    visit: Callable[[Server], Marketer], slow_server: Server
) -> None:
    marketer = visit(slow_server)
    draft(marketer, "Mug")
    marketer.launch(f"Launch {ROWS} rows")
    other = second_tab(marketer)
    before = scroll(marketer)
    order(other, "pause")
    sees_state(marketer, "Paused")
    marketer.settle()
    assert scrolled(marketer) == before

    search = marketer.element("search").locator("input")
    search.press_sequentially("No. ")
    order(other, "resume")
    sees_state(marketer, "Running")
    marketer.page.keyboard.type("12")
    expect(search).to_have_value("No. 12")
    expect(search).to_be_focused()
    expect(marketer.page.get_by_text(re.compile(r"^2 rows"))).to_be_visible(timeout=PATIENCE)

    search.fill("")  # which makes the table have pages again
    expect(marketer.element("page")).to_be_visible(timeout=PATIENCE)
    assert "Stack" not in slow_server.log.read_text()
    assert marketer.complaints == []


def test_one_click_opens_a_row_that_stays_open_while_the_batch_runs_and_one_opens_a_batch(marketer: Marketer) -> None:
    draft(marketer, "Lamp", FEW_ROWS)
    batch_id = marketer.launch(f"Launch {FEW_ROWS} rows")
    marketer.click_row(4)
    title = marketer.element("row").get_by_role("heading", name="Row 6")
    expect(title).to_be_visible(timeout=PATIENCE)
    marketer.sees(waiting=0, in_progress=0)
    expect(title).to_be_visible()
    marketer.click_row(0, box=True)
    expect(marketer.button("retry_selected")).to_contain_text("Retry 1 selected row", timeout=PATIENCE)
    expect(title).to_be_visible()

    marketer.page.get_by_role("link", name="Batches").click()
    marketer.click_batch(0)
    marketer.page.wait_for_url(f"**/batch?id={batch_id}")
    assert marketer.complaints == []
