"""The main job: a spreadsheet in, suggestions out, in a real browser."""

import csv
import io
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from services.drafts import sheets
from tests.browser.marketer import PATIENCE, Marketer, table
from tests.support.server import Server

OWN = ["Suggestion", "Status", "Error", "Job ID"]
SAMPLE = list(csv.reader(io.StringIO(sheets.sample().decode("utf-8-sig"), newline="")))


def launch_sample(marketer: Marketer) -> str:
    """Launch the sample with two clicks: the agent that fits it is already selected."""
    marketer.open()
    marketer.button("use_sample").click()
    return marketer.launch("Launch 24 rows")


def test_the_sample_from_upload_to_a_download_that_is_compared_cell_by_cell(
    visit: Callable[[Server], Marketer], own_server: Server
) -> None:
    marketer = visit(own_server)  # on a shared one, the inputs that fail may have failed before, and then they don't
    launch_sample(marketer)
    marketer.sees(waiting=0, in_progress=0)
    failed = int(marketer.count("Failed").inner_text())
    assert 1 <= failed <= 6
    before = table(marketer.download())
    marketer.button("retry_failed").click()
    marketer.sees(completed=24, failed=0)
    after = table(marketer.download())

    assert before[0] == after[0] == SAMPLE[0] + OWN
    assert [row[: len(SAMPLE[0])] for row in after[1:]] == SAMPLE[1:]
    results = [dict(zip(after[0], row, strict=True)) for row in after[1:]]
    assert {(row["Status"], row["Error"]) for row in results} == {("Completed", "")}
    assert all(row["Product name"] in row["Suggestion"] for row in results)
    assert len({row["Job ID"] for row in results}) == 24
    stayed = [number for number, row in enumerate(before) if row[-3] != "Failed"]
    assert len(stayed) == 25 - failed
    assert [before[number] for number in stayed] == [after[number] for number in stayed]
    assert marketer.complaints == []


def test_a_reload_in_mid_batch_and_a_second_browser_show_the_same(
    visit: Callable[[Server], Marketer], own_server: Server
) -> None:
    first, second = visit(own_server), visit(own_server)
    batch_id = launch_sample(first)
    first.page.reload()
    second.open(f"/batch?id={batch_id}")
    for marketer in (first, second):
        marketer.sees(waiting=0, in_progress=0)
    assert first.count("Completed").inner_text() == second.count("Completed").inner_text()
    second.button("retry_failed").click()
    first.sees(completed=24)


def test_a_draft_survives_a_reload_and_a_visit_elsewhere(marketer: Marketer) -> None:
    marketer.open()
    marketer.upload("tones.csv", b"Product name;Voice\nMug;warm\nApron;Bold\n")
    marketer.choose("agent", "Product description")
    marketer.choose("column_for_1", "Voice")
    expect(marketer.button("launch")).to_contain_text("Launch 2 rows", timeout=PATIENCE)
    address = marketer.page.url
    marketer.page.reload()
    expect(marketer.chosen("column_for_1")).to_have_value("Voice", timeout=PATIENCE)
    marketer.page.get_by_role("link", name="Batches").click()
    marketer.page.wait_for_url("**/batches")
    marketer.page.goto(address)
    expect(marketer.chosen("separator")).to_have_value(re.compile("Semicolon"), timeout=PATIENCE)
    expect(marketer.button("launch")).to_contain_text("Launch 2 rows", timeout=PATIENCE)


def test_a_double_click_launches_once(marketer: Marketer) -> None:
    marketer.open()
    marketer.upload("one.csv", b"Product name,Tone\nMug,Warm\n")
    marketer.choose("agent", "Product description")
    expect(marketer.button("launch")).to_contain_text("Launch 1 row", timeout=PATIENCE)
    marketer.button("launch").dblclick()
    marketer.page.wait_for_url("**/batch?id=*")
    marketer.sees(waiting=0, in_progress=0)
    batch_id = marketer.batch_id()
    marketer.open("/batches")
    expect(marketer.element("batches")).to_be_visible(timeout=PATIENCE)
    marketer.open(f"/batch?id={batch_id}")
    marketer.sees(completed=1)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("empty.csv", b"", "empty"),
        ("header.csv", b"Product name,Tone\n", "row"),
        ("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "spreadsheet"),
        ("wide.csv", b",".join(b"c%d" % n for n in range(300)) + b"\n" + b"," * 299 + b"x\n", "256"),
    ],
)
def test_a_file_that_cannot_be_used_gets_one_clear_sentence(
    marketer: Marketer, name: str, data: bytes, words: str
) -> None:
    marketer.open()
    marketer.upload(name, data)
    alert = marketer.page.get_by_test_id("stAlert")
    expect(alert.first).to_contain_text(words, timeout=PATIENCE)
    expect(marketer.page.get_by_test_id("stException")).to_have_count(0)
    expect(marketer.element("agent")).to_have_count(0)


def test_an_address_of_no_batch_says_so_and_leads_to_the_batches(marketer: Marketer) -> None:
    marketer.open("/batch?id=no-such-batch")
    expect(marketer.page.get_by_text("This batch doesn't exist").first).to_be_visible(timeout=PATIENCE)
    marketer.page.get_by_role("link", name="batches").last.click()
    marketer.page.wait_for_url("**/batches")
