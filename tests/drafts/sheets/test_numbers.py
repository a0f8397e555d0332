"""Numbers as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drafts.sheets.numbers import matters, plain, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (123.0, "123"),
        (-0.0, "0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (9.5, "9.5"),
        (1e20, "100000000000000000000"),
        (123456789012345680.0, "123456789012345680"),
        (1e-5, "0.00001"),
        (-1.5e-7, "-0.00000015"),
        (1e300, "1e+300"),
        (float("nan"), "#NUM!"),
        (float("-inf"), "#NUM!"),
        (7, "7"),
    ],
)
def test_plain_numbers(value: float, text: str) -> None:
    assert plain(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_plain_number_reads_back_the_same(value: float) -> None:
    assert float(plain(value)) == value
    assert not plain(value).endswith(".0")


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (123, "00000", "00123"),
        (123456, "00000", "123456"),
        (5551234, "000-0000", "555-1234"),
        (5, "000-0000", "000-0005"),
        (15551234567, "(000) 000-0000", "(1555) 123-4567"),
        (42, '"SKU-"0', "SKU-42"),
        (42, '"SKU-"0000" EU"', "SKU-0042 EU"),
        (42, "\\A\\-000", "A-042"),
        (1.5, "0.00", "1.50"),
        (2.675, "0.00", "2.68"),
        (1.005, "0.0##", "1.005"),
        (1.5, "0.0##", "1.5"),
        (-1.5, "0.00", "-1.50"),
        (0.5, ".00", ".50"),
        (1234567.891, "#,##0", "1,234,568"),
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (12, "#,##0", "12"),
        (0, "#,##0", "0"),
        (12345678, "#,##0,", "12,346"),
        (0.256, "0%", "26%"),
        (0.256, "0.0%", "25.6%"),
        (9.5, '"$"#,##0.00', "$9.50"),
        (9.5, "#,##0.00 [$€-407]", "9.50 €"),
        (-9.5, "#,##0.00 [$€-407];[Red]-#,##0.00 [$€-407]", "-9.50 €"),
        (1234.5, '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "$1,234.50"),
        (-1234.5, '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)', "$(1,234.50)"),
        (0, '0;-0;"none"', "none"),
        (12345, "0.00E+00", "1.23E+04"),
        (7.5, 'General" kg"', "7.5 kg"),
        (1e300, "0", "1" + "0" * 300),
    ],
)
def test_numbers_as_excel_shows_them(value: float, code: str, text: str) -> None:
    assert matters(code) or code == "0"
    assert shown(value, code) == text


@pytest.mark.parametrize("code", ["# ?/?", "yyyy-mm-dd", "[h]:mm", "[>100]0;0.0", "@", ";;;", "0." + "0" * 600])
def test_formats_beyond_us_leave_the_plain_number(code: str) -> None:
    assert shown(61.25, code) == "61.25"


@pytest.mark.parametrize("code", ["General", "@", "0", "", "d/m/yyyy", "[$-409]h:mm AM/PM"])
def test_formats_that_change_no_number_do_not_matter(code: str) -> None:
    assert not matters(code)


@given(st.floats(allow_nan=False), st.text(alphabet='0#?.,%;"\\_*[]$EG+-@/ A', max_size=12))
def test_no_format_can_break_reading(value: float, code: str) -> None:
    assert shown(value, code) != ""
