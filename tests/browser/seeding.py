"""Batches in states that would take long to reach, put into the database before Copydesk starts."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.models import PauseKind
from services.store import Ended, NewBatch, NewRow, Sent, Store
from tests.store.making import AGENT, CHOICES, COLUMNS, SHEET, draft, new_row, no_progress

SUGGESTION = """## A warm blanket

**Woven** for *cold* evenings, with a [care guide](https://example.com/care).

- Made to last
- Ships in `plastic-free` packaging

| Size | Fit |
|------|-----|
| S    | Snug |

![Blanket](https://example.com/blanket.png)
"""
_REASONS = ("The model is overloaded at the moment.", "The text was withheld by the content filter.")


@dataclass(frozen=True)
class Seeded:
    """The ids of the batches."""

    finished: str
    """Four rows completed, three failed for two reasons, one unconfirmed, one skipped."""
    paused: str
    sampled: str
    elsewhere: str
    """Launched on another connection."""
    canceled: str


def seed(directory: Path, suggestions: Sequence[str] = (SUGGESTION,) * 4) -> Seeded:
    """Fill the database of a `Server` in that directory, which must not be running; nothing in it is left to send."""
    store = Store(f"sqlite:///{directory / 'copydesk.db'}")
    finished = _launch(store, "All of it", [*_rows(8), new_row(8, error="Tone: There is no such tone.")])
    _complete(store, finished, suggestions, failed=(4, 5, 6), unconfirmed=(7,))
    paused = _launch(store, "Paused", _rows(6))
    _complete(store, paused, [SUGGESTION], failed=(1,))
    store.batches.pause(paused, PauseKind.PERSON)
    sampled = _launch(store, "A sample of a batch with quite a long name that needs more than one line", _rows(6))
    _complete(store, sampled, [SUGGESTION] * 2)
    store.batches.pause(sampled, PauseKind.SAMPLE, "The first 2 rows are done.")
    elsewhere = _launch(store, "Elsewhere", _rows(2), connection="https://api.writer.com")
    _complete(store, elsewhere, [SUGGESTION], failed=(1,))
    store.batches.pause(elsewhere, PauseKind.OTHER_CONNECTION, "It was launched on https://api.writer.com.")
    canceled = _launch(store, "Canceled", _rows(3))
    _complete(store, canceled, [SUGGESTION])
    store.batches.cancel(canceled, time.time())
    store.close()
    return Seeded(finished, paused, sampled, elsewhere, canceled)


def _rows(count: int) -> list[NewRow]:
    return [new_row(number) for number in range(count)]


def _launch(store: Store, name: str, rows: list[NewRow], connection: str = "sandbox") -> str:
    new = NewBatch(draft(store, time.time()), name, connection, AGENT, SHEET.filename, COLUMNS, CHOICES)
    return store.batches.launch(new, rows, time.time(), no_progress)


def _complete(
    store: Store, batch_id: str, suggestions: Sequence[str], failed: Sequence[int] = (), unconfirmed: Sequence[int] = ()
) -> None:
    """Complete the first rows with these suggestions, and let the following ones fail or become unconfirmed."""
    now = time.time()
    answered = [*range(len(suggestions)), *failed]
    store.work.claim(batch_id, len(answered) + len(unconfirmed), now)
    store.work.sent(batch_id, [Sent(place, f"job-{batch_id}-{place}") for place in answered])
    done = [Ended(place, text, None) for place, text in enumerate(suggestions)]
    done += [Ended(place, None, _REASONS[number // 2], job_failed=True) for number, place in enumerate(failed)]
    store.work.ended(batch_id, done, now)
    store.work.unconfirm(batch_id, unconfirmed, "Writer's response was lost. There may be a job for this row.", now)
    store.found.record(batch_id, {f"lost-{place}": now for place in unconfirmed}, [], now)
