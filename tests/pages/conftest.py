"""Pages run without a server, over a desk that shows what a test gives it."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

import components.page
from tests.pages.stub import StubDesk

ROUTER = str(Path(__file__).parents[2] / "pages" / "router.py")

Visit = Callable[..., AppTest]
"""Opens a page: `visit("batch.py", id="batch-1")`."""


@pytest.fixture(scope="session", autouse=True)
def packages_looked_through_once() -> Iterator[None]:
    """Whenever a page is opened AppTest searches all installed packages for components: that took half of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> StubDesk:
    """The desk that pages get."""
    stub = StubDesk()
    monkeypatch.setattr(components.page, "the_desk", lambda: stub)
    return stub


@pytest.fixture
def visit(desk: StubDesk) -> Visit:
    """Opens a page in a browser of its own, in Berlin."""

    def opened(page: str, **params: str) -> AppTest:
        app = AppTest.from_file(ROUTER, default_timeout=20)
        app.context["timezone"] = "Europe/Berlin"
        for name, value in params.items():
            app.query_params[name] = value
        app.switch_page(page)
        return settled(app.run())

    return opened


def settled(app: AppTest) -> AppTest:
    """The page, after making sure that nothing broke on it."""
    assert [box.value for box in app.exception] == []
    assert len(app.title) == 1
    return app
