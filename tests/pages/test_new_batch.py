"""The page for a new batch, run against a real desk and the sandbox."""

import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import components.page
from components.words import plain
from services.desk import Desk
from services.drafts import mapping
from services.errors import KeyRefusedError, LaunchError, SheetError, UnreachableError
from services.models import (
    Agent,
    AgentInput,
    Choice,
    ChoiceKind,
    ConnectionHealth,
    Draft,
    Estimate,
    InputType,
    LaunchOptions,
)
from services.settings import load

ROUTER = str(Path(__file__).parents[2] / "pages" / "router.py")
HOSTILE = "![x](http://canary.invalid/a.png) :red[x] $x$ <b>"
LITERAL = r"\!\[x\]\("

PRODUCT_AGENT = "Product description"
ALL_STEPS = [r"1\. Spreadsheet", r"2\. Agent", r"3\. Columns", r"4\. Check", r"5\. Launch"]
NOBODY = AgentInput("Nobody", InputType.TEXT)

Visit = Callable[..., AppTest]
"""Opens the page in a browser of its own, at the address of a draft or without one."""


@pytest.fixture(scope="module")
def real_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    path = tmp_path_factory.mktemp("desk") / "copydesk.db"
    desk = Desk(load({"DATABASE_URL": f"sqlite:///{path}"}, env_file=path.with_name("none.env")))
    desk.start()
    yield desk
    desk.stop()


@pytest.fixture
def desk(real_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(components.page, "the_desk", lambda: real_desk)
    return real_desk


@pytest.fixture
def visit(desk: Desk) -> Visit:
    def opened(draft_id: str = "") -> AppTest:
        page = AppTest.from_file(ROUTER, default_timeout=20)
        if draft_id:
            page.query_params["draft"] = draft_id
        return settled(page.run())

    return opened


def settled(page: AppTest) -> AppTest:
    """The page, after making sure that nothing broke on it."""
    assert [box.value for box in page.exception] == []
    assert len(page.title) == 1
    return page


def draft_id(page: AppTest) -> str:
    found = page.query_params["draft"]
    return found if isinstance(found, str) else str(found[0])


def steps(page: AppTest) -> list[str]:
    return [heading.value for heading in page.header]


def keys(page: AppTest) -> set[str]:
    widgets = [*page.selectbox, *page.button, *page.text_input, *page.text_area, *page.multiselect, *page.file_uploader]
    found = {str(widget.key) for widget in widgets}
    return {key for key in found if not key.startswith(("open_draft_", "discard_draft_"))}  # other tests' drafts


def texts(page: AppTest) -> str:
    """All the prose on the page."""
    parts = [*page.markdown, *page.caption, *page.text, *page.info, *page.warning, *page.error, *page.success]
    return "\n".join(str(part.value) for part in parts)


def sentences(elements: object) -> list[str]:
    return [str(element.value) for element in elements]  # type: ignore[attr-defined]


def choose(page: AppTest, key: str, option: str) -> AppTest:
    return settled(page.selectbox(key=key).select(option).run())


def press(page: AppTest, key: str) -> AppTest:
    return settled(page.button(key=key).click().run())


def upload(page: AppTest, name: str, text: str | bytes) -> AppTest:
    data = text.encode() if isinstance(text, str) else text
    return settled(page.file_uploader(key="spreadsheet").upload(name, data, "text/csv").run())


def with_agent(desk: Desk, draft: Draft, name: str = PRODUCT_AGENT) -> Draft:
    return desk.drafts.choose_agent(draft.id, next(agent for agent in desk.agents.list() if agent.name == name))


@pytest.fixture
def sample(desk: Desk) -> Draft:
    """The sample with the agent it was made for: every row is ready."""
    return with_agent(desk, desk.drafts.open_sample())


def flawed(desk: Desk, rows: int) -> Draft:
    """One row that is ready, and so many whose tone the agent does not know."""
    text = "Product name,Tone\nMug,Warm\n" + "".join(f"Bowl {n},Loud\n" for n in range(rows))
    return with_agent(desk, desk.drafts.open(text.encode(), "bowls.csv"))


class TestTheStart:
    def test_a_first_visit_shows_what_to_do_and_nothing_further(self, visit: Visit) -> None:
        page = visit()
        assert page.title[0].value == "New batch"
        assert steps(page) == [r"1\. Spreadsheet"]
        assert keys(page) == {"spreadsheet", "use_sample", "pasted", "use_pasted"}

    def test_the_agent_in_the_address_is_announced_and_selected(self, desk: Desk) -> None:
        wanted = next(agent for agent in desk.agents.list() if agent.name == "Social post")
        page = AppTest.from_file(ROUTER, default_timeout=20)
        page.query_params["agent"] = wanted.id
        page = settled(page.run())
        assert [box.value for box in page.info] == ["Agent: **Social post**. Upload a spreadsheet for it."]
        draft = desk.drafts.get(draft_id(press(page, "use_sample")))
        assert draft.agent == wanted

    def test_an_agent_in_the_address_that_the_key_does_not_have_changes_nothing(self, desk: Desk) -> None:
        page = AppTest.from_file(ROUTER, default_timeout=20)
        page.query_params["agent"] = "nowhere"
        page = settled(page.run())
        assert len(page.info) == 0
        draft = desk.drafts.get(draft_id(press(page, "use_sample")))
        assert draft.agent is not None
        assert draft.agent.name == "Product description"

    def test_the_sample_is_read_at_a_click_and_the_address_leads_back_to_it(self, visit: Visit, desk: Desk) -> None:
        page = press(visit(), "use_sample")
        assert desk.drafts.get(draft_id(page)).sheet.filename == "Sample products.csv"
        assert steps(page) == ALL_STEPS
        assert r"**Sample products\.csv** · 24 rows, 5 columns" in sentences(page.markdown)

    def test_an_uploaded_file_is_shown_as_text_with_the_row_numbers_of_the_spreadsheet(self, visit: Visit) -> None:
        page = upload(visit(), "mugs.csv", "SKU,Name\n\n007,Mug\n1.0,=1+1\n")
        table = page.dataframe[0].value
        assert table.reset_index().to_numpy().tolist() == [[3, "007", "Mug"], [4, "1.0", "=1+1"]]
        assert list(table.columns) == ["SKU", "Name"]

    def test_pasted_cells_become_a_draft(self, visit: Visit, desk: Desk) -> None:
        page = settled(visit().text_area(key="pasted").input("Name\tTone\nMug\tWarm").run())
        assert desk.drafts.get(draft_id(page)).sheet.columns == ("Name", "Tone")

    def test_one_row_and_one_column_are_named_in_the_singular(self, visit: Visit) -> None:
        page = upload(visit(), "one.csv", "Name\nMug\n")
        assert r"**one\.csv** · 1 row, 1 column" in sentences(page.markdown)


class TestASpreadsheetThatCannotBeUsed:
    def test_it_is_refused_in_one_sentence_and_nothing_is_stored(self, visit: Visit) -> None:
        page = upload(visit(), "empty.csv", "")
        assert len(page.error) == 1
        assert "draft" not in page.query_params
        assert steps(page) == [r"1\. Spreadsheet"]
        assert "spreadsheet" in keys(page)

    def test_a_file_of_another_type_is_refused_in_a_sentence_too(self, visit: Visit) -> None:
        page = upload(visit(), "brief.pdf", b"%PDF-1.7\n")
        assert len(page.error) == 1
        assert r"\.pdf" in page.error[0].value

    def test_what_to_do_with_a_file_that_the_browser_does_not_even_send_is_reported(self, visit: Visit) -> None:
        limit = "Split larger files and upload the parts."
        assert limit in sentences(visit().caption)

    def test_it_is_not_read_again_when_something_else_happens(
        self, visit: Visit, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = upload(visit(), "empty.csv", "")
        monkeypatch.setattr(desk.drafts, "open", lambda *_: pytest.fail("read again"))
        before = sentences(page.error)
        assert sentences(settled(page.run()).error) == before

    def test_another_file_can_be_uploaded_right_away(self, visit: Visit) -> None:
        page = upload(visit(), "empty.csv", "")
        page = upload(page, "mugs.csv", "Name\nMug\n")
        assert sentences(page.error) == []
        assert steps(page) == [r"1\. Spreadsheet", r"2\. Agent"]

    def test_a_sample_that_cannot_be_read_says_so_too(
        self, visit: Visit, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(desk.drafts, "open_sample", raising(SheetError("Reading took too long.")))
        assert sentences(press(visit(), "use_sample").error) == [r"Reading took too long\."]

    def test_pasted_cells_are_refused_beside_their_field_in_words_about_pasting(self, visit: Visit) -> None:
        page = settled(visit().text_area(key="pasted").input("Name\tTone").run())
        upload_column, paste_column = page.columns[:2]
        assert sentences(upload_column.error) == []
        assert sentences(paste_column.error) == [
            r"The pasted text has a header but no rows\. "
            r"Copy the cells you need\, including the header row\, and paste them again\."
        ]

    def test_the_button_below_an_empty_field_asks_for_cells(self, visit: Visit) -> None:
        page = press(visit(), "use_pasted")
        sentence = "There are no cells to use. Paste a header row and at least one row below it."
        assert [box.value for box in page.columns[1].error] == [sentence]

    def test_it_does_not_block_pasted_cells(self, visit: Visit, desk: Desk) -> None:
        page = upload(visit(), "empty.csv", "")
        page = settled(page.text_area(key="pasted").input("Name\tTone\nMug\tWarm").run())
        assert desk.drafts.get(draft_id(page)).sheet.columns == ("Name", "Tone")


def workbook(**sheets: list[str]) -> bytes:
    """A workbook whose sheets have one column each."""
    book = io.BytesIO()
    with pd.ExcelWriter(book) as writer:
        for name, (header, *cells) in sheets.items():
            pd.DataFrame({header: cells}).to_excel(writer, sheet_name=name, index=False)
    return book.getvalue()


class TestHowAFileIsRead:
    def test_a_text_file_offers_its_encoding_and_separator_and_no_sheet(self, visit: Visit, sample: Draft) -> None:
        page = visit(sample.id)
        assert page.selectbox(key="encoding").value == "UTF-8"
        assert page.selectbox(key="separator").value == "Comma ( , )"
        assert "sheet" not in keys(page)

    def test_pasted_cells_offer_no_encoding(self, visit: Visit, desk: Desk) -> None:
        page = visit(desk.drafts.open_pasted("Name,Tone\nMug,Warm").id)
        assert "separator" in keys(page)
        assert "encoding" not in keys(page)

    def test_a_workbook_with_several_sheets_offers_them_and_nothing_else(self, visit: Visit, desk: Desk) -> None:
        draft = desk.drafts.open(workbook(Mugs=["Name", "Mug"], Bowls=["Kind", "Bowl", "Dish"]), "shop.xlsx")
        page = visit(draft.id)
        assert page.selectbox(key="sheet").options == ["Mugs", "Bowls"]
        assert page.selectbox(key="sheet").value == "Mugs"
        assert keys(page).isdisjoint({"encoding", "separator"})
        page = choose(page, "sheet", "Bowls")
        assert r"**shop\.xlsx** · 2 rows, 1 column" in sentences(page.markdown)
        assert desk.drafts.get(draft.id).sheet.reading.sheet == "Bowls"

    def test_hidden_sheets_are_marked_and_come_last(self, visit: Visit, desk: Desk) -> None:
        book = openpyxl.load_workbook(io.BytesIO(workbook(Lists=["Kind", "Bowl"], Mugs=["Name", "Mug"])))
        book["Lists"].sheet_state = "hidden"
        book.active = 1
        data = io.BytesIO()
        book.save(data)
        draft = desk.drafts.open(data.getvalue(), "shop.xlsx")
        page = visit(draft.id)
        assert page.selectbox(key="sheet").options == ["Mugs", "Lists (hidden)"]
        page = choose(page, "sheet", "Lists (hidden)")
        assert desk.drafts.get(draft.id).sheet.columns == ("Kind",)
        assert page.selectbox(key="sheet").value == "Lists (hidden)"

    def test_the_header_row_is_proposed_with_the_reason_and_can_be_changed(self, visit: Visit, desk: Desk) -> None:
        draft = desk.drafts.open(b"Report,\nMarch,\nName,Tone\nMug,Warm\nBowl,Bold\n", "mugs.csv")
        page = visit(draft.id)
        assert page.selectbox(key="header_row").value == "Row 3: Name, Tone"
        assert r"Column names are in row 3\: the rows above have one cell\." in sentences(page.caption)
        page = choose(page, "header_row", "Row 4: Mug, Warm")
        assert page.selectbox(key="header_row").value == "Row 4: Mug, Warm"
        assert list(page.dataframe[0].value.columns) == ["Mug", "Warm"]
        assert list(page.dataframe[1].value["Cells"]) == ["Report", "March", "Name · Tone"]

    def test_two_rows_can_hold_the_names(self, visit: Visit, desk: Desk) -> None:
        draft = desk.drafts.open(b"Product,,Price,\nName,Tone,Net,Gross\nMug,Warm,1,2\n", "mugs.csv")
        page = visit(draft.id)
        assert page.selectbox(key="header_row").value == "Row 1: Product, Price"
        page = choose(page, "header_row", "Rows 1 and 2: Product Name, Product Tone, Price Net, Price Gross")
        assert desk.drafts.get(draft.id).sheet.reading.header_rows == 2
        assert list(page.dataframe[0].value.columns) == ["Product Name", "Product Tone", "Price Net", "Price Gross"]

    def test_a_total_is_left_out_until_somebody_keeps_it(self, visit: Visit, desk: Desk) -> None:
        draft = desk.drafts.open(b"Name,Price\nMug,1\nBowl,2\nTotal,3\n", "mugs.csv")
        page = visit(draft.id)
        assert r"Row 4 looks like a total and is left out\." in sentences(page.caption)
        assert [list(table.value.index) for table in page.dataframe] == [[2, 3], [4]]
        page = settled(page.checkbox(key="keep_footer").check().run())
        assert [list(table.value.index) for table in page.dataframe] == [[2, 3, 4]]
        assert page.checkbox(key="keep_footer").label == "Keep row 4\\: Total · 3"
        page = settled(page.checkbox(key="keep_footer").uncheck().run())
        assert desk.drafts.get(draft.id).sheet.row_count == 2

    def test_another_sheet_forgets_what_was_chosen_for_the_one_before(self, visit: Visit, desk: Desk) -> None:
        draft = desk.drafts.open(workbook(Mugs=["Name", "Mug", "Cup"], Bowls=["Kind", "Bowl"]), "shop.xlsx")
        page = choose(visit(draft.id), "header_row", "Row 2: Mug")
        choose(page, "sheet", "Bowls")
        assert desk.drafts.get(draft.id).sheet.columns == ("Kind",)

    def test_many_notes_are_folded(self, visit: Visit, desk: Desk) -> None:
        text = "Name,,Name,Price\nMug,a\0,b,1\n,\nBowl,c,d,2\nTotal,,,3\n"
        page = visit(desk.drafts.open(text.encode(), "mugs.csv").id)
        assert [box.label for box in page.expander] == ["2 more notes", "1 row left out"]
        assert len(page.expander[0].caption) == 2

    def test_hostile_cells_stay_text(self, visit: Visit, desk: Desk) -> None:
        text = f'"{HOSTILE}",\nMarch,\nName,Tone\nMug,Warm\nBowl,Bold\nTotal: {HOSTILE},\n'
        page = visit(desk.drafts.open(text.encode(), "mugs.csv").id)
        assert LITERAL in page.checkbox(key="keep_footer").label
        assert page.selectbox(key="header_row").options[0] == f"Row 1: {HOSTILE}"

    def test_another_separator_reads_the_file_again(self, visit: Visit, desk: Desk) -> None:
        draft = desk.drafts.open(b"Name;Tone\nMug, blue;Warm\n", "mugs.csv")
        page = choose(visit(draft.id), "separator", "Comma ( , )")
        assert desk.drafts.get(draft.id).sheet.columns[0] == "Name;Tone"
        assert page.dataframe[0].value.columns[0] == "Name;Tone"
        assert page.selectbox(key="separator").value == "Comma ( , )"

    def test_a_reading_that_fails_is_refused_in_a_sentence_and_the_field_shows_what_stands(
        self, visit: Visit, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        draft = desk.drafts.open("Name\nCafé\n".encode("cp1252"), "cafes.csv")
        before = desk.drafts.get(draft.id).sheet.reading
        monkeypatch.setattr(desk.drafts, "reread", raising(SheetError("Reading took too long")))
        page = choose(visit(draft.id), "encoding", "UTF-8")
        assert sentences(page.error) == ["Reading took too long"]
        assert desk.drafts.get(draft.id).sheet.reading == before
        assert page.selectbox(key="encoding").value != "UTF-8"

    def test_an_encoding_that_does_not_fit_is_used_and_says_so(self, visit: Visit, desk: Desk) -> None:
        draft = desk.drafts.open("Name\nCafé\n".encode("cp1252"), "cafes.csv")
        choose(visit(draft.id), "encoding", "UTF-8")
        assert desk.drafts.get(draft.id).sheet.reading.encoding == "utf-8"
        assert "row 2" in "".join(desk.drafts.get(draft.id).sheet.notes)

    def test_likely_encodings_are_compared_by_how_they_read_a_line(self, visit: Visit, desk: Desk) -> None:
        draft = desk.drafts.open("Nazwa,Cena\nTaca *mała*,5 zł\n".encode("cp1250"), "tace.csv")
        page = visit(draft.id)
        radio = page.radio(key="choose_encoding")
        assert radio.value == "windows-1250"
        assert radio.options[0] == r"Taca \*mała\*\,5 zł"
        other = next(name for name, _ in draft.sheet.layout.encoding_previews if name != "windows-1250")
        page = settled(radio.set_value(other).run())
        assert desk.drafts.get(draft.id).sheet.reading.encoding == other
        assert page.radio(key="choose_encoding").value == other

    def test_a_text_in_unicode_has_nothing_to_compare(self, visit: Visit, desk: Desk) -> None:
        page = visit(desk.drafts.open("Name\nCafé\n".encode(), "cafes.csv").id)
        assert len(page.radio) == 0

    def test_another_spreadsheet_starts_over_and_offers_a_way_back(self, visit: Visit, sample: Draft) -> None:
        page = press(visit(sample.id), "start_over")
        assert "draft" not in page.query_params
        assert keys(page) == {"continue_draft", "spreadsheet", "use_sample", "pasted", "use_pasted"}
        page = press(page, "continue_draft")
        assert draft_id(page) == sample.id
        assert page.selectbox(key="agent").value == PRODUCT_AGENT


class TestTheDrafts:
    def test_drafts_are_listed_and_opened(self, visit: Visit, desk: Desk) -> None:
        older, newer = desk.drafts.open_sample(), desk.drafts.open(b"Name\nMug\n", "mugs.csv")
        page = visit("")
        assert r"**mugs\.csv** · 1 row" in texts(page)
        page = press(page, "open_draft_1")
        assert draft_id(page) == older.id
        assert newer.id in [draft.id for draft in desk.drafts.recent()]

    def test_a_discarded_draft_can_be_taken_back(self, visit: Visit, desk: Desk) -> None:
        draft = desk.drafts.open(b"Name\nMug\n", "mugs.csv")
        page = press(visit(""), "discard_draft_0")
        assert draft.id not in [found.id for found in desk.drafts.recent()]
        assert r"“mugs\.csv” was discarded." in texts(page)
        page = press(page, "restore_draft")
        assert desk.drafts.recent()[0].id == draft.id
        assert r"**mugs\.csv** · 1 row" in texts(page)


class TestTheAgent:
    def test_choosing_one_describes_its_inputs_and_shows_the_next_steps(self, visit: Visit, desk: Desk) -> None:
        page = choose(visit(desk.drafts.open_sample().id), "agent", PRODUCT_AGENT)
        assert steps(page) == ALL_STEPS
        assert "- **Tone** · dropdown, required — The voice of the text\\." in texts(page)
        assert "- **Key features** · text, up to 5 values, optional" in texts(page)

    def test_another_agent_has_its_own_inputs_and_suggested_columns(self, visit: Visit, sample: Draft) -> None:
        page = choose(visit(sample.id), "column_for_1", "SKU")
        page = choose(page, "agent", "Social post")
        fields = [page.selectbox(key=f"column_for_{n}") for n in range(3)]
        assert [(field.label, field.value) for field in fields] == [
            ("Product", "Product name"),
            ("Channel", "(leave out)"),
            ("Audience", "(leave out)"),
        ]

    def test_when_writer_is_unreachable_the_page_says_so_and_offers_to_try_again(
        self, visit: Visit, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        draft = desk.drafts.open_sample()
        with monkeypatch.context() as broken:
            broken.setattr(desk.agents, "list", raising(UnreachableError()))
            page = visit(draft.id)
            assert sentences(page.error) == [r"Can\'t reach Writer\. Check the network\; Copydesk keeps trying\."]
            assert "agent" not in keys(page)
        page = press(page, "refresh_agents")
        assert sentences(page.error) == []
        assert page.selectbox(key="agent").options[0] == "Brief summary"

    def test_a_refused_key_is_shown_with_its_remedy(
        self, visit: Visit, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(desk.agents, "list", raising(KeyRefusedError()))
        page = visit(desk.drafts.open_sample().id)
        assert sentences(page.error) == [
            r"Writer refuses the API key\. Set WRITER\_API\_KEY to a valid key and start Copydesk again\."
        ]

    def test_a_key_without_agents_says_what_to_do(
        self, visit: Visit, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(desk.agents, "list", lambda refresh=False: [])
        page = visit(desk.drafts.open_sample().id)
        assert sentences(page.warning) == [
            "This API key has no agents yet. Build a no-code agent in Writer, deploy it, and try again."
        ]
        assert "agent" not in keys(page)

    def test_a_chosen_agent_stays_chosen_while_writer_is_unreachable(
        self, visit: Visit, desk: Desk, sample: Draft, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(desk.agents, "list", raising(UnreachableError()))
        page = visit(sample.id)
        assert page.selectbox(key="agent").value == PRODUCT_AGENT
        assert "launch" in keys(page)

    def test_a_chosen_agent_that_is_gone_is_shown_with_what_to_do(
        self, visit: Visit, desk: Desk, sample: Draft, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = visit(sample.id)
        assert sentences(page.warning) == []
        monkeypatch.setattr(desk.agents, "list", lambda refresh=False: [Agent("b", "Another", (NOBODY,))])
        page = press(page, "refresh_agents")
        assert sentences(page.warning) == [
            "Your API key no longer has the agent “Product description”. Choose another one, or deploy it again in "
            "Writer and press Refresh."
        ]

    def test_agents_of_the_same_name_can_be_told_apart(
        self, visit: Visit, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        agents = [Agent("a", "Twin", (NOBODY,)), Agent("b", "Twin", ())]
        monkeypatch.setattr(desk.agents, "list", lambda refresh=False: agents)
        draft = desk.drafts.open_sample()
        page = choose(visit(draft.id), "agent", "Twin (2)")
        assert chosen_agent(desk, draft).id == "b"
        assert "This agent has no inputs." in texts(page)

    def test_inputs_that_changed_in_writer_are_shown_and_used_at_a_click(
        self, visit: Visit, desk: Desk, sample: Draft, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = visit(sample.id)
        assert "use_new_inputs" not in keys(page)
        changed = replace(chosen_agent(desk, sample), inputs=(AgentInput("SKU", InputType.TEXT),))
        monkeypatch.setattr(desk.agents, "list", lambda refresh=False: [changed])
        page = press(page, "refresh_agents")
        assert sentences(page.warning) == ["This agent's inputs have changed in Writer since you chose it."]
        page = press(page, "use_new_inputs")
        assert desk.drafts.get(sample.id).agent == changed
        assert page.selectbox(key="column_for_0").label == "SKU"
        assert page.selectbox(key="column_for_0").value == "SKU"


def raising(error: Exception) -> Callable[..., object]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def chosen_agent(desk: Desk, draft: Draft) -> Agent:
    agent = desk.drafts.get(draft.id).agent
    assert agent is not None
    return agent


class TestTheSuggestedAgent:
    NOTE = "Suggested because its inputs match your columns."

    def test_the_sample_is_launched_with_two_clicks(self, visit: Visit, desk: Desk) -> None:
        page = press(visit(), "use_sample")
        assert page.selectbox(key="agent").value == PRODUCT_AGENT
        assert self.NOTE in sentences(page.caption)
        assert page.button(key="launch").label == "Launch 24 rows"
        draft = desk.drafts.get(draft_id(page))
        press(page, "launch")
        batch_id = desk.drafts.get(draft.id).batch_id
        assert batch_id is not None
        assert desk.batches.get(batch_id).batch.agent.name == PRODUCT_AGENT

    def test_a_persons_choice_stays(self, visit: Visit, desk: Desk) -> None:
        page = press(visit(), "use_sample")
        page = choose(page, "agent", "Social post")
        for shown in (page, settled(page.run()), press(page, "refresh_agents"), visit(draft_id(page))):
            assert shown.selectbox(key="agent").value == "Social post"
            assert self.NOTE not in sentences(shown.caption)

    def test_a_choice_in_another_tab_is_not_overridden(self, desk: Desk) -> None:
        product, social = (
            next(agent for agent in desk.agents.list() if agent.name == name) for name in (PRODUCT_AGENT, "Social post")
        )
        draft = desk.drafts.open_sample()
        chosen = desk.drafts.choose_agent(draft.id, social)
        assert desk.drafts.suggested_agent(draft, desk.agents.list()) == product
        assert desk.drafts.preselect_agent(draft.id, product) == chosen

    def test_no_agent_is_selected_when_none_fits(self, visit: Visit, desk: Desk) -> None:
        page = visit(desk.drafts.open(b"City,Population\nOslo,717710\n", "cities.csv").id)
        assert page.selectbox(key="agent").value is None
        assert steps(page) == ALL_STEPS[:2]

    def test_when_the_file_is_read_another_way_the_agent_that_fits_is_selected(self, visit: Visit, desk: Desk) -> None:
        draft = desk.drafts.open(workbook(Notes=["Memo", "x"], Products=["Product", "Mug"]), "shop.xlsx")
        only = Agent("p", "Post", (AgentInput("Product name", InputType.TEXT, required=True),))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(desk.agents, "list", lambda refresh=False: [only])
            page = visit(draft.id)
            assert page.selectbox(key="agent").value is None
            page = choose(page, "sheet", "Products")
            assert page.selectbox(key="agent").value == "Post"

    def test_writer_is_asked_no_more_often_than_the_list_expires(
        self, visit: Visit, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        agents, calls = desk.agents.list(), Counter[str]()

        def fetch() -> list[Agent]:
            calls["agents"] += 1
            return agents

        monkeypatch.setattr(desk.agents, "_fetch", fetch)
        monkeypatch.setattr(desk.agents, "_expires_at", 0.0)
        page = press(visit(), "use_sample")
        visit(draft_id(page))
        assert calls == {"agents": 1}


class TestTheColumns:
    def test_a_suggested_column_says_why_until_another_is_chosen(self, visit: Visit, desk: Desk) -> None:
        text = "Title,Register,Features\nMug,warm,blue\nBowl,Bold,\n"
        page = visit(with_agent(desk, desk.drafts.open(text.encode(), "mugs.csv")).id)
        assert [page.selectbox(key=f"column_for_{n}").value for n in range(3)] == ["Title", "Register", "Features"]
        reasons = [text for text in sentences(page.caption) if text.startswith("Suggested: ")]
        assert reasons == [
            "Suggested: similar meaning",
            "Suggested: the cells match the dropdown's options",
            "Suggested: part of the name matches",
        ]
        page = choose(page, "column_for_1", "Title")
        assert [text for text in sentences(page.caption) if text.startswith("Suggested: ")] == [reasons[0], reasons[2]]

    def test_each_input_offers_the_columns_then_the_two_special_choices(self, visit: Visit, sample: Draft) -> None:
        page = visit(sample.id)
        columns = ["SKU", "Product name", "Tone", "Key features", "Price"]
        for n, name in enumerate(["Product name", "Tone", "Key features"]):
            field = page.selectbox(key=f"column_for_{n}")
            assert field.label == name
            assert field.options == [*columns, "(leave out)", "(same value for all rows)"]
            assert field.value == name

    def test_required_inputs_are_marked_and_their_description_is_the_help(self, visit: Visit, sample: Draft) -> None:
        page = visit(sample.id)
        assert [page.selectbox(key=f"column_for_{n}").proto.required for n in range(3)] == [True, True, False]
        assert page.selectbox(key="column_for_1").help == r"The voice of the text\."

    def test_what_the_first_row_sends_is_shown_beside_each_input(self, visit: Visit, sample: Draft) -> None:
        page = visit(sample.id)
        assert sentences(page.text)[:2] == ["Speckled Stoneware Mug", "Warm"]
        page = choose(page, "column_for_0", "SKU")
        assert sentences(page.text)[0] == "00101"
        page = choose(page, "column_for_2", "(leave out)")
        assert "Row 2: nothing" in sentences(page.caption)

    def test_each_line_of_a_cell_is_shown_as_the_value_that_it_becomes(self, visit: Visit, desk: Desk) -> None:
        text = 'Product name,Tone,Key features\nMug,Warm,"Large\n\nBlue"\n'
        page = visit(with_agent(desk, desk.drafts.open(text.encode(), "lines.csv")).id)
        assert sentences(page.text) == ["Mug", "Warm", "Large", "Blue"]

    def test_the_same_value_for_all_rows_is_chosen_from_what_the_dropdown_offers(
        self, visit: Visit, desk: Desk, sample: Draft
    ) -> None:
        page = choose(visit(sample.id), "column_for_1", "(same value for all rows)")
        assert page.selectbox(key="value_for_1").options == ["Warm", "Expert", "Playful", "Bold", "Minimal"]
        assert page.selectbox(key="value_for_1").value is None
        page = choose(page, "value_for_1", "Expert")
        assert desk.drafts.get(sample.id).choices["Tone"] == Choice(ChoiceKind.FIXED, value="Expert")
        assert "Every row:" in sentences(page.caption)

    def test_the_same_value_for_all_rows_is_entered_for_a_text(self, visit: Visit, desk: Desk, sample: Draft) -> None:
        page = choose(visit(sample.id), "column_for_0", "(same value for all rows)")
        settled(page.text_input(key="value_for_0").input("Gift card").run())
        assert desk.drafts.get(sample.id).choices["Product name"] == Choice(ChoiceKind.FIXED, value="Gift card")

    def test_more_columns_are_offered_where_an_input_accepts_several_values(
        self, visit: Visit, desk: Desk, sample: Draft
    ) -> None:
        page = visit(sample.id)
        assert "more_columns_for_0" not in keys(page)
        assert page.multiselect(key="more_columns_for_2").options == ["SKU", "Product name", "Tone", "Price"]
        page = settled(page.multiselect(key="more_columns_for_2").select("Price").select("Tone").run())
        assert desk.drafts.get(sample.id).choices["Key features"].columns == ("Key features", "Price", "Tone")
        page = choose(page, "column_for_2", "Price")
        assert desk.drafts.get(sample.id).choices["Key features"].columns == ("Price", "Tone")
        assert page.multiselect(key="more_columns_for_2").value == ["Tone"]

    def test_a_column_called_like_a_special_choice_is_a_column(self, visit: Visit, desk: Desk) -> None:
        text = "(leave out),Tone\nMug,Warm\n"
        draft = with_agent(desk, desk.drafts.open(text.encode(), "odd.csv"))
        page = choose(visit(draft.id), "column_for_0", "(leave out) (2)")
        assert desk.drafts.get(draft.id).choices["Product name"] == Choice(ChoiceKind.COLUMN, ("(leave out)",))
        page = choose(page, "column_for_0", "(leave out)")
        assert desk.drafts.get(draft.id).choices["Product name"] == Choice()

    def test_unused_columns_are_said_to_be_in_the_download(self, visit: Visit, sample: Draft) -> None:
        page = visit(sample.id)
        assert "2 columns aren't used, but they will be in the download." in sentences(page.caption)
        page = settled(page.multiselect(key="more_columns_for_2").select("Price").run())
        assert "1 column isn't used, but it will be in the download." in sentences(page.caption)


class TestWhatIsStored:
    def test_another_visit_to_the_address_finds_every_choice(self, visit: Visit, sample: Draft) -> None:
        page = choose(visit(sample.id), "column_for_0", "SKU")
        page = choose(page, "column_for_1", "(same value for all rows)")
        page = choose(page, "value_for_1", "Bold")
        page = settled(page.multiselect(key="more_columns_for_2").select("Price").run())
        settled(page.text_input(key="batch_name").input("Spring range").run())

        page = visit(sample.id)
        assert page.selectbox(key="agent").value == PRODUCT_AGENT
        assert page.selectbox(key="column_for_0").value == "SKU"
        assert page.selectbox(key="column_for_1").value == "(same value for all rows)"
        assert page.selectbox(key="value_for_1").value == "Bold"
        assert page.multiselect(key="more_columns_for_2").value == ["Price"]
        assert page.text_input(key="batch_name").value == "Spring range"

    def test_two_tabs_do_not_undo_each_other(self, visit: Visit, desk: Desk, sample: Draft) -> None:
        one, other = visit(sample.id), visit(sample.id)
        choose(one, "column_for_0", "SKU")
        other = choose(other, "column_for_2", "(leave out)")
        assert other.selectbox(key="column_for_0").value == "SKU"
        assert desk.drafts.get(sample.id).choices["Product name"].columns == ("SKU",)
        assert desk.drafts.get(sample.id).choices["Key features"] == Choice()

    def test_another_draft_in_the_address_shows_its_own_choices(self, visit: Visit, desk: Desk, sample: Draft) -> None:
        page = choose(visit(sample.id), "column_for_0", "SKU")
        page.query_params["draft"] = with_agent(desk, desk.drafts.open_sample()).id
        page = settled(page.run())
        assert page.selectbox(key="column_for_0").value == "Product name"

    def test_a_visit_to_another_page_leads_back_to_the_draft(self, visit: Visit, sample: Draft) -> None:
        page = visit(sample.id)
        page = settled(page.switch_page("batches.py").run())
        del page.query_params["draft"]
        page = press(settled(page.switch_page("new_batch.py").run()), "continue_draft")
        assert page.selectbox(key="column_for_0").value == "Product name"

    def test_a_missing_draft_says_so_and_offers_a_new_start(self, visit: Visit) -> None:
        page = visit("nowhere")
        assert sentences(page.warning) == ["This draft doesn't exist. Drafts are kept for 7 days."]
        assert keys(page) == {"start_new"}
        assert "spreadsheet" in keys(press(page, "start_new"))


class TestTheCheck:
    def test_what_is_undecided_is_shown_and_nothing_can_be_launched(self, visit: Visit, sample: Draft) -> None:
        page = choose(visit(sample.id), "column_for_0", "(leave out)")
        assert sentences(page.info) == [
            r"“Product name” is required\. Choose a column\, or use the same value for all rows\."
        ]
        assert steps(page)[-1] == r"4\. Check"

    def test_rows_that_are_all_ready_are_counted(self, visit: Visit, sample: Draft) -> None:
        assert sentences(visit(sample.id).success) == ["24 rows are ready."]

    @pytest.mark.parametrize(
        ("rows", "sentence"),
        [
            (
                1,
                "1 row is ready. 1 has problems and will be skipped. "
                "To include it, fix it in your spreadsheet and upload it again.",
            ),
            (
                2,
                "1 row is ready. 2 have problems and will be skipped. "
                "To include them, fix them in your spreadsheet and upload it again.",
            ),
        ],
    )
    def test_rows_with_problems_are_counted_and_said_to_be_skipped(
        self, visit: Visit, desk: Desk, rows: int, sentence: str
    ) -> None:
        page = visit(flawed(desk, rows).id)
        assert sentences(page.warning) == [sentence]
        assert page.button(key="launch").label == "Launch 1 row"

    def test_each_problem_names_row_column_and_value(self, visit: Visit, desk: Desk) -> None:
        table = visit(flawed(desk, 1).id).table[0].value
        assert list(table.columns) == ["Row", "Cell", "Problem"]
        assert [cell.replace("\\", "") for cell in table.iloc[0]] == [
            "3",
            "**Tone** Loud",
            "“Loud” isn't one of the options. Use “Warm”, “Expert”, “Playful”, “Bold”, or “Minimal”.",
        ]

    def test_a_value_in_the_list_of_problems_shows_as_it_is(self, visit: Visit, desk: Desk) -> None:
        sheet = b"Product name,Tone\nMug,Warm\nMug,![x](http://evil.example/a.png)\n"
        table = visit(with_agent(desk, desk.drafts.open(sheet, "mugs.csv")).id).table[0].value
        assert table["Cell"][0] == f"**Tone** {plain('![x](http://evil.example/a.png)')}"
        assert "![" not in table["Problem"][0]

    def test_names_without_a_file_are_listed_and_the_check_asks_for_the_files(self, visit: Visit, desk: Desk) -> None:
        sheet = b"Photo,Page topic\nmug.jpg,Mugs\ncap.jpg,Caps\n"
        page = visit(with_agent(desk, desk.drafts.open(sheet, "photos.csv"), "Image alt text").id)
        (names,) = (box for box in page.expander if "without a file" in box.label)
        assert (names.label, names.proto.expanded) == ("2 names without a file", True)
        assert [text.value for text in names.markdown] == ["- mug\\.jpg\n- cap\\.jpg"]
        assert sentences(page.error) == [
            "No rows are ready: 2 have problems. Choose other columns, attach other files, or fix the rows in your "
            "spreadsheet and upload it again."
        ]

    def test_only_the_first_problems_are_shown_and_all_are_counted(self, visit: Visit, desk: Desk) -> None:
        draft = flawed(desk, 1_200)
        page = visit(draft.id)
        shown = len(desk.drafts.check(draft).problems)
        assert len(page.table[0].value) == shown
        assert f"First {shown:,} of 1,200 problems" in sentences(page.caption)

    def test_without_a_row_that_is_ready_nothing_can_be_launched(self, visit: Visit, desk: Desk) -> None:
        draft = with_agent(desk, desk.drafts.open(b"Product name,Tone\nMug,Loud\n", "mugs.csv"))
        page = visit(draft.id)
        assert sentences(page.error) == [
            "No rows are ready: 1 has problems. Choose other columns, or fix the row in your spreadsheet and upload it "
            "again."
        ]
        assert "launch" not in keys(page)


class TestTheLaunch:
    def test_the_name_is_proposed_from_agent_file_and_the_viewers_time(
        self, visit: Visit, desk: Desk, sample: Draft, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = replace(sample, created_at=datetime(2026, 3, 9, 23, 5, tzinfo=UTC))
        monkeypatch.setattr(desk.drafts, "get", lambda _: made)
        page = AppTest.from_file(ROUTER, default_timeout=20)
        page.query_params["draft"] = sample.id
        page.context["timezone"] = "Europe/Berlin"
        assert settled(page.run()).text_input(key="batch_name").value == (
            "Sample products.csv · Product description · Mar 10, 12:05 AM"
        )

    def test_an_emptied_name_gives_way_to_the_proposed_one(self, visit: Visit, desk: Desk, sample: Draft) -> None:
        page = visit(sample.id)
        proposed = page.text_input(key="batch_name").value
        page = settled(page.text_input(key="batch_name").input("Spring").run())
        page = settled(page.text_input(key="batch_name").input(" ").run())
        assert page.text_input(key="batch_name").value == proposed
        assert desk.drafts.get(sample.id).name == ""

    @pytest.mark.parametrize(
        ("estimate", "told"),
        [
            (Estimate(1, 1 / 400), "less than a minute"),
            (Estimate(401, 401 / 400), "about 1 minute"),
            (Estimate(20_000, 50), "about 50 minutes"),
            (Estimate(148_470, 371.2), "about 6 hours"),
        ],
    )
    def test_how_long_sending_takes_is_shown(
        self, visit: Visit, desk: Desk, sample: Draft, monkeypatch: pytest.MonkeyPatch, estimate: Estimate, told: str
    ) -> None:
        monkeypatch.setattr(desk.drafts, "estimate", lambda rows: estimate)
        assert sentences(visit(sample.id).caption)[-1] == (f"Sending takes {told}. Writer may need longer to finish.")

    def test_with_a_sample_the_estimate_is_for_the_sample(self, visit: Visit, desk: Desk) -> None:
        draft = of_rows(desk, 1_000)
        assert sentences(visit(draft.id).caption)[-1].startswith("Sending takes about 3 minutes.")
        desk.drafts.save_options(draft.id, LaunchOptions(sample_rows=5))
        assert sentences(visit(draft.id).caption)[-1].startswith("Sending takes less than a minute.")

    def test_launching_makes_a_batch_of_that_name_and_goes_there(self, visit: Visit, desk: Desk, sample: Draft) -> None:
        page = visit(sample.id)
        assert page.button(key="launch").label == "Launch 24 rows"
        page = settled(page.text_input(key="batch_name").input("Spring range").run())
        page = settled(page.button(key="launch").click().run())
        batch_id = desk.drafts.get(sample.id).batch_id
        assert batch_id is not None
        assert desk.batches.get(batch_id).batch.name == "Spring range"
        assert batch_id in page.query_params["id"]
        assert page.title[0].value.startswith("Spring range :")

    def test_launching_from_two_tabs_makes_one_batch_and_both_go_there(
        self, visit: Visit, desk: Desk, sample: Draft
    ) -> None:
        before = desk.batches.page().total
        one, other = visit(sample.id), visit(sample.id)
        one = settled(one.button(key="launch").click().run())
        other = settled(other.button(key="launch").click().run())
        assert desk.batches.page().total == before + 1
        assert one.query_params["id"] == other.query_params["id"]

    def test_a_launched_draft_says_so_and_offers_no_second_launch(
        self, visit: Visit, desk: Desk, sample: Draft
    ) -> None:
        desk.drafts.launch(sample.id, "")
        page = visit(sample.id)
        assert sentences(page.success) == ["This draft was launched."]
        assert keys(page) == {"start_new"}
        assert "spreadsheet" in keys(press(page, "start_new"))

    def test_a_refused_key_disables_the_button_and_says_why(
        self, visit: Visit, desk: Desk, sample: Draft, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refused = ConnectionHealth(key_refused_at=datetime(2026, 3, 9, tzinfo=UTC))
        monkeypatch.setattr(desk.drafts._store.connections, "health", lambda _: refused)
        page = visit(sample.id)
        assert page.button(key="launch").disabled
        assert sentences(page.warning) == ["You can't launch until Writer accepts your API key."]

    def test_a_refused_launch_is_explained_in_a_sentence(
        self, visit: Visit, desk: Desk, sample: Draft, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(desk.drafts, "launch", raising(LaunchError("No row is ready *now*.")))
        page = press(visit(sample.id), "launch")
        assert sentences(page.error) == [r"No row is ready \*now\*\."]

    def test_a_launched_draft_is_not_offered_again(self, visit: Visit, sample: Draft) -> None:
        page = settled(visit(sample.id).button(key="launch").click().run())
        page = settled(page.switch_page("new_batch.py").run())
        assert keys(page) == {"spreadsheet", "use_sample", "pasted", "use_pasted"}


def of_rows(desk: Desk, number: int) -> Draft:
    """So many rows that are ready."""
    text = "Product name,Tone\n" + "".join(f"Mug {n},Warm\n" for n in range(number))
    return with_agent(desk, desk.drafts.open(text.encode(), "mugs.csv"))


class TestTheSendingOptions:
    def test_the_defaults_are_closed_and_say_nothing(self, visit: Visit, sample: Draft) -> None:
        page = visit(sample.id)
        (box,) = page.expander
        assert box.label == "Sending options"
        assert not box.proto.expanded
        assert not page.checkbox(key="sample_first").value
        assert page.segmented_control(key="retries").value == 0
        assert not page.checkbox(key="resend_lost").value
        assert len(page.number_input) == 0
        assert sentences(page.caption)[-1].startswith("Sending takes less than a minute.")
        assert "until you run" not in texts(page)

    def test_every_option_is_stored_and_shown_on_the_next_visit(self, visit: Visit, desk: Desk, sample: Draft) -> None:
        page = settled(visit(sample.id).checkbox(key="sample_first").check().run())
        assert desk.drafts.get(sample.id).options == LaunchOptions(sample_rows=5)
        page = settled(page.number_input(key="sample_rows").set_value(7).run())
        page = settled(page.segmented_control(key="retries").set_value(2).run())
        page = settled(page.checkbox(key="resend_lost").check().run())
        assert desk.drafts.get(sample.id).options == LaunchOptions(sample_rows=7, retries=2, resend_lost=True)
        for shown in (page, settled(page.run()), visit(sample.id)):
            assert shown.checkbox(key="sample_first").value
            assert shown.number_input(key="sample_rows").value == 7
            assert shown.segmented_control(key="retries").value == 2
            assert shown.checkbox(key="resend_lost").value
            told = "The first 7 rows are sent now. The other 17 wait until you run them."
            assert told in sentences(shown.markdown)
            assert [box.label for box in shown.expander] == [
                "Sending options: sample of 7 rows first · failed jobs retried up to 2 times · lost rows resent"
            ]
            assert shown.button(key="launch").label == "Launch a sample of 7 rows"

    def test_an_option_that_is_switched_off_is_stored_too(self, visit: Visit, desk: Desk, sample: Draft) -> None:
        desk.drafts.save_options(sample.id, LaunchOptions(sample_rows=7, retries=3, resend_lost=True))
        page = settled(visit(sample.id).checkbox(key="sample_first").uncheck().run())
        assert len(page.number_input) == 0
        page = settled(page.segmented_control(key="retries").set_value(0).run())
        settled(page.checkbox(key="resend_lost").uncheck().run())
        assert desk.drafts.get(sample.id).options == LaunchOptions()

    def test_two_tabs_do_not_undo_each_other(self, visit: Visit, desk: Desk, sample: Draft) -> None:
        one, other = visit(sample.id), visit(sample.id)
        settled(one.segmented_control(key="retries").set_value(1).run())
        other = settled(other.checkbox(key="resend_lost").check().run())
        assert desk.drafts.get(sample.id).options == LaunchOptions(retries=1, resend_lost=True)
        assert other.segmented_control(key="retries").value == 1

    @pytest.mark.parametrize(
        ("rows", "first", "told"),
        [
            (3, 2, "The first 2 rows are sent now. The other one waits until you run it."),
            (2, 1, "The first row is sent now. The other one waits until you run it."),
            (1_205, 5, "The first 5 rows are sent now. The other 1,200 wait until you run them."),
        ],
    )
    def test_a_sample_leaves_at_least_one_row_and_counts_right(
        self, visit: Visit, desk: Desk, rows: int, first: int, told: str
    ) -> None:
        page = settled(visit(of_rows(desk, rows).id).checkbox(key="sample_first").check().run())
        assert page.number_input(key="sample_rows").value == first
        assert page.number_input(key="sample_rows").max == rows - 1
        assert told in sentences(page.markdown)
        assert page.button(key="launch").label == f"Launch a sample of {first} row{'s' if first > 1 else ''}"

    def test_a_single_row_has_no_sample(self, visit: Visit, desk: Desk) -> None:
        draft = of_rows(desk, 1)
        desk.drafts.save_options(draft.id, LaunchOptions(sample_rows=5, retries=1))
        page = visit(draft.id)
        assert [box.key for box in page.checkbox] == ["resend_lost"]
        assert [box.label for box in page.expander] == ["Sending options: failed jobs retried once"]
        assert "until you run" not in texts(page)

    def test_a_sample_that_fewer_rows_are_ready_for_is_launched_as_the_page_shows_it(
        self, visit: Visit, desk: Desk
    ) -> None:
        draft = of_rows(desk, 3)
        desk.drafts.save_options(draft.id, LaunchOptions(sample_rows=5))
        page = visit(draft.id)
        assert page.number_input(key="sample_rows").value == 2
        page = press(page, "launch")
        assert desk.batches.get(str(desk.drafts.get(draft.id).batch_id)).batch.options == LaunchOptions(sample_rows=2)

    def test_the_rows_are_not_checked_again(
        self, visit: Visit, desk: Desk, sample: Draft, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = visit(sample.id)
        monkeypatch.setattr(mapping, "check", lambda *_: pytest.fail("checked again"))
        settled(page.segmented_control(key="retries").set_value(2).run())


class TestUntrustedText:
    def test_it_is_never_markdown(self, visit: Visit, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        evil = Agent("evil", HOSTILE, (AgentInput(HOSTILE, InputType.TEXT, required=True, description=HOSTILE),))
        monkeypatch.setattr(desk.agents, "list", lambda refresh=False: [evil])
        draft = desk.drafts.open(f'"{HOSTILE}",Other\n"{HOSTILE}",x\n'.encode(), f"{HOSTILE}.csv")
        page = choose(visit(draft.id), "agent", HOSTILE)
        page = choose(page, "column_for_0", "(leave out)")
        page = choose(page, "column_for_0", "(same value for all rows)")
        page = choose(page, "column_for_0", HOSTILE)
        assert HOSTILE in sentences(page.text)
        parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.success]
        widgets = [*page.selectbox, *page.text_input, *page.button, *page.multiselect]
        markdown = [*sentences(parts), *(str(word) for each in widgets for word in (each.label, each.help))]
        about = [text for text in markdown if "canary" in text]
        assert len(about) >= 4
        assert [text for text in about if "![" in text or " :red[" in text or "$x" in text.replace(r"\$", "")] == []
