"""From the JSON of Writer's answers to Copydesk's records.

Writer's guide, its reference, and its SDK disagree in places, so this tolerates fields that are missing or have another
name. It's strict about what decides the fate of a row: a job's id and that a list is a list. Anything else raises
AnswerLostError: the answer arrived, but what it says is lost. Items of a list of jobs are read one by one: one that
can't be read says so in `Job.unreadable`, and never hides the others.

An input of a kind that Copydesk does not know is left out of its agent where it is optional, as if it were always left
empty; where it is required, the agent cannot be used: asked for alone it raises, in the list of agents it is
missing, and the log says why. Whether an agent is deployed is not looked at: Writer returns only those that are.
"""

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from services.errors import AnswerLostError, Loss
from services.models import Agent, AgentInput, InputType, Job, JobPage, JobState

MAX_ERROR_LENGTH = 1000
"""Characters of Writer's own words that are kept of an error."""

_MAX_QUOTED_LENGTH = 40
"""Characters quoted of a value that Copydesk doesn't know."""

MIN_SECRET_LENGTH = 8
"""Characters; a shorter key is a placeholder, and hiding it would mangle ordinary words."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_INPUT_TYPES = {kind.value: kind for kind in InputType}
_JOB_STATES = {state.value: state for state in JobState}

_log = logging.getLogger(__name__)


class AgentPage(NamedTuple):
    """One page of the list of agents."""

    agents: tuple[Agent, ...]
    next_after: str | None
    """The cursor that asks for the next page, where there is one."""


class ErrorWords(NamedTuple):
    """What an error answer says."""

    reasons: str
    """In Writer's own words; "" where there are none."""
    code: str
    """The codes of its errors, such as `insufficient_quota`."""


def decode(content: bytes, key: str) -> object:
    """Return the JSON of an answer, without the API key and without characters that cannot be stored.

    Raises:
        AnswerLostError: it is not JSON.
    """
    try:
        return _harmless(json.loads(content), key if len(key) >= MIN_SECRET_LENGTH else "")
    except (ValueError, RecursionError):
        raise AnswerLostError("Writer's answer can't be read: it isn't valid JSON.", loss=Loss.ANSWER) from None


def agent_page(body: object) -> AgentPage:
    """Return the agents of a `get_applications_response`; those that cannot be used are left out.

    Raises:
        AnswerLostError: there is no list in it.
    """
    answer = _object(body)
    items = _list(answer.get("data"), "data")
    agents = tuple(found for item in items if (found := _usable_agent(item)) is not None)
    if answer.get("has_more") is not True or not items:
        return AgentPage(agents, None)
    return AgentPage(agents, _text(answer.get("last_id")) or _text(_object(items[-1]).get("id")) or None)


def agent(body: object) -> Agent:
    """Return the agent of an `application_with_inputs`.

    Raises:
        AnswerLostError: it has no id, or requires an input that Copydesk does not know how to give.
    """
    answer = _object(body)
    agent_id = _text(answer.get("id"))
    if not agent_id:
        raise _unreadable("an agent has no id")
    name = _text(answer.get("name")) or agent_id
    items = _list(answer.get("inputs") or [], "inputs")
    found = (_agent_input(_object(item), name) for item in items)
    return Agent(agent_id, name, tuple(item for item in found if item is not None))


def accepted_job(body: object, server_time: datetime | None = None) -> Job:
    """Return the job that a create or retry answer names; it is in progress, whatever status comes with it.

    Such an answer only says that the job was taken: it never carries a result, and one of Writer's two documented
    shapes has no status that is required. How the job stands is learned by asking for it.

    Raises:
        AnswerLostError: it has no id.
    """
    answer = _object(body)
    created_at = _time(answer.get("created_at"))
    return Job(_job_id(answer), JobState.IN_PROGRESS, created_at, server_time=server_time)


def job(body: object, server_time: datetime | None = None, job_id: str = "") -> Job:
    """Return the job of a `get_async_application_job_response`.

    A completed job has a suggestion, maybe "", or else `unreadable` says why not. `job_id` is the job that was asked
    for, for an answer that doesn't name it.

    Raises:
        AnswerLostError: it isn't an object.
    """
    answer = _object(body)
    state = _JOB_STATES.get(_text(answer.get("status")))
    suggestion, unreadable = _suggestion(answer) if state is JobState.COMPLETED else (None, "")
    if state is None:
        unreadable = _unknown_status(answer.get("status"))
    return Job(
        id=_text(answer.get("id")) or _text(answer.get("job_id")) or job_id or _placeholder_id(answer),
        state=state or JobState.IN_PROGRESS,
        created_at=_time(answer.get("created_at")),
        updated_at=_time(answer.get("updated_at")) or _time(answer.get("completed_at")),
        suggestion=suggestion,
        error=shortened(_text(answer.get("error"))) or None,
        unreadable=unreadable,
        server_time=server_time,
    )


def job_page(body: object, server_time: datetime | None = None) -> JobPage:
    """Return the page of a `get_async_application_jobs_response`.

    Every item becomes a job, even one that can't be read: left out, it would look like a job that doesn't exist, and
    its row could be sent twice.

    Raises:
        AnswerLostError: there is no list in it.
    """
    answer = _object(body)
    jobs = tuple(_listed_job(item) for item in _list(answer.get("result"), "result"))
    return JobPage(jobs, _whole_number(answer.get("totalCount")), server_time)


def job_request(inputs: Mapping[str, list[str]]) -> dict[str, object]:
    """Return the body that creates a job, a `generate_application_async_request`.

    Lone surrogates, which UTF-8 cannot carry, and NUL become U+FFFD.
    """
    return {"inputs": [{"id": name, "value": _harmless(values, "")} for name, values in inputs.items()]}


def error_words(body: object) -> ErrorWords:
    """Return Writer's own words out of an error body `{tpe, errors: [{description, key}]}`."""
    errors = body.get("errors") if isinstance(body, dict) else None
    found = [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    reasons = "; ".join(filter(None, (_text(each.get("description")) for each in found)))
    return ErrorWords(shortened(reasons), shortened(" ".join(_text(each.get("key")) for each in found)))


def shortened(text: str) -> str:
    """Return the text on one line, cut to MAX_ERROR_LENGTH."""
    return _cut(text, MAX_ERROR_LENGTH)


def _cut(text: str, length: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def _harmless(value: object, key: str) -> object:
    if isinstance(value, str):
        text = value.replace(key, "[API key]") if key else value
        return _UNSTORABLE.sub("\ufffd", text)
    if isinstance(value, list):
        return [_harmless(item, key) for item in value]
    if isinstance(value, dict):
        return {name: _harmless(item, key) for name, item in value.items()}
    return value


def _usable_agent(item: object) -> Agent | None:
    try:
        return agent(item)
    except AnswerLostError as exc:
        _log.warning("An agent is left out of the list. %s", exc)
        return None


def _agent_input(item: Mapping[str, object], agent_name: str) -> AgentInput | None:
    name = _text(item.get("name"))
    if not name:
        raise _unreadable(f'an input of the agent "{agent_name}" has no name')
    required = item.get("required") is True
    kind = _INPUT_TYPES.get(_text(item.get("input_type")))
    if kind is None:
        if not required:
            return None
        given = item.get("input_type")
        raise _unreadable(f'the agent "{agent_name}" requires the input "{name}" of an unknown kind, {given!r}')
    options = _object(item.get("options") or {})
    return AgentInput(
        name=name,
        type=kind,
        required=required,
        description=_text(item.get("description")),
        options=_texts(options.get("list")),
        max_values=_max_values(kind, options),
        file_types=_texts(options.get("file_types")),
        takes_urls="url" in _texts(options.get("upload_types")),
        max_megabytes=_positive(options.get("max_file_size_mb")) or _positive(options.get("max_image_size_mb")),
        max_words=_whole_number(options.get("max_word_count")),
    )


def _max_values(kind: InputType, options: Mapping[str, object]) -> int:
    limits = {InputType.TEXT: "max_fields", InputType.FILE: "max_files"}
    return max(1, _whole_number(options.get(limits.get(kind, ""))) or 1)


def _job_id(answer: Mapping[str, object]) -> str:
    found = _text(answer.get("id")) or _text(answer.get("job_id"))
    if not found:
        raise _unreadable("a job has no id")
    return found


def _listed_job(item: object) -> Job:
    if isinstance(item, dict):
        return job(item)
    return Job(_placeholder_id(item), JobState.IN_PROGRESS, unreadable="it isn't an object")


def _placeholder_id(item: object) -> str:
    """An id for a job that has none: the same for the same content, and never one of Writer's."""
    content = json.dumps(item, sort_keys=True, default=str).encode()
    return f"(no id) {hashlib.sha256(content).hexdigest()}"


def _suggestion(answer: Mapping[str, object]) -> tuple[str | None, str]:
    """The suggestion of a completed job, or None and why it can't be read."""
    data = answer.get("data")
    if not isinstance(data, dict):
        return None, "it has no data"
    suggestion = data.get("suggestion", "")
    if suggestion is None or isinstance(suggestion, str):
        return suggestion or "", ""
    return None, "its suggestion isn't text"


def _unknown_status(status: object) -> str:
    if status is None:
        return "it has no status"
    return f"its status, “{_cut(str(status), _MAX_QUOTED_LENGTH)}”, is unknown"


def _time(value: object) -> datetime | None:
    """Read an ISO 8601 time; without a zone it is UTC, and what cannot be read counts as absent."""
    try:
        moment = datetime.fromisoformat(_text(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _unreadable("an object was expected")
    return value


def _list(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise _unreadable(f'"{name}" is not a list')
    return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _whole_number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _positive(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None


def _unreadable(what: str) -> AnswerLostError:
    return AnswerLostError(f"Writer's answer can't be read: {shortened(what)}.", loss=Loss.ANSWER)
