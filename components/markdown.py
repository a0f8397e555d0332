"""Suggestions are Markdown from an untrusted source: rendered as safe HTML, or as plain text for a table cell.

The HTML has tags from `TAGS` only and no attribute but the number an ordered list starts at. There is nothing to load,
to click or to run, and every character of the text is escaped.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape

from markdown_it import MarkdownIt
from markdown_it.token import Token

MAX_CHARACTERS = 20_000
"""Longer texts are for their source view: the time that hostile ones take grows with the square of their length."""

_HEADINGS = ("h3", "h4", "h5", "h6")
"""Of a suggestion; the levels above belong to the page."""
TAGS = frozenset(
    {"p", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "br", *_HEADINGS}
    | {"table", "thead", "tbody", "tr", "th", "td", "small"}
)
_UNCLOSED = re.compile(r"(\*\*|__|~~|`)(?=\S)(?!.*\1)|!?\[([^\[\]]*)(?:\]\([^()]*)?$")
"""Marks that lost their second half where a text was cut; what a link would have shown is the second group."""

# definitions of references would vanish: "[Note]: ..." is far more likely to be meant for the reader
_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("reference")


@lru_cache(maxsize=64)
def to_html(text: str) -> str:
    """The text as HTML that is safe to show. A line break stays one; links and images show where they lead, as text."""
    tokens = _PARSER.parse(text)
    return "".join(_html(tokens, _top_heading(tokens)))


@lru_cache(maxsize=2048)  # a table is drawn again and again, mostly with the same texts
def to_plain(text: str) -> str:
    """The text on one line and without its marks, those that a cut left open too."""
    words = " ".join("".join(_plain(_PARSER.parse(text))).split())
    return _UNCLOSED.sub(lambda found: found[2] or "", words)


def _top_heading(tokens: Sequence[Token]) -> int:
    """The highest level of heading that the text has; it becomes the first of ours."""
    return min((int(token.tag[1]) for token in tokens if token.type == "heading_open"), default=1)


def _html(tokens: Sequence[Token], top: int) -> Iterator[str]:
    links: list[str] = []
    for token in tokens:
        match token.type:
            case "inline":
                yield from _html(token.children or [], top)
            case "text":
                yield escape(token.content)
            case "code_inline":
                yield f"<code>{escape(token.content)}</code>"
            case "fence" | "code_block":
                yield f"<pre><code>{escape(token.content)}</code></pre>"
            case "softbreak" | "hardbreak":
                yield "<br>"
            case "image":
                yield f"Image: {escape(''.join(_plain(token.children or [])))}{_address(token, 'src')}"
            case "link_open":
                links.append(_address(token, "href"))
            case "link_close":
                yield links.pop()
            case _:
                yield _tag(token, top)


def _tag(token: Token, top: int) -> str:
    """A tag without attributes, but for the first number of a list; nothing for a tag that isn't among ours."""
    tag = token.tag
    if token.type.startswith("heading"):
        tag = _HEADINGS[min(int(tag[1]) - top, len(_HEADINGS) - 1)]
    if token.hidden or tag not in TAGS:
        return ""
    if token.nesting < 0:
        return f"</{tag}>"
    start = token.attrs.get("start")
    return f'<{tag} start="{start}">' if tag == "ol" and isinstance(start, int) else f"<{tag}>"


def _address(token: Token, attribute: str) -> str:
    """Where a link or image leads; nothing where its text says that already."""
    address = str(token.attrs.get(attribute, ""))
    return "" if not address or token.info == "auto" else f" <small>({escape(address)})</small>"


def _plain(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        match token.type:
            case "inline":
                yield from _plain(token.children or [])
            case "text" | "code_inline":
                yield token.content
            case "image":
                yield f"Image: {''.join(_plain(token.children or []))}"
            case _:  # tags of words stand within them, all others between words
                yield "" if token.tag in ("em", "strong", "s", "a") else f" {token.content} "
