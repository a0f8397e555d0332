"""What is where on the batch page, in a real browser: nothing jumps while somebody reads."""

from collections.abc import Callable

from playwright.sync_api import ViewportSize, expect

from tests.browser.marketer import PATIENCE, Marketer
from tests.support.server import Server

LONG_NAME = "Product descriptions for the spring range of all our European shops, the second try"
PHONE = ViewportSize(width=390, height=844)


def launch_sample(marketer: Marketer) -> None:
    """Launch the sample under a long name."""
    marketer.open()
    marketer.button("use_sample").click()
    marketer.choose("agent", "Product description")
    name = marketer.element("batch_name").locator("input")
    name.fill(LONG_NAME)
    name.press("Enter")
    marketer.settle()
    marketer.launch("Launch 24 rows")


def test_a_long_name_leaves_the_buttons_on_one_line_and_the_page_where_it_is(
    visit: Callable[[Server], Marketer], own_server: Server
) -> None:
    marketer = visit(own_server)  # on a shared one, the sample's rows may have failed before, and then they don't
    launch_sample(marketer)
    expect(marketer.button("pause")).to_be_visible(timeout=PATIENCE)
    marketer.settle()
    before = marketer.place("progress")

    expect(marketer.button("retry_failed")).to_be_visible(timeout=PATIENCE)
    marketer.sees(waiting=0, in_progress=0)
    expect(marketer.button("pause")).to_have_count(0, timeout=PATIENCE)
    assert marketer.place("progress") == before
    title = marketer.page.get_by_role("heading", name=LONG_NAME).bounding_box()
    assert title is not None
    for key in ("retry_failed", "download_csv", "download_xlsx"):
        assert title["x"] + title["width"] < marketer.place(key)["x"]

    marketer.page.set_viewport_size(PHONE)
    marketer.settle()
    assert marketer.place("download_csv")["y"] == marketer.place("download_xlsx")["y"]
    assert marketer.place("download_csv")["y"] > marketer.place("retry_failed")["y"]
