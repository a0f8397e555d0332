"""A file against an input of an agent: what is wrong with it, as sentences for the row that uses it."""

from collections.abc import Sequence

from services.files.kinds import UNKNOWN, accepted, label, label_of_name, listed, proper_name
from services.files.paths import shown
from services.models import AgentInput, NamedFile

_MB = 1024 * 1024


def problems(named: NamedFile, field: AgentInput, words: int | None = None) -> list[str]:
    """Say what keeps an input from taking a file; nothing where it can be sent.

    Args:
        named: the file.
        field: the input.
        words: how many words the file has, where that's known; only needed if the input has a limit.

    Returns:
        A sentence or two for each problem: what it is, and what to do.
    """
    name, target = shown(named.name), shown(field.name)
    if named.file.size == 0:
        return [f"{name} is empty. Save it again and upload the new one."]
    found = []
    if not accepted(named.name, named.file.media_type, field.file_types):
        found.append(_wrong_type(named, field))
    if field.max_megabytes is not None and named.file.size > field.max_megabytes * _MB:
        found.append(
            f"{name} is {_megabytes(named.file.size, field.max_megabytes)}, but {target} takes files up to "
            f"{field.max_megabytes:,g} MB. Make it smaller and upload it again."
        )
    if field.max_words is not None and words is not None and words > field.max_words:
        found.append(
            f"{name} has {words:,} words, but {target} takes up to {field.max_words:,}. Shorten it and upload it again."
        )
    return found


def count_problem(files: Sequence[object], field: AgentInput) -> str:
    """Say that a cell refers to more files than an input takes; "" if it doesn't."""
    if len(files) <= field.max_values:
        return ""
    most = "1 file" if field.max_values == 1 else f"up to {field.max_values:,} files"
    return f"This cell names {len(files):,} files, but {shown(field.name)} takes {most}. Remove the others."


def note(named: NamedFile, field: AgentInput) -> str:
    """Say that a file is sent under another name, because its extension is wrong; "" if it isn't."""
    sent = proper_name(named.name, named.file.media_type, field.file_types)
    if sent == named.name or problems(named, field):
        return ""
    return f"{shown(named.name)} is {label(named.file.media_type)}, so it's sent as {shown(sent)}."


def _wrong_type(named: NamedFile, field: AgentInput) -> str:
    name, media_type = shown(named.name), named.file.media_type
    if media_type == UNKNOWN and (claimed := label_of_name(named.name)):
        return f"{name} isn't {claimed}, or it's damaged. Save it again and upload the new one."
    takes = f"{shown(field.name)} takes {listed(field.file_types)} files"
    return f"{name} is {label(media_type)}, but {takes}. Convert it and upload it again."


def _megabytes(size: int, limit: float) -> str:
    """Write a size above a limit so that it doesn't look like the limit: "14 MB", "10.04 MB"."""
    for digits in range(4):
        text = f"{size / _MB:,.{digits}f}"
        if float(text.replace(",", "")) > limit:
            return f"{text} MB"
    return f"a little over {limit:,g} MB"
