"""A process that is killed leaves all of what it began, or nothing."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from services.models import BatchPage, RowState
from services.store import Lost, Store
from tests.store.making import NOW, draft, launch, new_batch, new_rows, no_progress, states

ROOT = Path(__file__).parents[2]
LAUNCH = """
import sys, time
from services.store import Store
from tests.store.making import NOW, new_batch, new_row
def rows():
    for number in range(20_000):
        if number == 2_500:
            print("half-way", flush=True)
            time.sleep(60)
        yield new_row(number)
Store(sys.argv[1]).batches.launch(new_batch(sys.argv[2]), rows(), NOW, lambda stored: None)
"""
CLAIM = """
import sys, time
from services.store import Sent, Store
from tests.store.making import NOW
store = Store(sys.argv[1])
store.work.claim(sys.argv[2], 3, NOW, NOW)
store.work.sent(sys.argv[2], [Sent(1, "job")])
print("claimed", flush=True)
time.sleep(60)
"""

SYNC = """
import sys
from services.store import Store
with Store(sys.argv[1])._database.write() as connection:
    print(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())
"""
FULL = "2"
"""As SQLite calls it: a commit is over when it is on the disk."""


def run_and_kill(program: str, *arguments: str) -> None:
    """Run a program until it prints something, and kill it there."""
    command = [sys.executable, "-c", program, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline()
        finally:
            process.kill()


def test_a_launch_that_is_killed_half_way_leaves_no_batch_and_can_be_done_again(
    open_store: Callable[[], Store], database_url: str
) -> None:
    before = open_store()
    draft_id = draft(before)
    before.close()
    run_and_kill(LAUNCH, database_url, draft_id)
    store = open_store()
    assert store.batches.page(1, 10) == BatchPage((), 0)
    assert store.drafts.get(draft_id).batch_id is None
    batch_id = store.batches.launch(new_batch(draft_id), new_rows(2), NOW, no_progress)
    assert states(store, batch_id) == [RowState.WAITING] * 2


def test_rows_claimed_by_a_killed_process_are_found_sending(store: Store, database_url: str) -> None:
    batch_id = launch(store, 4)
    run_and_kill(CLAIM, database_url, batch_id)
    assert states(store, batch_id) == [RowState.SENDING, RowState.IN_PROGRESS, RowState.SENDING, RowState.WAITING]
    store.work.take_over(batch_id, NOW + 9)
    assert store.work.lost(batch_id) == [Lost(n, NOW, NOW, NOW + 9, None, None) for n in (0, 2)]


def test_on_sqlite_what_is_committed_is_on_the_disk_so_that_a_power_cut_cannot_take_it_back(tmp_path: Path) -> None:
    """In a process of its own: this one spares itself the disk."""
    command = [sys.executable, "-c", SYNC, f"sqlite:///{tmp_path}/copydesk.db"]
    told = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert told.stdout.strip() == FULL
