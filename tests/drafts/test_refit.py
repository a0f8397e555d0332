"""Choices for another reading of a spreadsheet."""

from services.drafts.mapping.refit import refit
from services.models import Choice, ChoiceKind

OUT = Choice()
FIXED = Choice(ChoiceKind.FIXED, value="Warm")


def column(*names: str) -> Choice:
    return Choice(ChoiceKind.COLUMN, names)


def test_a_choice_stays_while_its_columns_are_there() -> None:
    chosen = {"Product": column("SKU"), "Tone": FIXED, "Features": column("A", "B")}
    before = {"Product": column("Name"), "Tone": OUT, "Features": OUT}
    after = {"Product": column("Name"), "Tone": column("Voice"), "Features": column("C")}
    assert refit(chosen, ["SKU", "A", "B", "C", "Name", "Voice"], before, after) == chosen


def test_a_choice_without_its_columns_gives_way_to_the_proposal() -> None:
    chosen = {"Product": column("A;B"), "Features": column("A", "Gone")}
    after = {"Product": column("A"), "Features": OUT}
    assert refit(chosen, ["A"], dict.fromkeys(chosen, OUT), after) == after


def test_an_input_without_a_proposal_so_far_gets_the_new_one_and_one_that_a_person_left_out_does_not() -> None:
    chosen = {"Product": OUT, "Tone": OUT}
    before = {"Product": OUT, "Tone": column("Tone")}
    after = {"Product": column("Product"), "Tone": column("Tone")}
    assert refit(chosen, ["Product", "Tone"], before, after) == {"Product": column("Product"), "Tone": OUT}


def test_a_column_that_a_kept_choice_uses_is_not_proposed_again() -> None:
    chosen = {"Product": column("Name"), "Title": column("Gone")}
    after = {"Product": OUT, "Title": column("Name")}
    assert refit(chosen, ["Name"], dict.fromkeys(chosen, OUT), after) == {"Product": column("Name"), "Title": OUT}
