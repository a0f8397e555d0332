"""ZIP archives: what is unpacked, what is left out with a note, and what is refused."""

import io
import stat
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.errors import FileError
from services.files.archive import Limits, Unpacked, unpack
from services.files.paths import is_litter, is_safe, safe_name, shown, slashed
from services.files.vault import Vault
from tests.files.samples import image, saved, zipped

MB = 1024 * 1024
LIMITS = Limits(max_files=100, max_file_bytes=20 * MB, max_total_bytes=500 * MB)


@pytest.fixture
def opened(vault: Vault, tmp_path: Path) -> "Opener":
    return Opener(vault, tmp_path)


class Opener:
    def __init__(self, vault: Vault, folder: Path) -> None:
        self.vault = vault
        self.folder = folder

    def __call__(self, data: bytes, limits: Limits = LIMITS) -> Unpacked:
        return unpack(saved(self.folder, data, "x.zip"), "photos.zip", self.vault, limits)

    def names(self, data: bytes) -> list[str]:
        return [file.name for file in self(data).files]

    def refusal(self, data: bytes, limits: Limits = LIMITS) -> str:
        with pytest.raises(FileError) as caught:
            self(data, limits)
        return str(caught.value)


def test_files_are_unpacked_with_their_paths_and_litter_is_left_out_silently(opened: Opener) -> None:
    photo = image("JPEG")
    found = opened(
        zipped(
            {
                "photos/": "",
                "photos/mug.jpg": photo,
                "photos\\sub\\cup.jpg": "text",
                "./a//b.txt": "b",
                "__MACOSX/photos/._mug.jpg": "x",
                ".DS_Store": "x",
                "photos/Thumbs.db": "x",
                "photos/.hidden/x.jpg": "x",
                "~$brief.docx": "x",
                "desktop.ini": "x",
            }
        )
    )
    assert [file.name for file in found.files] == ["photos/mug.jpg", "photos/sub/cup.jpg", "a/b.txt"]
    assert found.notes == []
    assert found.files[0].file.media_type == "image/jpeg"
    assert opened.vault.path(found.files[0].file.hash).read_bytes() == photo


def test_names_that_lead_elsewhere_and_links_are_left_out_with_a_note(opened: Opener) -> None:
    out = io.BytesIO()
    hostile = ["../up.jpg", "a/../../up.jpg", "/etc/passwd", "C:\\Windows\\x.jpg", "\\\\server\\x.jpg"]
    devices = ["CON", "nul.txt", "a/COM1.jpg", "lpt¹.png", "AUX .x"]
    odd = ["tab\there.jpg", "right\u202egpj.exe", "x" * 300 + ".jpg", "a/ /b.jpg"]
    with zipfile.ZipFile(out, "w") as archive:
        for name in (*hostile, *devices, *odd):
            archive.writestr(zipfile.ZipInfo(name), "x")
        for name, kind in (("link", stat.S_IFLNK), ("pipe", stat.S_IFIFO)):
            info = zipfile.ZipInfo(name)
            info.external_attr = (kind | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
        archive.writestr("inner.zip", zipped({"a.jpg": "x"}))
        archive.writestr("good.txt", "x")
    found = opened(out.getvalue())
    assert [file.name for file in found.files] == ["good.txt"]
    assert len(found.notes) == len(hostile) + len(devices) + len(odd) + 3
    assert found.notes[0] == "“../up.jpg” has a name that can't be used, so it was left out."
    assert found.notes[10] == "“tab\ufffdhere.jpg” has a name that can't be used, so it was left out."
    assert found.notes[-3:] == [
        "“link” is a link, not a file, so it was left out.",
        "“pipe” is a link, not a file, so it was left out.",
        "“inner.zip” is an archive inside the archive, so it was left out.",
    ]


def test_names_are_read_as_utf8_or_else_as_cp437(opened: Opener) -> None:
    marked = zipped({"Äpfel.txt": "a"})
    unmarked = zipped({"x" * len("Äpfel.txt".encode()): "b"}).replace(b"x" * 10, "Äpfel.txt".encode())
    old = zipped({"xpfel.txt": "c"}).replace(b"xpfel", b"\x8epfel")
    assert [opened.names(data) for data in (marked, unmarked, old)] == [["Äpfel.txt"]] * 3


@pytest.mark.parametrize("data", [b"", b"no zip", zipped({"a.txt": "x"})[:60], image("PNG")], ids=range(4))
def test_what_is_no_archive_is_refused(data: bytes, opened: Opener) -> None:
    sentence = "“photos.zip” is damaged or isn't a ZIP archive. Create it again and upload the new one."
    assert opened.refusal(data) == sentence


def test_an_archive_without_files_is_refused(opened: Opener) -> None:
    sentence = "“photos.zip” has no files in it. Create it again and upload the new one."
    assert opened.refusal(zipped({"photos/": "", "__MACOSX/x": "y"})) == sentence


def flagged(data: bytes, flag: int) -> bytes:
    """Set a flag of the first member, here and in the directory."""
    changed = bytearray(data)
    changed[6] |= flag
    changed[data.index(b"PK\x01\x02") + 8] |= flag
    return bytes(changed)


def test_a_password_is_reported(opened: Opener) -> None:
    assert opened.refusal(flagged(zipped({"a.jpg": "x"}), 1)) == (
        "“photos.zip” is protected by a password. Create it without one and upload it again."
    )


def test_a_damaged_member_is_left_out_and_the_others_are_unpacked(opened: Opener) -> None:
    data = zipped({"bad.txt": b"BROKEN", "good.txt": "x", "odd.txt": "y"}, zipfile.ZIP_STORED)
    data = data.replace(b"BROKEN", b"BR0KEN")
    place = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1) + 1)
    data = data[: place + 10] + b"\x61" + data[place + 11 :]  # a method that nobody knows
    found = opened(data)
    assert [file.name for file in found.files] == ["good.txt"]
    assert found.notes == [
        f"“{name}” is damaged or compressed in a way that can't be read, so it was left out."
        for name in ("bad.txt", "odd.txt")
    ]


def test_a_member_that_is_too_large_is_left_out(opened: Opener) -> None:
    found = opened(zipped({"big.txt": bytes(2 * MB), "small.txt": "x"}), Limits(9, MB, 99 * MB))
    assert [file.name for file in found.files] == ["small.txt"]
    assert found.notes == ["“big.txt” is larger than 1 MB, so it was left out."]


def test_too_many_files_are_refused(opened: Opener) -> None:
    data = zipped({f"{n}.txt": "x" for n in range(101)} | {f".{n}": "x" for n in range(500)})
    assert opened.refusal(data) == (
        "“photos.zip” has 101 files; the limit is 100. Split it into several archives and upload the parts."
    )


def lying(data: bytes, size: int) -> bytes:
    """Have the directory say that the first member has so many bytes."""
    place = data.index(b"PK\x01\x02") + 24
    return data[:place] + size.to_bytes(4, "little") + data[place + 4 :]


def test_a_bomb_is_refused_by_what_it_unpacks_to(opened: Opener) -> None:
    sentence = "“photos.zip” unpacks to more than {} MB. Split it into several archives and upload the parts."
    bomb = zipped({f"{n}.txt": bytes(15 * MB) for n in range(5)})
    assert len(bomb) < MB / 10
    assert opened.refusal(bomb) == sentence.format(50)
    photos = zipped({f"{n}.bin": b"x" * MB for n in range(4)}, zipfile.ZIP_STORED)
    assert opened.refusal(photos, Limits(9, 2 * MB, 3 * MB)) == sentence.format(3)


def test_a_member_that_lies_about_its_size_is_bounded(opened: Opener) -> None:
    data = lying(zipped({"a.txt": bytes(15 * MB)}), 10)
    found = opened(data, Limits(9, MB, 99 * MB))
    assert found.files == []
    assert len(found.notes) == 1


def test_progress_that_raises_stops_unpacking(opened: Opener) -> None:
    def leave(_: int) -> None:
        raise RuntimeError("the person has left")

    path = saved(opened.folder, zipped({"a.txt": "x"}), "x.zip")
    with pytest.raises(RuntimeError, match="has left"):
        unpack(path, "x.zip", opened.vault, LIMITS, leave)


MEMBERS = st.dictionaries(
    st.text(max_size=20).filter(lambda name: "\0" not in name), st.binary(max_size=50), max_size=4
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(members=MEMBERS, damage=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=3))
def test_any_archive_is_unpacked_or_refused(
    members: dict[str, bytes], damage: list[tuple[int, int]], opened: Opener
) -> None:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name.encode("utf-8", "ignore").decode()), data)
    damaged = bytearray(out.getvalue())
    for place, value in damage:
        damaged[place % len(damaged)] = value
    try:
        found = opened(bytes(damaged))
    except FileError:
        return
    assert all(is_safe(file.name) and not is_litter(file.name) for file in found.files)


@given(st.text(max_size=300))
def test_any_name_can_be_made_safe(name: str) -> None:
    safe = safe_name(name)
    assert safe == "" or (is_safe(safe) and "/" not in safe)
    assert safe_name(safe) == safe
    assert slashed(slashed(name)) == slashed(name)
    assert len(shown(name)) <= 100
