"""Drafts: kept whole, changed bit by bit, purged with all that belongs to them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from services.errors import MissingError
from services.models import (
    Choice,
    ChoiceKind,
    Draft,
    DraftSummary,
    HeaderChoice,
    Layout,
    OuterKind,
    OuterRow,
    Problem,
    Reading,
    Sheet,
    SheetRow,
)
from services.store import DraftFile, Store
from services.store.tables import draft_chunks
from tests.store.making import AGENT, CHOICES, NOW, SHEET, draft, launch, new_batch, new_row, packed, sheet_rows


def test_a_draft_is_kept_as_it_was_given(store: Store) -> None:
    layout = Layout(
        header=(3, 4),
        header_choices=(HeaderChoice((3, 4), "Größe, a"), HeaderChoice((4,), "…")),
        above=(OuterRow(1, OuterKind.TITLE, ("Schuhe", "2026")),),
        above_count=30,
        footer=(OuterRow(9, OuterKind.TOTAL, ("Summe",)), OuterRow(10, OuterKind.REMARK, ("Stand: März",))),
        hidden_rows=7,
    )
    reading = Reading(sheet="Blatt 1", header_row=3, header_rows=2, keep_footer=True, skip_hidden=True)
    columns, names = ("Größe", 'a"b', ""), ("Blatt 1", "Blatt 2")
    sheet = Sheet("Schuhe – été.xlsx", columns, 2, reading, names, ("A", "B"), ("Blatt 2",), layout)
    rows = [
        SheetRow(2, ("42½", 'say "hi"\n', "\t"), ()),
        SheetRow(5, ("", "日本語 🥾", "\\"), (Problem("Größe", "=1/0", "The formula has no stored result."),)),
    ]
    made = store.drafts.create(sheet, b"\x00\xffPK", packed(rows), NOW + 0.25)
    moment = datetime.fromtimestamp(NOW + 0.25, UTC)
    assert made == Draft(made.id, sheet, None, {}, "", None, moment)
    assert store.drafts.get(made.id) == made
    assert list(store.drafts.rows(made.id)) == rows
    assert store.drafts.file(made.id) == DraftFile("Schuhe – été.xlsx", b"\x00\xffPK")


def test_choices_are_kept_one_by_one(store: Store) -> None:
    draft_id = draft(store)
    assert store.drafts.set_agent(draft_id, AGENT, CHOICES).agent == AGENT
    assert store.drafts.get(draft_id).choices == CHOICES
    changed = {"Tone": Choice(ChoiceKind.FIXED, value="É\0\n"), "Photo": Choice()}
    assert store.drafts.set_choices(draft_id, changed).choices == changed
    named = store.drafts.set_name(draft_id, "Frühling")
    assert named == replace(store.drafts.get(draft_id), agent=AGENT, choices=changed, name="Frühling")


def test_reading_a_file_in_another_way_replaces_rows_and_choices_and_keeps_the_rest(store: Store) -> None:
    made = store.drafts.create(SHEET, b"raw", packed(sheet_rows(2500)), NOW)
    store.drafts.set_agent(made.id, AGENT, CHOICES)
    store.drafts.set_name(made.id, "Mine")
    sheet = replace(SHEET, columns=("A;B",), row_count=1, reading=Reading("cp1252", ";"))
    replaced = store.drafts.replace_sheet(made.id, sheet, packed([SheetRow(1, ("x",))]), {"Tone": Choice()})
    assert replaced == replace(made, sheet=sheet, agent=AGENT, choices={"Tone": Choice()}, name="Mine")
    assert list(store.drafts.rows(made.id)) == [SheetRow(1, ("x",))]
    assert store.drafts.file(made.id).data == b"raw"


def test_rows_come_in_order_across_chunks(store: Store) -> None:
    rows = sheet_rows(25)
    draft_id = store.drafts.create(SHEET, b"", packed(rows, size=10), NOW).id
    assert list(store.drafts.rows(draft_id)) == rows
    assert store.drafts.first_rows(draft_id, 12) == rows[:12]
    assert store.drafts.first_rows(draft_id, 100) == rows


def test_a_draft_that_cannot_be_stored_whole_is_not_stored(store: Store) -> None:
    def broken() -> Iterator[bytes]:
        yield packed(sheet_rows(1))[0]
        raise OSError("the disk is full")

    draft_id = draft(store)
    with pytest.raises(OSError, match="full"):
        store.drafts.create(SHEET, b"", broken(), NOW)
    with pytest.raises(OSError, match="full"):
        store.drafts.replace_sheet(draft_id, SHEET, broken(), {})
    assert list(store.drafts.rows(draft_id)) == sheet_rows(3)
    assert _chunks(store) == 1


def test_purging_deletes_old_drafts_with_their_rows_and_leaves_batches(store: Store) -> None:
    old, new = draft(store, NOW - 1), draft(store, NOW)
    batch_id = launch(store, 2)
    assert store.drafts.purge(NOW, NOW) == 1
    assert store.drafts.get(new).id == new
    with pytest.raises(MissingError, match="7 days"):
        store.drafts.get(old)
    assert store.drafts.purge(NOW + 1, NOW) == 2
    assert _chunks(store) == 0
    assert store.batches.get(batch_id).counts.total == 2


def test_drafts_are_listed_until_they_are_launched_or_discarded(store: Store) -> None:
    first, second, third = (draft(store, NOW + seconds) for seconds in (0, 1, 2))
    store.drafts.set_agent(second, AGENT, {})
    store.batches.launch(new_batch(third), [new_row(2)], NOW, lambda _: None)
    assert store.drafts.recent(5) == [
        DraftSummary(second, SHEET.filename, AGENT.name, SHEET.row_count, datetime.fromtimestamp(NOW + 1, UTC)),
        DraftSummary(first, SHEET.filename, "", SHEET.row_count, datetime.fromtimestamp(NOW, UTC)),
    ]
    assert [found.id for found in store.drafts.recent(1)] == [second]
    store.drafts.discard(second, NOW)
    assert [found.id for found in store.drafts.recent(5)] == [first]
    store.drafts.discard(second, None)
    assert [found.id for found in store.drafts.recent(5)] == [second, first]


def test_a_discarded_draft_is_deleted_after_its_time(store: Store) -> None:
    kept, discarded = draft(store), draft(store)
    store.drafts.discard(discarded, NOW)
    assert store.drafts.purge(NOW, NOW) == 0
    assert store.drafts.purge(NOW, NOW + 1) == 1
    assert [found.id for found in store.drafts.recent(5)] == [kept]


@pytest.mark.parametrize("verb", ["get", "file", "set_name", "set_choices", "set_agent", "replace_sheet"])
def test_a_draft_that_is_not_there_is_missing(store: Store, verb: str) -> None:
    further = {
        "set_name": ("x",),
        "set_choices": ({},),
        "set_agent": (AGENT, {}),
        "replace_sheet": (SHEET, packed(sheet_rows(1)), {}),
    }
    with pytest.raises(MissingError, match="This draft doesn't exist"):
        getattr(store.drafts, verb)("nowhere", *further.get(verb, ()))
    assert store.drafts.first_rows("nowhere", 5) == []
    assert _chunks(store) == 0


def _chunks(store: Store) -> int:
    with store._database.read() as connection:
        return connection.execute(select(func.count()).select_from(draft_chunks)).scalar_one()
