"""How sentences name rows."""

import pytest

from services.drafts.sheets.row_numbers import name_rows


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([3], "row 3"),
        ([3, 4], "rows 3 and 4"),
        ([3, 4, 5], "rows 3–5"),
        ([3, 4, 5, 6, 9, 12], "rows 3–6, 9 and 12"),
        ([1, 2, 4, 5], "rows 1, 2, 4 and 5"),
        ([*range(2, 100, 2)], "rows 2, 4, 6, 8, 10 and 44 more"),
    ],
)
def test_rows_are_named_by_ranges_and_counted_where_there_are_many(numbers: list[int], words: str) -> None:
    assert name_rows(numbers) == words
