"""Numbers as text: plain, or as Excel shows them under a number format."""

import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import NamedTuple

BUILT_IN = {
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
    37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)",
    41: "#,##0;-#,##0",
    42: '"$"#,##0;-"$"#,##0',
    43: "#,##0.00;-#,##0.00",
    44: '"$"#,##0.00;-"$"#,##0.00',
}
"""The formats that workbooks name by number only, as far as they change how a number looks."""

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[\$(?P<currency>[^\]-]*)[^\]]*\]|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General)|(?P<exponent>E[+-]0+)|(?P<digit>[0#?])|(?P<mark>[.,%])|(?P<other>.)",
    re.DOTALL | re.IGNORECASE,
)
_COLOURS = re.compile(r"(?:black|blue|cyan|green|magenta|red|white|yellow|color ?\d+)$", re.IGNORECASE)
_UNSUPPORTED = frozenset("dmyhsDMYHSgGbBeE/@;")  # dates, fractions, text
_LARGEST_PLAIN = 1e21
_SMALLEST_PLAIN = 1e-12
_EXACT = Context(prec=400, rounding=ROUND_HALF_UP)  # digits enough for any float with any sensible format


class _Piece(NamedTuple):
    kind: str
    text: str


@dataclass(frozen=True)
class _Section:
    """One of the parts of a format that semicolons separate."""

    pieces: tuple[_Piece, ...]

    def has(self, kind: str, text: str | None = None) -> bool:
        return any(piece.kind == kind and text in (None, piece.text) for piece in self.pieces)


def plain(value: float) -> str:
    """Write a number in the shortest form that reads back the same, whole numbers without `.0`."""
    text = repr(value)
    if text.endswith(".0"):
        return text[:-2] if value else "0"
    if text.lstrip("-").replace(".", "", 1).isdigit():
        return text
    if not math.isfinite(value):
        return "#NUM!"
    return format(Decimal(text), "f") if _SMALLEST_PLAIN < abs(value) < _LARGEST_PLAIN else text


def matters(code: str) -> bool:
    """Whether a format code changes how numbers look, in a way that `shown` knows."""
    return code not in ("General", "0", "@", "") and _sections(code) is not None


def shown(value: float, code: str) -> str:
    """Write a number as Excel shows it under a format code; as `plain` does where the code is beyond us."""
    sections = _sections(code)
    if sections is None or not math.isfinite(value):
        return plain(value)
    number = Decimal(repr(value))
    section, sign = _section_for(sections, number)
    try:
        text = _render(section, abs(number)).strip()
    except InvalidOperation:  # a format with more places than any spreadsheet program takes
        return plain(value)
    return f"{sign}{text}" if text else plain(value)


def _section_for(sections: tuple[_Section, ...], number: Decimal) -> tuple[_Section, str]:
    if number < 0:
        return (sections[1], "") if len(sections) > 1 else (sections[0], "-")
    if number == 0 and len(sections) > 2:
        return sections[2], ""
    return sections[0], ""


@lru_cache(maxsize=256)
def _sections(code: str) -> tuple[_Section, ...] | None:
    """Take a format code apart; None for one that needs more than digits and literal text."""
    parts: list[list[_Piece]] = [[]]
    for match in _TOKEN.finditer(code):
        kind = match.lastgroup or "skipped"
        text = match[kind] if match.lastgroup else ""
        if kind == "other" and text == ";":
            parts.append([])
        elif len(parts) > 3:
            break  # the fourth part is for texts
        elif (kind == "other" and text in _UNSUPPORTED) or (kind == "bracket" and not _COLOURS.match(text)):
            return None
        elif kind in ("quoted", "escaped", "currency", "other"):
            parts[-1].append(_Piece("literal", text))
        elif kind in ("general", "exponent", "digit", "mark"):
            parts[-1].append(_Piece(kind, text))
    return tuple(_Section(tuple(pieces)) for pieces in parts[:3])


def _render(section: _Section, number: Decimal) -> str:
    pieces = section.pieces
    if section.has("general"):
        return "".join(plain(float(number)) if p.kind == "general" else p.text for p in pieces)
    if not section.has("digit"):
        return "".join(piece.text for piece in pieces)
    number *= Decimal(100) ** sum(piece == ("mark", "%") for piece in pieces)
    if section.has("exponent"):
        return _scientific(pieces, number)
    return _fixed(pieces, number)


def _fixed(pieces: tuple[_Piece, ...], number: Decimal) -> str:
    """Fill digits into their places: from the point to the left, and from the point to the right."""
    point = next((i for i, piece in enumerate(pieces) if piece == ("mark", ".")), len(pieces))
    whole, fraction = pieces[:point], pieces[point + 1 :]
    last_digit = max((i for i, piece in enumerate(pieces) if piece.kind == "digit"), default=-1)
    number /= Decimal(1000) ** sum(piece == ("mark", ",") for piece in pieces[last_digit + 1 :])
    places = sum(piece.kind == "digit" for piece in fraction)
    left, _, right = format(number.quantize(Decimal(1).scaleb(-places), context=_EXACT), "f").partition(".")
    text = _fill_whole(whole, "" if left == "0" else left)
    return text + _fill_fraction(fraction, right) if point < len(pieces) else text


def _fill_whole(pieces: tuple[_Piece, ...], digits: str) -> str:
    places = [i for i, piece in enumerate(pieces) if piece.kind == "digit"]
    commas = any(p == ("mark", ",") and places and places[0] < i < places[-1] for i, p in enumerate(pieces))
    out: list[str] = []
    written = 0
    for i in range(len(pieces) - 1, -1, -1):
        piece = pieces[i]
        if piece.kind == "digit":
            taken = digits if i == places[0] else digits[-1:]
            digits = digits[: len(digits) - len(taken)]
            for digit in reversed(taken or ("0" if piece.text == "0" else "")):
                out.append("," if commas and written and written % 3 == 0 else "")
                out.append(digit)
                written += 1
        elif piece != ("mark", ","):
            out.append(piece.text)
    return "".join(reversed(out)) if places else "".join(reversed(out)) + digits


def _fill_fraction(pieces: tuple[_Piece, ...], digits: str) -> str:
    """Write the digits behind the point; a trailing zero only where the format asks for it."""
    places = [piece.text for piece in pieces if piece.kind == "digit"]
    least = max((i + 1 for i, place in enumerate(places) if place == "0"), default=0)
    kept = iter(digits[:least] + digits[least:].rstrip("0"))
    texts = [next(kept, "") if p.kind == "digit" else p.text for p in pieces if p != ("mark", ",")]
    return "." + "".join(texts)


def _scientific(pieces: tuple[_Piece, ...], number: Decimal) -> str:
    """Write one digit before the point, as the usual format 0.00E+00 does."""
    places = 0
    seen_point = False
    for piece in pieces:
        seen_point = seen_point or piece == ("mark", ".")
        places += seen_point and piece.kind == "digit"
    width = next(len(piece.text) - 2 for piece in pieces if piece.kind == "exponent")
    mantissa, _, exponent = f"{number:.{places}E}".partition("E")
    return f"{mantissa}E{exponent[0]}{exponent[1:].zfill(width)}"
