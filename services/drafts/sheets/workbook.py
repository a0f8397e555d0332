"""Opening whatever holds sheets or tables."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from services.drafts.sheets.book import Book
from services.drafts.sheets.kinds import Kind


def open_workbook(path: Path, kind: Kind) -> AbstractContextManager[Book]:
    """Open a file of any kind but text, for as long as the context lasts; gives it the ending of its kind.

    Raises:
        SheetError: it is protected by a password, damaged, or too large.
    """
    if kind is Kind.XLSX:
        from services.drafts.sheets.xlsx import Xlsx

        return Xlsx(path.rename(path.with_suffix(".xlsx")))  # calamine goes by the name
    if kind is Kind.ODS:
        from services.drafts.sheets.ods import Ods

        return Ods(path)
    if kind is Kind.XLS:
        from services.drafts.sheets.xls import Xls

        return nullcontext(Xls(path))
    if kind is Kind.SPREADSHEETML:
        from services.drafts.sheets.spreadsheetml import SpreadsheetMl

        return nullcontext(SpreadsheetMl(path))
    from services.drafts.sheets.html import HtmlTables

    return nullcontext(HtmlTables(path))
