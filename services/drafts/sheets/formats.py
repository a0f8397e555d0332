"""Number format codes as Excel writes them, taken apart: sections, conditions, digits, literal text, dates."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"$"#,##0;-"$"#,##0',
    6: '"$"#,##0;-"$"#,##0',
    7: '"$"#,##0.00;-"$"#,##0.00',
    8: '"$"#,##0.00;-"$"#,##0.00',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)",
    41: "#,##0;-#,##0",
    42: '"$"#,##0;-"$"#,##0',
    43: "#,##0.00;-#,##0.00",
    44: '"$"#,##0.00;-"$"#,##0.00',
    48: "##0.0E+0",
    49: "@",
} | dict.fromkeys((*range(14, 18), *range(27, 32), 34, 35, 36, *range(50, 59)), "yyyy-mm-dd")
BUILT_IN |= dict.fromkeys((18, 19, 20, 21, 32, 33, 45, 47), "hh:mm:ss") | {22: "yyyy-mm-dd hh:mm", 46: "[h]:mm:ss"}
"""The formats that workbooks name by number only."""

NAMED = {
    "general number": "General",
    "standard": "#,##0.00",
    "fixed": "0.00",
    "currency": '"$"#,##0.00',
    "euro currency": "[$€-2]#,##0.00",
    "percent": "0.00%",
    "scientific": "0.00E+00",
    "yes/no": '"Yes";"Yes";"No"',
    "true/false": '"True";"True";"False"',
    "on/off": '"On";"On";"Off"',
    "general date": "yyyy-mm-dd hh:mm",
    "long date": "yyyy-mm-dd",
    "medium date": "yyyy-mm-dd",
    "short date": "yyyy-mm-dd",
    "long time": "hh:mm:ss",
    "medium time": "hh:mm",
    "short time": "hh:mm",
}
"""The formats that XML Spreadsheet 2003 and HTML saved by Excel call by name, in lower case."""

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[\$(?P<currency>[^\]-]*)[^\]]*\]|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General)|(?P<clock>AM/PM|A/P)|(?P<exponent>E[+-]0+)|(?P<digit>[0#?])|(?P<mark>[.,%])|(?P<other>.)",
    re.DOTALL | re.IGNORECASE,
)
_COLOR = re.compile(r"(?:black|blue|cyan|green|magenta|red|white|yellow|color ?\d+)$", re.IGNORECASE)
_ELAPSED = re.compile(r"(?:h+|m+|s+)$", re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[0-9]+(?:\.[0-9]+)?)$")
_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
_MAX_SECTIONS = 4
_DATE_LETTERS = frozenset("dmyhsDMYHS")
_UNSUPPORTED = frozenset("gGbBeE/;")  # eras and fractions


class Piece(NamedTuple):
    """A part of a section: `kind` is `literal`, `digit`, `mark`, `exponent` or `general`."""

    kind: str
    text: str


class Condition(NamedTuple):
    """The numbers that a section is for."""

    comparison: str
    bound: Decimal

    def holds(self, number: Decimal) -> bool:
        """Whether the section is for this number."""
        return _COMPARE[self.comparison](number, self.bound)

    @property
    def is_negative_only(self) -> bool:
        """Whether only negative numbers match, so that the section says how their sign looks."""
        return (self.comparison == "<" and self.bound <= 0) or (self.comparison == "<=" and self.bound < 0)


@dataclass
class Section:
    """One of the parts of a format that semicolons separate."""

    pieces: list[Piece]
    condition: Condition | None = None
    is_text: bool = False
    is_date: bool = False
    is_elapsed: bool = False
    is_supported: bool = True

    def has(self, kind: str, text: str | None = None) -> bool:
        """Whether there is such a piece."""
        return any(piece.kind == kind and text in (None, piece.text) for piece in self.pieces)


@dataclass(frozen=True)
class NumberFormat:
    """A format code, parsed."""

    sections: tuple[Section, ...]
    """The sections for numbers; none where numbers stay as they are."""
    is_date: bool
    """Whether numbers are shown as dates or times of day, counted in days."""
    is_elapsed: bool
    """Whether numbers are shown as durations, counted in days."""


@lru_cache(maxsize=512)
def parse_format(code: str) -> NumberFormat:
    """Parse a format code; one with parts we don't know leaves numbers as they are."""
    sections = [_section(tokens) for tokens in _split(NAMED.get(code.lower(), code))]
    first = sections[0]
    if first.is_date or first.is_elapsed:
        return NumberFormat((), first.is_date and not first.is_elapsed, first.is_elapsed)
    if len(sections) == _MAX_SECTIONS or sections[-1].is_text:
        sections.pop()  # the section for texts
    if not all(section.is_supported and not section.is_date for section in sections):
        sections = []
    return NumberFormat(tuple(sections), is_date=False, is_elapsed=False)


def _split(code: str) -> list[list[re.Match[str]]]:
    """Split a code into the tokens of its sections."""
    parts: list[list[re.Match[str]]] = [[]]
    for token in _TOKEN.finditer(code):
        if token["other"] == ";":
            if len(parts) == _MAX_SECTIONS:
                break
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _section(tokens: list[re.Match[str]]) -> Section:
    section = Section([])
    for token in tokens:
        _add(section, token.lastgroup or "skipped", token[token.lastgroup] if token.lastgroup else "")
    # A unit such as "m" without quotes, next to digits, is no date; the digits of split seconds are
    if section.is_date and section.pieces and section.has("digit") and not section.has("mark", "."):
        section.is_date, section.is_supported = False, False
    return section


def _add(section: Section, kind: str, text: str) -> None:
    """Put one token into its section."""
    if kind == "bracket":
        _add_bracket(section, text)
    elif kind == "clock" or (kind == "other" and text in _DATE_LETTERS):
        section.is_date = True
    elif kind == "other" and text == "@":
        section.is_text = True
    elif kind == "other" and text in _UNSUPPORTED:
        section.is_supported = False
    elif kind in ("quoted", "escaped", "currency", "other"):
        section.pieces.append(Piece("literal", text))
    elif kind in ("general", "exponent", "digit", "mark"):
        section.pieces.append(Piece(kind, text))


def _add_bracket(section: Section, text: str) -> None:
    if condition := _CONDITION.match(text):
        section.condition = Condition(condition[1], Decimal(condition[2]))
    elif _ELAPSED.match(text):
        section.is_elapsed = True
    elif not _COLOR.match(text):
        section.is_supported = False
