"""Sending rows: one request a row, and what each kind of answer means for it."""

import asyncio

from services.clock import Clock
from services.engine.gateway import Gateway
from services.engine.runner.outcomes import Outcomes
from services.errors import (
    AnswerLostError,
    KeyRefusedError,
    Loss,
    NoEffectError,
    RequestRefusedError,
    UnknownToWriterError,
)
from services.models import NO_INPUTS, Agent, Batch, InputType, JobState, PauseKind
from services.store import Claim, Ended, Store

_AGAIN_AFTER = (1.0, 4.0, 15.0)
"""Seconds before the agent is read once more, where it cannot be."""


class Sender:
    """Sends the rows of one batch."""

    def __init__(self, batch: Batch, store: Store, gateway: Gateway, outcomes: Outcomes, clock: Clock) -> None:
        self._batch = batch
        self._store = store
        self._gateway = gateway
        self._outcomes = outcomes
        self._clock = clock
        self._agent_lock = asyncio.Lock()
        self._agent_read_at = -1.0

    async def send(self, claim: Claim) -> None:
        """Send one claimed row and report the outcome."""
        if self._batch.is_collected and claim.retry_of is None:
            self._outcomes.ended(Ended(claim.position, None, NO_INPUTS))
            return
        sent_at = self._clock.now()
        try:
            job = await self._gateway.send(self._batch.id, self._batch.agent.id, claim.inputs, claim.retry_of)
        except (NoEffectError, KeyRefusedError):
            self._outcomes.back(claim.position)
        except AnswerLostError as error:
            self._outcomes.lost(claim.position, error.loss)
        except asyncio.CancelledError:
            self._outcomes.lost(claim.position, Loss.CONNECTION)
            raise
        except UnknownToWriterError:
            await self._unknown(claim)
        except RequestRefusedError as refusal:
            await self._refused(claim, str(refusal), sent_at)
        else:
            self._outcomes.sent(claim.position, job.id)

    async def _unknown(self, claim: Claim) -> None:
        """404: the job to retry is gone, and a new job takes its place; or the agent is, and the batch pauses."""
        if claim.retry_of is None:
            await self._halt(PauseKind.AGENT_GONE, _gone(self._batch.agent))
        self._give_up_retry(claim, "Writer no longer knows this job.")

    async def _refused(self, claim: Claim, words: str, sent_at: float) -> None:
        """400: either the agent has changed, or this row is wrong, or its old job needs no retry any more."""
        if claim.retry_of is not None:
            await self._retry_refused(claim, words)
        elif await self._agent_is_as_launched():
            await self._doubt_files(claim)
            self._outcomes.ended(Ended(claim.position, None, words, sent_at=sent_at))
        else:
            self._outcomes.back(claim.position)

    async def _doubt_files(self, claim: Claim) -> None:
        """See that Writer is asked for the row's files when it's retried: one of them may be gone there."""
        names = [each.name for each in self._batch.agent.inputs if each.type in (InputType.FILE, InputType.MEDIA)]
        if file_ids := [value for name in names for value in claim.inputs.get(name, [])]:
            await asyncio.to_thread(self._store.uploads.doubt, self._batch.connection, file_ids)

    async def _retry_refused(self, claim: Claim, words: str) -> None:
        """A job that cannot be retried is running or done by an earlier retry, or must be replaced by a new one."""
        assert claim.retry_of is not None  # noqa: S101 - says so to the type checker
        try:
            job = await self._gateway.job(claim.retry_of)
        except AnswerLostError:
            # which asks for the old job again, in some time
            self._outcomes.lost(claim.position, Loss.CONNECTION)
        except (NoEffectError, KeyRefusedError):
            self._outcomes.back(claim.position)
        except (UnknownToWriterError, RequestRefusedError):
            self._give_up_retry(claim, words)
        else:
            if job.state is JobState.FAILED:
                self._give_up_retry(claim, words)
            else:
                self._outcomes.sent(claim.position, job.id)

    def _give_up_retry(self, claim: Claim, words: str) -> None:
        """A new job takes the place of one that can't be retried, where the row's inputs are known."""
        if self._batch.is_collected:
            self._outcomes.ended(Ended(claim.position, None, f"{words} {NO_INPUTS}"))
        else:
            self._outcomes.back(claim.position, new_job=True)

    async def _agent_is_as_launched(self) -> bool:
        """After a 400, read the agent again; if its inputs are others now, pause and say how.

        Rows that were refused before a reading began share it.
        """
        refused_at = self._clock.now()
        async with self._agent_lock:
            if self._agent_read_at >= refused_at:
                return True
            reading_at = self._clock.now()
            try:
                now = await self._read_agent()
            except UnknownToWriterError:
                await self._halt(PauseKind.AGENT_GONE, _gone(self._batch.agent))
                return False
            except (NoEffectError, KeyRefusedError):
                return False
            except (AnswerLostError, RequestRefusedError):
                self._agent_read_at = reading_at  # all that is known is why Writer refused the row
                return True
            changes = input_changes(self._batch.agent, now)
            if changes:
                await self._halt(PauseKind.INPUTS_CHANGED, _changed(self._batch.agent, changes))
                return False
            self._agent_read_at = reading_at
            return True

    async def _read_agent(self) -> Agent:
        """The agent as it is now, asked for some times: a row must not be sent again and again meanwhile."""
        for seconds in _AGAIN_AFTER:
            try:
                return await self._gateway.agent(self._batch.agent.id)
            except AnswerLostError:
                await self._clock.sleep(seconds)
        return await self._gateway.agent(self._batch.agent.id)

    async def _halt(self, kind: PauseKind, reason: str) -> None:
        halt = self._store.batches.halt
        await asyncio.to_thread(halt, self._batch.connection, kind, reason, self._batch.id)


def input_changes(launched: Agent, now: Agent) -> list[str]:
    """How an agent's inputs differ from what they were, in words."""
    before = {item.name: item for item in launched.inputs}
    after = {item.name: item for item in now.inputs}
    changes = [f"“{name}” is new" for name in after if name not in before]
    changes += [f"“{name}” is gone" for name in before if name not in after]
    for name in before.keys() & after.keys():
        old, new = before[name], after[name]
        if (old.type, old.required, old.options, old.max_values) != (
            *(new.type, new.required, new.options, new.max_values),
        ):
            changes.append(f"“{name}” takes other values")
    return changes


def _gone(agent: Agent) -> str:
    return (
        f"Writer no longer knows the agent “{agent.name}”. If it's deployed again, press Resume; "
        "otherwise download the results so far and launch the spreadsheet with another agent."
    )


def _changed(agent: Agent, changes: list[str]) -> str:
    return (
        f"The inputs of the agent “{agent.name}” have changed since launch: {', '.join(sorted(changes))}. "
        "Download the results so far and launch the remaining rows as a new batch, "
        "or change the agent back and press Resume."
    )
