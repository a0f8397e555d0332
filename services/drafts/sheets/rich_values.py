"""Pictures and linked data in cells, which XLSX keeps as "rich values" beside an error for older programs."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar
from xml.etree import ElementTree

from services.drafts.sheets.archive import local
from services.drafts.sheets.package import Package, whole
from services.drafts.sheets.problems import ERROR_VALUE, LINKED_DATA, PICTURE, UNKNOWN_RICH_VALUE

_T = TypeVar("_T")

_RICH_VALUE = "XLRICHVALUE"
_MESSAGES = {"_localImage": PICTURE, "_webimage": PICTURE, "_error": ERROR_VALUE}


def rich_value_messages(package: Package) -> defaultdict[int, str]:
    """Map the number in a cell's `vm` attribute to the message about its rich value; it has one for any number."""
    metadata = package.archive.tree(package.part("sheetMetadata"))
    types = [element.get("name") for element in metadata.iter() if local(element.tag) == "metadataType"]
    values = _value_indexes(metadata)
    kinds = _value_kinds(package)
    messages: defaultdict[int, str] = defaultdict(lambda: UNKNOWN_RICH_VALUE)
    for number, block in enumerate(_children(metadata, "valueMetadata"), 1):
        record = next((child for child in block if local(child.tag) == "rc"), None)
        kind = _at(types, whole(record.get("t")) - 1) if record is not None else None
        if record is not None and kind == _RICH_VALUE:
            value = _at(values, whole(record.get("v")))
            name = _at(kinds, value) if value is not None else None
            messages[number] = _MESSAGES.get(name, LINKED_DATA) if name else UNKNOWN_RICH_VALUE
    return messages


def _value_indexes(metadata: ElementTree.Element) -> list[int]:
    """Give the rich values' positions in their own part, in the order of the metadata."""
    future = (element for element in metadata.iter() if local(element.tag) == "futureMetadata")
    rich = next((element for element in future if element.get("name") == _RICH_VALUE), None)
    return [whole(e.get("i")) for e in rich.iter() if local(e.tag) == "rvb"] if rich is not None else []


def _value_kinds(package: Package) -> list[str]:
    """Name the structure of every rich value, such as `_localImage`."""
    structures = package.archive.elements(package.part("rdRichValueStructure"), "s")
    names = [structure.get("t", "") for structure in structures]
    values = package.archive.elements(package.part("rdRichValue"), "rv")
    return [_at(names, whole(value.get("s"))) or "" for value in values]


def _children(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [child for element in root.iter() if local(element.tag) == name for child in element]


def _at(items: Sequence[_T], index: int) -> _T | None:
    return items[index] if 0 <= index < len(items) else None
