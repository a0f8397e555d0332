"""Files and images beside the spreadsheet, from a folder or from links to the download."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.marketer import PATIENCE, Marketer, table
from tests.support.pictures import PictureServer, picture
from tests.support.server import Server

THINGS = ["Mug", "Cap", "Hat", "Lamp", "Rug", "Bell", "Pot", "Bag", "Cup", "Pen"]
PHOTOS = [f"{color} {thing}.png" for color in ("Red", "Blue") for thing in THINGS]
TOO_LARGE, MISSING = PHOTOS[4], (PHOTOS[7], PHOTOS[13])
MOST_BYTES = 10 * 1024 * 1024


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with 18 of 20 photos, of which one is too large, and with one that no row names."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(PHOTOS):
        if name not in MISSING:
            extra = bytes(MOST_BYTES) if name == TOO_LARGE else b""
            (folder / name).write_bytes(picture(f"hsl({number * 18}, 80%, 50%)") + extra)
    (folder / "spare.png").write_bytes(picture("black"))
    return folder


def spreadsheet(column: str, cells: list[str]) -> bytes:
    """A spreadsheet with one column of photos."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["SKU", column], *([f"S{number}", cell] for number, cell in enumerate(cells))])
    return out.getvalue().encode()


def results(marketer: Marketer) -> list[dict[str, str]]:
    """The rows of the download, by their columns."""
    header, *rows = table(marketer.download())
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_a_folder_of_photos_from_the_upload_to_the_download(
    visit: Callable[[Server], Marketer], own_server: Server, folder: Path
) -> None:
    marketer = visit(own_server)
    marketer.open()
    marketer.upload("photos.csv", spreadsheet("Photo", PHOTOS))
    files = marketer.element("files")
    files.frame_locator("iframe").get_by_label("Choose a folder").set_input_files(folder)
    expect(files.get_by_text("18 of 20 files found")).to_be_visible(timeout=PATIENCE)
    expect(files.get_by_text("1 file isn't named in any row: photos/spare.png")).to_be_visible()
    marketer.launch("Launch 17 rows")
    marketer.sees(waiting=0, in_progress=0, skipped=3)
    if marketer.button("retry_failed").is_visible():
        marketer.button("retry_failed").click()
    marketer.sees(completed=17, failed=0)
    marketer.click_row(0)
    row = marketer.element("row")
    expect(row.get_by_role("img").first).to_be_visible(timeout=PATIENCE)
    with marketer.page.expect_download() as waiting:
        row.get_by_role("link", name="Red Mug.png").click()
    assert Path(waiting.value.path()).read_bytes() == (folder / "Red Mug.png").read_bytes()

    rows = results(marketer)
    assert [row["Photo"] for row in rows] == PHOTOS
    assert [row["Photo"] for row in rows if row["Status"] == "Skipped"] == [TOO_LARGE, *MISSING]
    assert "Red Rug.png is a little over 10 MB, but Image takes files up to 10 MB" in rows[4]["Error"]
    sent = [row for row in rows if row["Status"] == "Completed"]
    assert all(row["Photo"].removesuffix(".png").lower() in row["Suggestion"].lower() for row in sent)
    assert marketer.complaints == []


@pytest.fixture
def shop() -> Iterator[PictureServer]:
    with PictureServer() as shop:
        yield shop


def test_a_shop_export_with_links_to_images(
    visit: Callable[[Server], Marketer], tmp_path: Path, shop: PictureServer
) -> None:
    links = [shop.put_up(f"/{color}-mug.png", color) for color in ("red", "blue", "green")]
    with Server(tmp_path, FETCH_PRIVATE_HOSTS=shop.host) as server:
        marketer = visit(server)
        marketer.open()
        marketer.upload("products_export.csv", spreadsheet("Image Src", [*links, "http://10.0.0.1/secret.png"]))
        expect(marketer.element("files").get_by_text("3 of 4 links downloaded")).to_be_visible(timeout=PATIENCE)
        marketer.launch("Launch 3 rows")
        marketer.sees(waiting=0, in_progress=0, skipped=1)
        if marketer.button("retry_failed").is_visible():
            marketer.button("retry_failed").click()
        marketer.sees(completed=3, failed=0)
        rows = results(marketer)
    assert [row["Image Src"] for row in rows[:3]] == links
    assert all(color in row["Suggestion"].lower() for color, row in zip(("red", "blue", "green"), rows, strict=False))
    assert rows[3]["Error"].startswith("Image Src: The address 10.0.0.1/secret.png leads to a private network")
