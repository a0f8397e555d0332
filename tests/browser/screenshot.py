"""Takes the screenshot in README: `python -m tests.browser.screenshot docs/batch.png`."""

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import ViewportSize, expect, sync_playwright

from tests.browser.marketer import PATIENCE, Marketer
from tests.support import browser as browsers
from tests.support.server import Server

_TONES = ("Warm", "Expert", "Playful", "Bold", "Minimal")
_PRODUCTS = ("Aqua swim goggles", "Nomad day pack", "Terra running shoe", "Lumen desk lamp", "Fjord wool blanket")
_ROWS = 240


def spring_range() -> bytes:
    """A spreadsheet whose batch takes some seconds."""
    lines = [f"{_PRODUCTS[n % 5]} No. {n + 1},{_TONES[n * 7 % 5]},Made to last" for n in range(_ROWS)]
    return "\n".join(["Product name,Tone,Key features", *lines]).encode()


def take(path: Path) -> None:
    """Launch a batch and take a screenshot while it is running."""
    with tempfile.TemporaryDirectory() as directory, Server(Path(directory)) as server, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browsers.find(), args=list(browsers.ARGUMENTS))
        marketer = Marketer(chromium.new_context(viewport=ViewportSize(width=1440, height=900)), server.url)
        marketer.open()
        marketer.upload("spring-range.csv", spring_range())
        marketer.choose("agent", "Product description")
        name = marketer.element("batch_name").locator("input")
        name.fill("Spring range")
        name.press("Enter")
        marketer.settle()
        marketer.launch(f"Launch {_ROWS} rows")
        expect(marketer.count("Completed")).to_have_text(re.compile(r"1[5-9]\d"), timeout=PATIENCE)
        marketer.click_row(2)
        expect(marketer.element("suggestion")).to_be_visible(timeout=PATIENCE)
        marketer.element("pause").hover()
        marketer.element("pause").scroll_into_view_if_needed()
        marketer.settle()
        marketer.page.screenshot(path=path)
        chromium.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]))
