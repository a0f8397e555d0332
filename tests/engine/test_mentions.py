"""How well a text fits the rows that it may have been made for."""

import pytest

from services.engine.mentions import mentions

ROWS = {
    0: {"Product": ["Linden café mug"], "Tone": ["Warm"]},
    1: {"Product": ["Linden tea pot"], "Tone": ["Warm"]},
    2: {"Product": ["Harbor wool blanket"], "Tone": ["Bold"]},
}


def best(text: str) -> int:
    fits = mentions(ROWS, text)
    return max(fits, key=lambda key: fits[key])


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("Meet the LINDEN CAFÉ MUG, a warm start.", 0),
        ("This pot pours tea like a Linden leaf falls.", 1),
        ("Wrap up: the Harbor blanket is here.", 2),
    ],
)
def test_the_row_whose_own_words_are_mentioned_fits_best(text: str, row: int) -> None:
    assert best(text) == row


def test_words_that_all_rows_share_say_next_to_nothing() -> None:
    fits = mentions(ROWS, "A warm linden day.")
    assert fits[0] < 0.35
    assert fits[0] == fits[1]


def test_numbers_tell_rows_apart_and_a_row_without_words_of_its_own_never_fits_well() -> None:
    rows = {n: {"Text": [f"batch 1 row {n}"]} for n in range(5)}
    fits = mentions(rows, "Attempt 1 made of batch 1 row 3")
    assert fits[3] == 1.0
    assert max(fits[n] for n in (0, 1, 2, 4)) < 0.35


def test_languages_without_spaces_are_understood() -> None:
    rows = {0: {"Product": ["青い陶器のマグカップ"]}, 1: {"Product": ["赤い毛布と枕カバー"]}}
    fits = mentions(rows, "毎朝を彩る青い陶器のマグカップです。")
    assert (fits[0], fits[1]) == (1.0, 0.0)


def test_nothing_to_compare_is_no_fit() -> None:
    assert mentions({}, "text") == {}
    assert mentions({0: {}}, "text") == {0: 0.0}
