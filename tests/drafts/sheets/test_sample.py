"""The sample spreadsheet."""

from services.drafts import sheets
from services.models import Reading
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
