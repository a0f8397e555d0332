"""Rows as the screens and the download see them."""

import string
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.errors import MissingError
from services.models import Attempt, Counts, ExportRow, RowDetail, RowPage, RowPreview, RowState
from services.store import Ended, Sent, Signs, Store
from tests.store.making import AT, NOW, complete, launch, launch_in_each_state, new_row, new_rows


def positions(
    store: Store, batch_id: str, states: set[RowState], search: str, page: int = 1, size: int = 50
) -> list[int]:
    found = store.rows.page(store.batches.only(batch_id), states, search, page, size)
    return [row.position for row in found.rows]


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOW + seconds, UTC)


def test_a_page_shows_rows_in_order_with_long_texts_shortened(store: Store) -> None:
    cells = ("S0", "é" * 300, "a.png", "b.png")
    batch_id = launch(store, [new_row(0, cells), *new_rows(1), new_row(2, error="e" * 300)])
    complete(store, batch_id, {0: "ü" * 300, 1: None})
    assert store.rows.page(store.batches.only(batch_id), [], "", 1, 50) == RowPage(
        (
            RowPreview(0, 2, RowState.COMPLETED, ("é" * 200, "Warm", "a.png\nb.png"), "ü" * 200, "", 1),
            RowPreview(1, 2, RowState.FAILED, ("Shoe 0", "Warm", "a.png\n"), "", "Capacity exceeded.", 1),
            RowPreview(2, 4, RowState.SKIPPED, ("Shoe 2", "Warm", "a.png\n"), "", "e" * 200, 0),
        ),
        3,
    )


@pytest.mark.parametrize("states", [set(), {RowState.FAILED}, {RowState.FAILED, RowState.WAITING, RowState.COMPLETED}])
@pytest.mark.parametrize("search", ["", "shoe 1"])
def test_pages_cut_the_matching_rows_into_pieces(store: Store, states: set[RowState], search: str) -> None:
    batch_id = launch(store, 24)
    launch(store, 30)
    store.work.claim(batch_id, 14, NOW)
    store.work.ended(batch_id, [Ended(n, "Text" if n % 3 else None, None if n % 3 else "No.") for n in range(12)], NOW)
    batch = store.batches.only(batch_id)
    matching = [
        n
        for n, row in enumerate(store.rows.export(batch_id))
        if (not states or row.state in states) and (not search or search in f"shoe {n}")
    ]
    for page in range(1, 8):
        start = (page - 1) * 5
        found = store.rows.page(batch, states, search, page, 5)
        assert ([row.position for row in found.rows], found.matching) == (matching[start : start + 5], len(matching))


def test_counts_tell_the_rows_in_each_state(store: Store) -> None:
    batch_id = launch_in_each_state(store)
    launch(store, 5)
    store.batches.cancel(batch_id, NOW)
    expected = Counts({**dict.fromkeys(AT, 1), RowState.CANCELED: 2})
    del expected.by_state[RowState.WAITING]  # type: ignore[attr-defined]
    assert store.batches.get(batch_id).counts == expected
    assert (expected.total, expected.waiting, expected.unfinished) == (8, 1, 2)


HARD = [
    ("Größe", "ÉTÉ", "Straße", "ЖУК"),
    ("100%", "100 x", "a_b", "axb"),
    ("C:\\new", "it's", 'say "hi"', "line\nnew"),
    ("a,b", "[x]", "{y}", "tab\there"),
    ("/", "*", "?", "日本語 🥾"),
    ("plain", "text", "", ""),
]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("größe", [0]),
        ("GRÖSSE", []),
        ("été", [0]),
        ("жу", [0]),
        ("%", [1]),
        ("0%", [1]),
        ("_", [1]),
        ("a_b", [1]),
        ("\\", [2]),
        ("\\n", [2]),
        ("E\nN", [2]),
        ("nnew", []),
        ("it'S", [2]),
        ('"', [2]),
        ('Y "H', [2]),
        (",", [3]),
        ('","', []),
        ("[", [3]),
        ("]", [3]),
        ("\t", [3]),
        ("/", [4]),
        ("*", [4]),
        ("?", [4]),
        ("本語 🥾", [4]),
        ("plaintext", []),
        (" ", [1, 2, 4]),
        ("x" * 60_000, []),
        ("null", []),
    ],
)
def test_searching_finds_cells_that_contain_the_text_to_the_letter_but_for_case(
    hard: tuple[Store, str], search: str, found: list[int]
) -> None:
    assert positions(*hard, set(), search) == found


@pytest.fixture
def hard(store: Store) -> tuple[Store, str]:
    return store, launch(store, [new_row(number, cells) for number, cells in enumerate(HARD)])


def test_searching_looks_at_suggestions_and_errors_too_and_only_in_those_states(store: Store) -> None:
    batch_id = launch(store, [*new_rows(4), new_row(4, error="Ungültig: 50%")])
    complete(store, batch_id, {0: "ÜBER_ALL", 1: None, 2: "50% off\n“Now”", 3: None})
    assert positions(store, batch_id, set(), "über_") == [0]
    assert positions(store, batch_id, set(), "50%") == [2, 4]
    assert positions(store, batch_id, {RowState.COMPLETED}, "50%") == [2]
    assert positions(store, batch_id, set(), "off\n“now") == [2]
    assert positions(store, batch_id, set(), "CAPACITY") == [1, 3]
    assert positions(store, batch_id, {RowState.FAILED, RowState.SKIPPED}, "CAPACITY", page=2, size=1) == [3]


TEXTS = st.text(st.sampled_from(string.punctuation + "\n\t\r\x1f aAnNuUéÉ0"), max_size=5)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6), search=TEXTS.filter(bool))
def test_a_search_finds_what_python_finds(store: Store, rows: list[tuple[str, str]], search: str) -> None:
    batch_id = launch(store, [new_row(number, (*cells, "", "")) for number, cells in enumerate(rows)])
    expected = [n for n, cells in enumerate(rows) if any(search.lower() in cell.lower() for cell in cells)]
    assert positions(store, batch_id, set(), search) == expected


def test_a_row_is_shown_whole_with_all_its_attempts(store: Store) -> None:
    batch_id = launch(store, 2)
    complete(store, batch_id, {1: None})
    store.rows.retry(batch_id, [1])
    complete(store, batch_id, {1: "x" * 5000})
    job_id = f"job-{batch_id}-1"
    inputs = {"Product": ["Shoe 1"], "Tone": ["Warm"]}
    assert store.rows.get(batch_id, 1) == RowDetail(
        batch_id=batch_id,
        position=1,
        number=3,
        state=RowState.COMPLETED,
        cells=("S1", "Shoe 1", "a.png", ""),
        inputs=inputs,
        suggestion="x" * 5000,
        error=None,
        job_id=job_id,
        attempts=(
            Attempt(1, RowState.FAILED, job_id, None, "Capacity exceeded.", at(1), at(2)),
            Attempt(2, RowState.COMPLETED, job_id, "x" * 5000, None, at(1), at(2)),
        ),
    )


@pytest.mark.parametrize(("batch", "position"), [("here", 2), ("here", -1), ("nowhere", 0)])
def test_a_row_that_is_not_there_is_missing(store: Store, batch: str, position: int) -> None:
    batch_id = launch(store, 2)
    with pytest.raises(MissingError, match="isn't in the batch"):
        store.rows.get(batch_id if batch == "here" else batch, position)


def test_reasons_for_failing_come_with_the_most_frequent_first(store: Store) -> None:
    batch_id, other = launch(store, 9), launch(store, 1)
    complete(store, other, {0: None})
    store.work.claim(batch_id, 8, NOW)
    reasons = ["Zu lang.", "Busy.", "Busy.", "Ärger.", "Busy.", "Zu lang.", "Alas."]
    store.work.ended(batch_id, [Ended(n, None, reason) for n, reason in enumerate(reasons)], NOW)
    store.work.ended(batch_id, [Ended(7, "Text", None)], NOW)
    assert store.rows.failure_reasons(batch_id, 3) == [("Busy.", 3), ("Zu lang.", 2), ("Alas.", 1)]
    assert len(store.rows.failure_reasons(batch_id, 10)) == 4


def test_rows_that_failed_for_one_reason_are_listed_alone(store: Store) -> None:
    batch_id = launch(store, 9)
    store.work.claim(batch_id, 8, NOW)
    reasons = ["Busy.", "Busy", None, "Busy.", "", "Busy.", "Busy.", "Text"]
    ended = [Ended(n, "Text" if reason == "Text" else None, reason) for n, reason in enumerate(reasons)]
    store.work.ended(batch_id, ended, NOW)
    store.rows.retry(batch_id, [3])
    batch = store.batches.only(batch_id)

    def found(reason: str, search: str = "", page: int = 1) -> tuple[list[int], int]:
        shown = store.rows.page(batch, {RowState.FAILED}, search, page, 2, reason)
        return [row.position for row in shown.rows], shown.matching

    assert found("Busy.") == ([0, 5], 3)
    assert found("Busy.", page=2) == ([6], 3)
    assert found("Busy") == ([1], 1)
    assert found("") == ([2, 4], 2)
    assert found("Busy.", search="shoe 5") == ([5], 1)


def test_what_tells_how_long_a_batch_still_takes(store: Store) -> None:
    batch_id, other = launch(store, 12), launch_in_each_state(store)
    assert store.rows.signs(batch_id, NOW, 10) == Signs()
    for seconds in (0, 1, 2):
        store.work.claim(batch_id, 3, NOW + seconds)
    store.work.sent(batch_id, [Sent(n, f"job-{n}") for n in (3, 6)])
    store.work.ended(batch_id, [Ended(4, None, "No.", True, retry_after=(5,))], NOW + 9)
    store.work.ended(batch_id, [Ended(5, None, "No.", True, retry_after=(30,))], NOW + 9)
    for position in (0, 1, 2):
        store.work.ended(batch_id, [Ended(position, "Text", None)], NOW + 10 + position)
    store.work.lose(batch_id, [7], NOW + 6)
    store.work.lose(batch_id, [8], NOW + 4)
    ended = ((NOW, NOW + 12), (NOW, NOW + 11), (NOW, NOW + 10))
    rest = (NOW + 2, NOW + 6, NOW + 39)
    assert store.rows.signs(batch_id, NOW + 10, 10) == Signs(ended, *rest)
    assert store.rows.signs(batch_id, NOW + 10, 2) == Signs(ended[:2], *rest)
    assert store.rows.signs(batch_id, NOW + 13, 2) == Signs((), *rest)
    assert store.rows.signs(other, NOW, 10) == Signs(((NOW + 1, NOW + 2),) * 2, NOW + 1), "not what is unconfirmed"


def test_a_row_that_has_its_outcome_is_no_sign_of_lost_answers_nor_of_retries(store: Store) -> None:
    batch_id = launch(store, 2)
    store.work.claim(batch_id, 2, NOW)
    store.work.lose(batch_id, [0, 1], NOW + 1)
    store.work.unconfirm(batch_id, [0], "It may have a job.", NOW + 31)
    store.work.unsend(batch_id, [1])
    assert store.rows.signs(batch_id, NOW, 10) == Signs()


def test_the_download_has_every_row_in_order(store: Store) -> None:
    batch_id = launch_in_each_state(store)
    job = f"job-{batch_id}-"
    told = [
        ("", RowState.SENDING, "", ""),
        ("", RowState.IN_PROGRESS, "", f"{job}1"),
        ("Runs well.", RowState.COMPLETED, "", f"{job}2"),
        ("", RowState.FAILED, "Capacity exceeded.", f"{job}3"),
        ("", RowState.UNCONFIRMED, "It may have a job.", ""),
        ("", RowState.WAITING, "", ""),
        ("", RowState.WAITING, "", ""),
        ("", RowState.SKIPPED, "Tone: There is no such tone.", ""),
    ]
    cells = [(f"S{n}", f"Shoe {n}", "a.png", "") for n in range(8)]
    assert list(store.rows.export(batch_id)) == [ExportRow(c, *rest) for c, rest in zip(cells, told, strict=True)]
    assert list(store.rows.export("nowhere")) == []


def test_the_download_streams_and_does_not_stop_others_from_writing(open_store: Callable[[], Store]) -> None:
    reading, writing = open_store(), open_store()
    batch_id = launch(reading, 1201)
    rows = reading.rows.export(batch_id)
    first = next(rows)
    complete(writing, batch_id, {1200: "Written meanwhile"})
    rest = list(rows)
    assert [row.cells[0] for row in (first, *rest)] == [f"S{n}" for n in range(1201)]
    assert (first.state, rest[-1].suggestion) == (RowState.WAITING, "Written meanwhile")
