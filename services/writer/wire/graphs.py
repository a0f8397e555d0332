"""Knowledge Graphs."""

from services.models import Graph
from services.writer.wire.pages import CursorPage, read_cursor_page
from services.writer.wire.values import (
    as_list,
    as_object,
    as_text,
    as_texts,
    as_time,
    as_whole_number,
    unreadable_answer,
)


def read_graph(body: object) -> Graph:
    """Return the Knowledge Graph of a `graph`; counts are 0 where it has none, as in the answer that creates it.

    Raises:
        AnswerLostError: it has no id.
    """
    answer = as_object(body)
    graph_id = as_text(answer.get("id"))
    if not graph_id:
        raise unreadable_answer("a Knowledge Graph has no id")
    status = as_object(answer.get("file_status") or {})
    return Graph(
        id=graph_id,
        name=as_text(answer.get("name")) or graph_id,
        description=as_text(answer.get("description")),
        kind=as_text(answer.get("type")),
        created_at=as_time(answer.get("created_at")),
        in_progress=as_whole_number(status.get("in_progress")) or 0,
        completed=as_whole_number(status.get("completed")) or 0,
        failed=as_whole_number(status.get("failed")) or 0,
        total=as_whole_number(status.get("total")) or 0,
    )


def read_graph_page(body: object) -> CursorPage[Graph]:
    """Return the page of a `graphs_response`; those without an id are left out.

    Raises:
        AnswerLostError: there is no list in it.
    """
    return read_cursor_page(body, read_graph, "A Knowledge Graph")


def read_graph_ids(body: object) -> tuple[str, ...]:
    """Return the ids of an `application_graphs_response`.

    Raises:
        AnswerLostError: there is no list in it.
    """
    return as_texts(as_list(as_object(body).get("graph_ids"), "graph_ids"))
