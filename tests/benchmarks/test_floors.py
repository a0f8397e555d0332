"""What the benchmarks hold the runner against."""

import pytest

from tests.benchmarks.floors import floor_requests, floor_seconds


@pytest.mark.parametrize(
    ("number", "limit", "seconds"),
    [(1, 400, 10.0), (400, 400, 10.0), (401, 400, 70.0), (800, 400, 70.0), (2040, 1200, 70.0), (300, 50, 310.0)],
)
def test_each_further_minute_lets_one_more_limit_of_requests_leave(number: int, limit: int, seconds: float) -> None:
    assert floor_seconds(number, limit, longest_job=10.0) == seconds


@pytest.mark.parametrize(("rows", "requests"), [(1, 2), (50, 51), (51, 53), (2000, 2040)])
def test_every_row_takes_a_request_and_every_page_of_rows_another(rows: int, requests: int) -> None:
    assert floor_requests(rows) == requests
