"""Reading in a process of its own: what it hands back, and that nothing it meets harms the server."""

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from services.chunks import CHUNK_ROWS, unpack
from services.drafts import sheets
from services.drafts.sheets import process
from services.errors import SheetError
from services.models import Reading, Sheet, SheetRow
from tests.drafts.sheets.helpers import CONTENT, LIMITS, parsed, plain_workbook, workbook

ROWS = b"a,b\n" + b"".join(b"%d,x\n" % number for number in range(2_500))


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have temporary files in a place of the test's own, and see that none stay."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[str]]]:
    """Collect the processes that are started, and see that all have ended."""
    started = []
    start = process._start

    def collect(directory: Path, log: int) -> subprocess.Popen[str]:
        started.append(start(directory, log))
        return started[-1]

    monkeypatch.setattr(process, "_start", collect)
    yield started
    assert all(child.returncode is not None for child in started)


def refusal(data: bytes, filename: str = "a.csv") -> str:
    with pytest.raises(SheetError) as caught, sheets.read(data, filename, Reading(), LIMITS):
        pass
    return str(caught.value)


def test_sheet_chunks_and_progress_arrive(children: list[subprocess.Popen[str]]) -> None:
    progress: list[int] = []
    with sheets.read(ROWS, "ä.csv", Reading(), LIMITS, progress.append) as found:
        chunks = [unpack(chunk) for chunk in found.chunks()]
    assert found.sheet == Sheet("ä.csv", ("a", "b"), 2_500, Reading("utf-8", ","), layout=found.sheet.layout)
    assert [len(chunk) for chunk in chunks] == [CHUNK_ROWS, CHUNK_ROWS, 500]
    assert [row for chunk in chunks for row in chunk] == [SheetRow(n + 2, (str(n), "x")) for n in range(2_500)]
    assert progress == [1_000, 2_000, 2_500]
    assert [child.returncode for child in children] == [0]


def test_a_workbook_arrives_whole() -> None:
    data = plain_workbook(["Name", ""], ["Mug", 1.5], [], ["🥛 ü", 2])
    with sheets.read(data, "a.xlsx", Reading(), LIMITS) as found:
        rows = [row for chunk in found.chunks() for row in unpack(chunk)]
    assert (found.sheet, rows) == parsed(data, "a.xlsx")


def test_a_refusal_arrives_as_its_sentence() -> None:
    assert refusal(b"a,b\n").startswith("This spreadsheet has a header but no rows. ")


def test_a_file_that_is_too_large_is_refused_before_it_is_looked_at(children: list[subprocess.Popen[str]]) -> None:
    with (
        pytest.raises(SheetError) as caught,
        sheets.read(bytes(5 * 2**19), "a.csv", Reading(), sheets.Limits(2**20, 1, 1)),
    ):
        pass
    assert str(caught.value).startswith("This file has 2.5 MB; the limit is 1.0 MB. ")
    assert children == []


def test_when_following_the_progress_fails_reading_ends_at_once(children: list[subprocess.Popen[str]]) -> None:
    def leave(_: int) -> None:
        raise RuntimeError("the person has left")

    with pytest.raises(RuntimeError, match="has left"), sheets.read(ROWS * 50, "a.csv", Reading(), LIMITS, leave):
        pass
    assert [child.returncode for child in children] == [-9]


def test_files_go_when_the_caller_fails() -> None:
    with pytest.raises(RuntimeError, match="full"), sheets.read(ROWS, "a.csv", Reading(), LIMITS):
        raise RuntimeError("the disk is full")


def bomb(cells: int) -> bytes:
    """Make a small workbook whose sheet unpacks to a great many long cells, within what may be unpacked."""
    sheet = plain_workbook(["a"], ["b"])
    row = b'<row><c t="inlineStr"><is><t>' + b"x" * 32_000 + b"</t></is></c></row>"
    out = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(sheet)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for info in old.infolist():
            if info.filename != CONTENT:
                new.writestr(info.filename, old.read(info))
        with new.open(CONTENT, "w") as part:
            part.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
            for _ in range(cells):
                part.write(row)
            part.write(b"</sheetData></worksheet>")
    return out.getvalue()


TOO_MUCH_MEMORY = (
    "This spreadsheet takes too much memory to read. Copy the rows and columns you need into a new one and save it as "
    "CSV."
)
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")


@only_linux
def test_a_zip_bomb_ends_at_the_memory_limit(
    children: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bomb(4_900)
    assert len(data) < 2_000_000
    monkeypatch.setattr(process, "MAX_MEMORY_BYTES", 150_000_000)
    assert refusal(data, "a.xlsx") == TOO_MUCH_MEMORY
    monkeypatch.setattr(process, "MAX_MEMORY_BYTES", 1_500_000_000)
    with sheets.read(data, "a.xlsx", Reading(), LIMITS) as found:
        assert found.sheet.row_count == 4_899


@only_linux
def test_a_sheet_with_a_cell_in_its_farthest_corner_ends_at_the_memory_limit(
    children: list[subprocess.Popen[str]],
) -> None:
    def fill(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_string(0, 0, "a")
        sheet.write_string(1_048_575, 16_383, "z")

    assert refusal(workbook(fill), "a.xlsx") == TOO_MUCH_MEMORY


def test_a_child_that_is_killed_is_reported_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def kill_child(directory: Path, log: int) -> subprocess.Popen[str]:
        return start_instead("import os; os.kill(os.getpid(), 9)")

    monkeypatch.setattr(process, "_start", kill_child)
    assert refusal(ROWS).startswith("This spreadsheet takes too much memory to read. ")


def test_a_child_that_breaks_is_reported_without_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_start", lambda _directory, _log: start_instead("1 / 0"))
    assert refusal(ROWS) == (
        "This spreadsheet can't be read. Copy the rows and columns you need into a new one and save it as CSV."
    )


def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_start", lambda _directory, _log: start_instead("import time; time.sleep(60)"))
    monkeypatch.setattr(process, "TIMEOUT_S", 0.2)
    assert refusal(ROWS).startswith("This spreadsheet takes too long to read. ")


def start_instead(program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def test_the_child_never_sees_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRITER_API_KEY", "secret")
    given: list[dict[str, str]] = []
    start = subprocess.Popen

    def spy(*args: object, **options: object) -> subprocess.Popen[str]:
        given.append(dict(options["env"]))  # type: ignore[call-overload]
        return start(*args, **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(subprocess, "Popen", spy)
    with sheets.read(ROWS, "a.csv", Reading(), LIMITS):
        pass
    assert ["WRITER_API_KEY" in environment for environment in given] == [False]
    assert "secret" not in str(given)


def test_the_child_starts_without_what_it_may_not_need() -> None:
    heavy = "{'pandas', 'openpyxl', 'python_calamine', 'charset_normalizer', 'streamlit'}"
    program = f"import sys, services.drafts.sheets.__main__; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
