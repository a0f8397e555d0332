"""What tests of files need."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.files.vault import Vault


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A vault of its own; nothing half written may stay in it."""
    made = Vault(tmp_path / "files")
    yield made
    made.close()
    assert list(made.folder.glob("incoming-*")) == []


@pytest.fixture(scope="session")
def shared_vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """A vault for tests that only look into files: its process starts once."""
    made = Vault(tmp_path_factory.mktemp("vault"))
    yield made
    made.close()
