"""Nobody is shut out: axe-core finds nothing serious on any screen, in any state, light or dark, wide or narrow."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import FilePayload, ViewportSize, expect

from tests.browser.axe import serious_problems
from tests.browser.conftest import SCREEN
from tests.browser.marketer import PATIENCE, Marketer
from tests.browser.seeding import Seeded, seed
from tests.browser.test_layout import PHONE
from tests.support.pictures import picture
from tests.support.server import Server

Scheme = Literal["light", "dark"]
BACKGROUNDS: dict[Scheme, str] = {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 21, 27)"}
LOOKS: tuple[tuple[ViewportSize, Scheme], ...] = (
    (PHONE, "light"),
    (PHONE, "dark"),
    (SCREEN, "dark"),
    (SCREEN, "light"),
)
_HAS_BACKGROUND = "color => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor === color"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Seeded]]:
    directory: Path = tmp_path_factory.mktemp("seeded")
    batches = seed(directory)
    with Server(directory) as server:
        yield server, batches


@pytest.fixture
def somebody(visit: Callable[[Server], Marketer], seeded: tuple[Server, Seeded]) -> Marketer:
    return visit(seeded[0])


CATALOG = "b9e64d17-2f83-4c05-8e5a-d40a7c1f6b29"
"""A Knowledge Graph of the sandbox."""


def check(marketer: Marketer, screen: str) -> list[str]:
    """The problems of the screen as it is, light and dark, wide and narrow; it ends light and wide."""
    problems: list[str] = []
    for size, scheme in LOOKS:
        show(marketer, size, scheme)
        problems += [f"{screen}, {scheme}, {size['width']}: {problem}" for problem in serious_problems(marketer.page)]
    return problems


def show(marketer: Marketer, size: ViewportSize, scheme: Scheme) -> None:
    """Turn the page, which stays open, to that size and color scheme."""
    marketer.page.set_viewport_size(size)
    marketer.page.emulate_media(color_scheme=scheme)
    marketer.page.wait_for_function(_HAS_BACKGROUND, arg=BACKGROUNDS[scheme])
    marketer.settle()


def agent_named(marketer: Marketer, name: str) -> int:
    """The place of an agent on its page."""
    headings = marketer.page.get_by_role("heading", level=2).all_inner_texts()
    return headings.index(name)


def test_a_finished_batch_and_its_rows_have_no_serious_problem(
    somebody: Marketer, seeded: tuple[Server, Seeded]
) -> None:
    marketer, batches = somebody, seeded[1]
    problems: list[str] = []

    marketer.open(f"/batch?id={batches.finished}")
    expect(marketer.button("show_reason_0")).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "finished")
    marketer.click_row(0)
    expect(marketer.element("suggestion")).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "a row is open")
    marketer.element("suggestion_view").locator("label").click()
    expect(marketer.element("row").get_by_test_id("stCode").first).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "its source")
    marketer.button("retry_selected").click()
    expect(marketer.page.get_by_role("dialog")).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "retry?")
    marketer.page.keyboard.press("Escape")
    marketer.settle()
    marketer.button("find_jobs").click()
    expect(marketer.button("back_to_batch")).to_be_visible(timeout=PATIENCE)
    expect(marketer.element("found_job_0")).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "lost jobs")
    marketer.button("back_to_batch").click()
    marketer.button("show_reason_1").click()
    expect(marketer.button("show_all_rows")).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "rows of one reason")
    assert problems == []


def test_a_batch_in_no_other_state_has_a_serious_problem(somebody: Marketer, seeded: tuple[Server, Seeded]) -> None:
    marketer, batches = somebody, seeded[1]
    problems: list[str] = []
    for screen, batch_id, key in (
        ("paused", batches.paused, "resume"),
        ("after the sample", batches.sampled, "run_remaining"),
        ("another connection", batches.elsewhere, "cancel"),
        ("canceled", batches.canceled, "download_csv"),
    ):
        marketer.open(f"/batch?id={batch_id}")
        expect(marketer.button(key)).to_be_visible(timeout=PATIENCE)
        problems += check(marketer, screen)
    marketer.open(f"/batch?id={batches.paused}")
    marketer.button("cancel").click()
    expect(marketer.page.get_by_role("dialog")).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "cancel?")
    assert problems == []


def test_no_other_screen_has_a_serious_problem(somebody: Marketer) -> None:
    marketer = somebody
    problems: list[str] = []
    marketer.open("/")
    expect(marketer.button("use_sample")).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "start")
    marketer.button("use_sample").click()
    marketer.choose("agent", "Product description")
    expect(marketer.button("launch")).to_be_enabled(timeout=PATIENCE)
    problems += check(marketer, "draft")
    marketer.open("/")
    marketer.upload("tones.csv", b"Product name,Tone\nMug,Warm\n,Loud\n")
    marketer.choose("agent", "Product description")
    expect(marketer.button("launch")).to_contain_text("Launch 1 row", timeout=PATIENCE)
    problems += check(marketer, "draft with problems")
    marketer.open("/")
    marketer.upload("photos.csv", b"Photo,Page topic\nmug.png,Mugs\ncap.png,Caps\n")
    marketer.choose("agent", "Image alt text")
    photos = [FilePayload(name=name, mimeType="image/png", buffer=picture("teal")) for name in ("mug.png", "rug.png")]
    marketer.element("files").frame_locator("iframe").get_by_label("Choose files").set_input_files(photos)
    expect(marketer.page.get_by_text("1 of 2 files found")).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "draft with files")

    marketer.open("/batches")
    expect(marketer.element("batches")).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "batches")
    marketer.click_batch(4, box=True)
    marketer.button("delete").click()
    expect(marketer.page.get_by_role("dialog")).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "delete?")
    marketer.open("/agents")
    expect(marketer.button("new_batch_with_0")).to_be_visible(timeout=PATIENCE)
    marketer.element("agent_0").get_by_text("inputs").click()
    problems += check(marketer, "agents")
    place = agent_named(marketer, "Product description")
    marketer.button(f"jobs_of_{place}").click()
    expect(marketer.button("retry_shown_jobs")).to_be_visible(timeout=PATIENCE)
    marketer.element("collect").get_by_text("Collect jobs into a batch").click()
    marketer.click_job(0)
    expect(marketer.element("job")).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "jobs")
    marketer.button("retry_shown_jobs").click()
    expect(marketer.page.get_by_role("dialog")).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "retry jobs?")
    marketer.open("/connection")
    marketer.button("test_connection").click()
    expect(marketer.page.get_by_text("Connected at")).to_be_visible(timeout=PATIENCE)
    marketer.button("test_key").click()
    expect(marketer.page.get_by_text("Enter a key to test.")).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "connection")
    marketer.open("/graphs?agent=6f1d2c84-0b7e-4c55-9a43-1de0a7c2f951")
    expect(marketer.button("remove_graph_0")).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "Knowledge Graphs")
    marketer.open(f"/graphs?graph={CATALOG}")
    expect(marketer.button("retry_failed_files")).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "a Knowledge Graph")
    marketer.open("/batch?id=nowhere")
    expect(marketer.page.get_by_role("heading", level=1)).to_be_visible(timeout=PATIENCE)
    problems += check(marketer, "no such batch")
    assert problems == []


def test_an_empty_list_and_a_running_batch_have_no_serious_problem(
    visit: Callable[[Server], Marketer], slow_server: Server
) -> None:
    marketer = visit(slow_server)
    marketer.open("/batches")
    expect(marketer.page.get_by_text("No batches yet")).to_be_visible(timeout=PATIENCE)
    problems = check(marketer, "empty list")
    marketer.open()
    marketer.button("use_sample").click()
    marketer.choose("agent", "Product description")
    marketer.launch("Launch 24 rows")
    expect(marketer.button("pause")).to_be_visible(timeout=PATIENCE)
    problems += [f"running: {problem}" for problem in serious_problems(marketer.page)]
    assert problems == []
