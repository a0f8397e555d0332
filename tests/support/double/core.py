"""What the double does with a request, apart from how the request came."""

import asyncio
import time
from collections import defaultdict, deque
from typing import Any, Protocol

from tests.support.double.answers import (
    Answer,
    Drop,
    Outcome,
    Request,
    error,
    html,
    json_answer,
    route,
    slow_down,
    text_of,
)
from tests.support.double.books import US, Books, Entry
from tests.support.double.inputs import refusal
from tests.support.double.jobs import Job
from tests.support.double.limits import Limit
from tests.support.double.options import Fault, Kind, Options, Overload
from tests.support.double.works import Works

AGENT_ID = "0d6f2b1e-4c57-4f7e-9c39-6a1f0e8b7d24"
"""The agent that is there from the start."""


class Time(Protocol):
    """What tells the double the time, in seconds since 1970."""

    def now(self) -> float:
        """The time now."""

    async def sleep(self, seconds: float) -> None:
        """Come back after so many seconds."""


class SystemTime:
    """The machine's own time."""

    def now(self) -> float:
        """The time now."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Come back after so many seconds."""
        await asyncio.sleep(seconds)


class Double:
    """Writer, with books."""

    def __init__(self, options: Options | None = None, clock: Time | None = None) -> None:
        self.options = options or Options()
        self.books = Books()
        self.agents: dict[str, dict[str, Any]] = {}
        self._clock = clock or SystemTime()
        self._works = Works(self.options, self.books)
        self._requests = Limit()
        self._scripted: defaultdict[tuple[Kind, str | None], deque[Fault | None]] = defaultdict(deque)
        self.add_agent(AGENT_ID, "Echo", [{"name": "Text", "input_type": "text", "required": True}])

    @property
    def jobs(self) -> dict[str, Job]:
        """All jobs, by their ids."""
        return self._works.jobs

    # what tests do

    def add_agent(self, agent_id: str, name: str, inputs: list[dict[str, Any]]) -> None:
        """Deploy an agent, or change the inputs of one that is there."""
        times = {"created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z"}
        fixed = {"id": agent_id, "name": name, "type": "generation", "status": "deployed"}
        self.agents[agent_id] = {**fixed, "inputs": inputs, **times}

    def remove_agent(self, agent_id: str = AGENT_ID) -> None:
        """Withdraw an agent; its jobs can still be asked for by their ids."""
        del self.agents[agent_id]

    def script(self, kind: Kind, *faults: Fault | None, text: str | None = None) -> None:
        """Let this become of the next requests of that kind, of any or of that row; None: a good answer."""
        self._scripted[kind, text].extend(faults)

    def stranger(self, count: int = 1, agent_id: str = AGENT_ID) -> None:
        """Let others start so many jobs now."""
        for _ in range(count):
            self._works.start(agent_id, "somebody else's", self._catch_up(), ours=False)

    def forget(self, job_id: str) -> None:
        """Know nothing of a job any more."""
        self._works.forget(job_id)

    def finish(self, job_id: str, words: str | None = None) -> None:
        """Let a job end now: well, or failed in these words."""
        self.jobs[job_id].ready_at = self._catch_up()
        self.jobs[job_id].words = words

    # what clients do

    async def answer(self, request: Request) -> Outcome:
        """Answer a request, or break its connection."""
        left_at = self._clock.now()
        await self._travel()
        kind, subject = route(request)
        entry = Entry(self._catch_up(), kind, self.options.names.get(request.token, US), left_at=left_at)
        self.books.requests.append(entry)
        self.books.at_once += entry.who == US
        self.books.most_at_once = max(self.books.most_at_once, self.books.at_once)
        try:
            outcome = self._stopped() or await self._attend(request, kind, subject, entry)
        finally:
            self.books.at_once -= entry.who == US
        if isinstance(outcome, Answer):
            entry.status = outcome.status
            outcome.at = self._now()
            await self._travel()
        entry.back_at = self._clock.now()
        return outcome

    def _stopped(self) -> Outcome | None:
        """What keeps every request from being attended to."""
        if self.options.offline:
            return Drop.REFUSED
        if self.options.key_refused is not None:
            return error(self.options.key_refused, "The API key is not valid.")
        if self.options.rpm is None:
            return None
        wait = self._requests.wait(self._clock.now(), 1, self.options.rpm * (1 - self.options.other_share))
        return slow_down(wait, self.options.retry_after, self._now()) if wait else None

    async def _attend(self, request: Request, kind: Kind, subject: str, entry: Entry) -> Outcome:
        if kind in (Kind.CREATE, Kind.RETRY):
            entry.text = text_of(request.body) if kind is Kind.CREATE else self._text_of_job(subject)
        fault = self._fault(kind, entry.text)
        if fault is not None and not fault.had_effect:
            return self._spoiled(fault)
        if kind not in (Kind.CREATE, Kind.RETRY):
            outcome = self._read(request, kind, subject)
        elif (refused := self._refusal(request, kind, subject, entry.text)) is not None:
            outcome = refused
        else:
            outcome = await self._start_later(kind, subject, entry, lost=fault not in (None, Fault.SLOW))
        if fault is Fault.SLOW:
            await self._clock.sleep(self._works.draw(self.options.slow))
        elif fault is not None:
            return self._spoiled(fault)
        return outcome

    def _read(self, request: Request, kind: Kind, subject: str) -> Answer:
        now, skew = self._clock.now(), self.options.skew
        if kind is Kind.AGENTS:
            ids = list(self.agents)
            ends = {"first_id": ids[0], "last_id": ids[-1]} if ids else {}
            return json_answer(200, {"data": list(self.agents.values()), "has_more": False, **ends})
        if kind is Kind.JOB and subject in self.jobs:
            return json_answer(200, self.jobs[subject].shown(now, skew))
        if kind is Kind.AGENT and subject in self.agents:
            return json_answer(200, self.agents[subject])
        if kind is not Kind.LIST or subject not in self.agents:
            return error(404, f"There is no {subject or 'such call'}.")
        offset = int(request.query.get("offset", "0"))
        limit = min(int(request.query.get("limit", "50")), self.options.page_cap)
        jobs, total = self._works.page(subject, now, offset, limit, request.query.get("status"))
        body: dict[str, Any] = {"result": [job.shown(now, skew) for job in jobs]}
        if self.options.total_count:
            body["totalCount"] = total
        if self.options.pagination:
            body["pagination"] = {"offset": offset, "limit": limit}
        return json_answer(200, body)

    def _refusal(self, request: Request, kind: Kind, subject: str, text: str) -> Answer | None:
        """Why no job can be started."""
        if self.options.quota_status is not None and self._works.is_over_quota:
            return error(self.options.quota_status, self.options.quota_words)
        if kind is Kind.RETRY:
            if subject not in self.jobs:
                return error(404, f"There is no job {subject}.")
            failed = self.jobs[subject].status(self._clock.now()) == "failed"
            return None if failed else error(400, "Only failed jobs can be retried.")
        if subject not in self.agents:
            return error(404, f"There is no application {subject}.")
        words = self.options.refused.get(text) or refusal(self.agents[subject]["inputs"], request.body)
        if words:
            return error(400, words)
        if self.options.tokens_per_minute is not None and self.options.overload is Overload.REFUSE:
            wait = self._works.tokens.wait(
                self._clock.now(), self.options.tokens_per_job, self.options.tokens_per_minute
            )
            return slow_down(wait, self.options.retry_after, self._now()) if wait else None
        return None

    async def _start_later(self, kind: Kind, subject: str, entry: Entry, *, lost: bool) -> Answer:
        """Start a job, at once or some time later; where the answer is lost anyway, nobody waits for it."""
        delay = self._works.draw(self.options.effect_delay)
        if lost and delay:
            self._works.later(self._clock.now() + delay, lambda at: self._started(kind, subject, entry, at))
            return Answer(202)
        if delay:
            await self._clock.sleep(delay)
        job = self._started(kind, subject, entry, self._catch_up())
        names = ("id", "job_id") if self.options.id_name == "both" else (self.options.id_name,)
        times = {"created_at": job.shown(self._clock.now(), self.options.skew)["created_at"]}
        return json_answer(202, {**dict.fromkeys(names, job.id), "status": "in_progress", **times})

    def _started(self, kind: Kind, subject: str, entry: Entry, at: float) -> Job:
        if entry.who == US:
            (self.books.created if kind is Kind.CREATE else self.books.retried)[entry.text] += 1
        if kind is Kind.CREATE:
            return self._works.start(subject, entry.text, at, ours=entry.who == US)
        return self._works.restart(self.jobs[subject], at)

    def _fault(self, kind: Kind, text: str) -> Fault | None:
        """What becomes of a request: as scripted, else by chance."""
        for script in (self._scripted.get((kind, text)), self._scripted.get((kind, None))):
            if script:
                return script.popleft()
        if not self.options.faults:
            return None
        draw = self._works.chance()
        for fault, chance in self.options.faults.items():
            draw -= chance if isinstance(chance, int | float) else chance.get(kind, 0.0)
            if draw < 0:
                return fault
        return None

    def _spoiled(self, fault: Fault) -> Outcome:
        """What comes back instead of a good answer."""
        drops = {Fault.REFUSED: Drop.REFUSED, Fault.SILENT: Drop.SILENT}
        drops |= dict.fromkeys((Fault.RESET_BEFORE, Fault.RESET_AFTER), Drop.RESET)
        if fault in drops:
            return drops[fault]
        if fault is Fault.PAYMENT:
            return error(402, self.options.quota_words)
        if fault in (Fault.LIMIT, Fault.LIMIT_UNTIL):
            style = self.options.retry_after or "seconds"
            return slow_down(self.options.wait, style if fault is Fault.LIMIT_UNTIL else None, self._now())
        if fault in (Fault.ERROR_500, Fault.ERROR_500_AFTER):
            return error(500, "Something went wrong.")
        if fault is Fault.HTML_503:
            return html(503, "Service Unavailable")
        return html(504, "Gateway Time-out")

    def _text_of_job(self, job_id: str) -> str:
        return self.jobs[job_id].text if job_id in self.jobs else ""

    def _catch_up(self) -> float:
        """Let everything happen that was to happen by now; gives the time."""
        now = self._clock.now()
        self._works.catch_up(now, next(iter(self.agents), AGENT_ID))
        return now

    def _now(self) -> float:
        """The time by Writer's clock."""
        return self._clock.now() + self.options.skew

    async def _travel(self) -> None:
        """Half of the way there and back."""
        if seconds := self._works.draw(self.options.latency) / 2:
            await self._clock.sleep(seconds)
