"""Everything that can go wrong, by what the caller can do about it.

CopydeskError
├── PersonError               the person can mend what they gave or asked for
│   ├── SheetError            the spreadsheet cannot be used as it is
│   ├── LaunchError           the draft cannot be launched as it is
│   ├── RefusedError          the batch or row is not in a state for that
│   └── MissingError          there is no such draft, batch or row
├── SettingsError             whoever starts Copydesk can mend a setting
└── WriterError               talking to Writer went wrong
    ├── NoEffectError         the request surely had no effect: it may be sent again
    │   ├── UnreachableError  no connection could be made
    │   └── SlowDownError     429: too many requests, or too many tokens
    ├── AnswerLostError       the request may have had its effect: never send a POST again unproven
    └── RefusalError          Writer understood and said no: sending it again changes nothing
        ├── KeyRefusedError   401, 403: the key is missing, wrong, or may not do this
        ├── UnknownToWriterError  404: no such agent or job
        └── RequestRefusedError   400 and the rest: the request itself is wrong

The text of each error is a sentence a person can read: what happened, to what, and what to do now.
"""


class CopydeskError(Exception):
    """Something went wrong in Copydesk."""

    def __init__(self, message: str | None = None) -> None:
        """Take the sentence shown to the person; without one, the class's docstring is the sentence."""
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])


class PersonError(CopydeskError):
    """That cannot be done as asked."""


class SheetError(PersonError):
    """The spreadsheet cannot be read. Save it again as XLSX or CSV and try once more."""


class LaunchError(PersonError):
    """The batch cannot be launched yet."""


class RefusedError(PersonError):
    """That is not possible in the state it is in now. Reload the page to see the latest state."""


class MissingError(PersonError):
    """There is no such thing here. It may have been deleted."""


class SettingsError(CopydeskError):
    """A setting has a value that cannot be used."""


class WriterError(CopydeskError):
    """Writer could not be asked."""


class NoEffectError(WriterError):
    """Writer did not take the request."""


class UnreachableError(NoEffectError):
    """Writer cannot be reached. Check the network; Copydesk tries again by itself."""


class SlowDownError(NoEffectError):
    """Writer asks to slow down. Copydesk waits and goes on by itself."""

    def __init__(self, message: str | None = None, *, retry_after: float | None = None) -> None:
        """Take the seconds that Writer asks everyone to wait, where it says so."""
        super().__init__(message)
        self.retry_after = retry_after


class AnswerLostError(WriterError):
    """Writer's answer was lost, so it is not known whether the request had its effect."""


class RefusalError(WriterError):
    """Writer refused the request."""


class KeyRefusedError(RefusalError):
    """Writer refuses the API key. Set WRITER_API_KEY to a valid key and start Copydesk again."""

    def __init__(self, says: str = "") -> None:
        """Take a sentence with what Writer says, where it says anything."""
        super().__init__(_sentences(str(self.__doc__), says))
        self.batch_reason = _sentences(str(self.__doc__), "Then press Resume.", says)
        """The same for a batch that is paused for that: with a valid key it does not go on by itself."""


class UnknownToWriterError(RefusalError):
    """Writer does not know it (any more)."""


class RequestRefusedError(RefusalError):
    """Writer refused the request as wrong."""


def _sentences(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
