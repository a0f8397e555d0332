"""Rows at the end of a table that are no rows of it: totals, and remarks such as a source or the date of the export."""

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import pairwise

from services.drafts.sheets.cells import to_number
from services.models import OuterKind, SheetRow

TAIL_ROWS = 30
"""How many rows at the end are looked at."""

_MAX_FOOTER_ROWS = 10
_MAX_LABEL_LENGTH = 60

_TOTAL = (
    r"(?:(?:grand|sub|overall|report|net|gross|column)[ -]?)?totals?|(?:grand |overall )?sums?|average|avg|mean|median"
    r"|summe|summen|(?:gesamt|zwischen|end)summe|gesamt|insgesamt|durchschnitt|mittelwert"
    r"|(?:sous-?)?total g[ée]n[ée]ral|sous-?total|totaux|somme|moyenne"
    r"|suma(?: total)?|total geral|soma|promedio|m[ée]dia|totale(?: generale| complessivo)?|somma|subtotale"
    r"|(?:sub)?totaal|som|gemiddelde|razem|[łl][ąa]cznie|og[óo][łl]em|celkem|sou[čc]et|[öo]sszesen"
    r"|(?:del|slut)?summa|totalt|sammanlagt|i alt|sum total|yhteens[äa]|toplam|genel toplam"
    r"|итого|всего|сумма|разом|усього|σύνολο|合計|総計|小計|合计|总计|小计|總計|합계|총계|소계"
)
_TOTAL_LABEL = re.compile(
    rf"(?:{_TOTAL})(?:\s+(?:rows|items|records|products|entries|amount|net|gross|cost|price|quantity|qty|value|sales|units"
    r"|ht|ttc))?(?:\s*[:=].*|\s*\(.*\)|\s+[\d$€£¥(].*)?",
    re.IGNORECASE,
)
_MADE = (
    r"(?:exported|generated|created|printed|downloaded|(?:last )?updated|retrieved|report (?:generated|created|date)"
    r"|exportiert|erstellt|gedruckt|aktualisiert|g[ée]n[ée]r[ée]|export[ée]|imprim[ée]|generado|exportado|creado|gerado"
    r"|generato|esportato)"
)
_REMARK = re.compile(
    r"(?:sources?|notes?|n\.?b\.?|remarks?|disclaimer|legend|quellen?|hinweise?|anmerkung(?:en)?|stand|fuente|nota|fonte"
    r"|remarque|bron|źródło|uwaga)\s*:.*"
    rf"|{_MADE}\s*(?::|\d|(?:on|at|by|from|am|von|le|par|il|da|el|por|em)\b).*"
    r"|(?:©|\(c\)|copyright)[^\d]{0,20}\d{4}\b.*|(?:all rights reserved|confidential)\b.*"
    r"|(?:\*+|†|‡|¹|²)\s*[^\W\d_]{2,}\s.*"
    r"|page\s+\d+(?:\s*(?:of|/)\s*\d+)?|seite\s+\d+.*"
    r"|[-=*–\s]*end of (?:the )?(?:report|file|list|data|table|export)\b.*"
    r"|\(?[\d.,]+ (?:rows?|records?|entries|items|results)(?: (?:selected|affected|in set|total|exported).*)?\)?",
    re.IGNORECASE | re.DOTALL,
)

HasGap = Callable[[int, int], bool]
"""Tells whether there is a blank row between two row numbers."""
RowsBefore = Callable[[int], Iterable[SheetRow]]
"""Gives all rows of the table before a row number; slow, so only asked where it decides."""


def find_footer(rows: Sequence[SheetRow], has_gap: HasGap, rows_before: RowsBefore) -> list[tuple[SheetRow, OuterKind]]:
    """Find the rows at the end that are no rows of the table, in order; when in doubt, a row belongs to the table.

    Args:
        rows: the last rows of the table, all of one width; some of them must stay.
        has_gap: tells about blank rows.
        rows_before: gives earlier rows to add up.
    """
    tail = list(rows[-TAIL_ROWS:])
    start = len(tail)
    kinds: dict[int, OuterKind] = {}
    for place in range(len(tail) - 1, max(0, len(tail) - 1 - _MAX_FOOTER_ROWS), -1):
        row, body = tail[place], tail[:place]
        kind = _kind(row, body, rows_before)
        if kind is None and not _may_follow_total(row):
            break
        kinds[place] = kind or OuterKind.REMARK
        if kind or (_is_prose_apart(tail, place, has_gap) and _all_alone(tail[place:])):
            start = place
    return [(tail[place], kinds[place]) for place in range(start, len(tail))]


def _kind(row: SheetRow, body: Sequence[SheetRow], rows_before: RowsBefore) -> OuterKind | None:
    if len(row.cells) < 2 or row.problems:
        return None
    body = [earlier for earlier in body if not (_is_remark(earlier) or _is_total_label(_texts(earlier)[0]))]
    if _is_total(row, body, rows_before):
        return OuterKind.TOTAL
    return OuterKind.REMARK if _is_remark(row) and len(body) > 1 and _is_full(body) else None


def _is_remark(row: SheetRow) -> bool:
    texts = _texts(row)
    return len(texts) == 1 and bool(_REMARK.fullmatch(texts[0].strip()))


def _texts(row: SheetRow) -> list[str]:
    return [cell for cell in row.cells if cell.strip()]


def _is_full(body: Sequence[SheetRow]) -> bool:
    """Whether the rows of the table usually have several cells."""
    full = sum(len(_texts(row)) > 1 for row in body)
    return full * 10 >= len(body) * 9


# totals


def _is_total(row: SheetRow, body: Sequence[SheetRow], rows_before: RowsBefore) -> bool:
    """Whether a row is labeled as a total and mostly empty, or holds only sums of the columns above it."""
    columns = [column for column, cell in enumerate(row.cells) if cell.strip()]
    label, *values = columns
    blank = [column for column, cell in enumerate(row.cells) if not cell.strip()]
    has_text_above = any(_is_text_column(body, column) for column in blank)
    if _is_total_label(row.cells[label]):
        sparse = len(values) <= len(blank) or has_text_above
        return _holds_only_numbers(row, values) and (sparse or _add_up(row, values, body, rows_before))
    numbers = has_text_above and len(body) > 1 and _holds_only_numbers(row, columns)
    return numbers and _add_up(row, columns, body, rows_before)


def _is_total_label(text: str) -> bool:
    return len(text) <= _MAX_LABEL_LENGTH and bool(_TOTAL_LABEL.fullmatch(" ".join(text.split())))


def _holds_only_numbers(row: SheetRow, columns: Sequence[int]) -> bool:
    return all(to_number(row.cells[column]) is not None for column in columns)


def _is_text_column(body: Sequence[SheetRow], column: int) -> bool:
    return bool(body) and all(row.cells[column].strip() and to_number(row.cells[column]) is None for row in body)


def _add_up(row: SheetRow, columns: Sequence[int], body: Sequence[SheetRow], rows_before: RowsBefore) -> bool:
    """Whether the numbers in these columns are the sums of the ones above, or the row count below texts."""
    texts = {column for column in columns if _is_text_column(body, column)}
    sums = dict.fromkeys(columns, Decimal(0))
    for earlier in rows_before(row.number):
        for column in columns:
            sums[column] += 1 if column in texts else to_number(earlier.cells[column]) or 0
    found = {column: to_number(row.cells[column]) or Decimal(0) for column in columns}
    near = (abs(sums[column] - found[column]) <= _rounding(found[column]) for column in columns)
    return any(found.values()) and all(near)


def _rounding(value: Decimal) -> Decimal:
    """Half of a number's last digit."""
    exponent = value.as_tuple().exponent
    return Decimal(5).scaleb((exponent if isinstance(exponent, int) else 0) - 1)


# other rows below the table


def _may_follow_total(row: SheetRow) -> bool:
    """Whether a row can be part of what follows a total: a text, with numbers at most ("VAT", "19.00")."""
    columns = [column for column, cell in enumerate(row.cells) if cell.strip()]
    return len(columns) * 2 <= len(row.cells) + 1 and _holds_only_numbers(row, columns[1:])


def _all_alone(rows: Sequence[SheetRow]) -> bool:
    return all(len(_texts(row)) == 1 or _is_total_label(_texts(row)[0]) for row in rows)


def _is_prose_apart(tail: Sequence[SheetRow], place: int, has_gap: HasGap) -> bool:
    """Whether a row has one cell with a phrase, below a blank row that is the only one in a table of full rows."""
    texts, body = _texts(tail[place]), tail[:place]
    gaps = [has_gap(upper.number, lower.number) for upper, lower in pairwise(body)]
    apart = len(body) > 1 and has_gap(body[-1].number, tail[place].number) and not any(gaps)
    full = all(len(_texts(row)) > 1 for row in body)
    return len(texts) == 1 and _is_phrase(texts[0]) and apart and full


def _is_phrase(text: str) -> bool:
    return len(text.split()) > 2 or ":" in text or text.strip().endswith(".")
