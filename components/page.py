"""What every page does first, and the one Desk of the process."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from components.words import local_time, plain
from services.desk import Desk
from services.errors import PersonError, WriterError
from services.settings import load

_ASSETS = Path(__file__).parent / "assets"
_STYLE = """<style>
[data-testid="stApp"] [data-testid="stButtonGroup"] button[data-selected="true"][data-selected] { color: inherit; }
</style>"""
"""In the dark no accent color has enough contrast both under a button's white label and as the label of the selected
segment on the dark background. So the segment's label has the color of text; its border and fill mark it."""
_REFUSAL = "refusal"
_NEWS = "news"


@st.cache_resource(show_spinner=False, on_release=lambda desk: desk.stop())
def the_desk() -> Desk:
    """The one running Desk of this process; it outlives every visit."""
    desk = Desk(load())
    desk.start()
    return desk


def open_page(title: str) -> Desk:
    """Begin a page: the tab's title, the logo, the notices that every page shows, and the Desk."""
    st.set_page_config(page_title=tab_title(title), page_icon=str(_ASSETS / "icon.svg"), layout="wide")
    st.html(_STYLE)
    st.logo(_ASSETS / "logo.svg", size="large")
    desk = the_desk()
    if desk.connection.is_sandbox:
        _say_sandbox()
    _notices(desk)
    _say_refusal()
    _say_news()
    return desk


def tab_title(title: str) -> str:
    """The title of the browser tab."""
    return f"{title} · Copydesk"


def attempt(action: Callable[[], object]) -> bool:
    """Do what a person asked for; returns whether it worked. If not, the page says why when it is drawn next."""
    try:
        action()
    except (PersonError, WriterError) as error:
        st.session_state[_REFUSAL] = str(error)
        return False
    return True


def tell(sentence: str) -> None:
    """Show the sentence in passing when the page is drawn next; nothing if it is empty."""
    st.session_state[_NEWS] = sentence


def on_phone() -> bool:
    """Whether the page is on a phone, as far as its browser says; columns stand one below the other there."""
    return "Mobi" in (st.context.headers.get("User-Agent") or "")


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def clock(moment: datetime) -> str:
    """A moment as the viewer's clock shows it."""
    return local_time(moment, st.context.timezone, now())


def _say_refusal() -> None:
    # the container is always there: otherwise all that follows would be rebuilt when a refusal comes or goes
    with st.container():
        if sentence := st.session_state.pop(_REFUSAL, ""):
            st.error(plain(sentence), icon=":material/block:")


def _say_news() -> None:
    if sentence := st.session_state.pop(_NEWS, ""):
        st.toast(plain(sentence), icon=":material/schedule_send:", duration="long")


def _say_sandbox() -> None:
    st.markdown(
        ":violet-badge[Sandbox] :small[:gray[Nothing is charged. "
        "To use your own agents, set `WRITER_API_KEY` in `.env` and restart Copydesk.]]"
    )


@st.fragment(run_every=10)
def _notices(desk: Desk) -> None:
    """What is wrong with the connection right now; refreshed every few seconds."""
    health = desk.health()
    if not desk.works_here:
        st.info(
            "These batches run in another Copydesk process. You can follow and control them here.",
            icon=":material/group_work:",
        )
    if health.key_refused_at:
        st.error(
            f"Writer has rejected the API key {desk.connection.key_hint} since {clock(health.key_refused_at)}. "
            "Set `WRITER_API_KEY` to a valid key and restart Copydesk.",
            icon=":material/key_off:",
        )
    elif health.unreachable_since:
        st.warning(
            f"Can't reach Writer since {clock(health.unreachable_since)}. Copydesk keeps trying; nothing is lost.",
            icon=":material/cloud_off:",
        )
