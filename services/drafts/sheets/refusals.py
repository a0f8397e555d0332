"""Errors about files that can't be read, in sentences for people."""

from services.errors import SheetError

REMEDY = "Save your spreadsheet as XLSX or CSV and upload it again."


def not_a_spreadsheet(what: str) -> SheetError:
    """Make the error for a file of another kind, such as "an image"."""
    return SheetError(f"This file is {what}, not a spreadsheet. {REMEDY}")


def damaged_error() -> SheetError:
    """Make the error for a workbook that can't be read in full."""
    return SheetError(
        "This workbook is damaged or wasn't uploaded in full. Open it in Excel or LibreOffice, save it as XLSX, and "
        "upload that."
    )


def password_error() -> SheetError:
    """Make the error for a workbook that only its owner can open."""
    return SheetError(
        "This workbook is protected by a password. Remove the password in Excel (File > Info > Protect Workbook), "
        "save it, and upload it again."
    )
