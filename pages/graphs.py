"""Knowledge Graphs: all of them, the files of one, and which ones an agent uses."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from components.asking import ask_graph_change
from components.attach import attach_files, show_notes
from components.graphs.agent import Change, choose_agent, graphs_of_agent, meanwhile, names_of
from components.graphs.create import ask_graph, create_button
from components.graphs.files import (
    filled_elsewhere,
    graph_head,
    show_counts,
    show_failed,
    show_progress,
    upload_button,
)
from components.graphs.table import actions_place, graph_table, no_graphs, open_button, users_of
from components.page import attempt, clock, open_page, tell
from components.refresh import auto_refresh
from components.words import count, plain
from services.desk import MAX_GRAPH_TEXT, Upload
from services.errors import PersonError, WriterError
from services.models import Agent, Graph, GraphChange

REFRESH_S = 2
"""Between two refreshes while files are on their way."""
REST_S = 15
"""Between two refreshes while none are: somebody else may upload some."""
QUESTION = "graph_question"
"""In the session: the dialog to open."""
SHOWN = "agent_uses"
"""In the session: an agent's id, and the Knowledge Graphs that it was last seen to use."""
MEANWHILE = "agent_uses_meanwhile"
"""In the session: an agent's id, and what somebody else changed about it."""
TAKEN = "graph_files_taken"
"""In the session: how often files were taken; the field for files begins anew each time."""
NOTES = "graph_files_notes"
"""In the session: a Knowledge Graph's id, and what was left out of the files that were taken last."""


def ask(*question: object) -> None:
    """Have the page draw a dialog, outside the fragment that is refreshed."""
    st.session_state[QUESTION] = question
    st.rerun()


def answer_questions(agents: list[Agent], graphs: list[Graph]) -> None:
    """Open the dialog that was asked for."""
    question = st.session_state.pop(QUESTION, None)
    if question == ("new",):
        ask_graph(MAX_GRAPH_TEXT, create)
    elif question:
        agent_id, change = question
        agent = next((each for each in agents if each.id == agent_id), None)
        if agent is not None:
            name = names_of(graphs).get(change.graph_id, change.graph_id)
            ask_graph_change(name, agent.name, adds=change.adds, confirm=partial(carry_out, agent, change, graphs))


def read_graphs(*, refresh: bool = False) -> list[Graph]:
    """The Knowledge Graphs; none, and why, where Writer can't be asked."""
    try:
        return desk.graphs.all(refresh=refresh)
    except (PersonError, WriterError) as error:
        st.error(plain(str(error)), icon=":material/cloud_off:")
        return []


def read_agents() -> list[Agent]:
    """The agents; none, and why, where Writer can't be asked."""
    try:
        return desk.agents.list()
    except WriterError as error:
        st.error(plain(str(error)), icon=":material/cloud_off:")
        return []


# all of them


def open_graph(graph_id: str) -> None:
    """Go to a Knowledge Graph."""
    st.query_params["graph"] = graph_id
    st.rerun()


def close_graph() -> None:
    """Go back to all of them."""
    st.query_params.pop("graph", None)


def create(name: str, description: str) -> str:
    """Create a Knowledge Graph and go to it; returns why it can't be done."""
    try:
        graph = desk.graphs.create(name, description)
    except (PersonError, WriterError) as error:
        return str(error)
    st.query_params["graph"] = graph.id
    tell(f"Created “{graph.name}”. Upload its files next.")
    st.rerun()
    return ""


def draw_list() -> None:
    """The list, and what can be done with it."""
    graphs = read_graphs()
    use = desk.graphs.use(agents)
    actions = actions_place()
    with st.container():
        if graphs:
            picked = graph_table(graphs, users_of(use, agents), use.is_complete, clock)
            if picked.clicked:
                open_graph(picked.clicked)
        else:
            no_graphs()
    with actions:
        if create_button():
            ask("new")
        if st.button("Refresh", key="refresh_graphs", icon=":material/refresh:", help="Get the latest from Writer"):
            refresh()
        if graphs and picked.ticked and open_button():
            open_graph(picked.ticked)


def list_is_moving() -> bool:
    """Whether the list is changing on its own."""
    return desk.graphs.moving() or not desk.graphs.use(agents).is_complete


def refresh() -> None:
    """Read everything anew."""
    attempt(lambda: desk.graphs.all(refresh=True))
    desk.graphs.use(agents, refresh=True)
    st.session_state.pop(SHOWN, None)
    st.session_state.pop(MEANWHILE, None)
    st.rerun()


# the files of one


def draw_files() -> None:
    """How many files it has, how far the last ones are, and which failed."""
    graph = next((each for each in read_graphs() if each.id == graph_id), None)
    if graph is None:
        return
    with st.container(border=True, key="graph_files", gap="small"):
        show_counts(graph)
        show_progress(desk.graphs.progress(graph.id))
        try:
            failed = desk.graphs.failed(graph)
        except (PersonError, WriterError) as error:
            st.error(plain(str(error)), icon=":material/cloud_off:")
        else:
            show_failed(failed, partial(retry, graph), partial(desk.graphs.forget_never_uploaded, graph.id))


def retry(graph: Graph) -> None:
    """Retry what failed, and draw the page anew."""
    attempt(partial(desk.graphs.retry_failed, graph))
    st.rerun()


def take_files(graph: Graph) -> None:
    """Ask for files, store them, and say what was left out; they're uploaded in the background."""
    if graph.kind not in ("", "manual"):
        filled_elsewhere(graph)
        return
    taken = st.session_state.get(TAKEN, 0)
    given = attach_files(taken, desk.settings.max_file_mb)
    slot = st.empty()
    if upload_button(graph, len(given)):
        with slot.status(f"Storing {count(len(given), 'file')}…") as status:

            def show(stored: int) -> None:
                status.update(label=f"Stored {count(stored, 'file')}…")

            notes = desk.graphs.upload(graph.id, [Upload(file.name, file) for file in given], show)
        st.session_state[TAKEN] = taken + 1
        st.session_state[NOTES] = (graph.id, notes)
        st.rerun()
    about, notes = st.session_state.get(NOTES, ("", []))
    if about == graph.id:
        show_notes(notes)


def show_graph(graph: Graph) -> None:
    """One Knowledge Graph."""
    users = users_of(desk.graphs.use(agents), agents).get(graph.id, [])
    created = clock(graph.created_at) if graph.created_at else ""
    graph_head(graph, users, created, close_graph)
    auto_refresh(draw_files, desk.graphs.moving, REFRESH_S, REST_S)
    st.subheader("Upload files", anchor=False)
    take_files(graph)


# an agent


def remember_agent(agent_id: str | None) -> None:
    """Put the chosen agent into the address, and read anew what it uses."""
    if agent_id is None:
        st.query_params.pop("agent", None)
    else:
        st.query_params["agent"] = agent_id
    st.session_state.pop(SHOWN, None)
    st.session_state.pop(MEANWHILE, None)


def shown_graphs(agent: Agent) -> tuple[str, ...]:
    """What the agent was last seen to use; read now where it wasn't yet. Raises PersonError, WriterError."""
    about, ids = st.session_state.get(SHOWN, ("", ()))
    if about != agent.id:
        ids = desk.graphs.of_agent(agent)
        st.session_state[SHOWN] = (agent.id, ids)
    return tuple(ids)


def carry_out(agent: Agent, change: Change, graphs: list[Graph]) -> None:
    """Change what an agent uses, unless somebody else has meanwhile; then say what they changed."""
    shown = shown_graphs(agent)
    act: Callable[[Agent, tuple[str, ...], str], GraphChange]
    act = desk.graphs.add_to_agent if change.adds else desk.graphs.remove_from_agent
    st.session_state.pop(MEANWHILE, None)

    def run() -> None:
        done = act(agent, shown, change.graph_id)
        st.session_state[SHOWN] = (agent.id, done.ids)
        if not done.is_made:
            st.session_state[MEANWHILE] = (agent.id, meanwhile(shown, done.ids, names_of(graphs)))

    attempt(run)
    st.rerun()


def draw_agent(graphs: list[Graph]) -> None:
    """Choose an agent, and see and change what it uses."""
    st.subheader("Knowledge Graphs of an agent", anchor=False)
    agent = choose_agent(agents, st.query_params.get("agent"), remember_agent)
    if agent is None:
        return
    try:
        ids = shown_graphs(agent)
    except (PersonError, WriterError) as error:
        st.error(plain(str(error)), icon=":material/cloud_off:")
        return
    about, sentence = st.session_state.get(MEANWHILE, ("", ""))
    with st.container():
        if about == agent.id:
            st.warning(plain(sentence), icon=":material/group:")
    change = graphs_of_agent(agent, ids, graphs)
    if change is not None:
        ask(agent.id, change)


# the screen

desk = open_page("Knowledge Graphs")
graph_id = st.query_params.get("graph", "")
agents = read_agents()
graphs = read_graphs()
answer_questions(agents, graphs)
chosen = next((each for each in graphs if each.id == graph_id), None)
if chosen is not None:
    show_graph(chosen)
else:
    st.title("Knowledge Graphs", anchor=False)
    if graph_id and graphs:
        st.warning("This Knowledge Graph doesn't exist anymore. Choose another one.", icon=":material/search_off:")
    auto_refresh(draw_list, list_is_moving, REFRESH_S, REST_S)
    draw_agent(graphs)
