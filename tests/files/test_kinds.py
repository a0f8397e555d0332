"""What a file is by its content, and how that fits its name and an input."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.files.kinds import UNKNOWN, accepted, extension, fits, label, listed, named_type, proper_name
from services.files.signatures import detect
from tests.files.samples import SAMPLES, saved, zipped


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_is_what_is_in_it_whatever_its_name(name: str, tmp_path: Path) -> None:
    data, media_type = SAMPLES[name]
    assert detect(saved(tmp_path, data)) == media_type


def test_names_of_samples_fit_their_content() -> None:
    misnamed = {name for name, (_, media_type) in SAMPLES.items() if not fits(name, media_type)}
    assert misnamed == {"empty.txt", "blank.txt", "secret.docx", "drawing.vsd"}


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"PK\x03\x04 damaged", "application/zip"),
        (zipped({"mimetype": "text/plain"}), "application/zip"),
        (zipped({"mimetype": "x" * 10_000_000}), "application/zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 600, "application/x-ole-storage"),
        (b"<!--" * 20_000, "text/plain"),
        (b"a: b\n" * 20_000, "text/plain"),
    ],
    ids=range(7),
)
def test_damaged_and_hostile_files_are_reported_in_no_time(data: bytes, media_type: str, tmp_path: Path) -> None:
    assert detect(saved(tmp_path, data)) == media_type


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.sampled_from([b"", *(data[:2000] for data, _ in SAMPLES.values())]), rest=st.binary(max_size=3000))
def test_any_bytes_are_something(start: bytes, rest: bytes, tmp_path: Path) -> None:
    assert label(detect(saved(tmp_path, start + rest)))


def test_a_directory_of_a_zip_that_is_too_large_isnt_read(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(130):
            archive.writestr(zipfile.ZipInfo(f"{number}{'x' * 65_000}"), "")
        archive.writestr("[Content_Types].xml", "")
        archive.writestr("word/document.xml", "")
    assert path.stat().st_size > 16_000_000
    assert detect(path) == "application/zip"


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("a.JPG", "jpg"),
        ("a.b/c", ""),
        ("a.tar.gz", "gz"),
        (".htaccess", ""),
        ("a. b", ""),
        ("x\\y.png", "png"),
        ("", ""),
    ],
)
def test_extension_of_a_name(name: str, ending: str) -> None:
    assert extension(name) == ending


PHOTO = ("jpg", "png")


@pytest.mark.parametrize(
    ("name", "media_type", "file_types", "is_accepted", "sent_as"),
    [
        ("mug.jpg", "image/jpeg", PHOTO, True, "mug.jpg"),
        ("mug.jpg", "image/png", PHOTO, True, "mug.png"),
        ("mug.jpeg", "image/jpeg", PHOTO, True, "mug.jpg"),
        ("mug.jpeg", "image/jpeg", (), True, "mug.jpeg"),
        ("mug", "image/jpeg", PHOTO, True, "mug.jpg"),
        ("mug.v2", "image/jpeg", PHOTO, True, "mug.v2.jpg"),
        ("MUG.JPG", "image/jpeg", (".JPG",), True, "MUG.JPG"),
        ("mug.jpg", "image/jpeg", ("image/*",), True, "mug.jpg"),
        ("mug.jpg", "image/jpeg", ("image/png",), False, "mug.png"),
        ("mug.jpg", UNKNOWN, PHOTO, False, "mug.jpg"),
        ("mug.jpg", "text/html", PHOTO, False, "mug.html"),
        ("mug.psd", UNKNOWN, ("psd",), True, "mug.psd"),
        ("mug.psd", UNKNOWN, PHOTO, False, "mug.psd"),
        ("mugs.csv", "text/plain", ("csv",), True, "mugs.csv"),
        ("mugs.csv", "text/plain", ("txt",), False, "mugs.txt"),
        ("mugs.csv", "text/html", ("csv",), False, "mugs.html"),
        ("mug.svg", "text/plain", ("svg",), False, "mug.txt"),
        ("mugs.txt", "text/html", ("txt",), True, "mugs.txt"),
        ("mugs", "text/plain", ("txt", "pdf"), True, "mugs.txt"),
        ("mug.pdf", "text/plain", ("txt", "pdf"), False, "mug.txt"),
    ],
)
def test_what_an_input_takes(
    name: str, media_type: str, file_types: tuple[str, ...], is_accepted: bool, sent_as: str
) -> None:
    assert accepted(name, media_type, file_types) == is_accepted
    if is_accepted:
        assert proper_name(name, media_type, file_types) == sent_as
    assert accepted(sent_as, media_type, ()) is True


def test_a_text_is_sent_as_what_its_name_says() -> None:
    sent = [named_type(name, "text/plain") for name in ("a.csv", "a.srt", "a", "a.png")]
    assert sent == ["text/csv", "application/x-subrip", "text/plain", "text/plain"]
    assert named_type("a.jpg", "image/png") == "image/png"


def test_types_are_listed_for_people() -> None:
    assert listed(["jpg", "jpeg", ".PNG", "webp"]) == "JPG, PNG, and WEBP"
    assert listed(["pdf", "docx"]) == "PDF and DOCX"
    assert listed(["jpeg"]) == "JPEG"
    assert listed(["image/png", "psd", " "]) == "PNG and PSD"
