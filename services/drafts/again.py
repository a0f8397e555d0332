"""A batch's rows as a spreadsheet again, for a new batch."""

import csv
import io
from collections.abc import Iterator, Sequence

from services import chunks
from services.models import Batch, Reading, Sheet, SheetRow


def as_sheet(batch: Batch, rows: Sequence[SheetRow]) -> tuple[Sheet, bytes]:
    """Describe the rows as a sheet that was read, and write the file that it could have been read from."""
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([batch.columns, *(row.cells for row in rows)])
    sheet = Sheet(batch.filename, batch.columns, len(rows), Reading(encoding="utf-8", separator=","))
    return sheet, out.getvalue().encode("utf-8", "surrogatepass")


def packed(rows: Sequence[SheetRow]) -> Iterator[bytes]:
    """Pack the rows as a reading process does."""
    for start in range(0, len(rows), chunks.CHUNK_ROWS):
        yield chunks.pack(rows[start : start + chunks.CHUNK_ROWS])
