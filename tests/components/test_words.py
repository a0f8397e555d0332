"""Numbers, times and untrusted text on the screen."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from components.words import count, duration, local_time, plain, shorten

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(("value", "text"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1204, "1,204 rows")])
def test_a_count_agrees_with_its_noun(value: int, text: str) -> None:
    assert count(value, "row") == text


def test_a_count_takes_an_irregular_plural() -> None:
    assert count(3, "batch", "batches") == "3 batches"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "a few seconds"),
        (9, "a few seconds"),
        (31, "about 30 seconds"),
        (58, "about 1 minute"),
        (240, "about 4 minutes"),
        (5300, "about 88 minutes"),
        (7000, "about 2 hours"),
        (400_000, "about 5 days"),
    ],
)
def test_a_duration_is_rounded_as_a_person_would(seconds: int, text: str) -> None:
    assert duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 3, 10, 7, 5, tzinfo=UTC), "8:05 AM"),
        (datetime(2026, 3, 9, 22, 59, tzinfo=UTC), "yesterday, 11:59 PM"),
        (datetime(2026, 1, 3, 13, 2, tzinfo=UTC), "Jan 3, 2:02 PM"),
        (datetime(2025, 12, 31, 22, 0, tzinfo=UTC), "Dec 31, 2025, 11:00 PM"),
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), "Jan 1, 12:30 AM"),
    ],
)
def test_a_time_is_the_viewers_and_as_short_as_it_stays_clear(moment: datetime, text: str) -> None:
    assert local_time(moment, "Europe/Berlin", NOW) == text


@pytest.mark.parametrize("name", [None, "", "Nowhere/At_All", "../../etc/passwd"])
def test_an_unknown_zone_reads_as_utc(name: str | None) -> None:
    assert local_time(datetime(2026, 3, 10, 7, 5, tzinfo=UTC), name, NOW) == "7:05 AM"


def test_a_long_text_is_cut_on_one_line_with_an_ellipsis() -> None:
    assert shorten("one\ntwo  three", 9) == "one two…"
    assert shorten("one\ntwo", 9) == "one two"


@given(st.text())
@example("![x](http://evil.example/a.png)")
@example(":red[danger] :material/home: :smile: $x^2$ <b>bold</b> `code` ~~no~~ **no** a -> b -- c")
@example("1. one\n2) two\n# three\n> four\n- five\n\n    six")
def test_plain_text_keeps_every_sign_and_escapes_whatever_markdown_could_read(text: str) -> None:
    shown = plain(text)
    unescaped = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", shown)
    expected = " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", text).split())
    assert unescaped.replace("\u2060", "") == expected.replace("\u2060", "")
    assert not re.search(r"[!-/:-@\[-`{-~]", re.sub(r"\\.", "", shown))
    assert "\n" not in shown


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        (":smile:", r":smile:"),
        (":+1:", r":\+1:"),
        (":material/home:", r":material/home:"),
        ("https://evil.example", "https://"),
        ("HTTP://evil.example", "HTTP://"),
        ("www.evil.example", r"www\."),
        ("me@evil.example", "me@"),
        ("a -> b", "->"),
        ("a <-> b", "<->"),
        ("a -- b", "--"),
        ("a >= b", ">="),
    ],
)
def test_plain_text_parts_signs_that_streamlit_replaces_after_unescaping(text: str, sign: str) -> None:
    unescaped = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", plain(text))
    assert re.search(sign, text)
    assert not re.search(sign, unescaped)
