"""What is known of a batch's unconfirmed rows, in words."""

from collections.abc import Callable
from datetime import datetime

from components.words import count
from services.models import LostAndFound


def intro(found: LostAndFound) -> str:
    """What this is about."""
    lost = f"Writer's answers for {count(found.unconfirmed, 'row')} were lost"
    if found.unconfirmed == 1:
        lost = "Writer's answer for 1 row was lost"
    if not found.jobs:
        return f"{lost}, and no job is left that may be {'its own' if found.unconfirmed == 1 else 'theirs'}."
    if len(found.jobs) == 1:
        which = "This job was created at that time, and no row here has it. Say which row it belongs to."
    else:
        which = "These jobs were created at that time, and no row here has them. Say which rows they belong to."
    return f"{lost}. {which} Rows that clearly fit are proposed; nothing is assigned until you press the button."


def list_words(found: LostAndFound, clock: Callable[[datetime], str]) -> str:
    """How many jobs are left, and when the list was read."""
    parts = [f"{count(len(found.jobs), 'job')} to assign or dismiss" if found.jobs else "No jobs left"]
    if found.read_at is not None:
        parts.append(f"list read {clock(found.read_at)}")
    return " · ".join(parts)


def notes(found: LostAndFound, clock: Callable[[datetime], str]) -> list[str]:
    """What is not known yet, or never will be."""
    words: list[str] = []
    if found.complete_at is not None:
        words.append(
            "Jobs that were created late may still be missing from Writer's list. Refresh after "
            f"{clock(found.complete_at)} to be sure that there are no others."
        )
    if found.unprovable and found.unprovable == found.unconfirmed == 1:
        words.append("Nothing can prove that this row has no job, so sending it again may charge it twice.")
    elif found.unprovable:
        words.append(
            f"For {count(found.unprovable, 'row')}, nothing can prove that no job exists, so sending "
            f"{'it' if found.unprovable == 1 else 'them'} again may charge {'it' if found.unprovable == 1 else 'them'} "
            "twice."
        )
    return words
