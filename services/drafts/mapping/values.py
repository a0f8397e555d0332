"""The values that one input gets from the cells of a row, or what is wrong with them."""

import re
from collections.abc import Callable, Sequence

from rapidfuzz import fuzz, process

from services.models import AgentInput, InputType, is_blank

Cells = Sequence[str]
Reader = Callable[[Cells], list[str]]
"""Gives the values of one input from a row's cells; none when they are empty. Raises `UnfitError`."""

Finder = Callable[[str], list[str]]
"""Gives the values that the cell of a file input stands for. Raises `UnfitError`."""

_URL = re.compile(r"(?i)https?://")
_ENDS_LIKE_A_FILE = re.compile(r"\w\.[A-Za-z][A-Za-z0-9]{1,4}\Z")
MIN_OPTION_SIMILARITY = 70
"""How alike (0 to 100) an option must be to be suggested."""
MAX_LISTED_OPTIONS = 6
MAX_QUOTED_CHARACTERS = 60


class UnfitError(ValueError):
    """The cells hold something that the input doesn't accept; the message says what, and how to fix it."""


def column_reader(field: AgentInput, places: Sequence[int], find: Finder | None = None) -> Reader:
    """Make what reads an input's values from the columns at these places; `find` knows the files of a file input."""
    if find is not None:
        return _file_reader(field, places, find)
    if len(places) > 1:
        convert = _converter(field)
        return lambda cells: convert([text for place in places if not is_empty(text := cells[place])])
    if field.max_values > 1:
        return _lines_reader(field, places[0])
    return _single_reader(field, places[0])


def fixed_reader(field: AgentInput, value: str, find: Finder | None = None) -> Reader:
    """Make what gives every row the values in a text that a person typed for all rows."""
    if find is not None and not is_empty(value):
        return lambda _: _within_limit(field, find(value))
    try:
        values = fixed_values(field, value)
    except UnfitError:
        return lambda _: fixed_values(field, value)
    return lambda _: values.copy()


def fixed_values(field: AgentInput, value: str) -> list[str]:
    """Give an input's values from a text that a person typed for all rows.

    Returns:
        The values; none when the text is empty.

    Raises:
        UnfitError: the input doesn't accept it.
    """
    return _converter(field)(_parts(field, value))


def accepts(field: AgentInput) -> Callable[[str], bool]:
    """Make what says whether an input accepts a cell of a single column."""
    read = column_reader(field, (0,))

    def accepted(cell: str) -> bool:
        try:
            read((cell,))
        except UnfitError:
            return False
        return True

    return accepted


def is_empty(text: str) -> bool:
    """Say whether there is nothing, or only white space and characters that can't be seen."""
    return not text or text.isspace() or (not text.isascii() and is_blank(text))


def shortened(text: str) -> str:
    """Give a text as a message quotes it: on one line, and not too long."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_QUOTED_CHARACTERS else f"{line[: MAX_QUOTED_CHARACTERS - 1]}…"


def _file_reader(field: AgentInput, places: Sequence[int], find: Finder) -> Reader:
    def read(cells: Cells) -> list[str]:
        found = (value for place in places if not is_empty(text := cells[place]) for value in find(text))
        return _within_limit(field, list(dict.fromkeys(found)))

    return read


def _lines_reader(field: AgentInput, place: int) -> Reader:
    convert = _converter(field)
    return lambda cells: convert(_parts(field, cells[place]))


def _single_reader(field: AgentInput, place: int) -> Reader:
    """Read one value from one cell: nearly every cell goes through this, so it does nothing that isn't needed."""
    one = _converter_of_one(field)

    def read(cells: Cells) -> list[str]:
        text = cells[place]
        return [one(text)] if text and not text.isspace() else []

    def read_text(cells: Cells) -> list[str]:
        text = cells[place]
        return [text] if text and not text.isspace() else []

    return read_text if one is str else read


def _parts(field: AgentInput, text: str) -> list[str]:
    """Split a text into the values it holds: its lines where the input accepts several, otherwise the whole text."""
    if field.max_values > 1:
        return [line.strip() for line in text.splitlines() if not is_empty(line)]
    return [] if is_empty(text) else [text]


def _converter(field: AgentInput) -> Callable[[list[str]], list[str]]:
    """Make what turns the texts for an input into the values that are sent."""
    one = _converter_of_one(field)

    return lambda texts: [one(text) for text in _within_limit(field, texts)]


def _within_limit(field: AgentInput, values: list[str]) -> list[str]:
    if len(values) > field.max_values:
        over = len(values) - field.max_values
        raise UnfitError(f"{len(values)} values, but the limit is {field.max_values}. Remove {over}.")
    return values


def _converter_of_one(field: AgentInput) -> Callable[[str], str]:
    if field.type is InputType.DROPDOWN and field.options:
        return _option_finder(field.options)
    if field.type in (InputType.FILE, InputType.MEDIA):
        return _file
    return str


def _option_finder(options: Sequence[str]) -> Callable[[str], str]:
    exact = frozenset(options)
    by_key: dict[str, str] = {}
    for option in options:
        by_key.setdefault(option_key(option), option)

    def find(text: str) -> str:
        if text in exact:
            return text
        found = by_key.get(option_key(text))
        if found is None:
            raise UnfitError(_no_option(text, by_key))
        return found

    return find


def option_key(option: str) -> str:
    """Give what two spellings of an option have in common: case and white space don't matter."""
    return " ".join(option.split()).casefold()


def _no_option(text: str, by_key: dict[str, str]) -> str:
    nearest = process.extractOne(option_key(text), list(by_key), scorer=fuzz.ratio, score_cutoff=MIN_OPTION_SIMILARITY)
    if nearest is not None:
        return f"“{shortened(text)}” isn't one of the options. Did you mean “{by_key[nearest[0]]}”?"
    more = len(by_key) - MAX_LISTED_OPTIONS
    listed = [f"“{option}”" for option in list(by_key.values())[:MAX_LISTED_OPTIONS]]
    if more > 0:
        listed.append(f"one of {more} more")
    return f"“{shortened(text)}” isn't one of the options. Use {_any_of(listed)}."


def _any_of(words: Sequence[str]) -> str:
    if len(words) < 3:
        return " or ".join(words)
    return f"{', '.join(words[:-1])}, or {words[-1]}"


def _file(text: str) -> str:
    """Accept what may stand for a file: a link, a file name, or an id."""
    text = text.strip()
    if _URL.match(text) or _ENDS_LIKE_A_FILE.search(text) or len(text.split()) == 1:
        return text
    raise UnfitError(f"“{shortened(text)}” isn't a file name, a link, or a file ID.")
