"""A real Chromium and a real Copydesk. Without a browser these tests are skipped, and fail in CI."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.browser.marketer import Marketer
from tests.support import browser as browsers
from tests.support.server import Server

SCREEN = ViewportSize(width=1440, height=900)
SLOW_RPM = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")  # its event loop counts as running, and must be gone before other tests want one
def chromium() -> Iterator[Browser]:
    path = browsers.find()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("No Chromium was found, and CI must not skip the browser tests.")
        pytest.skip("No Chromium was found.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(browsers.ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Copydesk on its sandbox, shared by all tests of a process: a start takes seconds."""
    with Server(tmp_path_factory.mktemp("copydesk")) as running:
        yield running


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A Copydesk of the test's own, which it may kill."""
    with Server(tmp_path) as running:
        yield running


@pytest.fixture
def slow_server(tmp_path: Path) -> Iterator[Server]:
    """A Copydesk that sends so little that a batch of more than `SLOW_RPM` rows is still running at the test's end."""
    with Server(tmp_path, WRITER_RPM=str(SLOW_RPM)) as running:
        yield running


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[[Server], Marketer]]:
    """Opens the product in a new browser, as somebody new; the console must stay free of errors."""
    marketers: list[Marketer] = []

    def new(server: Server) -> Marketer:
        marketers.append(Marketer(chromium.new_context(timezone_id="Europe/Paris", viewport=SCREEN), server.url))
        return marketers[-1]

    yield new
    for marketer in marketers:
        marketer.leave()


@pytest.fixture
def marketer(visit: Callable[[Server], Marketer], server: Server) -> Marketer:
    """Somebody new, on the shared Copydesk."""
    return visit(server)
