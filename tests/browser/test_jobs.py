"""Jobs that rows didn't start, in a real browser: a lost one is found, the others are collected."""

import time
from collections.abc import Callable
from pathlib import Path

import writerai
from playwright.sync_api import expect

from services.store import EffectWindow, NewBatch, NewRow, Store
from tests.browser.marketer import PATIENCE, Marketer, table
from tests.engine.runner.stage import AGENT
from tests.store.making import SHEET, draft, no_progress
from tests.support.double import AGENT_ID, Double, Options, Served
from tests.support.server import Server

KEY = "sk-of-ours-0123456789"
AGO_S = 300.0


def start(writer: Served, text: str) -> str:
    """Start a job as somebody's script does, with the official SDK."""
    client = writerai.Writer(api_key=KEY, base_url=writer.url, max_retries=0)
    client.applications.jobs.create(AGENT_ID, inputs=[{"id": "Text", "value": [text]}])
    return list(writer.double.jobs)[-1]


def seed_lost(directory: Path, writer: Served, texts: list[str]) -> None:
    """A finished batch of two rows for which Writer's answers were lost some minutes ago."""
    store, then = Store(f"sqlite:///{directory / 'copydesk.db'}"), time.time() - AGO_S
    new = NewBatch(draft(store, then), "Lost ones", writer.url, AGENT, SHEET.filename, ("Text",), {})
    rows = [NewRow(n + 2, (text,), {"Text": [text]}, None) for n, text in enumerate(texts)]
    batch_id = store.batches.launch(new, rows, then, no_progress)
    store.work.claim(batch_id, 2, then, then - 2)
    store.work.record_windows(batch_id, dict.fromkeys(range(2), EffectWindow(then - 1, then + 15)))
    store.work.unconfirm(batch_id, range(2), "Writer's answer was lost.", then + 45)
    store.batches.finish(batch_id, then + 45)
    store.close()


def test_a_lost_job_is_found_and_those_of_a_script_are_collected_retried_and_downloaded(
    tmp_path: Path, visit: Callable[[Server], Marketer]
) -> None:
    with Served(Double(Options(duration=0.0))) as writer:
        lost = writer.double.jobs[start(writer, "Fjord wool blanket")]
        lost.created_at = lost.started_at = lost.ready_at = time.time() - AGO_S + 3
        seed_lost(tmp_path, writer, ["Alder cutting board", "Fjord wool blanket"])
        start(writer, "Linden mug")
        writer.double.finish(start(writer, "Harbor pot"), "The model is overloaded.")
        with Server(tmp_path, WRITER_API_KEY=KEY, WRITER_BASE_URL=writer.url) as server:
            marketer = visit(server)
            find(marketer)
            collect(marketer)
            assert marketer.complaints == []
        assert writer.double.books.created_twice() == {}


def find(marketer: Marketer) -> None:
    """Say whose the lost job is, and send the other row without risk."""
    marketer.open()
    marketer.page.get_by_role("link", name="Batches").click()
    marketer.click_batch(0)
    marketer.button("find_jobs").click()
    expect(marketer.element("found_job_0").get_by_text("Fjord wool blanket").first).to_be_visible(timeout=PATIENCE)
    expect(marketer.element("row_for_0").get_by_role("combobox")).to_have_value("Row 3 · Fjord wool blanket")
    expect(marketer.button("assign_found")).to_contain_text("Assign 1 job")
    marketer.button("assign_found").click()
    send = marketer.button("send_proven")
    expect(send).to_contain_text("Send 1 row again; no job exists for it", timeout=PATIENCE)
    send.click()
    marketer.sees(completed=2)
    suggestions = [row[1] for row in table(marketer.download())[1:]]
    assert suggestions == ["Attempt 1 made of ⟦Alder cutting board⟧", "Attempt 1 made of ⟦Fjord wool blanket⟧"]


def collect(marketer: Marketer) -> None:
    """Collect what the script started, and retry what failed."""
    page = marketer.page
    page.get_by_role("link", name="Agents").click()
    marketer.button("jobs_of_0").click()
    expect(page.get_by_text("4 jobs · newest first")).to_be_visible(timeout=PATIENCE)
    marketer.click_job(1)
    expect(marketer.element("job").get_by_text("The model is overloaded.")).to_be_visible(timeout=PATIENCE)
    marketer.element("collect").get_by_text("Collect jobs into a batch").click()
    marketer.button("collect_jobs").click()
    expect(page.get_by_text("Collected 2 jobs.")).to_be_visible(timeout=PATIENCE)
    marketer.sees(completed=1, failed=1)
    marketer.button("retry_failed").click()
    marketer.sees(completed=2, failed=0)
    results = table(marketer.download())
    assert results[0] == ["Job", "Title", "Created", "Suggestion", "Status", "Error", "Job ID"]
    assert [row[3:6] for row in results[1:]] == [
        ["Attempt 1 made of ⟦Linden mug⟧", "Completed", ""],
        ["Attempt 2 made of ⟦Harbor pot⟧", "Completed", ""],
    ]


def test_a_retry_happens_when_it_is_confirmed_and_never_otherwise(
    visit: Callable[[Server], Marketer], own_server: Server
) -> None:
    marketer = visit(own_server)
    marketer.open("/agents")
    marketer.button("jobs_of_2").click()
    retry = marketer.button("retry_shown_jobs")
    expect(retry).to_contain_text("Retry 2 failed jobs on this page", timeout=PATIENCE)
    retry.click()
    marketer.button("confirm_retry_jobs_not").click()
    expect(marketer.page.get_by_role("dialog")).to_have_count(0, timeout=PATIENCE)
    marketer.settle()
    expect(retry).to_contain_text("Retry 2 failed jobs on this page")
    retry.click()
    marketer.button("confirm_retry_jobs").click()
    expect(marketer.page.get_by_role("dialog")).to_have_count(0, timeout=PATIENCE)
    expect(retry).to_have_count(0, timeout=PATIENCE)
