"""The agents of the API key: what each needs, how it has done here, and a new batch with it."""

import streamlit as st

from components.agent import retry_button, wants_fresh_agents
from components.agents.card import Wish, agent_card, list_head, no_agents
from components.page import clock, open_page
from components.words import plain
from services.errors import WriterError
from services.models import Agent

PAGE_AGENTS = 20
PAGES = {Wish.NEW_BATCH: "new_batch.py", Wish.JOBS: "jobs.py", Wish.GRAPHS: "graphs.py"}


def draw() -> None:
    """The agents, or why Writer can't be asked for them."""
    try:
        with st.spinner("Loading agents…"):
            agents = desk.agents.list(refresh=wants_fresh_agents())
    except WriterError as error:
        st.error(plain(str(error)), icon=":material/cloud_off:")
        retry_button()
        return
    list_head(len(agents))
    if agents:
        draw_agents(agents)
    else:
        no_agents()


def draw_agents(agents: list[Agent]) -> None:
    """One page of the agents, by name."""
    pages = -(-len(agents) // PAGE_AGENTS)
    page = min(int(st.session_state.get("agents_page", 1)), pages)
    usage = desk.usage.by_agent()
    with st.container(key="agents"):
        for n, agent in enumerate(agents[(page - 1) * PAGE_AGENTS : page * PAGE_AGENTS]):
            wish = agent_card(n, agent, usage.get(agent.id), clock)
            if wish is not None:
                st.switch_page(PAGES[wish], query_params={"agent": agent.id})
    if pages > 1:
        st.pagination(pages, key="agents_page")


desk = open_page("Agents")
st.title("Agents", anchor=False)
draw()
