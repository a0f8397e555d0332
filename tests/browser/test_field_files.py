"""Spreadsheets as people save them, and what their preview shows in a real browser."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import SCREEN
from tests.browser.marketer import PATIENCE, Marketer
from tests.support.server import Server

FILES = Path(__file__).parent / "files"

Rows = list[list[str]]


@dataclass(frozen=True)
class Expected:
    """What the preview of a file shows."""

    rows: Rows
    """The column names, then the cells of each row."""
    notes: tuple[str, ...] = ()
    """Patterns of notes above the table."""


PREVIEWS = {
    "cp1252-pound.csv": Expected(
        [
            ["Product name", "Price", "Tone"],
            ["Mug", "£5", "Warm"],
            ["Plate", "£12.50", "Bold"],
            ["Tea towel", "£8", "Calm"],
        ]
    ),
    "mixed-encoding.csv": Expected(
        [
            ["Product name", "Tone", "Note"],
            ["Café mug", "Warm", "été"],
            ["Über cup", "Bold", "naïve"],
            ["Grandma’s plate", "Calm", "plain"],
            ["Crème brûlée dish", "Warm", "“soft”"],
        ],
        (r"\brow 4\b",),
    ),
    "inch-quotes.csv": Expected(
        [
            ["Product name", "Size", "Tone"],
            ["Laptop sleeve", '15.6" laptop', "Bold"],
            ["Frame", '8" x 10", black', "Calm"],
            ["Mug", "small", "Warm"],
        ]
    ),
    "pipe-header.csv": Expected(
        [
            ["SKU", "Name", "Category|Subcategory"],
            ["1", "Mug", "Home|Kitchen"],
            ["2", "Plate", "Home|Table"],
            ["3", "Lamp", "Home|Light"],
        ]
    ),
    "two-boms.csv": Expected([["Product name", "Tone"], ["Mug", "Warm"], ["Plate", "Bold"]]),
    "title-rows.csv": Expected(
        [["Product name", "Tone", "Note"], ["Mug", "Warm", "a"], ["Plate", "Bold", "b"]],
        ("^Column names are in row 4: the rows above have one cell.$", "^Row 7 looks like a total and is left out.$"),
    ),
    "xls-meta.xls": Expected([["Product name", "Tone"], ["Mug", "Warm, cosy"], ["Plate", "Bold, new"]]),
    "format-0.xlsx": Expected(
        [
            ["Product name", "Value"],
            ["fmt 0 (builtin 1)", "1500"],
            ["custom 0", "435"],
            ["#,##0", "1,500"],
            ["fmt 0 long", "20"],
        ]
    ),
    "active-sheet.xlsx": Expected([["Product name", "Tone"], ["Mug", "Warm"]]),
    "title-and-merged.xlsx": Expected(
        [
            ["Product Name", "Product Tone", "Price Net", "Price Gross"],
            ["Mug", "Warm", "10", "11.9"],
            ["Plate", "Bold", "5", "5.95"],
        ],
        ("^Column names are in rows 3 and 4: ", "^Row 7 looks like a total and is left out.$"),
    ),
}


@pytest.fixture(scope="module")
def marketer(chromium: Browser, server: Server) -> Iterator[Marketer]:
    """Somebody who uploads one file after the other: a new browser would load all scripts again for each."""
    marketer = Marketer(chromium.new_context(viewport=SCREEN), server.url)
    yield marketer
    marketer.leave()


def open_file(marketer: Marketer, name: str) -> None:
    marketer.open()
    marketer.upload(name, (FILES / name).read_bytes())
    marketer.page.wait_for_url("**draft=**")


def shows_table(marketer: Marketer, rows: Rows, place: int = 0) -> None:
    """Wait until a table on the page shows these names and cells, row numbers aside."""
    table = marketer.page.get_by_test_id("stDataFrame").nth(place)
    expect(table.locator("[role=columnheader]")).to_have_text(["Row", *rows[0]], timeout=PATIENCE)
    cells = table.locator("[role=gridcell]")
    expect(cells).to_have_count(len(rows[1:]) * (len(rows[0]) + 1), timeout=PATIENCE)
    texts, width = cells.all_text_contents(), len(rows[0]) + 1
    assert [texts[start + 1 : start + width] for start in range(0, len(texts), width)] == rows[1:]


def shows_note(marketer: Marketer, pattern: str) -> None:
    notes = marketer.page.get_by_test_id("stCaptionContainer").filter(has_text=re.compile(pattern))
    expect(notes.first).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize("name", PREVIEWS)
def test_the_preview_shows_what_the_file_holds(marketer: Marketer, name: str) -> None:
    open_file(marketer, name)
    shows_table(marketer, PREVIEWS[name].rows)
    for pattern in PREVIEWS[name].notes:
        shows_note(marketer, pattern)
    assert marketer.complaints == []


def test_another_header_row_and_a_total_are_one_choice_each(
    marketer: Marketer,
) -> None:
    open_file(marketer, "title-rows.csv")
    shows_table(marketer, PREVIEWS["title-rows.csv"].rows)
    marketer.element("left_out").get_by_text("3 rows left out").click()
    left_out = [["Product report", "Above the column names"], ["Generated 2026-03-01", "Above the column names"]]
    shows_table(marketer, [["Cells", "Why"], *left_out, ["Total · 2", "Total"]], place=1)
    marketer.element("keep_footer").get_by_text("Keep row 7: Total · 2").click()
    shows_table(marketer, [*PREVIEWS["title-rows.csv"].rows, ["Total", "2", ""]])
    marketer.choose("header_row", "Row 5: Mug, Warm, a")
    shows_table(marketer, [["Mug", "Warm", "a"], ["Plate", "Bold", "b"], ["Total", "2", ""]])
    marketer.page.reload()
    expect(marketer.chosen("header_row")).to_have_value("Row 5: Mug, Warm, a", timeout=PATIENCE)
    expect(marketer.element("keep_footer").get_by_role("checkbox")).to_be_checked(timeout=PATIENCE)


def test_rows_hidden_by_a_filter_are_named_and_left_out_with_one_choice(marketer: Marketer) -> None:
    open_file(marketer, "hidden-rows.xlsx")
    shows_note(marketer, "^2 rows are hidden by a filter: rows 2 and 4.$")
    marketer.element("hidden_rows").get_by_text("Leave out 2 hidden rows").click()
    shows_table(marketer, [["Product name", "Value"], ["Plate", "Bold"]])
    shows_note(marketer, "^2 rows were left out because a filter hides them: rows 2 and 4.$")
