"""The process that reads one spreadsheet: a request on standard input, JSON lines on standard output.

Lines are `{"rows": n}` for progress, then `{"sheet": ...}` or `{"error": sentence}`.
"""

import gc
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from services import child
from services.drafts.sheets.parse import parse
from services.drafts.sheets.process import INPUT, MAX_CPU_S, OUTPUT
from services.drafts.sheets.table import Limits
from services.errors import SheetError
from services.models import Reading


def main(directory: Path) -> None:
    """Read the file in the directory as the request says, and write the rows next to it."""
    request = json.load(sys.stdin)
    child.restrict(request["memory"], MAX_CPU_S)
    gc.disable()  # rows form no cycles, and searching for them takes time
    _send(_answer(directory, request))
    sys.stdout.flush()
    os._exit(0)  # freeing a large sheet object by object would take seconds


def _answer(directory: Path, request: dict[str, Any]) -> dict[str, Any]:
    reading, limits = Reading(**request["reading"]), Limits(**request["limits"])
    try:
        with (directory / OUTPUT).open("w+b") as out:
            sheet = parse(directory / INPUT, request["filename"], reading, limits, out, _report, request["language"])
    except SheetError as exc:
        return {"error": str(exc)}
    except MemoryError:
        os.abort()  # as parsers that aren't written in Python do
    return {"sheet": asdict(sheet)}


def _report(rows: int) -> None:
    _send({"rows": rows})


def _send(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)  # noqa: T201 (standard output is the pipe)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
