"""Checks of drafts, kept while nothing changes that the check depends on."""

from collections.abc import Callable
from dataclasses import replace

from services.drafts.recent import Recent
from services.models import Check, Draft, FilesReport, LaunchOptions


class Checks:
    """The latest checks."""

    def __init__(self) -> None:
        self._checks: Recent[Check] = Recent()

    def get(self, draft: Draft, files: FilesReport, check: Callable[[], Check]) -> Check:
        """Give the check of a draft, made now if its rows, choices, or files have changed."""
        # the batch name and the sending options change nothing for the rows
        key = repr(replace(draft, name="", batch_id=None, options=LaunchOptions()))
        return self._checks.get((key, files), check)
