"""The sample spreadsheet."""

from services.drafts import sheets
from services.models import Reading
from services.sandbox.agents import AGENTS
from services.sandbox.options import SandboxOptions
from services.sandbox.plans import fingerprint, plan
from tests.drafts.sheets.helpers import parsed

TONES = {"Warm", "Expert", "Playful", "Bold", "Minimal"}


def test_the_sample_is_a_spreadsheet_without_fault() -> None:
    sheet, rows = parsed(sheets.sample(), sheets.SAMPLE_NAME)
    assert sheet.columns == ("SKU", "Product name", "Tone", "Key features", "Price")
    assert (sheet.row_count, sheet.notes, sheet.reading) == (24, (), Reading("utf-8", ","))
    assert {row.cells[2] for row in rows} == TONES
    assert all(row.cells[0].startswith("00") for row in rows)
    assert all(1 <= len(row.cells[3].split("\n")) <= 5 for row in rows)
    assert len({row.cells[1] for row in rows}) == 24


def test_some_of_its_rows_fail_in_the_sandbox_so_that_there_is_something_to_retry() -> None:
    _, rows = parsed(sheets.sample(), sheets.SAMPLE_NAME)
    inputs = [
        {"Product name": [row.cells[1]], "Tone": [row.cells[2]], "Key features": row.cells[3].split("\n")}
        for row in rows
    ]
    plans = [plan(fingerprint(AGENTS[0].id, each), SandboxOptions()) for each in inputs]
    assert 1 <= sum(each.error is not None for each in plans) <= 4
