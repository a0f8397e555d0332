"""Everything that can go wrong, by what the caller can do about it.

CopydeskError
├── PersonError               the person can fix what they gave or asked for
│   ├── SheetError            the spreadsheet cannot be used as it is
│   ├── FileError             a file beside the spreadsheet cannot be used as it is
│   │   └── FetchError        what a URL leads to cannot be downloaded
│   ├── LaunchError           the draft cannot be launched as it is
│   ├── GraphError            Writer doesn't let a Knowledge Graph be used like that
│   ├── RefusedError          the batch or row is not in a state for that
│   └── MissingError          there is no such draft, batch or row
├── SettingsError             whoever starts Copydesk can fix a setting
└── WriterError               talking to Writer went wrong
    ├── NoEffectError         the request surely had no effect: it may be sent again
    │   ├── UnreachableError  no connection could be made
    │   └── SlowDownError     402, 429: more than Writer allows at the moment
    │       └── PaymentRequiredError  402: a quota or a balance is used up
    ├── AnswerLostError       the request may have had its effect: never send a POST again unproven
    └── RefusalError          Writer understood and said no: sending it again changes nothing
        ├── KeyRefusedError   401, 403: the key is missing, wrong, or may not do this
        ├── UnknownToWriterError  404: no such agent or job
        └── RequestRefusedError   400 and the rest: the request itself is wrong

The text of each error is a sentence a person can read: what happened, to what, and what to do now.
"""

from enum import StrEnum


class Loss(StrEnum):
    """How an answer was lost; what that says of when the request may have its effect: see `runner/windows.py`."""

    ANSWER = "answer"
    """The server behind answered, with an error of its own or with something that cannot be read."""
    GATEWAY = "gateway"
    """A gateway in front answered in its place."""
    CONNECTION = "connection"
    """No answer came, or none to its end."""


class CopydeskError(Exception):
    """Something went wrong in Copydesk."""

    def __init__(self, message: str | None = None) -> None:
        """Take the sentence shown to the person; without one, the class's docstring is the sentence."""
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])


class PersonError(CopydeskError):
    """That can't be done."""


class SheetError(PersonError):
    """The spreadsheet can't be read. Save it as XLSX or CSV and upload it again."""


class FileError(PersonError):
    """The file can't be used. Upload another one."""


class FetchError(FileError):
    """The address can't be opened. Attach the file instead."""


class LaunchError(PersonError):
    """The batch can't be launched yet."""


class GraphError(PersonError):
    """The Knowledge Graph can't be used like that."""


class RefusedError(PersonError):
    """That isn't possible in its current state. Reload the page to see the latest state."""


class MissingError(PersonError):
    """It doesn't exist. It may have been deleted."""


class SettingsError(CopydeskError):
    """A setting has an invalid value."""


class WriterError(CopydeskError):
    """Writer couldn't be asked."""


class NoEffectError(WriterError):
    """Writer did not take the request."""


class UnreachableError(NoEffectError):
    """Can't reach Writer. Check the network; Copydesk keeps trying."""


class SlowDownError(NoEffectError):
    """Writer asked us to slow down. Sending resumes automatically."""

    def __init__(self, *, says: str = "", code: str = "", retry_after: float | None = None) -> None:
        """`says` and `code` are Writer's own words and error code; `retry_after` is in seconds, if Writer said so."""
        super().__init__(_sentences(str(self.__doc__), f"Writer says: {says}" if says else ""))
        self.says = says
        self.code = code
        self.retry_after = retry_after


class PaymentRequiredError(SlowDownError):
    """Writer refuses requests until a quota is renewed or a balance is topped up."""


class AnswerLostError(WriterError):
    """Writer's answer was lost, so it's unknown whether the request took effect."""

    def __init__(
        self, message: str | None = None, *, loss: Loss = Loss.CONNECTION, status: int | None = None, says: str = ""
    ) -> None:
        """Take how the answer was lost and, where an HTTP error came instead, its status and Writer's own words."""
        super().__init__(message)
        self.loss = loss
        self.status = status
        self.says = says


class RefusalError(WriterError):
    """Writer refused the request."""


class KeyRefusedError(RefusalError):
    """Writer refuses the API key. Set WRITER_API_KEY to a valid key and start Copydesk again."""

    def __init__(self, says: str = "") -> None:
        """`says` is Writer's own words, or ""."""
        told = f"Writer says: {says}" if says else ""
        super().__init__(_sentences(str(self.__doc__), told))
        self.says = says
        self.batch_reason = _sentences(str(self.__doc__), "Then press Resume.", told)
        """The same for a batch that is paused for that reason: with a valid key it doesn't resume automatically."""


class UnknownToWriterError(RefusalError):
    """Writer does not know it (any more)."""


class RequestRefusedError(RefusalError):
    """Writer refused the request as wrong."""


def _sentences(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
