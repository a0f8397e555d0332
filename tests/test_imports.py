"""Who may import whom: screens use services, services know nothing of screens, and nothing goes in circles."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

FLOORS = {
    "services": [
        {"models", "errors", "clock", "background", "child"},
        {"settings", "chunks", "version"},
        {"store", "writer", "sandbox", "exports", "files"},
        {"drafts", "engine"},
        {"desk"},
    ],
    "services/drafts": [{"sheets", "mapping", "recent"}, {"again", "checks", "files", "launch", "proposals"}],
    "services/engine": [
        {"forecast", "concurrency", "causes", "writer_clock", "stopwatch", "mentions"},
        {"listing", "budget"},
        {"gateway"},
        {"uploads", "graph_uploads", "whole_list"},
        {"runner"},
        {"embedded", "remaining", "lost_and_found"},
    ],
    "services/files": [
        {"kinds", "zips", "paths", "addresses"},
        {"signatures", "reader", "thumbnails", "words", "network", "answers"},
        {"vault", "checks", "names", "__main__"},
        {"archive", "matching", "fetch"},
        {"intake"},
    ],
    "components": [
        {"words", "states", "refresh", "selection", "markdown", "files"},
        {"options", "asking", "page", "named_list", "pace", "agent", "attach", "suggestion", "open_rows"},
        {"new_batch", "batch", "batches", "agents", "connection", "graphs", "jobs", "found"},
    ],
}
"""The rooms of a folder, from the ground up: each imports only from floors below its own, and from itself."""


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def _room(path: str, folder: str) -> str | None:
    """The room of the folder that a dotted path belongs to; None for what is elsewhere, or the folder itself."""
    prefix = folder.replace("/", ".") + "."
    return path.removeprefix(prefix).partition(".")[0] if path.startswith(prefix) else None


def _floor(room: str, floors: list[set[str]]) -> int:
    return next(number for number, floor in enumerate(floors) if room in floor)


def test_rooms_import_only_from_floors_below() -> None:
    wrong = []
    for folder, floors in FLOORS.items():
        for path in _modules(folder):
            room = path.relative_to(ROOT / folder).parts[0].removesuffix(".py")
            if room == "__init__":
                continue
            for imported in _imports(path):
                other = _room(imported, folder)
                if other is not None and other != room and _floor(other, floors) >= _floor(room, floors):
                    wrong.append(f"{path.relative_to(ROOT)} imports {imported}")
    assert wrong == []


def test_services_never_import_a_screen() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {imported}"
        for path in _modules("services")
        for imported in _imports(path)
        if imported.partition(".")[0] in ("streamlit", "components", "pages", "app")
    ]
    assert wrong == []


def test_the_sandbox_shares_no_code_with_what_it_stands_in_for() -> None:
    shared = {name for path in _modules("services/sandbox") for name in _imports(path) if name.startswith("services.")}
    assert {name for name in shared if not name.startswith("services.sandbox")} == set()


def test_components_do_no_io() -> None:
    """Only `page.py`, which keeps the process's desk, may reach beyond records, errors and plain values."""
    values = tuple(f"services.drafts.sheets.{name}" for name in ("ENCODINGS", "PASTED_NAME", "SEPARATORS", "SUFFIXES"))
    allowed = ("services.models", "services.errors", "services.settings", "components", *values)
    wrong = [
        f"{path.name} imports {name}"
        for path in _modules("components")
        if path.name != "page.py"
        for name in _imports(path)
        if name.partition(".")[0] in ("services", "pages", "app", "httpx", "sqlalchemy")
        and not name.startswith(allowed)
    ]
    assert wrong == []


def test_pages_reach_the_services_through_the_desk() -> None:
    allowed = ("services.models", "services.errors", "services.settings", "services.desk", "components", "pages")
    wrong = [
        f"{path.name} imports {name}"
        for path in _modules("pages")
        for name in _imports(path)
        if name.partition(".")[0] in ("services", "pages", "app", "httpx", "sqlalchemy")
        and not name.startswith(allowed)
    ]
    assert wrong == []
