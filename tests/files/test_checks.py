"""A file against an input: each problem is a sentence that says what to do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.files.checks import count_problem, note, problems
from services.models import AgentInput, InputType, NamedFile
from tests.files.samples import SAMPLES, named

MB = 1024 * 1024
PHOTO = AgentInput("Photo", InputType.MEDIA, file_types=("jpg", "jpeg", "png", "webp"), max_megabytes=10)
BRIEF = AgentInput("Brief", InputType.FILE, max_values=3, file_types=("pdf", "docx", "txt"), max_words=1_500)
ANYTHING = AgentInput("Anything", InputType.FILE)


@pytest.mark.parametrize(
    ("file", "field", "words", "expected"),
    [
        (named("mug.jpg", "image/jpeg", 10 * MB), PHOTO, None, []),
        (named("x.bin", "application/octet-stream"), ANYTHING, None, []),
        (
            named("mug-01.jpg", "image/jpeg", 14 * MB),
            PHOTO,
            None,
            ["mug-01.jpg is 14 MB, but Photo takes files up to 10 MB. Make it smaller and upload it again."],
        ),
        (
            named("mug-01.jpg", "image/jpeg", 10 * MB + 30_000),
            PHOTO,
            None,
            ["mug-01.jpg is 10.03 MB, but Photo takes files up to 10 MB. Make it smaller and upload it again."],
        ),
        (
            named("mug-01.jpg", "image/jpeg", 10 * MB + 1),
            PHOTO,
            None,
            ["mug-01.jpg is a little over 10 MB, but Photo takes files up to 10 MB. "
             "Make it smaller and upload it again."],
        ),
        (
            named("a/mug.gif", "image/gif"),
            PHOTO,
            None,
            ["a/mug.gif is a GIF image, but Photo takes JPG, PNG, and WEBP files. Convert it and upload it again."],
        ),
        (
            named("mug.jpg", "text/html"),
            PHOTO,
            None,
            ["mug.jpg is a web page, but Photo takes JPG, PNG, and WEBP files. Convert it and upload it again."],
        ),
        (
            named("mug.jpg", "application/octet-stream"),
            PHOTO,
            None,
            ["mug.jpg isn't a JPEG image, or it's damaged. Save it again and upload the new one."],
        ),
        (
            named("mug.psd", "application/octet-stream"),
            PHOTO,
            None,
            ["mug.psd is a file of an unknown type, but Photo takes JPG, PNG, and WEBP files. "
             "Convert it and upload it again."],
        ),
        (
            named("brief.docx", "application/x-encrypted-office"),
            BRIEF,
            None,
            ["brief.docx is a document with a password, but Brief takes PDF, DOCX, and TXT files. "
             "Convert it and upload it again."],
        ),
        (named("mug.jpg", "application/octet-stream", 0), PHOTO, None,
         ["mug.jpg is empty. Save it again and upload the new one."]),
        (named("brief.pdf", "application/pdf"), BRIEF, 1_500, []),
        (named("brief.pdf", "application/pdf"), BRIEF, None, []),
        (
            named("brief.pdf", "application/pdf"),
            BRIEF,
            1_501,
            ["brief.pdf has 1,501 words, but Brief takes up to 1,500. Shorten it and upload it again."],
        ),
    ],
)  # fmt: skip
def test_problems_of_a_file(file: NamedFile, field: AgentInput, words: int | None, expected: list[str]) -> None:
    assert problems(file, field, words) == expected


def test_a_wrong_extension_is_noted_not_refused() -> None:
    misnamed = named("mug.jpg", "image/png")
    assert problems(misnamed, PHOTO) == []
    assert note(misnamed, PHOTO) == "mug.jpg is a PNG image, so it's sent as mug.png."
    assert note(named("mug.png", "image/png"), PHOTO) == ""
    assert note(named("mug.jpg", "image/gif"), PHOTO) == ""


def test_too_many_files_in_a_cell() -> None:
    assert count_problem([1, 2, 3], BRIEF) == ""
    assert count_problem([1, 2], PHOTO) == "This cell names 2 files, but Photo takes 1 file. Remove the others."
    assert count_problem([1] * 1_234, BRIEF) == (
        "This cell names 1,234 files, but Brief takes up to 3 files. Remove the others."
    )


@given(
    name=st.text(max_size=30) | st.sampled_from(list(SAMPLES)),
    media_type=st.sampled_from([media_type for _, media_type in SAMPLES.values()]),
    size=st.integers(0, 10**12),
    file_types=st.lists(st.text(max_size=9) | st.sampled_from(["jpg", ".PDF", "image/*", "text/csv", "*"]), max_size=3),
    limit=st.none() | st.floats(1e-9, 1e9),
    words=st.none() | st.integers(0, 10**9),
)
def test_whatever_is_checked_gets_sentences(
    name: str, media_type: str, size: int, file_types: list[str], limit: float | None, words: int | None
) -> None:
    field = AgentInput(
        "X", InputType.FILE, file_types=tuple(file_types), max_megabytes=limit, max_words=words and words // 2
    )
    file = named(name, media_type, size)
    found = problems(file, field, words)
    assert all(sentence.endswith(".") for sentence in found)
    assert note(file, field) == "" or not problems(file, field)
