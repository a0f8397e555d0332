"""A suggestion: formatted for reading, or as its Markdown source with a button to copy it."""

import streamlit as st

from components.markdown import MAX_CHARACTERS, to_html
from components.words import count

_STYLE = """<style>
.st-key-suggestion { overflow-wrap: anywhere; }
.st-key-suggestion :is(h3, h4, h5, h6) { font-size: 1rem; margin: 0; padding: 0.5rem 0 0.25rem; }
.st-key-suggestion h3 { font-size: 1.125rem; }
.st-key-suggestion :is(h3, h4, h5, h6):first-child { padding-top: 0; }
.st-key-suggestion :is(table, blockquote, pre) { margin: 0 0 1rem; }
.st-key-suggestion table { display: block; overflow-x: auto; overflow-wrap: normal; border-collapse: collapse; }
.st-key-suggestion :is(th, td) { border: 1px solid rgba(128, 128, 128, 0.35); padding: 0.25rem 0.5rem; }
.st-key-suggestion th { text-align: left; }
.st-key-suggestion :is(code, pre) { font-size: 0.9375rem; white-space: pre-wrap; }
.st-key-suggestion blockquote { border-left: 3px solid rgba(128, 128, 128, 0.5); padding-left: 1rem; }
.st-key-suggestion :is(p, ul, ol, table, blockquote, pre):last-child { margin-bottom: 0; }
</style>"""


def suggestion(text: str, is_current: bool) -> None:
    """The suggestion with its length; `is_current` is False where an earlier attempt gave it."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small"):
        st.caption(_title(text, is_current), width="content")
        source = st.toggle(
            "Source",
            key="suggestion_view",
            disabled=len(text) > MAX_CHARACTERS,
            help="The Markdown that the agent wrote, as it is in the download",
        )
    if source or len(text) > MAX_CHARACTERS:
        st.code(text, language=None, wrap_lines=True)
        return
    with st.container(key="suggestion", border=True):
        st.html(_STYLE)
        st.html(to_html(text))


def _title(text: str, is_current: bool) -> str:
    size = f"{count(len(text.split()), 'word')} · {count(len(text), 'character')}"
    return f"Suggestion · {size}" if is_current else f"Suggestion of an earlier attempt · {size}"
