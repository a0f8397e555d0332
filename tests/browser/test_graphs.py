"""Knowledge Graphs in a real browser: create one, fill it, and have an agent use it."""

from playwright.sync_api import FilePayload, expect

from tests.browser.marketer import PATIENCE, Marketer


def test_a_new_knowledge_graph_is_filled_and_used(marketer: Marketer) -> None:
    page = marketer.page
    marketer.open()
    page.get_by_role("link", name="Knowledge Graphs").click()
    marketer.button("new_graph").click()
    marketer.button("create_graph").click()
    expect(page.get_by_role("dialog").get_by_text("A Knowledge Graph needs a name.")).to_be_visible(timeout=PATIENCE)
    marketer.element("graph_name").locator("input").fill("Catalog 2026")
    marketer.button("create_graph").click()
    expect(page.get_by_role("heading", name="Catalog 2026")).to_be_visible(timeout=PATIENCE)

    files = [
        FilePayload(name="Voice.txt", mimeType="text/plain", buffer=b"Warm."),
        FilePayload(name="Flaky terms.txt", mimeType="text/plain", buffer=b"Mug."),
    ]
    page.locator("input[type=file]").set_input_files(files)
    expect(marketer.button("upload_to_graph")).to_contain_text("Upload 2 files", timeout=PATIENCE)
    marketer.button("upload_to_graph").click()
    expect(page.get_by_text("1 of 2 processed, 1 failed")).to_be_visible(timeout=PATIENCE)
    expect(marketer.element("failed_files").get_by_text("Flaky terms.txt")).to_be_visible(timeout=PATIENCE)
    marketer.button("retry_failed_files").click()
    expect(page.get_by_text("1 of 1 processed")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("2", timeout=PATIENCE)
    expect(marketer.button("retry_failed_files")).to_have_count(0, timeout=PATIENCE)

    marketer.button("all_graphs").click()
    marketer.choose("graph_agent", "Social post")
    marketer.choose("graph_to_add", "Catalog 2026")
    marketer.button("add_graph").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Add “Catalog 2026” to Social post?")).to_be_visible(timeout=PATIENCE)
    marketer.button("confirm_graph_change").click()
    expect(page.get_by_text("Social post uses 1 Knowledge Graph.")).to_be_visible(timeout=PATIENCE)
    assert marketer.complaints == []
    page.reload()
    expect(page.get_by_text("Social post uses 1 Knowledge Graph.")).to_be_visible(timeout=PATIENCE)
