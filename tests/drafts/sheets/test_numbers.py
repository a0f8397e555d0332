"""Numbers as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drafts.sheets.formats import parse_format
from services.drafts.sheets.moments import serial_text
from services.drafts.sheets.numbers import matters, plain, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (123.0, "123"),
        (-0.0, "0"),
        (0.1 + 0.2, "0.3"),
        (434.99999999999994, "435"),
        (102.71745296899999, "102.717452969"),
        (9.5, "9.5"),
        (1e20, "100000000000000000000"),
        (123456789012345680.0, "123456789012346000"),
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
def test_a_plain_number_reads_back_the_same_to_15_digits(value: float) -> None:
    assert float(plain(value)) == float(f"{value:.15g}")
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
        (1499.5, "0", "1500"),
        (434.99999999999994, "0.00", "435.00"),
        (28.499999999999996, "0", "29"),
        (1234, "[<=99999]00000;00000-0000", "01234"),
        (123456789, "[<=99999]00000;00000-0000", "12345-6789"),
        (5551234567, "[<=9999999]###-####;(###) ###-####", "(555) 123-4567"),
        (1500, '[>=1000]0.0,"k";0', "1.5k"),
        (999, '[>=1000]0.0,"k";0', "999"),
        (-1500, '[>=1000]0.0,"k";0', "-1500"),
        (2.5e6, '[>=1000000]0.0,,"M";[>=1000]0,"k";0', "2.5M"),
        (2500, '[>=1000000]0.0,,"M";[>=1000]0,"k";0', "3k"),
        (-5, "[<0](0);0", "(5)"),
        (5, "[=1]0;[=2]00", "5"),
        (-12.5, "0.0;@", "-12.5"),
        (7, "[Red]0;[Blue]-0", "7"),
        (5, "0\\%", "5%"),
        (12345, "##0.0E+0", "12.3E+3"),
        (999999, "##0.0E+0", "1.0E+6"),
        (0.00012, "0.0E-00", "1.2E-04"),
        (9999, "0.0E+00", "1.0E+04"),
        (0, "0.00E+00", "0.00E+00"),
        (2500000, '0.0,," Mio"', "2.5 Mio"),
        (1, '"Yes";"Yes";"No"', "Yes"),
    ],
)
def test_numbers_as_excel_shows_them(value: float, code: str, text: str) -> None:
    assert matters(code)
    assert shown(value, code) == text


@pytest.mark.parametrize("code", ["# ?/?", "yyyy-mm-dd", "[h]:mm", "@", ";;;", "[>100]0", "0." + "0" * 600])
def test_formats_beyond_us_leave_the_plain_number(code: str) -> None:
    assert shown(61.25, code) == "61.25"


@pytest.mark.parametrize("code", ["General", "@", "", "[Red]General", "d/m/yyyy", "[$-409]h:mm AM/PM"])
def test_formats_that_change_no_number_do_not_matter(code: str) -> None:
    assert not matters(code)


@given(st.floats(allow_nan=False), st.text(alphabet='0#?.,%;"\\_*[]$EG+-@/ A', max_size=12))
def test_no_format_can_break_reading(value: float, code: str) -> None:
    assert shown(value, code) != ""


@pytest.mark.parametrize(
    ("serial", "code", "is_1904", "text"),
    [
        (46082, "yyyy", False, "2026-03-01"),
        (46082.604166666664, "[$-407]dd.mm.yyyy", False, "2026-03-01 14:30:00"),
        (0.604166666666667, "h:mm AM/PM", False, "14:30:00"),
        (1.5, "[h]:mm", False, "36:00:00"),
        (-0.5, "[mm]:ss.0", False, "-12:00:00"),
        (1, "d/m/yy", False, "1900-01-01"),
        (59, "d/m/yy", False, "1900-02-28"),
        (61, "d/m/yy", False, "1900-03-01"),
        (0, "d/m/yy", True, "1904-01-01"),
        (44620, "m/d/yyyy", True, "2026-03-01"),
        (-3, "d/m/yy", False, "-3"),
        (1e9, "d/m/yy", False, "1000000000"),
    ],
)
def test_days_since_an_epoch_become_dates(serial: float, code: str, is_1904: bool, text: str) -> None:
    assert serial_text(serial, parse_format(code), is_1904=is_1904) == text


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["d/m/yy", "h:mm", "[h]:mm"]), st.booleans())
def test_no_number_is_beyond_the_calendar(serial: float, code: str, is_1904: bool) -> None:
    assert serial_text(serial, parse_format(code), is_1904=is_1904)
