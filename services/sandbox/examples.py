"""What is in a new sandbox, so that there's something to see: jobs that others started, and Knowledge Graphs."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from uuid import uuid4

from services.sandbox.agents import AGENTS
from services.sandbox.choice import Chooser, fraction
from services.sandbox.plans import REASONS, fingerprint, tokens
from services.sandbox.records import File, Graph, Job
from services.sandbox.store.database import Database
from services.sandbox.store.files import ADD_FILE, ADD_TO_GRAPH
from services.sandbox.store.graphs import ADD_GRAPH, ADD_TO_AGENT
from services.sandbox.store.jobs import ADD_JOB

DAY = 86_400.0

AGENT = AGENTS[0]
"""The agent that others have used: "Product description"."""


@dataclass(frozen=True)
class ExampleJob:
    """A job that somebody else started."""

    days_ago: float
    product: str
    tone: str
    error: str | None = None


@dataclass(frozen=True)
class ExampleGraph:
    """A Knowledge Graph and its files: their names, and what processing them came to."""

    id: str
    name: str
    description: str
    days_ago: float
    files: tuple[tuple[str, str], ...]


JOBS = (
    ExampleJob(6.3, "Harbor Wool Blanket", "Warm"),
    ExampleJob(5.1, "Tidewater Rain Jacket", "Bold", REASONS[1]),
    ExampleJob(5.09, "Tidewater Rain Jacket", "Expert"),
    ExampleJob(3.4, "Alder Cutting Board", "Minimal"),
    ExampleJob(2.2, "Juniper Bath Salt", "Playful", REASONS[2]),
    ExampleJob(1.6, "Lakeside Enamel Kettle", "Warm"),
)
"""Oldest first."""

BRAND_BOOK = ExampleGraph(
    id="3f0c8a52-9d1e-4b76-a2c4-61f7e05b93d8",
    name="Brand book",
    description="How we sound, and the words we use.",
    days_ago=41.2,
    files=(("Voice and tone.pdf", "completed"), ("Glossary.docx", "completed"), ("Boilerplate.docx", "completed")),
)

CATALOG = ExampleGraph(
    id="b9e64d17-2f83-4c05-8e5a-d40a7c1f6b29",
    name="Product catalog",
    description="Materials, sizes, and care of everything in the store.",
    days_ago=12.5,
    files=(
        ("Spring catalog.pdf", "completed"),
        ("Materials.xlsx", "completed"),
        ("Care instructions.pdf", "completed"),
        ("Price list (old).xls", "failed"),
    ),
)


def add_examples(database: Database, now: float) -> None:
    """Put the examples into a database that never had them; jobs only where there are none yet, as theirs are older."""
    with database.transaction() as connection:
        if connection.execute("PRAGMA user_version").fetchone()[0]:
            return
        connection.execute("PRAGMA user_version = 1")
        if not connection.execute("SELECT EXISTS (SELECT * FROM jobs)").fetchone()[0]:
            connection.executemany(ADD_JOB, [vars(_job(example, now)) for example in JOBS])
        for example in (BRAND_BOOK, CATALOG):
            created_at = now - example.days_ago * DAY
            graph = Graph(example.id, example.name, example.description, created_at)
            connection.execute(ADD_GRAPH, vars(graph))
            for file in _files(example, created_at):
                connection.execute(ADD_FILE, vars(file))
                connection.execute(ADD_TO_GRAPH, {"graph_id": graph.id, "file_id": file.id})
        connection.execute(ADD_TO_AGENT, (AGENT.id, 0, BRAND_BOOK.id))


def _job(example: ExampleJob, now: float) -> Job:
    inputs = {"Product name": [example.product], "Tone": [example.tone]}
    mark = fingerprint(AGENT.id, inputs)
    text = AGENT.write(inputs, Chooser(mark))
    created_at = now - example.days_ago * DAY
    return Job(
        id=str(uuid4()),
        agent_id=AGENT.id,
        fingerprint=mark,
        created_at=created_at,
        started_at=created_at,
        finishes_at=created_at + 1 + 3 * fraction(mark, "seconds"),
        outcome="completed",
        error=example.error,
        title=text.title,
        suggestion=text.suggestion,
        tokens=tokens(inputs, text.suggestion),
    )


def _files(example: ExampleGraph, created_at: float) -> Iterator[File]:
    for number, (name, outcome) in enumerate(example.files):
        uploaded_at = created_at + 60 + 20 * number
        size = int(20_000 + 400_000 * fraction(name, "size"))
        digest = sha256(name.encode()).hexdigest()
        yield File(str(uuid4()), name, size, digest, uploaded_at, uploaded_at + 1, outcome)
