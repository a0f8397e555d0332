"""Knowledge Graphs, as Writer describes them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Graph:
    """One Knowledge Graph, and how many of its files are in each state."""

    id: str
    name: str
    description: str
    kind: str
    """Writer's `graph_type`: `manual`, `connector`, or `web`; empty where Writer doesn't say."""
    created_at: datetime | None
    """By Writer's clock."""
    in_progress: int
    completed: int
    failed: int
    total: int
