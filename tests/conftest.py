"""What holds for all tests."""

import gc
import os
import sqlite3
from collections.abc import Generator

import pytest
from hypothesis import settings
from sqlalchemy import Engine, event

settings.register_profile("copydesk", deadline=None)  # how long an example takes says more of the machine than of us
settings.load_profile("copydesk")


@event.listens_for(Engine, "checkout")
def _wait_for_no_disk(connection: object, *_: object) -> None:
    """Spare the tests of this process what only a power cut would show: it takes a third of their time."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Have one worker more than cores: some tests wait for a clock or for a process, and leave theirs idle."""
    number = yield
    return number if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else number + 1


def pytest_collection_finish() -> None:
    """Leave what is there when tests begin out of garbage collection: modules and tests stay to the end anyway.

    To look through them again and again took a twentieth of the time.
    """
    gc.collect()
    gc.freeze()
