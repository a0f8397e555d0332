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
_REFUSAL = "refusal"
_NEWS = "news"


@st.cache_resource(show_spinner=False, on_release=lambda desk: desk.stop())
def the_desk() -> Desk:
    """The one Desk of this process, at work; it outlives every visit."""
    desk = Desk(load())
    desk.start()
    return desk


def open_page(title: str) -> Desk:
    """Begin a page: the tab's title, the name of the product, the notices that stand on every page, and the Desk."""
    st.set_page_config(page_title=tab_title(title), page_icon=str(_ASSETS / "icon.svg"), layout="wide")
    st.logo(_ASSETS / "logo.svg", size="large")
    desk = the_desk()
    if desk.connection.is_sandbox:
        _say_sandbox()
    _notices(desk)
    _say_refusal()
    _say_news()
    return desk


def tab_title(title: str) -> str:
    """What the browser's tab shows."""
    return f"{title} · Copydesk"


def attempt(action: Callable[[], object]) -> bool:
    """Do what a person asked for; gives whether it went. The page says why not when it is drawn next."""
    try:
        action()
    except (PersonError, WriterError) as error:
        st.session_state[_REFUSAL] = str(error)
        return False
    return True


def tell(sentence: str) -> None:
    """Say what came of it when the page is drawn next, in passing; an empty sentence says nothing."""
    st.session_state[_NEWS] = sentence


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def clock(moment: datetime) -> str:
    """A moment as the viewer's clock shows it."""
    return local_time(moment, st.context.timezone, now())


def _say_refusal() -> None:
    # the container is always there: else all that follows would be put on the page anew when a refusal comes or goes
    with st.container():
        if sentence := st.session_state.pop(_REFUSAL, ""):
            st.error(plain(sentence), icon=":material/block:")


def _say_news() -> None:
    if sentence := st.session_state.pop(_NEWS, ""):
        st.toast(plain(sentence), icon=":material/schedule_send:", duration="long")


def _say_sandbox() -> None:
    st.markdown(
        ":violet-badge[Sandbox] :small[:gray[Nothing is charged. "
        "To use your own agents, set `WRITER_API_KEY` in `.env` and start again.]]"
    )


@st.fragment(run_every=10)
def _notices(desk: Desk) -> None:
    """What is wrong with the connection right now; looked at again every few seconds."""
    health = desk.health()
    if not desk.works_here:
        st.info(
            "Another Copydesk works on these batches. This one shows them and takes your orders.",
            icon=":material/group_work:",
        )
    if health.key_refused_at:
        st.error(
            f"Writer has refused the API key {desk.connection.key_hint} since {clock(health.key_refused_at)}. "
            "Set `WRITER_API_KEY` to a valid key and start Copydesk again.",
            icon=":material/key_off:",
        )
    elif health.unreachable_since:
        st.warning(
            f"Writer has been out of reach since {clock(health.unreachable_since)}. "
            "Copydesk keeps trying, and nothing is lost.",
            icon=":material/cloud_off:",
        )
