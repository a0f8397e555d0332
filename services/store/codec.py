"""Records to JSON text and back."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from services.models import (
    Agent,
    AgentInput,
    Choice,
    ChoiceKind,
    Choices,
    GraphName,
    Inputs,
    InputType,
    LaunchOptions,
    Layout,
    Reading,
)

_BATCHES = 64
"""Batches whose unchanging parts are read from text once: runners and pages look at theirs again and again."""
_SURROGATE = re.compile("[\ud800-\udfff]")

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # made once: dumps makes one each time


def to_json(value: Any) -> str:
    """JSON text in which non-ASCII characters stand as themselves, so that they can be searched for.

    Half a surrogate pair, which UTF-8 cannot carry, becomes U+FFFD.
    """
    return _SURROGATE.sub("\ufffd", _encode(value))


def strings(text: str) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(json.loads(text))


def inputs(text: str) -> Inputs:
    """The inputs of one row."""
    loaded: Inputs = json.loads(text)
    return loaded


def agent_to_json(agent: Agent) -> str:
    """An agent with its inputs."""
    return to_json(asdict(agent))


@lru_cache(maxsize=_BATCHES)
def agent(text: str) -> Agent:
    """An agent with its inputs."""
    plain = json.loads(text)
    return Agent(plain["id"], plain["name"], tuple(_agent_input(item) for item in plain["inputs"]))


def _agent_input(plain: dict[str, Any]) -> AgentInput:
    lists: dict[str, Sequence[str]] = {name: plain[name] for name in ("options", "file_types")}
    return AgentInput(
        **{**plain, "type": InputType(plain["type"])} | {name: tuple(values) for name, values in lists.items()}
    )


def choices_to_json(choices: Choices) -> str:
    """The choices by the input's name."""
    return to_json({name: asdict(choice) for name, choice in choices.items()})


def choices(text: str) -> Choices:
    """The choices by the input's name."""
    return {
        name: Choice(ChoiceKind(plain["kind"]), tuple(plain["columns"]), plain["value"])
        for name, plain in json.loads(text).items()
    }


def options_to_json(options: LaunchOptions) -> str:
    """How a batch is to be sent."""
    return to_json(asdict(options))


@lru_cache(maxsize=_BATCHES)
def options(text: str) -> LaunchOptions:
    """How a batch is to be sent."""
    return LaunchOptions(**json.loads(text))


def graphs_to_json(graphs: Sequence[GraphName]) -> str:
    """Knowledge Graphs by id and name."""
    return to_json([asdict(graph) for graph in graphs])


def graphs(text: str | None) -> tuple[GraphName, ...] | None:
    """Knowledge Graphs by id and name; None where it isn't known whether there were any."""
    return None if text is None else tuple(GraphName(**plain) for plain in json.loads(text))


def reading_to_json(reading: Reading) -> str:
    """How a spreadsheet was read."""
    return to_json(asdict(reading))


def reading(text: str) -> Reading:
    """How a spreadsheet was read."""
    return Reading(**json.loads(text))


def layout_to_json(layout: Layout) -> str:
    """Where the table is in its sheet."""
    return to_json(asdict(layout))


def layout(text: str | None) -> Layout:
    """Where the table is in its sheet; in the first row where nothing was kept."""
    return Layout() if text is None else Layout.from_plain(json.loads(text))


def moment(seconds: float | None) -> datetime | None:
    """An aware time from seconds since 1970."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def moment_of(seconds: float) -> datetime:
    """An aware time from seconds since 1970 that are there."""
    return datetime.fromtimestamp(seconds, UTC)
