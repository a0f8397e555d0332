"""Knowledge Graphs on the desk: list them, fill them, and choose which ones an agent uses."""

import asyncio
import logging
import math
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from services.clock import Clock
from services.desk.files import MAX_FILES, Upload
from services.engine.embedded import EmbeddedEngine
from services.engine.gateway import Gateway
from services.errors import (
    AnswerLostError,
    GraphError,
    KeyRefusedError,
    RefusalError,
    UnknownToWriterError,
    UnreachableError,
    WriterError,
)
from services.files.archive import Limits
from services.files.intake import Intake
from services.files.vault import Vault
from services.models import (
    Agent,
    FailedFile,
    Graph,
    GraphChange,
    GraphName,
    GraphProgress,
    GraphUse,
    WriterFile,
    WriterFileState,
)
from services.settings import Settings
from services.store import Store

MAX_GRAPH_TEXT = 255
"""Characters that a name or a description may have."""
_LIST_TTL_S, _MOVING_TTL_S = 60.0, 4.0
"""Seconds for which the list is believed: usually, and while files of one are processed."""
_USE_TTL_S = 300.0
"""Seconds for which it's believed which agents use which."""
_ASKED_AT_ONCE = 4
"""Agents that Writer is asked about at the same time."""
_RECORD_WITHIN_S = 5.0
"""Seconds after a launch in which Writer has to say what the agent uses: later it may not be the same any more."""
_MAX_FAILED = 500
"""Files whose processing failed that are named and retried at once."""
_MB = 1024 * 1024

_log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class Graphs:
    """What can be seen of Knowledge Graphs and done with them."""

    def __init__(
        self, settings: Settings, store: Store, vault: Vault, engine: EmbeddedEngine, gateway: Gateway, clock: Clock
    ) -> None:
        self._settings = settings
        self._here = settings.connection.id
        self._store = store
        self._vault = vault
        self._engine = engine
        self._gateway = gateway
        self._clock = clock
        self._lock = threading.Lock()
        self._graphs: list[Graph] = []
        self._listed_at = -math.inf
        self._listed_moving = False
        """Whether files were on their way when the list was read, so that it's older than their end."""
        self._failed: dict[str, tuple[float, list[WriterFile]]] = {}
        self._use: dict[str, tuple[str, ...]] = {}
        self._use_read_at = -math.inf
        self._reading_use: Future[None] | None = None

    # all of them

    def all(self, *, refresh: bool = False) -> list[Graph]:
        """The Knowledge Graphs of the key by name, at most a minute old; `refresh`: as they are now.

        Raises GraphError, WriterError: Writer refuses, or can't be asked.
        """
        with self._lock:
            is_moving = self.moving()
            ttl = _MOVING_TTL_S if is_moving or self._listed_moving else _LIST_TTL_S
            if refresh or self._clock.now() >= self._listed_at + ttl:
                found = self._ask(self._gateway.graphs)
                self._graphs = sorted(found, key=lambda graph: (graph.name.casefold(), graph.id))
                self._listed_at, self._listed_moving = self._clock.now(), is_moving
            return [*self._graphs]

    def moving(self) -> bool:
        """Whether files are on their way into any Knowledge Graph."""
        return any(graph.in_progress for graph in self._graphs) or bool(self._store.graph_uploads.moving(self._here))

    def create(self, name: str, description: str) -> Graph:
        """Create a Knowledge Graph. Raises GraphError, WriterError."""
        name, description = name.strip(), description.strip()
        if not name or max(len(name), len(description)) > MAX_GRAPH_TEXT:
            raise GraphError(
                f"A Knowledge Graph needs a name. Name and description have up to {MAX_GRAPH_TEXT} characters."
            )
        before = {graph.id for graph in self.all(refresh=True)}
        try:
            created = self._ask(lambda: self._gateway.create_graph(name, description))
        except (AnswerLostError, UnreachableError) as lost:
            created = self._created(name, before, lost)
        self._listed_at = -math.inf
        return created

    def _created(self, name: str, before: set[str], lost: WriterError) -> Graph:
        """The new Knowledge Graph of that name, although the answer to its creation was lost."""
        for graph in self.all(refresh=True):
            if graph.id not in before and graph.name == name:
                return graph
        raise GraphError(
            f"“{name}” isn't in the list so far. {lost} Refresh the list before you create it again."
        ) from lost

    # files of one

    def progress(self, graph_id: str) -> GraphProgress:
        """How far the files are that were last put into a Knowledge Graph here."""
        return self._store.graph_uploads.progress(self._here, graph_id)

    def failed(self, graph: Graph) -> list[FailedFile]:
        """The files that aren't usable in it. Raises GraphError, WriterError."""
        never_arrived = self._store.graph_uploads.never_arrived(self._here, graph.id)
        return [
            *(FailedFile(upload.name, upload.error, is_at_writer=False) for upload in never_arrived),
            *(FailedFile(file.name, "", is_at_writer=True) for file in self._not_processed(graph)),
        ]

    def upload(self, graph_id: str, uploads: Iterable[Upload], on_progress: Callable[[int], None]) -> list[str]:
        """Store files, and what ZIP archives hold, and let them be uploaded into a Knowledge Graph in the background.

        `on_progress` gets the number of files stored so far. Returns sentences about what was left out, and why.
        """
        limits = Limits(MAX_FILES, self._settings.max_file_mb * _MB, self._settings.max_files_mb * _MB)
        full = f"at most {self._settings.max_files_mb:,} MB can be uploaded together."
        sent = ((upload.name, upload.content) for upload in uploads)
        taken = Intake(self._vault, limits, full).take(sent, on_progress)
        self._store.graph_uploads.add(self._here, graph_id, taken.files, self._clock.now())
        self._listed_at = -math.inf
        return taken.notes

    def retry_failed(self, graph: Graph) -> None:
        """Have failed files processed once more, or uploaded again that never got there.

        Raises GraphError, WriterError.
        """
        self._store.graph_uploads.upload_again(self._here, graph.id)
        files = self._not_processed(graph)
        if files:
            self._ask(lambda: self._gateway.retry_files([file.id for file in files]))
            self._store.graph_uploads.follow(self._here, graph.id, files, self._clock.now())
        self._listed_at = -math.inf

    def forget_never_uploaded(self, graph_id: str) -> None:
        """Take the files off the list of failed ones that never got into the Knowledge Graph."""
        self._store.graph_uploads.forget_never_arrived(self._here, graph_id)

    def _not_processed(self, graph: Graph) -> list[WriterFile]:
        """The files that Writer couldn't process, read once for each list of Knowledge Graphs."""
        if not graph.failed:
            return []
        read_at, files = self._failed.get(graph.id, (-math.inf, []))
        if read_at < self._listed_at:
            read_at = self._listed_at
            files = self._ask(lambda: self._read_failed(graph.id))
            self._failed[graph.id] = (read_at, files)
        return files

    async def _read_failed(self, graph_id: str) -> list[WriterFile]:
        found: list[WriterFile] = []
        after = None
        while len(found) < _MAX_FAILED:
            page = await self._gateway.graph_files(graph_id, WriterFileState.FAILED, after)
            found += page.files
            after = page.next_after
            if after is None:
                break
        return found

    # agents

    def use(self, agents: Sequence[Agent], *, refresh: bool = False) -> GraphUse:
        """Which of the agents use which; Writer is asked in the background, as that's a request for each agent."""
        with self._lock:
            if refresh or self._clock.now() >= self._use_read_at + _USE_TTL_S:
                self._use_read_at = self._clock.now()
                self._reading_use = self._engine.submit(self._read_use([agent.id for agent in agents]))
            is_complete = self._reading_use is not None and self._reading_use.done()
        return GraphUse(dict(self._use), is_complete)

    def of_agent(self, agent: Agent) -> tuple[str, ...]:
        """The ids of the Knowledge Graphs that an agent uses now. Raises GraphError, WriterError."""
        ids = self._ask(lambda: self._gateway.agent_graphs(agent.id), agent)
        self._use[agent.id] = ids
        return ids

    def add_to_agent(self, agent: Agent, shown: Sequence[str], graph_id: str) -> GraphChange:
        """Have an agent use one more Knowledge Graph, unless those it uses aren't those that were shown any more.

        Raises GraphError, WriterError: nothing was changed, or it's unknown whether it was, as the sentence says.
        """
        return self._change(agent, shown, lambda ids: (*(each for each in ids if each != graph_id), graph_id))

    def remove_from_agent(self, agent: Agent, shown: Sequence[str], graph_id: str) -> GraphChange:
        """Have an agent no longer use a Knowledge Graph; otherwise as `add_to_agent`."""
        return self._change(agent, shown, lambda ids: tuple(each for each in ids if each != graph_id))

    def _change(
        self, agent: Agent, shown: Sequence[str], change: Callable[[tuple[str, ...]], tuple[str, ...]]
    ) -> GraphChange:
        """Read the list, change it, and write it, as Writer can only replace it as a whole."""
        now = self.of_agent(agent)
        if set(now) != set(shown):
            return GraphChange(is_made=False, ids=now)
        wanted = change(now)
        try:
            kept = self._ask(lambda: self._gateway.set_agent_graphs(agent.id, wanted), agent)
        except (AnswerLostError, UnreachableError) as lost:
            kept = self._kept(agent, now, lost)
        self._use[agent.id] = kept
        return GraphChange(is_made=set(kept) == set(wanted), ids=kept)

    def _kept(self, agent: Agent, before: Sequence[str], lost: WriterError) -> tuple[str, ...]:
        """What the agent uses after the answer to a change was lost. Raises GraphError: the same as before, so far."""
        try:
            kept = self.of_agent(agent)
        except WriterError as error:
            raise GraphError(f"It's unknown whether “{agent.name}” was changed. {lost}") from error
        if set(kept) == set(before):
            raise GraphError(f"“{agent.name}” hasn't been changed so far. {lost} Try again.") from lost
        return kept

    async def _read_use(self, agent_ids: Sequence[str]) -> None:
        turns = asyncio.Semaphore(_ASKED_AT_ONCE)

        async def read(agent_id: str) -> None:
            async with turns:
                try:
                    self._use[agent_id] = await self._gateway.agent_graphs(agent_id)
                except WriterError as error:
                    self._use.pop(agent_id, None)
                    _log.info("Writer doesn't say which Knowledge Graphs %s uses: %s", agent_id, error)

        await asyncio.gather(*(read(agent_id) for agent_id in agent_ids))

    # batches

    def record_use(self, batch_id: str, agent_id: str) -> None:
        """Note in the background which Knowledge Graphs the agent of a batch uses at its launch.

        Where Writer doesn't say so within seconds, nothing is noted: later it may be others.
        """
        self._engine.submit(self._record_use(batch_id, agent_id))

    async def _record_use(self, batch_id: str, agent_id: str) -> None:
        try:
            async with asyncio.timeout(_RECORD_WITHIN_S):
                ids = await self._gateway.agent_graphs(agent_id)
                names = {graph.id: graph.name for graph in await self._gateway.graphs()} if ids else {}
        except (WriterError, TimeoutError) as error:
            _log.info("It's unknown which Knowledge Graphs the agent of batch %s uses: %s", batch_id, error)
            return
        graphs = [GraphName(each, names.get(each, each)) for each in ids]
        await asyncio.to_thread(self._store.batches.record_graphs, batch_id, graphs)

    def _ask(self, question: Callable[[], Coroutine[Any, Any, Answer]], agent: Agent | None = None) -> Answer:
        """Ask Writer; `agent` is whom it's about. Raises GraphError where Writer refuses, and WriterError."""
        try:
            return self._engine.call(question())
        except RefusalError as refusal:
            raise GraphError(_in_words(refusal, agent)) from refusal


def _in_words(refusal: RefusalError, agent: Agent | None) -> str:
    """Writer's own words, and what they mean."""
    if isinstance(refusal, KeyRefusedError):
        says = f" Writer says: {refusal.says}" if refusal.says else ""
        return f"Your API key may not do this. Ask whoever manages it in Writer for access to Knowledge Graphs.{says}"
    if agent is None or isinstance(refusal, UnknownToWriterError):
        return f"{refusal} Refresh the list and try again."
    if "chat" in str(refusal).lower():
        return f"{refusal} So “{agent.name}” can't use Knowledge Graphs."
    return f"{refusal} Writer lets only agents with chat capabilities use Knowledge Graphs."
