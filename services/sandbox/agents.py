"""The agents that the sandbox offers: one for every kind of input that Writer knows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from services.sandbox.choice import Chooser
from services.sandbox.errors import not_found
from services.sandbox.writing import alt_text, product, social, summary
from services.sandbox.writing.text import Text

Values = Mapping[str, Sequence[str]]
"""What was given for each input, by the input's name."""


@dataclass(frozen=True)
class Input:
    """One field of an agent; `kind` and `options` are `input_type` and `options` of Writer's OpenAPI description."""

    name: str
    kind: str
    required: bool
    description: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def to_wire(self) -> dict[str, Any]:
        """Return the input as the API shows it; options that say nothing are left out, as Writer may do."""
        wire = {
            "name": self.name,
            "input_type": self.kind,
            "required": self.required,
            "description": self.description,
        }
        return {**wire, "options": dict(self.options)} if self.options else wire


@dataclass(frozen=True)
class Agent:
    """A no-code agent and the function that writes for it."""

    id: str
    name: str
    created_at: str
    inputs: tuple[Input, ...]
    write: Callable[[Values, Chooser], Text]
    has_chat: bool = True
    """Whether it can use Knowledge Graphs."""

    def to_wire(self) -> dict[str, Any]:
        """Return the agent as the API shows it."""
        return {
            "id": self.id,
            "name": self.name,
            "type": "generation",
            "status": "deployed",
            "inputs": [each.to_wire() for each in self.inputs],
            "created_at": self.created_at,
            "updated_at": self.created_at,
            "last_deployed_at": self.created_at,
        }


AGENTS = (
    Agent(
        id="6f1d2c84-0b7e-4c55-9a43-1de0a7c2f951",
        name="Product description",
        created_at="2026-03-12T09:30:00Z",
        inputs=(
            Input("Product name", "text", True, "The name of the product, as it appears in your store."),
            Input("Tone", "dropdown", True, "The voice of the text.", {"list": list(product.VOICES)}),
            Input(
                "Key features",
                "text",
                False,
                "Up to five things that set the product apart: material, size, origin, use.",
                {"min_fields": 0, "max_fields": 5},
            ),
        ),
        write=product.write,
    ),
    Agent(
        id="b83a4e1f-52d9-4f06-8c1b-7e94d3560ad2",
        name="Social post",
        created_at="2026-02-18T14:05:00Z",
        inputs=(
            Input("Product", "text", True, "What the post is about: a product, an event, an offer."),
            Input("Channel", "dropdown", True, "Where the post will appear.", {"list": list(social.CHANNELS)}),
            Input("Audience", "text", False, "Who should read it, for example: new parents in small apartments."),
        ),
        write=social.write,
    ),
    Agent(
        id="d0574b96-e3a8-4d21-b6f7-25c98e1b03a4",
        name="Image alt text",
        created_at="2026-01-27T08:45:00Z",
        inputs=(
            Input(
                "Image",
                "media",
                True,
                "The image to describe.",
                {"file_types": ["jpg", "jpeg", "png"], "max_image_size_mb": 10},
            ),
            Input("Page topic", "text", False, "What the page around the image is about."),
        ),
        write=alt_text.write,
    ),
    Agent(
        id="2ac97f35-816b-4e0d-a5d8-f41b60e7c893",
        name="Brief summary",
        created_at="2025-12-09T16:20:00Z",
        inputs=(
            Input(
                "Brief",
                "file",
                True,
                "The brief to summarize: up to three files or links.",
                {
                    "file_types": ["pdf", "docx", "txt"],
                    "max_files": 3,
                    "max_word_count": 20_000,
                    "max_file_size_mb": 25,
                    "upload_types": ["file_id", "url"],
                },
            ),
            Input("Length", "dropdown", False, "How much to write.", {"list": list(summary.LENGTHS)}),
        ),
        write=summary.write,
        has_chat=False,
    ),
)
"""Newest first, as lists show them."""

_BY_ID = {agent.id: agent for agent in AGENTS}


def find_agent(request: Request) -> Agent:
    """Return the agent that the request's path names; raises ApiError if there is none."""
    agent_id: str = request.path_params["agent_id"]
    agent = _BY_ID.get(agent_id)
    if agent is None:
        raise not_found("application", agent_id)
    return agent
