"""Element keys are a contract with tests and bookmarklets: docs/architecture.md lists all of them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PUBLIC = """
    spreadsheet pasted use_sample sheet encoding separator agent column_for_<n> value_for_<n> more_columns_for_<n>
    batch_name launch progress status_filter search rows page retry_failed retry_selected pause resume resume_anyway
    run_remaining cancel confirm_cancel download_csv download_xlsx batches open_batch confirm_delete
"""
"""The keys that must never be renamed."""


class _Module:
    """What a module uses as keys of elements."""

    def __init__(self, path: Path) -> None:
        self._tree = ast.parse(path.read_text())
        self._enums = {node.name: node for node in ast.walk(self._tree) if isinstance(node, ast.ClassDef)}
        self._constants = {
            target.id: node.value.value
            for node in self._tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name) and isinstance(node.value.value, str)
        }
        functions = [node for node in ast.walk(self._tree) if isinstance(node, ast.FunctionDef)]
        self._passing: dict[str, int] = {}
        for _ in range(3):  # through functions that call each other
            self._passing |= {
                function.name: place for function in functions if (place := self._key_argument(function)) is not None
            }

    def _key_argument(self, function: ast.FunctionDef) -> int | None:
        """Which argument of a function becomes the key of an element."""
        names = [argument.arg for argument in function.args.args]
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
        passed = {value.id for call in calls for value in self._values(call) if isinstance(value, ast.Name)}
        return next((place for place, name in enumerate(names) if name in passed), None)

    def all_keys(self) -> Iterator[str]:
        """The keys, with `<n>` for a number."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call):
                yield from (key for value in self._values(node) for key in self._texts(value))
            elif isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "key" for t in node.targets):
                yield from self._texts(node.value)

    def _values(self, call: ast.Call) -> Iterator[ast.expr]:
        yield from (keyword.value for keyword in call.keywords if keyword.arg == "key")
        if isinstance(call.func, ast.Name) and call.func.id in self._passing:
            yield from call.args[self._passing[call.func.id] :][:1]

    def _texts(self, value: ast.expr) -> Iterator[str]:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value
        elif isinstance(value, ast.Name) and value.id in self._constants:
            yield self._constants[value.id]
        elif isinstance(value, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "<n>" for part in value.values]
            if parts[0] != "<n>":
                yield "".join(map(str, parts))
        elif isinstance(value, ast.Attribute) and value.attr == "value":
            yield from self._members(value.value)

    def _members(self, of: ast.expr) -> Iterator[str]:
        """The values of an enum that gives its members' values as keys: of one member, or of all."""
        if isinstance(of, ast.Attribute) and isinstance(of.value, ast.Name):
            names, member = [of.value.id], of.attr
        else:
            names, member = list(self._enums), None
        for name in names:
            for node in self._enums[name].body if name in self._enums else ():
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                    target = node.targets[0]
                    if isinstance(target, ast.Name) and member in (None, target.id):
                        yield str(node.value.value)


def used() -> set[str]:
    paths = [*(ROOT / "components").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
    return {key for path in paths for key in _Module(path).all_keys()}


def listed() -> set[str]:
    text = (ROOT / "docs" / "architecture.md").read_text()
    section = text.partition("## Element keys")[2].partition("\n## ")[0]
    return set(re.findall(r"`([a-z_]+(?:<n>)?)`", section))


def test_the_architecture_page_lists_every_key_that_elements_have() -> None:
    assert used() - listed() == set(), "not listed"
    assert {key for key in listed() - used() if not key.endswith("_not")} == set(), "listed, and not there any more"


def test_public_keys_are_listed() -> None:
    assert set(PUBLIC.split()) - listed() == set()
