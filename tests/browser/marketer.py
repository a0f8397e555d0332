"""What a marketer does in the browser, in their words; elements are found by their public keys."""

import csv
import io
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, FilePayload, FloatRect, Locator, expect

PATIENCE = 30_000
"""Milliseconds that a marketer waits for something to show."""
GRID_ROW_PX = 35
"""The height of a table's row, and of its header."""


class Marketer:
    """Somebody with a browser who never wants to see an API."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self._context = context
        self._url = url
        context.set_default_timeout(PATIENCE)
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._hear)

    def open(self, path: str = "/") -> None:
        """Open an address of the product."""
        self.page.goto(f"{self._url}{path}")

    def leave(self) -> None:
        """Close the browser."""
        self._context.close()

    def element(self, key: str) -> Locator:
        """The element with that public key."""
        return self.page.locator(f".st-key-{key}")

    def button(self, key: str) -> Locator:
        """The button, or link that looks like one, with that public key."""
        return self.element(key).locator("button, a").first

    def place(self, key: str) -> FloatRect:
        """Where the element with that public key stands on the page."""
        box = self.element(key).bounding_box()
        assert box is not None
        return box

    # a new batch

    def upload(self, name: str, data: bytes) -> None:
        """Pick a file."""
        payload = FilePayload(name=name, mimeType="application/octet-stream", buffer=data)
        self.element("spreadsheet").locator("input[type=file]").set_input_files(payload)

    def choose(self, key: str, option: str) -> None:
        """Choose in a select box."""
        box = self.chosen(key)
        expect(box).to_be_visible(timeout=PATIENCE)
        box.scroll_into_view_if_needed()  # a list that is open closes when the page scrolls
        self.settle()
        box.click()
        self.page.get_by_role("option", name=option, exact=True).click()
        expect(box).to_have_value(option, timeout=PATIENCE)
        self.settle()

    def chosen(self, key: str) -> Locator:
        """What a select box has as its value."""
        return self.element(key).get_by_role("combobox")

    def settle(self) -> None:
        """Wait until the page has been drawn, as a person does before the next click."""
        self.page.wait_for_timeout(250)
        self.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")

    def launch(self, label: str) -> str:
        """Press the launch button, which must say that, and give the id of the batch that opens."""
        expect(self.button("launch")).to_have_text(re.compile(re.escape(label)), timeout=PATIENCE)
        self.button("launch").click()
        self.page.wait_for_url("**/batch?id=*")
        return self.batch_id()

    # a batch

    def batch_id(self) -> str:
        """The id in the address."""
        return parse_qs(urlsplit(self.page.url).query)["id"][0]

    def count(self, label: str) -> Locator:
        """The live count with that label."""
        metrics = self.element("progress").get_by_test_id("stMetric")
        label_of = self.page.get_by_test_id("stMetricLabel").get_by_text(label, exact=True)
        return metrics.filter(has=label_of).get_by_test_id("stMetricValue")

    def sees(self, patience: float = PATIENCE, **counts: int) -> None:
        """Wait until the counts are these: `completed=21`."""
        for label, number in counts.items():
            words = label.replace("_", " ").capitalize()
            expect(self.count(words)).to_have_text(f"{number:,}", timeout=patience)

    def click_row(self, place: int, box: bool = False) -> None:
        """Click the row at that place in the table of a batch, or the box at its left."""
        self._click_cell("rows", place, 15 if box else 250)

    def click_batch(self, place: int, box: bool = False) -> None:
        """Click the name of the batch at that place in the list, or the box at its left."""
        self._click_cell("batches", place, 15 if box else 280)

    def click_job(self, place: int) -> None:
        """Click the job at that place in the list of an agent's jobs."""
        self._click_cell("jobs", place, 250)

    def _click_cell(self, key: str, place: int, x: int) -> None:
        """Click into a grid, which is a canvas; it has to see the pointer move there."""
        grid = self.element(key)
        expect(grid.locator("canvas").first).to_be_visible(timeout=PATIENCE)
        grid.scroll_into_view_if_needed()
        self.settle()
        box = self.place(key)
        y = box["y"] + GRID_ROW_PX * (place + 1.5)
        self.page.mouse.move(box["x"] + x - 8, y, steps=4)
        self.page.mouse.move(box["x"] + x, y, steps=4)
        self.page.mouse.click(box["x"] + x, y)
        self.settle()

    def download(self, key: str = "download_csv") -> bytes:
        """Download the batch."""
        with self.page.expect_download() as waiting:
            self.button(key).click()
        return Path(waiting.value.path()).read_bytes()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "ERR_CONNECTION_REFUSED" not in message.text:
            self.complaints.append(message.text)


def table(data: bytes) -> list[list[str]]:
    """The cells of a downloaded CSV."""
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
