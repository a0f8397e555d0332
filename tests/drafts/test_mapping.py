from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drafts.mapping import Builder, check, compile_choices, incomplete, match, suggest_agent
from services.drafts.mapping.values import UnfitError
from services.models import (
    Agent,
    AgentInput,
    Check,
    Choice,
    ChoiceKind,
    Choices,
    InputType,
    MatchReason,
    Problem,
    Proposal,
    RowProblem,
    SheetRow,
)

NAME = AgentInput("Product name", InputType.TEXT, required=True)
TONE = AgentInput("Tone", InputType.DROPDOWN, options=("Warm", "Matter of fact", "Bold"))
FEATURES = AgentInput("Key features", InputType.TEXT, max_values=3)
IMAGE = AgentInput("Image", InputType.MEDIA)
SHEET = AgentInput("Data sheet", InputType.FILE, max_values=3, takes_urls=True)


def agent(*inputs: AgentInput) -> Agent:
    return Agent("agent", "Agent", inputs)


def texts(*names: str) -> Agent:
    return agent(*(AgentInput(name, InputType.TEXT) for name in names))


def column(*names: str) -> Choice:
    return Choice(ChoiceKind.COLUMN, names)


def fixed(value: str) -> Choice:
    return Choice(ChoiceKind.FIXED, value=value)


def proposed(agent: Agent, columns: Sequence[str], *rows: Sequence[str]) -> dict[str, Choice]:
    """What is chosen where the person changes nothing."""
    sampled = [SheetRow(number, tuple(cells)) for number, cells in enumerate(rows, 2)]
    return {name: proposal.choice for name, proposal in match(agent, columns, sampled).items()}


def builder(field: AgentInput, choice: Choice, *columns: str) -> Builder:
    return compile_choices(agent(field), {field.name: choice}, columns)


# --- match


@pytest.mark.parametrize(
    ("name", "candidate"),
    [
        ("Product name", "Product name"),
        ("Product name", "  PRODUCT NAME "),
        ("Product name", "product_names"),
        ("Product name", "product-name*"),
        ("Product name", "productName"),
        ("Product name", "nameProduct"),
        ("Product name", "Name (product)"),
        ("Prénom du client", "client du prenom"),
        ("Product name", "Name of the product"),
        ("Email", "E-Mail"),
        ("Naše", "nase"),
        ("Größe", "GROSSE"),
        ("Catégorie", "categories"),
        ("Category", "Categories"),
        ("Headline 1", "headline_1"),
        ("Audience", "Audiance"),
        ("Product name", "Product nmae"),
        ("商品名", "商品名"),
        ("???", "???"),
    ],
)
def test_a_column_of_the_same_name_or_a_close_spelling_is_proposed(name: str, candidate: str) -> None:
    assert proposed(texts(name), ["Other", candidate]) == {name: column(candidate)}


@pytest.mark.parametrize(
    ("name", "candidate"),
    [
        ("Tone", "Zone"),
        ("Headline 1", "Headline 2"),
        ("Headline", "Headline 1"),
        ("Price net", "Price new"),
        ("Product name", "Product code"),
        ("First name", "Last name"),
        ("Product", "Product price"),
        ("Product", "Product line"),
        ("Product", "Item no."),
        ("Product details", "Product"),
        ("Product name", "Brand name"),
        ("Product name", "SEO title"),
        ("Name", "Brand name"),
        ("Customer", "Customer ID"),
        ("Company name", "Company size"),
        ("Audience", "Audience age"),
        ("Target audience", "Target"),
        ("Key message", "Key"),
        ("Image", "Image description"),
        ("Link", "Image URL"),
        ("???", "!!!"),
        ("", ""),
    ],
)
def test_a_column_of_another_meaning_is_not_proposed(name: str, candidate: str) -> None:
    assert proposed(texts(name), [candidate]) == {name: Choice()}


def test_the_best_pair_comes_first_whatever_the_order() -> None:
    assert proposed(texts("Audince", "Audience"), ["audience", "Audinse"]) == {
        "Audince": column("Audinse"),
        "Audience": column("audience"),
    }


def test_among_equals_the_first_input_takes_the_first_column() -> None:
    assert proposed(texts("Name", "name"), ["NAME", "names", "Name "]) == {
        "Name": column("Name "),
        "name": column("NAME"),
    }


def test_an_input_of_several_values_takes_numbered_columns_in_the_sheets_order() -> None:
    columns = ["Feature 3", "Key feature 1", "Name", "key_features_2", "Key feature 4"]
    assert proposed(agent(FEATURES), columns) == {
        "Key features": column("Key feature 1", "key_features_2", "Key feature 4")
    }
    assert proposed(agent(FEATURES), columns[:4]) == {
        "Key features": column("Feature 3", "Key feature 1", "key_features_2")
    }


def test_a_column_of_just_its_name_is_better_than_numbered_ones() -> None:
    columns = ["Key feature 1", "Key feature 2", "Key features"]
    assert proposed(agent(FEATURES), columns) == {"Key features": column("Key features")}


def test_numbered_columns_are_better_than_a_close_spelling() -> None:
    assert proposed(agent(FEATURES), ["Key faetures", "Key feature 1"]) == {"Key features": column("Key feature 1")}


def test_an_input_of_one_value_takes_no_numbered_columns() -> None:
    assert proposed(texts("Key feature"), ["Key feature 1", "Key feature 2"]) == {"Key feature": Choice()}


def test_numbered_columns_of_another_thing_are_not_taken() -> None:
    second = AgentInput("Feature 2", InputType.TEXT, max_values=3)
    assert proposed(agent(FEATURES), ["Key 1", "Benefit 1", "1", "Key feature"]) == {
        "Key features": column("Key feature")
    }
    assert proposed(agent(FEATURES), ["Key 1", "Benefit 1", "1"]) == {"Key features": Choice()}
    assert proposed(agent(second), ["Feature 1", "Feature 3"]) == {"Feature 2": Choice()}
    assert proposed(agent(AgentInput("???", InputType.TEXT, max_values=3)), ["1", "!"]) == {"???": Choice()}


def test_numbered_columns_of_just_its_name_go_to_that_input() -> None:
    broad = AgentInput("Features", InputType.TEXT, max_values=3)
    assert proposed(agent(FEATURES, broad), ["Feature 1", "Feature 2"]) == {
        "Key features": Choice(),
        "Features": column("Feature 1", "Feature 2"),
    }


@pytest.mark.parametrize(
    ("name", "candidate", "reason"),
    [
        ("Product", "Product name", MatchReason.PART_OF_NAME),
        ("Product name", "Product", MatchReason.PART_OF_NAME),
        ("Key features", "Features", MatchReason.PART_OF_NAME),
        ("Features", "Key features", MatchReason.PART_OF_NAME),
        ("Description", "Product description", MatchReason.PART_OF_NAME),
        ("Topic", "Page topic", MatchReason.PART_OF_NAME),
        ("Company", "Company name", MatchReason.PART_OF_NAME),
        ("Tone", "Tone of voice", MatchReason.PART_OF_NAME),
        ("Price", "Price (EUR)", MatchReason.PART_OF_NAME),
        ("Price", "Price in EUR", MatchReason.PART_OF_NAME),
        ("Headline", "Headline (30 chars)", MatchReason.PART_OF_NAME),
        ("Description", "Description DE", MatchReason.PART_OF_NAME),
        ("Image", "Image URL", MatchReason.PART_OF_NAME),
        ("Product name", "Title", MatchReason.SYNONYM),
        ("Product name", "name_of_item", MatchReason.SYNONYM),
        ("Product description", "Body (HTML)", MatchReason.SYNONYM),
        ("Image", "Photo", MatchReason.SYNONYM),
        ("Price", "Cost", MatchReason.SYNONYM),
        ("SKU", "Article number", MatchReason.SYNONYM),
        ("Brand", "Vendor", MatchReason.SYNONYM),
        ("Keywords", "Tags", MatchReason.SYNONYM),
        ("Audience", "Target group", MatchReason.SYNONYM),
        ("Tone", "Brand voice", MatchReason.SYNONYM),
        ("Language", "Locale", MatchReason.SYNONYM),
        ("Link", "Product URL", MatchReason.SYNONYM),
        ("Audience", "Zielgruppe", MatchReason.SYNONYM),
        ("Key features", "Caractéristiques principales", MatchReason.SYNONYM),
        ("Product name", "Nombre del producto", MatchReason.SYNONYM),
        ("Audience", "Audiance", MatchReason.SIMILAR_NAME),
        ("Tone", "tones", MatchReason.SAME_NAME),
    ],
)
def test_a_column_is_proposed_for_a_reason(name: str, candidate: str, reason: MatchReason) -> None:
    assert match(texts(name), ["Other", candidate]) == {name: Proposal(column(candidate), reason)}


@pytest.mark.parametrize(
    ("inputs", "columns", "fed"),
    [
        (["Product"], ["Product code", "Product name"], ["Product name"]),
        (["Name"], ["Brand name", "Product name"], ["Product name"]),
        (["Product"], ["Product name", "Product"], ["Product"]),
        (["Product", "Product name"], ["Product name"], [None, "Product name"]),
        (["Description"], ["Short description", "Product description"], ["Product description"]),
        (["Description"], ["Short description", "Long description"], [None]),
        (["Description"], ["Description EN", "Description DE"], [None]),
        (["Short description", "Long description"], ["Description"], [None, None]),
        (["Product name", "Product title"], ["Name", "Price"], ["Name", None]),
        (["Tone"], ["Voice", "Style"], [None]),
        (
            ["Product name", "Description", "Brand", "Category", "Keywords", "SKU", "Price", "Image"],
            ["Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Variant SKU", "Variant Price", "Image Src"],
            ["Title", "Body (HTML)", "Vendor", "Type", "Tags", "Variant SKU", "Variant Price", "Image Src"],
        ),
    ],
)
def test_the_better_fit_is_proposed_and_none_where_two_fit_equally(
    inputs: list[str], columns: list[str], fed: list[str | None]
) -> None:
    expected = {name: column(source) if source else Choice() for name, source in zip(inputs, fed, strict=True)}
    assert proposed(texts(*inputs), columns) == expected


def test_a_column_of_a_dropdowns_options_belongs_to_it_whatever_it_is_called() -> None:
    rows = [("Mug", "warm "), ("Bowl", "MATTER  of fact"), ("Jug", "loud"), ("Cup", "")]
    assert match(agent(NAME, TONE), ["Title", "Register"], [SheetRow(n, row) for n, row in enumerate(rows, 2)]) == {
        "Product name": Proposal(column("Title"), MatchReason.SYNONYM),
        "Tone": Proposal(column("Register"), MatchReason.OPTIONS),
    }


@pytest.mark.parametrize(
    ("columns", "cells", "fed"),
    [
        (["Tone", "Register"], [("a story", "Warm"), ("another", "Bold")], "Register"),  # not even the same name
        (["Tone", "Register"], [("Warm", "Warm"), ("Bold", "Bold")], "Tone"),
        (["Register", "Voice"], [("Warm", "Warm")], "Voice"),
        (["Register", "Mood"], [("Warm", "Warm"), ("loud", "Bold"), ("Bold", "Bold")], "Mood"),
        (["Register", "Mood"], [("Warm", "Bold")], None),  # equally likely
        (["Register"], [("Warm",), ("loud",)], None),  # not mostly options
        (["Voice"], [("loud",), ("soft",)], None),  # a synonym whose cells are no options
        (["Tone"], [("loud",), ("soft",)], "Tone"),  # the same name: the check says what is wrong
        (["Voice"], [("",), (" ",)], None),  # nothing in it
        (["Voice"], [], "Voice"),
    ],
)
def test_the_cells_decide_which_column_feeds_a_dropdown(
    columns: list[str], cells: list[tuple[str, ...]], fed: str | None
) -> None:
    assert proposed(agent(TONE), columns, *cells) == {"Tone": column(fed) if fed else Choice()}


def test_a_dropdown_of_several_values_counts_the_lines_of_a_cell() -> None:
    several = AgentInput("Moods", InputType.DROPDOWN, options=("Warm", "Bold"), max_values=3)
    assert proposed(agent(several), ["Notes"], ("warm\nbold",), ("Bold\nloud",)) == {"Moods": column("Notes")}


def test_another_inputs_own_name_is_stronger_than_a_dropdowns_options() -> None:
    style = AgentInput("Style", InputType.TEXT)
    assert proposed(agent(TONE, style), ["Style"], ("Warm",)) == {"Tone": Choice(), "Style": column("Style")}


def test_a_column_whose_cells_the_input_refuses_is_not_proposed_for_a_part_of_its_name() -> None:
    assert proposed(agent(IMAGE), ["Hero image"], ("a mug on a table",)) == {"Image": Choice()}
    assert proposed(agent(IMAGE), ["Hero image"], ("1f0c-77",)) == {"Image": column("Hero image")}


def test_numbered_columns_that_mean_the_same_are_taken() -> None:
    assert proposed(agent(FEATURES), ["Bullet 1", "Price 1", "Bullet point 2"]) == {
        "Key features": column("Bullet 1", "Bullet point 2")
    }


_names = st.lists(
    st.lists(
        st.sampled_from(["key", "feature", "Features", "1", "2", "tone", "tones", "é", "_", "name"]), max_size=3
    ).map(" ".join)
    | st.text(max_size=8),
    max_size=8,
    unique=True,
)


@given(
    _names, _names, st.integers(1, 3), st.sampled_from(InputType), st.sampled_from(["", "Warm", "warm\nbold", "x y"])
)
def test_no_two_inputs_ever_get_one_column_and_none_gets_too_many(
    inputs: list[str], columns: list[str], most: int, kind: InputType, cell: str
) -> None:
    fields = (AgentInput(name, kind, options=("Warm", "Bold"), max_values=most) for name in inputs)
    choices = proposed(agent(*fields), columns, [cell] * len(columns))
    given_out = [name for choice in choices.values() for name in choice.columns]
    assert list(choices) == inputs
    assert len(given_out) == len(set(given_out))
    assert set(given_out) <= set(columns)
    assert all(len(choice.columns) <= most for choice in choices.values())


# --- suggest an agent

PRODUCT_TEXT = Agent("product", "Product text", (NAME, replace(TONE, required=True), FEATURES))
POST = Agent(
    "post", "Post", (AgentInput("Product", InputType.TEXT, required=True), AgentInput("Channel", InputType.TEXT))
)


def suggested(agents: Sequence[Agent], columns: Sequence[str], *rows: Sequence[str]) -> str | None:
    found = suggest_agent(agents, columns, [SheetRow(number, tuple(cells)) for number, cells in enumerate(rows, 2)])
    return found.id if found else None


@pytest.mark.parametrize(
    ("columns", "rows", "best"),
    [
        (["Product name", "Tone", "Key features"], [("Mug", "Warm", "blue")], "product"),
        (["Product", "Register", "Features"], [("Mug", "Warm", "blue")], "product"),
        (["Product", "Channel"], [("Mug", "LinkedIn")], "post"),
        (["Product name", "Tone", "Key features"], [("Mug", "loud", "blue"), ("Jug", "", "red")], "product"),
        (["Product", "Voice"], [("Mug", "Warm"), *[("Jug", "loud")] * 3], "post"),  # few rows would be ready
        (["Product name", "Tone"], [], "product"),
        (["City", "Channel"], [("Oslo", "LinkedIn")], None),  # a required input has no column
        (["A", "B"], [], None),
    ],
)
def test_the_agent_whose_inputs_fit_best_is_suggested(
    columns: list[str], rows: list[tuple[str, ...]], best: str | None
) -> None:
    assert suggested([POST, PRODUCT_TEXT], columns, *rows) == best
    assert suggested([PRODUCT_TEXT, POST], columns, *rows) == best


def test_neither_of_two_agents_that_fit_equally_well_is_suggested() -> None:
    twin = replace(PRODUCT_TEXT, id="twin")
    assert suggested([PRODUCT_TEXT, twin], ["Product name", "Tone"], ("Mug", "Warm")) is None


def test_an_agent_without_required_inputs_is_suggested_when_half_of_them_have_columns() -> None:
    optional = texts("Topic", "Angle", "Length", "Hook")
    assert suggested([optional], ["Topic", "Price"]) is None
    assert suggested([optional], ["Topic", "Hook"]) == "agent"
    assert suggested([agent()], ["Topic"]) is None


# --- build: text


def test_text_is_sent_exactly_as_in_the_cell() -> None:
    cell = "  Trail\n shoe \u00a0"
    built = builder(NAME, column("B"), "A", "B").build(SheetRow(2, ("other", cell)))
    assert built == ({"Product name": [cell]}, [])


def test_an_optional_empty_input_is_left_out_and_a_required_one_is_a_problem() -> None:
    both = agent(NAME, AgentInput("Audience", InputType.TEXT), AgentInput("Notes", InputType.TEXT))
    ready = compile_choices(
        both, {"Product name": column("P"), "Audience": column("A"), "Notes": column("N")}, ("P", "A", "N")
    )
    assert ready.build(SheetRow(2, ("Shoe", " \t\u00a0", ""))) == ({"Product name": ["Shoe"]}, [])
    assert ready.build(SheetRow(3, (" ", "Runners", ""))) == (
        {},
        [Problem("P", "", "“Product name” is required, but this cell is empty. Fill it in.")],
    )


def test_a_row_that_would_give_the_agent_nothing_is_a_problem() -> None:
    nothing = builder(TONE, column("T"), "A", "T").build(SheetRow(2, ("unused", "")))
    assert nothing == (
        {},
        [Problem("T", "", "Every cell that would be sent is empty. Fill in at least one.")],
    )


def test_an_agent_without_inputs_takes_every_row() -> None:
    assert compile_choices(agent(), {}, ("A",)).build(SheetRow(2, ("x",))) == ({}, [])


def test_a_fixed_value_goes_to_every_row_as_its_own_list() -> None:
    ready = builder(NAME, fixed("Shoe"), "A")
    first, _ = ready.build(SheetRow(2, ("x",)))
    first["Product name"].append("changed")
    assert ready.build(SheetRow(3, ("y",))) == ({"Product name": ["Shoe"]}, [])


def test_a_required_input_that_is_left_out_is_a_problem_of_every_row() -> None:
    message = "“Product name” is required, but this cell is empty. Fill it in."
    built = compile_choices(agent(NAME), {}, ("A",)).build(SheetRow(2, ("x",)))
    assert built == ({}, [Problem("Product name", "", message)])


# --- build: dropdowns


@pytest.mark.parametrize("cell", ["Matter of fact", " matter OF fact\n", "Matter  of\tfact"])
def test_a_dropdown_ignores_case_and_blanks_and_sends_the_options_own_spelling(cell: str) -> None:
    assert builder(TONE, column("T"), "T").build(SheetRow(2, (cell,))) == ({"Tone": ["Matter of fact"]}, [])


def test_options_that_differ_only_by_case_are_told_apart_when_written_exactly() -> None:
    field = AgentInput("Size", InputType.DROPDOWN, options=("m", "M"))
    ready = builder(field, column("S"), "S")
    assert [ready.build(SheetRow(2, (cell,)))[0] for cell in ("m", "M", " M")] == [
        {"Size": ["m"]},
        {"Size": ["M"]},
        {"Size": ["m"]},
    ]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("Worm", "“Worm” isn't one of the options. Did you mean “Warm”?"),
        ("matter-of-fact", "“matter-of-fact” isn't one of the options. Did you mean “Matter of fact”?"),
        ("Silly", "“Silly” isn't one of the options. Use “Warm”, “Matter of fact”, or “Bold”."),
        ("x" * 100, f"“{'x' * 59}…” isn't one of the options. Use “Warm”, “Matter of fact”, or “Bold”."),
    ],
)
def test_an_unknown_option_is_a_problem_that_names_the_nearest_or_the_list(cell: str, message: str) -> None:
    assert builder(TONE, column("T"), "T").build(SheetRow(2, (cell,))) == ({}, [Problem("T", cell, message)])


@pytest.mark.parametrize(("options", "words"), [("A", "“A”"), ("AB", "“A” or “B”")])
def test_a_short_list_of_options_reads_like_a_sentence(options: str, words: str) -> None:
    field = AgentInput("Letter", InputType.DROPDOWN, options=tuple(options))
    _, problems = builder(field, column("L"), "L").build(SheetRow(2, ("9",)))
    assert [problem.message for problem in problems] == [f"“9” isn't one of the options. Use {words}."]


def test_a_long_list_of_options_is_shortened() -> None:
    field = AgentInput("Letter", InputType.DROPDOWN, options=tuple("ABCDEFGH"))
    _, problems = builder(field, column("L"), "L").build(SheetRow(2, ("9",)))
    assert [problem.message for problem in problems] == [
        "“9” isn't one of the options. Use “A”, “B”, “C”, “D”, “E”, “F”, or one of 2 more."
    ]


def test_a_dropdown_without_a_known_list_takes_any_text() -> None:
    field = AgentInput("Tone", InputType.DROPDOWN)
    assert builder(field, column("T"), "T").build(SheetRow(2, ("Any",))) == ({"Tone": ["Any"]}, [])


# --- build: several values


def test_several_columns_give_one_value_for_each_filled_cell() -> None:
    ready = builder(FEATURES, column("C", "A", "B", "A"), "A", "B", "C")
    assert ready.build(SheetRow(2, ("light\nand dry", "  ", " soft "))) == (
        {"Key features": [" soft ", "light\nand dry"]},
        [],
    )


@pytest.mark.parametrize("choice", [column("A"), fixed("light\r\n\n dry \n \nsoft\n")])
def test_one_column_or_a_fixed_value_is_split_at_line_breaks(choice: Choice) -> None:
    built = builder(FEATURES, choice, "A").build(SheetRow(2, ("light\r\n\n dry \n \nsoft\n",)))
    assert built == ({"Key features": ["light", "dry", "soft"]}, [])


def test_more_values_than_the_agent_takes_are_a_problem() -> None:
    cell = "a\nb\nc\nd"
    message = "4 values, but the limit is 3. Remove 1."
    assert builder(FEATURES, column("A"), "A").build(SheetRow(2, (cell,))) == ({}, [Problem("A", cell, message)])
    several = builder(FEATURES, column("A", "B", "C", "D"), "A", "B", "C", "D")
    assert several.build(SheetRow(2, ("a", "b", "c", "d"))) == ({}, [Problem("A", cell, message)])
    assert several.build(SheetRow(2, ("a", "b", "", "d"))) == ({"Key features": ["a", "b", "d"]}, [])


def test_several_columns_for_an_input_of_one_value_are_a_problem_where_two_are_filled() -> None:
    ready = builder(NAME, column("A", "B"), "A", "B")
    assert ready.build(SheetRow(2, ("a", ""))) == ({"Product name": ["a"]}, [])
    assert ready.build(SheetRow(3, ("a", "b"))) == (
        {},
        [Problem("A", "a\nb", "2 values, but the limit is 1. Remove 1.")],
    )
    assert ready.build(SheetRow(4, ("", " "))) == (
        {},
        [Problem("A", "", "“Product name” is required, but these cells are empty. Fill in at least one.")],
    )


# --- build: files


def test_a_file_is_an_id_without_the_blanks_around_it() -> None:
    assert builder(IMAGE, column("I"), "I").build(SheetRow(2, (" 1f0c-77\n",))) == ({"Image": ["1f0c-77"]}, [])


def test_several_files_stand_in_lines_or_in_columns() -> None:
    lines = builder(SHEET, column("A"), "A").build(SheetRow(2, ("id1\nhttps://example.com/a.pdf",)))
    columns = builder(SHEET, column("A", "B"), "A", "B").build(SheetRow(2, (" id1", "id2 ")))
    assert lines == ({"Data sheet": ["id1", "https://example.com/a.pdf"]}, [])
    assert columns == ({"Data sheet": ["id1", "id2"]}, [])


@pytest.mark.parametrize("field", [IMAGE, SHEET], ids=["id", "id or link"])
@pytest.mark.parametrize("cell", ["https://example.com/a.png", "my  photo.png", "photos/a.png", "id1"])
def test_what_may_stand_for_a_file_is_taken_where_the_files_are_not_known(field: AgentInput, cell: str) -> None:
    assert builder(field, column("I"), "I").build(SheetRow(2, (f" {cell}",))) == ({field.name: [cell]}, [])


def test_prose_is_no_file() -> None:
    _, problems = builder(IMAGE, column("I"), "I").build(SheetRow(2, ("a blue  mug",)))
    assert problems == [Problem("I", "a blue  mug", "“a blue mug” isn't a file name, a link, or a file ID.")]


def test_a_finder_decides_what_a_cell_of_a_file_input_stands_for() -> None:
    def find(text: str) -> list[str]:
        if text == "gone.png":
            raise UnfitError("No file is named “gone.png”.")
        return [f"id of {part}" for part in text.split(";")]

    ready = compile_choices(agent(SHEET), {"Data sheet": column("A", "B")}, ("A", "B"), {"Data sheet": find})
    assert ready.build(SheetRow(2, ("a;b", "a"))) == ({"Data sheet": ["id of a", "id of b"]}, [])
    assert ready.build(SheetRow(3, ("gone.png", ""))) == (
        {},
        [Problem("A", "gone.png", "No file is named “gone.png”.")],
    )
    assert ready.build(SheetRow(4, ("a;b", "c;d"))) == (
        {},
        [Problem("A", "a;b\nc;d", "4 values, but the limit is 3. Remove 1.")],
    )
    fixed_value = compile_choices(agent(IMAGE), {"Image": fixed("a")}, (), {"Image": find})
    assert fixed_value.build(SheetRow(2, ())) == ({"Image": ["id of a"]}, [])


# --- build: what reading found


def test_what_reading_found_counts_only_in_columns_that_are_used() -> None:
    used, unused = Problem("P", "", "This formula has no result."), Problem("Q", "", "This formula has no result.")
    ready = builder(NAME, column("P"), "P", "Q")
    assert ready.build(SheetRow(2, ("Shoe", ""), (unused,))) == ({"Product name": ["Shoe"]}, [])
    assert ready.build(SheetRow(3, ("", ""), (used, unused))) == ({}, [used])


def test_all_problems_of_a_row_are_reported() -> None:
    found = Problem("P", "", "This formula has no result.")
    ready = compile_choices(
        agent(NAME, TONE, IMAGE), {"Product name": column("P"), "Tone": column("T"), "Image": column("I")}, "PTI"
    )
    assert ready.build(SheetRow(2, ("", "Worm", "a b"), (found,))) == (
        {},
        [
            found,
            Problem("T", "Worm", "“Worm” isn't one of the options. Did you mean “Warm”?"),
            Problem("I", "a b", "“a b” isn't a file name, a link, or a file ID."),
        ],
    )


# --- incomplete


@pytest.mark.parametrize(
    ("choices", "sentences"),
    [
        ({"Product name": column("A")}, []),
        ({"Product name": fixed("Shoe"), "Tone": fixed("warm")}, []),
        ({"Product name": column("A"), "Tone": fixed(" ")}, []),
        ({}, ["“Product name” is required. Choose a column, or use the same value for all rows."]),
        (
            {"Product name": Choice(ChoiceKind.COLUMN)},
            ["“Product name” is required. Choose a column, or use the same value for all rows."],
        ),
        (
            {"Product name": fixed("  ")},
            ["“Product name” is required. Enter a value for all rows, or choose a column."],
        ),
        (
            {"Product name": column("A", "Gone"), "Tone": column("Lost")},
            [
                "The spreadsheet has no column “Gone”. Choose another one for “Product name”.",
                "The spreadsheet has no column “Lost”. Choose another one for “Tone”.",
            ],
        ),
        (
            {"Product name": column("A"), "Tone": fixed("Worm")},
            ["“Tone”: “Worm” isn't one of the options. Did you mean “Warm”?"],
        ),
        (
            {"Product name": column("A"), "Key features": fixed("a\nb\nc\nd")},
            ["“Key features”: 4 values, but the limit is 3. Remove 1."],
        ),
    ],
)
def test_what_is_still_to_be_decided_is_said_in_sentences(choices: Choices, sentences: list[str]) -> None:
    assert incomplete(agent(NAME, TONE, FEATURES), choices, ("A", "B")) == sentences


@pytest.mark.parametrize("choices", [{}, {"Tone": fixed("")}, {"Tone": Choice(ChoiceKind.COLUMN)}])
def test_something_has_to_be_given_to_the_agent(choices: Choices) -> None:
    assert incomplete(agent(TONE), choices, ("A",)) == ["Every input is left out. Choose a column for at least one."]


def test_an_agent_without_inputs_needs_no_decision() -> None:
    assert incomplete(agent(), {}, ("A",)) == []


# --- check


def test_check_counts_everything_and_keeps_the_first_problems() -> None:
    ready = compile_choices(agent(NAME, IMAGE), {"Product name": column("P"), "Image": column("I")}, ("P", "I"))
    rows = [SheetRow(2, ("Shoe", "")), SheetRow(3, ("", "a b")), SheetRow(5, ("", "")), SheetRow(6, ("Hat", ""))]
    empty = Problem("P", "", "“Product name” is required, but this cell is empty. Fill it in.")
    spaces = Problem("I", "a b", "“a b” isn't a file name, a link, or a file ID.")
    kept = (RowProblem(3, empty), RowProblem(3, spaces), RowProblem(5, empty))
    assert check(ready, rows) == Check(ready=2, flawed=2, problems=kept, problem_count=3)
    assert check(ready, rows, max_problems=1) == Check(ready=2, flawed=2, problems=kept[:1], problem_count=3)


def test_check_reads_rows_one_by_one() -> None:
    built: list[int] = []

    class Watching(Builder):
        def build(self, row: SheetRow) -> tuple[dict[str, list[str]], list[Problem]]:
            built.append(row.number)
            return super().build(row)

    def rows() -> Iterator[SheetRow]:
        for number in range(2, 5):
            assert built == list(range(2, number))
            yield SheetRow(number, ("x",))

    assert check(Watching([]), rows()).ready == 3


# --- any row

_fields = st.builds(
    AgentInput,
    name=st.sampled_from(["One", "Two", "Three", "Four"]),
    type=st.sampled_from(InputType),
    required=st.booleans(),
    options=st.sampled_from([(), ("Warm", "Bold")]),
    max_values=st.integers(1, 3),
    takes_urls=st.booleans(),
)
_cells = st.text(max_size=12) | st.sampled_from(["", " ", "Warm", " bold ", "http://x", "a\nb\nc\nd", "id", "\ud800"])
_choices = st.one_of(
    st.just(Choice()),
    st.lists(st.sampled_from(["A", "B", "C", "Gone"]), max_size=4).map(lambda names: column(*names)),
    _cells.map(fixed),
)
_reading = st.lists(st.sampled_from("ABC").map(lambda name: Problem(name, "", "found")), max_size=2).map(tuple)


@given(
    st.lists(_fields, min_size=1, max_size=4, unique_by=lambda field: field.name),
    st.lists(_choices, min_size=4, max_size=4),
    st.tuples(_cells, _cells, _cells),
    _reading,
)
def test_any_row_is_either_ready_or_has_problems(
    fields: list[AgentInput], chosen: list[Choice], cells: tuple[str, ...], found: tuple[Problem, ...]
) -> None:
    choices = dict(zip(["One", "Two", "Three", "Four"], chosen, strict=True))
    inputs, problems = compile_choices(agent(*fields), choices, "ABC").build(SheetRow(2, cells, found))
    by_name = {field.name: field for field in fields}
    assert bool(inputs) != bool(problems)
    assert set(inputs) <= set(by_name)
    assert all(values and all(value.strip() for value in values) for values in inputs.values())
    assert all(len(values) <= by_name[name].max_values for name, values in inputs.items())
    assert not inputs or all(field.name in inputs for field in fields if field.required)
