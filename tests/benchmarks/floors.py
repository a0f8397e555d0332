"""The earliest that work bound by Writer's limits can be done, whoever does it."""

import math

WINDOW = 60.0
"""Seconds over which Writer counts."""
PAGE = 50
"""Jobs that one request for a list tells of."""


def floor_seconds(number: int, limit: int, longest_job: float) -> float:
    """Seconds until the job of the last of so many requests can be done, where so many may leave in any 60 seconds.

    The first `limit` requests leave at once, as many again each time 60 seconds are over.
    """
    return (math.ceil(number / limit) - 1) * WINDOW + longest_job


def floor_requests(rows: int) -> int:
    """The fewest requests that create a job for each row and learn the results from full pages."""
    return rows + math.ceil(rows / PAGE)
