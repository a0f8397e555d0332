"""Who may import whom: screens use services, services know nothing of screens, and nothing goes in circles."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

LAYERS = [
    {"models", "errors", "clock", "follow", "forecast", "concurrency"},
    {"chunks", "listing"},
    {"settings", "sheets", "mapping", "exports", "wire", "store", "sandbox"},
    {"writer"},
    {"budget"},
    {"gateway"},
    {"runner"},
    {"engine", "agents", "checks", "launch", "remaining"},
    {"desk"},
]
"""The modules of services, from the ground up: each imports only from layers below it, and from itself."""


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def _layer(module: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if module in layer)


def test_services_import_only_from_below_and_never_a_screen() -> None:
    wrong = []
    for path in _modules("services"):
        module = path.relative_to(ROOT / "services").parts[0].removesuffix(".py")
        if module == "__init__":
            continue
        for imported in _imports(path):
            package, _, rest = imported.partition(".")
            if package in ("streamlit", "components", "pages", "app"):
                wrong.append(f"{path.name} imports {imported}")
            other = rest.partition(".")[0]
            if package == "services" and other != module and _layer(other) >= _layer(module):
                wrong.append(f"{module} imports {imported}")
    assert wrong == []


def test_the_sandbox_shares_no_code_with_what_it_stands_in_for() -> None:
    shared = {name for path in _modules("services/sandbox") for name in _imports(path) if name.startswith("services.")}
    assert {name for name in shared if not name.startswith("services.sandbox")} == set()


def test_components_do_no_io() -> None:
    """Only `page.py`, which keeps the process's desk, may reach beyond records, errors and plain values."""
    values = ("services.sheets.ENCODINGS", "services.sheets.SEPARATORS", "services.sheets.SUFFIXES")
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
    allowed = ("services.models", "services.errors", "services.settings", "services.desk", "components")
    wrong = [
        f"{path.name} imports {name}"
        for path in _modules("pages")
        for name in _imports(path)
        if name.partition(".")[0] in ("services", "pages", "app", "httpx", "sqlalchemy")
        and not name.startswith(allowed)
    ]
    assert wrong == []
