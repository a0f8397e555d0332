"""A sample is sent first, in a real browser."""

from playwright.sync_api import expect

from tests.browser.marketer import PATIENCE, Marketer, table

_BESIDE_THE_BUTTON = """told => {
    const button = document.querySelector(".st-key-launch button")?.getBoundingClientRect();
    const words = [...document.querySelectorAll("p")].find(p => p.textContent === told)?.getBoundingClientRect();
    if (!button || !words) return false;
    const middle = words.y + words.height / 2;
    return button.y < middle && middle < button.y + button.height;
}"""
"""Both places are read at once: the page may still be drawn."""


def choose_sample(marketer: Marketer, rows: int) -> None:
    """Choose to send a sample of this many rows first."""
    marketer.element("sending_options").get_by_text("Sending options").click()
    marketer.element("sample_first").locator("label").click()
    number = marketer.element("sample_rows").locator("input")
    expect(number).to_have_value("5", timeout=PATIENCE)
    number.fill(str(rows))
    number.press("Enter")
    marketer.settle()


def test_the_first_rows_come_back_before_a_person_lets_the_others_go(marketer: Marketer) -> None:
    marketer.open()
    marketer.button("use_sample").click()
    choose_sample(marketer, 4)
    told = "The first 4 rows are sent now. The other 20 wait until you run them."
    expect(marketer.page.get_by_text(told)).to_be_visible(timeout=PATIENCE)
    marketer.page.reload()
    expect(marketer.page.get_by_text(told)).to_be_visible(timeout=PATIENCE)
    marketer.settle()
    marketer.page.wait_for_function(_BESIDE_THE_BUTTON, arg=told, timeout=PATIENCE)

    marketer.launch("Launch a sample of 4 rows")
    expect(marketer.button("run_remaining")).to_contain_text("Run the remaining 20 rows", timeout=PATIENCE)
    marketer.sees(waiting=20, in_progress=0)
    expect(marketer.button("resume")).to_have_count(0)
    assert [row[-3] for row in table(marketer.download())[5:]] == ["Waiting"] * 20

    marketer.button("run_remaining").click()
    expect(marketer.button("run_remaining")).to_have_count(0, timeout=PATIENCE)
    marketer.sees(waiting=0, in_progress=0)
    results = table(marketer.download())
    assert {row[-3] for row in results[1:]} <= {"Completed", "Failed"}
    assert len({row[-1] for row in results[1:]}) == 24
    assert marketer.complaints == []
