"""Files uploaded to Writer."""

from services.models import WriterFile, WriterFilePage, WriterFileState
from services.writer.wire.pages import read_cursor_page
from services.writer.wire.values import as_object, as_text, as_texts, as_time, unreadable_answer

_STATES = {state.value: state for state in WriterFileState}


def read_file(body: object) -> WriterFile:
    """Return the file of a `file_response`; one with a status that Writer doesn't document is in progress.

    Raises:
        AnswerLostError: it has no id.
    """
    answer = as_object(body)
    file_id = as_text(answer.get("id"))
    if not file_id:
        raise unreadable_answer("a file has no id")
    return WriterFile(
        id=file_id,
        name=as_text(answer.get("name")) or file_id,
        state=_STATES.get(as_text(answer.get("status")), WriterFileState.IN_PROGRESS),
        created_at=as_time(answer.get("created_at")),
        graph_ids=as_texts(answer.get("graph_ids")),
    )


def read_file_page(body: object) -> WriterFilePage:
    """Return the page of a `files_response`; files without an id are left out.

    Raises:
        AnswerLostError: there is no list in it.
    """
    page = read_cursor_page(body, read_file, "A file")
    return WriterFilePage(page.items, page.next_after)
