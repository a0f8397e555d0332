"""What holds for all tests."""

import gc

import pytest


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave what is there when tests begin out of garbage collection: modules and tests stay to the end anyway.

    To look through them again and again took a twentieth of the time.
    """
    gc.collect()
    gc.freeze()
