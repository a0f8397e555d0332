"""The parts of an XLSX workbook, found by following the relationships from one to the next."""

import posixpath
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote
from xml.etree import ElementTree

from services.drafts.sheets.archive import Archive, local
from services.drafts.sheets.formats import BUILT_IN
from services.drafts.sheets.numbers import matters
from services.drafts.sheets.refusals import damaged_error
from services.errors import SheetError

_WORKBOOK_TAG = re.compile(rb"<(?:[\w.-]+:)?workbook\b")
_ROOT = ""
_USUAL_WORKBOOK = "xl/workbook.xml"
_FIXED = {"sharedStrings": "xl/sharedStrings.xml", "styles": "xl/styles.xml"}
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_UTF8_BOM = b"\xef\xbb\xbf"
_OTHER_ENCODINGS = ("utf-16", "iso-8859", "windows-", "us-ascii", "ascii")
_COMPRESSION_LEVEL = 1  # the copy lives for seconds


class Relationship(NamedTuple):
    """A part that another part refers to."""

    type: str
    """The last word of its type, such as `worksheet`, which is the same in the strict and the usual standard."""
    target: str
    """The name of the part."""


class Package:
    """An XLSX workbook's parts."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.workbook = next(
            (found.target for found in self.relationships(_ROOT).values() if found.type == "officeDocument"),
            _USUAL_WORKBOOK,
        )
        if self.workbook not in archive:
            raise damaged_error()
        self._related = self.relationships(self.workbook)

    def relationships(self, source: str) -> dict[str, Relationship]:
        """Map the IDs that a part uses to the parts they mean."""
        folder, name = posixpath.split(source)
        found = self.archive.elements(posixpath.join(folder, "_rels", f"{name}.rels"), "Relationship")
        return {
            element.get("Id", ""): Relationship(
                element.get("Type", "").rpartition("/")[2], self._resolve(folder, element.get("Target", ""))
            )
            for element in found
            if element.get("TargetMode") != "External"
        }

    def _resolve(self, folder: str, target: str) -> str:
        """Make a part's name from a target, which counts from a folder unless it starts with a slash."""
        target = target.replace("\\", "/")
        name = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
        if name not in self.archive and unquote(name) in self.archive:
            return unquote(name)
        return name

    def part(self, kind: str) -> str:
        """Name the part of the workbook that has a type such as `styles`; empty if there is none."""
        return next((found.target for found in self._related.values() if found.type == kind), "")

    def sheet_parts(self) -> dict[str, str]:
        """Map the sheets' names to the parts they are in, in the workbook's order."""
        parts = {}
        for sheet in self.archive.elements(self.workbook, "sheet"):
            relation = self._related.get(_relation_id(sheet))
            parts[sheet.get("name", "")] = relation.target if relation else ""
        return parts

    def active_sheet(self) -> str | None:
        """Name the sheet that was open when the workbook was saved."""
        names = list(self.sheet_parts())
        views = self.archive.elements(self.workbook, "workbookView")
        index = next((whole(view.get("activeTab")) for view in views), 0)
        return names[index] if index < len(names) else None

    @property
    def is_uncalculated(self) -> bool:
        """Whether the workbook's writer left calculating to the program that opens it."""
        properties = self.archive.elements(self.workbook, "calcPr")
        return any(found.get("fullCalcOnLoad") in ("1", "true") for found in properties)

    def table_filters(self, sheet_part: str) -> list[str]:
        """Give the ranges of the filters that the tables on a sheet have."""
        tables = [found.target for found in self.relationships(sheet_part).values() if found.type == "table"]
        return [e.get("ref", "") for table in tables for e in self.archive.elements(table, "autoFilter")]

    def number_formats(self) -> dict[int, str]:
        """Map the cell styles whose number format changes how a number looks to that format's code."""
        styles = self.archive.tree(self.part("styles"))
        codes = dict(BUILT_IN)
        for element in styles.iter():
            if local(element.tag) == "numFmt":
                codes[whole(element.get("numFmtId"))] = element.get("formatCode", "")
        cells = [child for element in styles.iter() if local(element.tag) == "cellXfs" for child in element]
        used = {number: codes.get(whole(cell.get("numFmtId")), "") for number, cell in enumerate(cells)}
        return {number: code for number, code in used.items() if matters(code)}

    def is_usual(self) -> bool:
        """Whether everything is named and encoded in the way that calamine expects."""
        targets = [self.workbook == _USUAL_WORKBOOK, self.archive.entry_name(self.workbook) == _USUAL_WORKBOOK]
        targets += [self.part(kind) in ("", name) for kind, name in _FIXED.items()]
        sheets = [name for name in self.sheet_parts().values() if name in self.archive]
        targets += [name.startswith("xl/") for name in sheets]
        targets += [
            _is_plain_target(element) for element in self.archive.elements(_rels(self.workbook), "Relationship")
        ]
        parts = [self.workbook, *sheets, *(self.part(kind) for kind in _FIXED)]
        return all(targets) and not any(self._encoding(name) for name in parts)

    def write_usual(self, path: Path) -> None:
        """Write the workbook anew, with its parts where every reader expects them and in UTF-8.

        What the parts of the sheets refer to in turn stays out; `Package` reads it from the original.
        """
        relations = {identifier: found for identifier, found in self._related.items() if found.target in self.archive}
        names = {_ROOT: "", self.workbook: _USUAL_WORKBOOK}
        for number, found in enumerate(relations.values(), 1):
            names.setdefault(found.target, _FIXED.get(found.type, f"xl/{found.type}s/{found.type}{number}.xml"))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION_LEVEL) as out:
            out.writestr("_rels/.rels", _relationships({"rId1": Relationship("officeDocument", _USUAL_WORKBOOK)}))
            usual = {key: Relationship(found.type, f"/{names[found.target]}") for key, found in relations.items()}
            out.writestr(_rels(_USUAL_WORKBOOK), _relationships(usual))
            for source, name in names.items():
                if name:
                    self._copy(source, name, out)

    def _copy(self, source: str, name: str, out: zipfile.ZipFile) -> None:
        encoding = self._encoding(source)
        with out.open(name, "w", force_zip64=True) as part:
            if not encoding:
                for piece in self.archive.pieces(source):
                    part.write(piece)
                return
            text = _decoded(b"".join(self.archive.pieces(source)), encoding)
            part.write(text.encode())

    def _encoding(self, name: str) -> str:
        """Name the encoding of a part if it isn't UTF-8."""
        start = self.archive.start(name)[:200]
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16"
        declared = start.removeprefix(_UTF8_BOM).partition(b"?>")[0].lower()
        if not declared.startswith(b"<?xml"):
            return ""
        text = declared.decode("latin-1").replace("'", '"')
        given = text.partition('encoding="')[2].partition('"')[0]
        return given if given.startswith(_OTHER_ENCODINGS) else ""


def is_xlsx(archive: Archive) -> bool:
    """Whether the main part of an Office archive, whatever its name, is a workbook, or was one before some damage."""
    if any(name.startswith("xl/") for name in archive.names()):
        return True
    try:
        package = Package(archive)
    except SheetError:
        return False
    return bool(_WORKBOOK_TAG.search(archive.start(package.workbook).replace(b"\0", b"")))


def whole(text: str | None) -> int:
    """Read a whole number that isn't negative; 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def _decoded(data: bytes, encoding: str) -> str:
    """Decode a part, and cut off its declaration, which names another encoding."""
    try:
        text = data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as exc:
        raise damaged_error() from exc
    return text.removeprefix("\ufeff").partition("?>")[2]


def _relation_id(element: ElementTree.Element) -> str:
    return next((value for key, value in element.items() if key.endswith("}id")), "")


def _rels(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _is_plain_target(element: ElementTree.Element) -> bool:
    """Whether a target has neither dots nor escapes nor backslashes to be resolved."""
    target = element.get("Target", "")
    return element.get("TargetMode") == "External" or not (
        target.startswith(".") or "/." in target or "%" in target or "\\" in target
    )


def _relationships(relations: Mapping[str, Relationship]) -> bytes:
    root = ElementTree.Element("Relationships", xmlns=_RELATIONSHIPS)
    for identifier, found in relations.items():
        kind = f"{_OFFICE}/{found.type}"
        ElementTree.SubElement(root, "Relationship", Id=identifier, Type=kind, Target=found.target)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
