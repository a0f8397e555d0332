"""Any order of attaching, launching, and clearing away: what is needed stays, and all else goes in the end."""

import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.desk.files import Files, Upload
from services.files.vault import Vault
from services.models import FileRef
from services.settings import load
from services.store import NewRow, Store
from tests.store.making import NOW, draft, new_batch, no_progress

NAMES = ("mug", "cap", "hat")
DRAFTS = 2
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["attach", "detach", "launch", "delete", "purge", "sweep"]),
        st.integers(0, DRAFTS - 1),
        st.sampled_from(NAMES),
    ),
    min_size=8,
    max_size=30,
)


class Trial:
    """Drafts and what becomes of them, beside what should be left of their files."""

    def __init__(self, folder: Path, store: Store, vault: Vault) -> None:
        self._store, self._vault = store, vault
        self._files = Files(load({}, folder / "none.env"), store, vault)
        self._drafts = {n: draft(store) for n in range(DRAFTS)}
        self._batches: dict[int, str] = {}
        self._attached: dict[int, set[str]] = {n: set() for n in range(DRAFTS)}
        self._launched: dict[int, set[str]] = {}
        self._hashes: dict[str, str] = {}

    @property
    def needed(self) -> set[str]:
        """The hashes of what drafts that may be launched and batches have."""
        kept = [names for n, names in self._attached.items() if n not in self._batches]
        return {self._hashes[name] for name in set().union(*kept, *self._launched.values())}

    def attach(self, n: int, name: str) -> None:
        if n in self._drafts and n not in self._batches:
            self._files.attach(self._drafts[n], [Upload(f"{name}.png", io.BytesIO(name.encode()))])
            [source] = [each for each in self._store.files.of_draft(self._drafts[n]) if each.source == f"{name}.png"]
            assert source.file is not None
            self._hashes[name] = source.file.file.hash
            self._attached[n].add(name)

    def detach(self, n: int, name: str) -> None:
        if n in self._drafts and n not in self._batches:
            self._files.detach(self._drafts[n], [f"{name}.png"])
            self._attached[n].discard(name)

    def launch(self, n: int, name: str) -> None:
        """Launch a draft whose one row names its files, but for one that stays unused."""
        if n in self._drafts and n not in self._batches:
            used = self._attached[n] - {name}
            rows = [NewRow(2, (name,), {"Photo": [str(FileRef(self._hashes[each], each)) for each in used]}, None)]
            self._batches[n] = self._store.batches.launch(new_batch(self._drafts[n]), rows, NOW, no_progress)
            self._launched[n] = used

    def delete(self, n: int, _: str) -> None:
        """Delete a batch as the desk does."""
        if self._launched.pop(n, None) is not None:
            files = self._store.files.of_batch(self._batches[n])
            self._store.batches.cancel(self._batches[n], NOW)
            self._store.batches.delete(self._batches[n])
            self._files.remove_unneeded(files)

    def purge(self, *_: object) -> None:
        self._store.drafts.purge(NOW + 1, NOW)
        self._drafts.clear()
        self._attached = {n: set() for n in range(DRAFTS)}

    def sweep(self, *_: object) -> None:
        """Sweep, once what was stored is old enough."""
        for content_hash in self.stored:
            os.utime(self._vault.path(content_hash), (time.time() - 7200,) * 2)
        self._files.sweep()

    @property
    def stored(self) -> set[str]:
        return set(self._vault.hashes(-1))


@contextmanager
def trial() -> Iterator[Trial]:
    with TemporaryDirectory() as name:
        store, vault = Store(f"sqlite:///{name}/copydesk.db"), Vault(Path(name) / "files")
        yield Trial(Path(name), store, vault)
        vault.close()
        store.close()


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
@example(
    steps=[("attach", 0, "mug"), ("attach", 1, "mug"), ("launch", 0, "cap"), ("launch", 1, "cap"), ("delete", 0, "mug")]
)
def test_whatever_happens_needed_files_stay_and_a_sweep_removes_all_others(steps: list[tuple[str, int, str]]) -> None:
    with trial() as tried:
        for verb, n, name in steps:
            getattr(tried, verb)(n, name)
            assert tried.stored >= tried.needed
        tried.sweep()
        assert tried.stored == tried.needed
