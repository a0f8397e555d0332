"""What can be wrong with a workbook's cell, in sentences for people."""

NO_RESULT = "This formula has no saved result. Open the file in Excel or LibreOffice, save it, and upload it again."
ERROR_VALUE = "This formula returns an error. Fix it, or replace it with a value."
PICTURE = "This cell holds a picture. Replace it with text."
PICTURE_TEXT = "(picture)"
"""What stands for a picture in its cell."""
LINKED_DATA = "This cell holds linked data, such as Stocks or Geography, that only Excel shows. Replace it with text."
UNKNOWN_RICH_VALUE = (
    "This cell holds a picture or linked data that only Excel shows; elsewhere it's an error. Replace it with text."
)

ERRORS = frozenset(
    (
        "#NULL!",
        "#DIV/0!",
        "#VALUE!",
        "#REF!",
        "#NAME?",
        "#NUM!",
        "#N/A",
        "#GETTING_DATA",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
    )
)
"""The error values of spreadsheet programs."""
