"""Jobs. Items of a list of jobs are read one by one: one that can't be read says so in `Job.unreadable`.

It never hides the others.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from services.models import NO_ID, Job, JobPage, JobState
from services.writer.wire.values import (
    as_list,
    as_object,
    as_text,
    as_time,
    as_whole_number,
    shortened,
    storable,
    unreadable_answer,
)

_MAX_QUOTED_LENGTH = 40
"""Characters quoted of a value that Copydesk doesn't know."""

_STATES = {state.value: state for state in JobState}


def read_accepted_job(body: object, server_time: datetime | None = None) -> Job:
    """Return the job that a create or retry answer names; it is in progress, whatever status comes with it.

    Such an answer only says that the job was taken: it never carries a result, and one of Writer's two documented
    shapes has no status that is required. How the job stands is learned by asking for it.

    Raises:
        AnswerLostError: it has no id.
    """
    answer = as_object(body)
    created_at = as_time(answer.get("created_at"))
    return Job(_job_id(answer), JobState.IN_PROGRESS, created_at, server_time=server_time)


def read_job(body: object, server_time: datetime | None = None, job_id: str = "") -> Job:
    """Return the job of a `get_async_application_job_response`.

    A completed job has a suggestion, maybe "", or else `unreadable` says why not. `job_id` is the job that was asked
    for, for an answer that doesn't name it.

    Raises:
        AnswerLostError: it isn't an object.
    """
    answer = as_object(body)
    state = _STATES.get(as_text(answer.get("status")))
    suggestion, unreadable = _suggestion(answer) if state is JobState.COMPLETED else (None, "")
    if state is None:
        unreadable = _unknown_status(answer.get("status"))
    return Job(
        id=as_text(answer.get("id")) or as_text(answer.get("job_id")) or job_id or _placeholder_id(answer),
        state=state or JobState.IN_PROGRESS,
        created_at=as_time(answer.get("created_at")),
        updated_at=as_time(answer.get("updated_at")) or as_time(answer.get("completed_at")),
        suggestion=suggestion,
        title=_title(answer) if state is JobState.COMPLETED else "",
        error=shortened(as_text(answer.get("error"))) or None,
        unreadable=unreadable,
        server_time=server_time,
        agent_id=as_text(answer.get("application_id")),
    )


def read_job_page(body: object, server_time: datetime | None = None) -> JobPage:
    """Return the page of a `get_async_application_jobs_response`.

    Every item becomes a job, even one that can't be read: left out, it would look like a job that doesn't exist, and
    its row could be sent twice.

    Raises:
        AnswerLostError: there is no list in it.
    """
    answer = as_object(body)
    jobs = tuple(_listed_job(item) for item in as_list(answer.get("result"), "result"))
    return JobPage(jobs, as_whole_number(answer.get("totalCount")), server_time)


def job_request(inputs: Mapping[str, list[str]]) -> dict[str, object]:
    """Return the body that creates a job, a `generate_application_async_request`.

    Lone surrogates, which UTF-8 cannot carry, and NUL become U+FFFD.
    """
    return {"inputs": [{"id": name, "value": storable(values)} for name, values in inputs.items()]}


def _job_id(answer: Mapping[str, object]) -> str:
    found = as_text(answer.get("id")) or as_text(answer.get("job_id"))
    if not found:
        raise unreadable_answer("a job has no id")
    return found


def _listed_job(item: object) -> Job:
    if isinstance(item, dict):
        return read_job(item)
    return Job(_placeholder_id(item), JobState.IN_PROGRESS, unreadable="it isn't an object")


def _placeholder_id(item: object) -> str:
    """An id for a job that has none: the same for the same content, and never one of Writer's."""
    content = json.dumps(item, sort_keys=True, default=str).encode()
    return f"{NO_ID} {hashlib.sha256(content).hexdigest()}"


def _suggestion(answer: Mapping[str, object]) -> tuple[str | None, str]:
    """The suggestion of a completed job, or None and why it can't be read."""
    data = answer.get("data")
    if not isinstance(data, dict):
        return None, "it has no data"
    suggestion = data.get("suggestion", "")
    if suggestion is None or isinstance(suggestion, str):
        return suggestion or "", ""
    return None, "its suggestion isn't text"


def _title(answer: Mapping[str, object]) -> str:
    data = answer.get("data")
    return as_text(data.get("title")) if isinstance(data, dict) else ""


def _unknown_status(status: object) -> str:
    if status is None:
        return "it has no status"
    return f"its status, “{shortened(str(status), _MAX_QUOTED_LENGTH)}”, is unknown"
