"""The states of rows and batches, and why a batch is paused."""

from enum import StrEnum


class RowState(StrEnum):
    """Where a row of a batch stands."""

    WAITING = "waiting"
    """Not sent yet."""
    SENDING = "sending"
    """Its request is about to leave, is in flight, or its response was lost and is being checked."""
    IN_PROGRESS = "in_progress"
    """Its job is running at Writer."""
    COMPLETED = "completed"
    """Its job returned a suggestion."""
    EMPTY = "empty"
    """Its job completed, but its suggestion is empty or blank."""
    FAILED = "failed"
    """Its job failed, or Writer refused it."""
    UNCONFIRMED = "unconfirmed"
    """The response was lost and the job may exist: only a person may send it again."""
    CANCELED = "canceled"
    """Never sent, because the batch was canceled."""
    SKIPPED = "skipped"
    """Left out at launch, because its check found problems."""

    @property
    def label(self) -> str:
        """The word shown to people, in the download too: `in_progress` reads "In progress".

        A row that is being sent is still waiting for them.
        """
        shown = RowState.WAITING if self is RowState.SENDING else self
        return shown.value.replace("_", " ").capitalize()


class BatchState(StrEnum):
    """Where a batch stands."""

    RUNNING = "running"
    """Its rows are sent and collected."""
    PAUSED = "paused"
    """Nothing more is sent until it is resumed; jobs already running still finish."""
    CANCELED = "canceled"
    """Nothing more will be sent; jobs already running still finish."""
    FINISHED = "finished"
    """Every row is in a final state."""

    @property
    def label(self) -> str:
        """The word shown to people."""
        return self.value.capitalize()


class PauseKind(StrEnum):
    """Why a batch is paused."""

    PERSON = "person"
    """Somebody pressed Pause."""
    KEY_REFUSED = "key_refused"
    """Writer refused the API key."""
    AGENT_GONE = "agent_gone"
    """Writer no longer knows the agent."""
    INPUTS_CHANGED = "inputs_changed"
    """The agent's inputs have changed since launch."""
    OTHER_CONNECTION = "other_connection"
    """Copydesk was started with another connection than the batch was launched on."""
    FAULT = "fault"
    """Copydesk itself failed while running the batch."""
    SAMPLE = "sample"
    """The sample rows are done."""
    MOST_FAIL = "most_fail"
    """Nearly all rows fail for one reason, or have an empty suggestion."""
    QUOTA = "quota"
    """Writer's quota is used up, or its limits stop every row and waiting doesn't help."""
