"""Files and images that stand beside a spreadsheet, and what its cells say about them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StoredFile:
    """A file in the vault."""

    hash: str
    """SHA-256 of its content, in hex."""
    size: int
    """In bytes."""
    media_type: str
    """What it is by its content, such as "image/png"; its name may say something else."""


@dataclass(frozen=True)
class NamedFile:
    """A file under the name that a person knows it by."""

    name: str
    """With its folders, separated by slashes."""
    file: StoredFile


@dataclass(frozen=True)
class FileView:
    """A file as a screen shows it."""

    named: NamedFile
    image: bytes | None
    """A small image of it; None where it's no image that can be read."""


@dataclass(frozen=True)
class CellFiles:
    """What one cell refers to."""

    values: tuple[NamedFile | str, ...] = ()
    """Files and URLs, in the cell's order."""
    problem: str = ""
    """Why the cell can't be used, as a sentence; then there are no values."""


@dataclass(frozen=True)
class UnmatchedName:
    """A name in a cell that no file has, or more than one."""

    name: str
    candidates: tuple[str, ...] = ()
    """The names of files that it may mean."""


@dataclass(frozen=True)
class FileMatches:
    """What the cells of a column refer to."""

    cells: dict[str, CellFiles]
    """By the text of each filled cell."""
    missing: tuple[UnmatchedName, ...]
    """Names that no file has, with the closest names."""
    ambiguous: tuple[UnmatchedName, ...]
    """Names that were not guessed, with all files that they may mean."""
    unused: tuple[NamedFile, ...]
    """Files that no cell refers to."""
    found: int
    """How many different files cells refer to."""


@dataclass(frozen=True)
class InputFiles:
    """What the cells of one file input refer to."""

    name: str
    """The input."""
    found: int
    """Different files that cells refer to."""
    missing: tuple[UnmatchedName, ...]
    ambiguous: tuple[UnmatchedName, ...]


@dataclass(frozen=True)
class FilesReport:
    """The files beside a draft, and how they fit its cells."""

    inputs: tuple[InputFiles, ...] = ()
    """The file inputs that aren't left out."""
    attached: tuple[NamedFile, ...] = ()
    unused: tuple[NamedFile, ...] = ()
    """Attached files that no cell refers to."""
    downloaded: tuple[NamedFile, ...] = ()
    """What URLs led to."""
    urls: int = 0
    """Different URLs that have to be downloaded, because the agent doesn't accept URLs."""
    failed_urls: int = 0
    """Those of them that gave no file."""
    pending_urls: tuple[str, ...] = ()
    """Those that are still to be downloaded."""
