"""Numbers as text: with 15 digits, or as Excel shows them under a number format."""

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from services.drafts.sheets.formats import Piece, Section, parse_format

_MAX_PLAIN = 1e21
_SAFE_WHOLE = 1e15
_MIN_PLAIN = 1e-12
_EXACT = Context(prec=400, rounding=ROUND_HALF_UP)  # digits enough for any float with any sensible format


def plain(value: float) -> str:
    """Write a number with the 15 significant digits that spreadsheet programs show, whole numbers without `.0`."""
    if -_SAFE_WHOLE < value < _SAFE_WHOLE and value % 1 == 0:  # an int has no is_integer before Python 3.12
        return str(int(value))
    text = f"{value:.15g}"
    if "e" not in text and "n" not in text:
        return text if value else "0"
    if not math.isfinite(value):
        return "#NUM!"
    return format(Decimal(text), "f") if _MIN_PLAIN < abs(value) < _MAX_PLAIN else text


def matters(code: str) -> bool:
    """Whether a format code changes how numbers look, in a way that `shown` knows."""
    sections = parse_format(code).sections
    return any(section.pieces != [Piece("general", section.pieces[0].text)] for section in sections if section.pieces)


def shown(value: float, code: str) -> str:
    """Write a number as Excel shows it under a format code; as `plain` does where the code is beyond us.

    A number that the format hides is written all the same.
    """
    if not math.isfinite(value):
        return plain(value)
    number = Decimal(f"{value:.15g}")
    section, sign = _section_for(parse_format(code).sections, number)
    if section is None:
        return plain(value)
    try:
        text = _render(section, abs(number)).strip()
    except InvalidOperation:  # a format with more places than any spreadsheet program allows
        return plain(value)
    return f"{sign}{text}" if text else plain(value)


def _section_for(sections: tuple[Section, ...], number: Decimal) -> tuple[Section | None, str]:
    """Choose the section for a number, and the sign to write before what it gives."""
    sign = "-" if number < 0 else ""
    if any(section.condition for section in sections):
        return _section_by_condition(sections, number, sign)
    if not sections:
        return None, ""
    if number < 0 and len(sections) > 1:
        return sections[1], ""
    if number == 0 and len(sections) > 2:
        return sections[2], ""
    return sections[0], sign


def _section_by_condition(sections: tuple[Section, ...], number: Decimal, sign: str) -> tuple[Section | None, str]:
    """Choose the first section whose condition holds; in the second of three, the usual one is "negative"."""
    for position, section in enumerate(sections):
        is_negative_section = position == 1 and len(sections) > 2 and section.condition is None
        if section.condition.holds(number) if section.condition else number < 0 or not is_negative_section:
            says_sign = is_negative_section or bool(section.condition and section.condition.is_negative_only)
            return section, "" if says_sign else sign
    return None, ""


def _render(section: Section, number: Decimal) -> str:
    pieces = section.pieces
    if section.has("general"):
        return "".join(plain(float(number)) if p.kind == "general" else p.text for p in pieces)
    if not section.has("digit"):
        return "".join(piece.text for piece in pieces)
    number *= Decimal(100) ** sum(piece == ("mark", "%") for piece in pieces)
    if section.has("exponent"):
        return _scientific(pieces, number)
    return _fixed(pieces, number)


def _fixed(pieces: Sequence[Piece], number: Decimal) -> str:
    """Fill digits into their places: from the point to the left, and from the point to the right."""
    point = next((i for i, piece in enumerate(pieces) if piece == ("mark", ".")), len(pieces))
    whole, fraction = pieces[:point], pieces[point + 1 :]
    last_digit = max((i for i, piece in enumerate(pieces) if piece.kind == "digit"), default=-1)
    number /= Decimal(1000) ** sum(piece == ("mark", ",") for piece in pieces[last_digit + 1 :])
    places = sum(piece.kind == "digit" for piece in fraction)
    left, _, right = format(number.quantize(Decimal(1).scaleb(-places), context=_EXACT), "f").partition(".")
    text = _fill_whole(whole, "" if left == "0" else left)
    return text + _fill_fraction(fraction, right) if point < len(pieces) else text


def _fill_whole(pieces: Sequence[Piece], digits: str) -> str:
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


def _fill_fraction(pieces: Sequence[Piece], digits: str) -> str:
    """Write the digits behind the point; a trailing zero only where the format asks for it."""
    places = [piece.text for piece in pieces if piece.kind == "digit"]
    least = max((i + 1 for i, place in enumerate(places) if place == "0"), default=0)
    kept = iter(digits[:least] + digits[least:].rstrip("0"))
    texts = [next(kept, "") if p.kind == "digit" else p.text for p in pieces if p != ("mark", ",")]
    return "." + "".join(texts)


def _scientific(pieces: Sequence[Piece], number: Decimal) -> str:
    """Write a mantissa and an exponent; with several digits before the point, the exponent is a multiple of them."""
    mark = next(i for i, piece in enumerate(pieces) if piece.kind == "exponent")
    mantissa = pieces[:mark]
    point = next((i for i, piece in enumerate(mantissa) if piece == ("mark", ".")), mark)
    step = max(1, sum(piece.kind == "digit" for piece in mantissa[:point]))
    places = sum(piece.kind == "digit" for piece in mantissa[point:])
    exponent = _exponent(number, step, places)
    sign = "-" if exponent < 0 else "+" if pieces[mark].text[1] == "+" else ""
    width = len(pieces[mark].text) - 2
    text = _fixed(mantissa, number.scaleb(-exponent, context=_EXACT))
    return f"{text}E{sign}{abs(exponent):0{width}}" + "".join(piece.text for piece in pieces[mark + 1 :])


def _exponent(number: Decimal, step: int, places: int) -> int:
    """Find the exponent that leaves 1 to `step` digits before the point, also after rounding to `places`."""
    exponent = number.adjusted() // step * step if number else 0
    rounded = number.scaleb(-exponent, context=_EXACT).quantize(Decimal(1).scaleb(-places), context=_EXACT)
    return exponent + step if rounded.adjusted() >= step else exponent
