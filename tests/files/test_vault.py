"""Files kept by their hash, and what is derived from them, whatever the disk, a crash, or a hostile file does."""

import errno
import hashlib
import io
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from services import child
from services.errors import FileError
from services.files import reader
from services.files.vault import Vault
from services.models import StoredFile
from tests.files.samples import SAMPLES, docx, image, pdf, pptx

MB = 1024 * 1024


def contents(vault: Vault) -> set[Path]:
    return {path.relative_to(vault.folder) for path in vault.folder.rglob("*") if path.is_file()}


def add(vault: Vault, data: bytes) -> StoredFile:
    return vault.add([data], "a", 100 * MB)


def test_a_file_is_kept_once_by_its_hash(vault: Vault) -> None:
    data = image("PNG")
    first = vault.add([data[:9], b"", data[9:]], "mug.jpg", MB)
    digest = hashlib.sha256(data).hexdigest()
    assert first == StoredFile(digest, len(data), "image/png")
    assert vault.add([data], "again.png", MB) == first
    assert contents(vault) == {Path(digest[:2], digest)}
    with vault.open(digest) as file:
        assert file.read() == data
    assert vault.size() == len(data)


def test_what_was_added_lately_isnt_listed_as_unused_even_if_it_was_there_before(vault: Vault) -> None:
    old, added_again, new = add(vault, b"old"), add(vault, b"again"), add(vault, b"new")
    vault.words(old)
    yesterday = time.time() - 25 * 3600
    for stored in (old, added_again):
        os.utime(vault.path(stored.hash), (yesterday, yesterday))
    assert set(vault.hashes(unused_for_s=3600)) == {old.hash, added_again.hash}
    add(vault, b"again")
    assert list(vault.hashes(unused_for_s=3600)) == [old.hash]
    assert new.hash in set(vault.hashes(unused_for_s=-60))


def test_removing_a_file_removes_what_was_derived_from_it(vault: Vault) -> None:
    kept, removed = add(vault, b"a b"), add(vault, image("PNG"))
    assert vault.thumbnail(removed.hash)
    vault.words(removed)
    vault.remove(removed.hash)
    vault.remove(removed.hash)
    assert contents(vault) == {Path(kept.hash[:2], kept.hash)}
    assert (vault.thumbnail(removed.hash), vault.words(removed)) == (None, None)
    with pytest.raises(FileError, match=r"^The file isn't there anymore. Upload it again.$"):
        vault.open(removed.hash)


def test_a_file_that_is_too_large_leaves_nothing(vault: Vault) -> None:
    with pytest.raises(FileError) as caught:
        vault.add([bytes(MB), b"x"], "mug.jpg", MB)
    assert str(caught.value) == "“mug.jpg” has more than 1 MB. Make it smaller and upload it again."
    assert contents(vault) == set()


def test_when_its_bytes_stop_coming_nothing_is_left(vault: Vault) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("the connection broke")

    with pytest.raises(RuntimeError, match="broke"):
        vault.add(broken(), "a", MB)
    assert contents(vault) == set()


@pytest.mark.parametrize("broken", ["write", "fsync", "mkstemp", "replace"])
def test_a_full_disk_is_reported(broken: str, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if broken == "write":
        full = Path("/dev/full")
        if not full.exists():
            pytest.skip("only Linux has a disk that is always full")
        into_nothing = os.fdopen(os.open(full, os.O_WRONLY), "wb")
        monkeypatch.setattr("services.files.vault.os.fdopen", lambda _number, _mode: into_nothing)
    else:
        places = {"fsync": "os.fsync", "mkstemp": "tempfile.mkstemp", "replace": "pathlib.Path.replace"}
        monkeypatch.setattr(places[broken], fail)
    with pytest.raises(FileError) as caught:
        vault.add([bytes(MB)] * 3, "mug.jpg", 10 * MB)
    monkeypatch.undo()
    assert str(caught.value) == (
        "“mug.jpg” can't be stored, because the server's disk is full. Free some space and try again."
    )
    assert contents(vault) == set()


ADDING = """
import sys
from pathlib import Path
from services.files.vault import Vault
def chunks():
    for _ in range(8):
        yield b"x" * 1_000_000
    print("half", flush=True)
    sys.stdin.read()
Vault(Path(sys.argv[1])).add(chunks(), "a", 10**9)
"""


def test_a_process_killed_while_it_adds_leaves_no_half_file(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ADDING, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.send_signal(signal.SIGKILL)
    vault = Vault(tmp_path)
    (left,) = contents(vault)
    assert left.name.startswith("incoming-")
    whole = add(vault, b"x" * 8_000_000)
    assert vault.path(whole.hash).stat().st_size == 8_000_000
    yesterday = time.time() - 25 * 3600
    os.utime(tmp_path / left, (yesterday, yesterday))
    assert contents(Vault(tmp_path)) == {Path(whole.hash[:2], whole.hash)}


def test_many_threads_may_add_the_same_file(vault: Vault) -> None:
    found: list[StoredFile] = []

    def work() -> None:
        found.extend(vault.add([b"%d" % (n % 5)] * 1000, "a", MB) for n in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    assert {path.name for path in contents(vault)} == {stored.hash for stored in found}


def drawn(vault: Vault, data: bytes, box: tuple[int, int] = (64, 64)) -> Image.Image | None:
    thumbnail = vault.thumbnail(add(vault, data).hash, box)
    return thumbnail and Image.open(io.BytesIO(thumbnail))  # type: ignore[return-value]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_a_thumbnail_fits_its_box(form: str, shared_vault: Vault) -> None:
    found = drawn(shared_vault, image(form, (300, 200)))
    assert found is not None
    assert (found.format, found.size) == ("WEBP", (64, 43))


def test_a_thumbnail_is_upright_keeps_transparency_and_shows_the_first_frame(shared_vault: Vault) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    turned = drawn(shared_vault, image("JPEG", (300, 200), exif=exif))
    assert turned is not None
    assert turned.size == (43, 64)
    clear = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(clear, "PNG")
    found = drawn(shared_vault, clear.getvalue())
    assert found is not None
    assert found.getpixel((0, 0)) == (0, 0, 0, 0)
    moving = io.BytesIO()
    red, blue = (Image.new("RGB", (10, 10), color) for color in ("red", "blue"))
    red.save(moving, "GIF", save_all=True, append_images=[blue])
    found = drawn(shared_vault, moving.getvalue())
    assert found is not None
    red_part, _, blue_part = found.convert("RGB").getpixel((5, 5))  # type: ignore[misc]
    assert red_part > 200 > blue_part


def huge_png(width: int, height: int) -> bytes:
    """Make a small PNG image that says it is huge, and unpacks to that, too."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + 3 * width)) for _ in range(height)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", rows) + part(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        huge_png(8000, 6300),
        image("JPEG", (300, 200))[:900],
        image("PNG", (300, 200))[:9000],
        b"\xff\xd8\xff",
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        pdf("not an image"),
    ],
    ids=["bomb", "half a JPEG", "half a PNG", "three bytes", "nothing", "SVG", "PDF"],
)
def test_what_cant_be_drawn_has_no_thumbnail(data: bytes, shared_vault: Vault) -> None:
    assert drawn(shared_vault, data) is None


@given(start=st.sampled_from([data[:400] for data, _ in SAMPLES.values()]), rest=st.binary(max_size=200))
def test_any_bytes_have_a_thumbnail_and_words_or_none(shared_vault: Vault, start: bytes, rest: bytes) -> None:
    stored = add(shared_vault, start + rest)
    thumbnail = shared_vault.thumbnail(stored.hash, (8, 8))
    words = shared_vault.words(stored)
    assert thumbnail is None or thumbnail.startswith(b"RIFF")
    assert words is None or words >= 0


def test_a_large_photo_is_drawn_and_a_thumbnail_is_drawn_once(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = add(vault, image("JPEG", (6000, 4000)))
    begin = time.perf_counter()
    thumbnail = vault.thumbnail(stored.hash)
    assert time.perf_counter() - begin < 5
    bad = add(vault, b"no image")
    assert vault.thumbnail(bad.hash) is None
    monkeypatch.setattr(reader.Reader, "_ask", lambda *_: pytest.fail("looked into it again"))
    assert (vault.thumbnail(stored.hash), vault.thumbnail(bad.hash)) == (thumbnail, None)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (pdf("Two words", "and (three more)"), 5),
        (docx("Hello big", "world"), 3),
        (pptx("One slide", "and another"), 4),
        (b"<html><style>a b</style><p>One<b>two</b> three<p>four<!-- five --><script>x y</script>", 3),
        ("Zażółć gęślą jaźń".encode("utf-16"), 3),
        ("Zażółć gęślą\r\njaźń".encode("cp1250"), 3),
        (b"1\n00:00:01,000 --> 00:00:02,500\nHello\n", 5),
        (pdf("x")[:300], None),
        (docx("x")[:150], None),
        (image("PNG"), None),
    ],
    ids=range(10),
)
def test_words_of_a_file(data: bytes, words: int | None, shared_vault: Vault) -> None:
    stored = add(shared_vault, data)
    assert shared_vault.words(stored) == words
    assert shared_vault.words(stored) == words


def test_a_file_that_takes_too_long_counts_as_unreadable_and_the_next_one_is_read(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile, good = add(vault, docx("x " * 60_000_000)), add(vault, docx("two words"))
    monkeypatch.setattr(reader, "WORDS_TIMEOUT_S", 0.3)
    assert vault.words(hostile) is None
    monkeypatch.setattr(reader, "WORDS_TIMEOUT_S", 20.0)
    assert vault.words(good) == 2


@pytest.mark.parametrize("program", ["import os; os.abort()", "import time; time.sleep(60)", "print('{}'[:1], end='')"])
def test_a_process_that_dies_or_hangs_is_replaced(program: str, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def start_instead(*_: object, **__: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", program]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    bad, good = add(vault, image("PNG")), add(vault, image("PNG", (20, 20)))
    monkeypatch.setattr(reader, "THUMBNAIL_TIMEOUT_S", 0.5)
    with monkeypatch.context() as patch:
        patch.setattr(child, "start", start_instead)
        assert vault.thumbnail(bad.hash) is None
    monkeypatch.setattr(reader, "THUMBNAIL_TIMEOUT_S", 20.0)
    assert vault.thumbnail(good.hash) is not None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_a_file_that_takes_too_much_memory_counts_as_unreadable(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    program = "from services.files import __main__ as process; process.MAX_MEMORY_BYTES = 150_000_000; process.main()"

    def with_little_memory(*_: object, **__: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", program]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    monkeypatch.setattr(child, "start", with_little_memory)
    assert vault.words(add(vault, docx("x" * 60_000_000))) is None
    assert vault.words(add(vault, docx("two words"))) == 2
