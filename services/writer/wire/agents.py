"""Agents.

An input of a kind that Copydesk does not know is left out of its agent where it is optional, as if it were always left
empty; where it is required, the agent cannot be used: asked for alone it raises, in the list of agents it is
missing, and the log says why. Whether an agent is deployed is not looked at: Writer returns only those that are.
"""

from collections.abc import Mapping

from services.models import Agent, AgentInput, InputType
from services.writer.wire.pages import CursorPage, read_cursor_page
from services.writer.wire.values import (
    as_list,
    as_object,
    as_positive,
    as_text,
    as_texts,
    as_whole_number,
    unreadable_answer,
)

_INPUT_TYPES = {kind.value: kind for kind in InputType}


def read_agent_page(body: object) -> CursorPage[Agent]:
    """Return the agents of a `get_applications_response`; those that cannot be used are left out.

    Raises:
        AnswerLostError: there is no list in it.
    """
    return read_cursor_page(body, read_agent, "An agent")


def read_agent(body: object) -> Agent:
    """Return the agent of an `application_with_inputs`.

    Raises:
        AnswerLostError: it has no id, or requires an input that Copydesk does not know how to give.
    """
    answer = as_object(body)
    agent_id = as_text(answer.get("id"))
    if not agent_id:
        raise unreadable_answer("an agent has no id")
    name = as_text(answer.get("name")) or agent_id
    items = as_list(answer.get("inputs") or [], "inputs")
    found = (_agent_input(as_object(item), name) for item in items)
    return Agent(agent_id, name, tuple(item for item in found if item is not None))


def _agent_input(item: Mapping[str, object], agent_name: str) -> AgentInput | None:
    name = as_text(item.get("name"))
    if not name:
        raise unreadable_answer(f'an input of the agent "{agent_name}" has no name')
    required = item.get("required") is True
    kind = _INPUT_TYPES.get(as_text(item.get("input_type")))
    if kind is None:
        if not required:
            return None
        given = item.get("input_type")
        raise unreadable_answer(f'the agent "{agent_name}" requires the input "{name}" of an unknown kind, {given!r}')
    options = as_object(item.get("options") or {})
    return AgentInput(
        name=name,
        type=kind,
        required=required,
        description=as_text(item.get("description")),
        options=as_texts(options.get("list")),
        max_values=_max_values(kind, options),
        file_types=as_texts(options.get("file_types")),
        takes_urls="url" in as_texts(options.get("upload_types")),
        max_megabytes=as_positive(options.get("max_file_size_mb")) or as_positive(options.get("max_image_size_mb")),
        max_words=as_whole_number(options.get("max_word_count")),
    )


def _max_values(kind: InputType, options: Mapping[str, object]) -> int:
    limits = {InputType.TEXT: "max_fields", InputType.FILE: "max_files"}
    return max(1, as_whole_number(options.get(limits.get(kind, ""))) or 1)
