"""The requests of the last minute, and what holds them back."""

from collections.abc import Callable
from datetime import datetime

from components.connection.facts import show_facts
from components.pace import jobs_per_minute, what_holds, writers_words
from components.words import number
from services.models import ConnectionHealth, Load


def show_requests(load: Load, health: ConnectionHealth, now: datetime, clock: Callable[[datetime], str]) -> None:
    """Say how much of the rate limit is used, by how many batches, and what holds requests back right now."""
    facts = {
        "Last minute": f"{number(load.last_minute)} of {number(load.limit)}",
        "Batches sending": number(load.sending),
        "Held back by": _trouble(health, clock) or what_holds(load, now, waiting=load.sending > 0) or "Nothing",
    }
    if words := writers_words(load, now):
        facts["Writer says"] = words
    if load.jobs_per_minute is not None:
        facts["Writer accepts"] = jobs_per_minute(load.jobs_per_minute)
    show_facts(facts)


def _trouble(health: ConnectionHealth, clock: Callable[[datetime], str]) -> str:
    if health.key_refused_at:
        return f"Writer has rejected the API key since {clock(health.key_refused_at)}."
    if health.unreachable_since:
        return f"Can't reach Writer since {clock(health.unreachable_since)}. Copydesk keeps trying."
    return ""
