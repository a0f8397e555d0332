"""How the states look: the same color, icon and word everywhere."""

from typing import Literal, NamedTuple

from services.models import BatchState, RowState

BadgeColor = Literal["red", "orange", "blue", "green", "violet", "gray"]


class Look(NamedTuple):
    """The look of a state."""

    badge: BadgeColor
    fill: str
    """The color of its part of a bar and of its pill in a table; readable on light and dark."""
    icon: str


ROWS = {
    RowState.COMPLETED: Look("green", "#1A7F37", ":material/check:"),
    RowState.FAILED: Look("red", "#CF222E", ":material/error:"),
    RowState.EMPTY: Look("orange", "#BC4C00", ":material/hide_source:"),
    RowState.UNCONFIRMED: Look("orange", "#9A6700", ":material/help:"),
    RowState.IN_PROGRESS: Look("blue", "#2F81F7", ":material/progress_activity:"),
    RowState.SENDING: Look("gray", "#8B949E", ":material/schedule:"),
    RowState.WAITING: Look("gray", "#8B949E", ":material/schedule:"),
    RowState.SKIPPED: Look("violet", "#8A7AC8", ":material/remove:"),
    RowState.CANCELED: Look("gray", "#6B7482", ":material/close:"),
}

BATCHES = {
    BatchState.RUNNING: Look("blue", "#2F81F7", ":material/play_arrow:"),
    BatchState.PAUSED: Look("orange", "#9A6700", ":material/pause:"),
    BatchState.CANCELED: Look("gray", "#6B7482", ":material/close:"),
    BatchState.FINISHED: Look("green", "#1A7F37", ":material/check:"),
}

ORDER = (
    RowState.COMPLETED,
    RowState.FAILED,
    RowState.EMPTY,
    RowState.UNCONFIRMED,
    RowState.SKIPPED,
    RowState.CANCELED,
    RowState.IN_PROGRESS,
    RowState.WAITING,
)
"""The states in which a person counts rows, final ones first; a row that is being sent counts as waiting."""
SHOWN = (RowState.COMPLETED, RowState.FAILED, RowState.IN_PROGRESS, RowState.WAITING)
"""States that are always counted; the others only where there are any."""
