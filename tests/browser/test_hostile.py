"""Spreadsheets and suggestions are untrusted: their text is shown, and nothing in it is loaded or run."""

import csv
import io
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.marketer import PATIENCE, Marketer, table
from tests.browser.seeding import seed
from tests.support.server import Server


class Canary(ThreadingHTTPServer):
    """A server that nobody should ever send a request to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        canary = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                canary.asked.append(self.path)
                self.send_error(404)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                return

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def canary() -> Iterator[Canary]:
    server = Canary()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def hostile_texts(canary: Canary) -> list[str]:
    url = f"http://127.0.0.1:{canary.server_port}"
    return [
        f"![picture]({url}/markdown.png)",
        f"<script>fetch('{url}/script')</script>",
        f'<img src="{url}/img.png" onerror="fetch(\'{url}/error\')">',
        f'=HYPERLINK("{url}/formula","press me")',
        f"[link]({url}/link) :red[red] $x^2$ `code` **bold** :material/delete:",
        "\u202eright to left\u202c עברית العربية",
        "👩‍👩‍👧 emoji 🏳️‍🌈",
        "long " + "x" * 100_000,
        "-5",
        "+1 day",
    ]


def test_hostile_cells_and_headers_are_text_and_come_back_unchanged(marketer: Marketer, canary: Canary) -> None:
    texts = hostile_texts(canary)
    headers = [texts[0], texts[1], texts[4]]
    rows = [[text, "Warm", "row"] for text in texts]
    file = io.StringIO(newline="")
    csv.writer(file).writerows([headers, *rows])

    marketer.open()
    marketer.upload(f"{texts[4].replace('/', '_')}.csv", file.getvalue().encode())
    marketer.choose("agent", "Product description")
    marketer.choose("column_for_0", headers[0])
    marketer.choose("column_for_1", headers[1])
    marketer.launch("Launch 10 rows")
    marketer.sees(waiting=0, in_progress=0)
    marketer.page.mouse.move(200, 600)
    expect(marketer.element("rows")).to_be_visible(timeout=PATIENCE)
    results = table(marketer.download())

    assert canary.asked == []
    assert results[0][:3] == headers
    guarded = {text: f"'{text}" for text in texts if text[0] in "=+-@" and text != "-5"}
    assert [row[0] for row in results[1:]] == [guarded.get(text, text) for text in texts]
    expect(marketer.page.get_by_test_id("stException")).to_have_count(0)


def test_hostile_suggestions_are_formatted_and_nothing_in_them_is_loaded_or_run(
    visit: Callable[[Server], Marketer], tmp_path: Path, canary: Canary
) -> None:
    url = f"http://127.0.0.1:{canary.server_port}"
    suggestion = "\n\n".join(
        [
            "# A **warm** mug",
            *(text for text in hostile_texts(canary) if len(text) < 1000),
            f"[![nested]({url}/nested.png)]({url}/nested) <{url}/auto> [data](data:text/html,x)",
            f'<style>@import "{url}/style";</style><iframe src="{url}/frame"></iframe>',
            f"[reference]\n\n[reference]: {url}/reference",
            f"| a |\n|---|\n| ![cell]({url}/cell.png) |",
        ]
    )
    batches = seed(tmp_path, [suggestion] * 4)
    with Server(tmp_path) as server:
        marketer = visit(server)
        marketer.open(f"/batch?id={batches.finished}")
        marketer.click_row(1)
        shown = marketer.element("suggestion")
        expect(shown.get_by_role("heading", name="A warm mug")).to_be_visible(timeout=PATIENCE)
        expect(shown).to_contain_text(f"Image: picture ({url}/markdown.png)")
        expect(shown).to_contain_text(f"<script>fetch('{url}/script')</script>")
        assert shown.locator("a, img, script, iframe, [onerror], [href], [src]").count() == 0
        marketer.element("suggestion_view").locator("label").click()
        expect(marketer.element("row").get_by_test_id("stCode").first).to_contain_text(
            "# A **warm** mug", timeout=PATIENCE
        )
        marketer.settle()
    assert canary.asked == []


def test_nul_bytes_are_announced_and_nothing_is_lost(marketer: Marketer) -> None:
    marketer.open()
    marketer.upload("nul.csv", b"Product name,Tone\nMu\x00g,Warm\n")
    expect(marketer.page.get_by_text("NUL").first).to_be_visible(timeout=PATIENCE)
    marketer.choose("agent", "Product description")
    marketer.launch("Launch 1 row")
    marketer.sees(completed=1)
    assert table(marketer.download())[1][:2] == ["Mu\ufffdg", "Warm"]
