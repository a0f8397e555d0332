"""What tests of uploads share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.engine import uploads
from tests.engine.uploading import Bench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """An engine that works, and soon looks whether a file is processed."""
    monkeypatch.setattr(uploads, "_FIRST_LOOK_S", 0.15)
    bench = Bench(tmp_path)
    yield bench
    bench.close()
