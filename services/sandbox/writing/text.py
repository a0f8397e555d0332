"""What all agents' writing has in common."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

CAMERA_WORDS = frozenset({"dsc", "dscf", "dscn", "image", "img", "photo", "pic", "pxl", "scan", "screenshot"})
"""What cameras and programs call every file."""


@dataclass(frozen=True)
class Text:
    """What an agent gives back: the name of the output, and the output."""

    title: str
    suggestion: str


def fragments(values: Sequence[str]) -> list[str]:
    """Return the single points in `values`; a lone value may list several, by semicolon, comma or line."""
    if len(values) != 1:
        return [value.strip() for value in values]
    separator = r"[;\n|•]" if re.search(r"[;\n|•]", values[0]) else r",\s"
    return [part.strip(" .") for part in re.split(separator, values[0]) if part.strip(" .")]


def listed(items: Sequence[str]) -> str:
    """Return `items` as a sentence lists them: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def capital(words: str) -> str:
    """Return `words` with a large first letter, and the others as they are."""
    return words[:1].upper() + words[1:]


def hashtag(words: str) -> str:
    """Return the first three of `words` as one hashtag: letters and digits of any language, nothing else."""
    return "#" + "".join(capital(word) for word in re.findall(r"\w+", words)[:3])


def subject(file: str) -> str:
    """Return what a file seems to be about, from its name or web address; empty where that says nothing."""
    path = PurePosixPath(unquote(urlsplit(file).path) if "://" in file else file)
    words = [word for word in re.findall(r"[^\W\d_]+", path.stem) if word.lower() not in CAMERA_WORDS]
    return " ".join(words) if path.suffix and max(map(len, words), default=0) > 2 else ""


def with_article(thing: str) -> str:
    """Return a thing as a sentence speaks of it: "a blue mug", "an oak table", "blue mugs"."""
    if thing.endswith("s") and not thing.endswith("ss"):
        return thing
    return f"{'an' if thing[0].lower() in 'aeiou' else 'a'} {thing}"
