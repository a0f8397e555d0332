"""Nothing is lost when the server dies, and no row is sent twice."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.marketer import PATIENCE, Marketer, table
from tests.browser.test_main_job import launch_sample
from tests.support.server import Server

PROOF = 75_000
"""Milliseconds: rows whose response was lost in the kill wait half a minute for the proof that they have no job."""


def test_a_batch_continues_after_kill_9_and_the_open_page_shows_it(
    visit: Callable[[Server], Marketer], own_server: Server
) -> None:
    marketer = visit(own_server)
    launch_sample(marketer)
    marketer.sees(waiting=0)  # a row whose request is in flight at the kill may well be unconfirmed
    own_server.kill()
    own_server.start()
    marketer.sees(PROOF, waiting=0, in_progress=0)
    results = table(marketer.download())
    assert {row[-3] for row in results[1:]} == {"Completed", "Failed"}
    assert len({row[-1] for row in results[1:]}) == 24


def test_a_cold_deep_link_to_a_batch_opens_it(visit: Callable[[Server], Marketer], own_server: Server) -> None:
    """The first page that a fresh server shows is the batch's, with the navigation around it."""
    batch_id = launch_sample(visit(own_server))
    assert own_server.stop() is not None
    own_server.start()
    newcomer = visit(own_server)
    newcomer.open(f"/batch?id={batch_id}")
    newcomer.sees(waiting=0, in_progress=0)
    expect(newcomer.page.get_by_role("link", name="New batch")).to_be_visible(timeout=PATIENCE)


def test_with_another_connection_a_batch_pauses_and_continues_when_it_is_back(
    visit: Callable[[Server], Marketer], own_server: Server
) -> None:
    marketer = visit(own_server)
    batch_id = launch_sample(marketer)
    own_server.kill()
    own_server.set(WRITER_API_KEY="key-of-the-test", WRITER_BASE_URL="http://127.0.0.1:9")
    own_server.start()
    marketer.open(f"/batch?id={batch_id}")
    expect(marketer.page.get_by_test_id("stAlert").filter(has_text="launched on")).to_be_visible(timeout=PATIENCE)
    expect(marketer.button("resume")).to_have_count(0)
    own_server.kill()
    own_server.set(WRITER_API_KEY="", WRITER_BASE_URL="")
    own_server.start()
    marketer.open(f"/batch?id={batch_id}")
    marketer.sees(PROOF, waiting=0, in_progress=0)


def test_a_second_copydesk_on_the_same_database_shows_pages_and_sends_nothing(
    visit: Callable[[Server], Marketer], own_server: Server, tmp_path: Path
) -> None:
    second_directory = tmp_path / "second"
    second_directory.mkdir()
    database = f"sqlite:///{own_server.directory / 'copydesk.db'}"
    with Server(second_directory, DATABASE_URL=database) as second:
        marketer = visit(second)
        marketer.open()
        expect(marketer.page.get_by_text("another Copydesk process").first).to_be_visible(timeout=PATIENCE)
        launch_sample(marketer)
        marketer.sees(waiting=0, in_progress=0)
        results = table(marketer.download())
    assert len({row[-1] for row in results[1:]}) == 24
