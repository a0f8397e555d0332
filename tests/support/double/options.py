"""How the double behaves. All of it may be changed while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Span = float | tuple[float, float]
"""So many seconds, or between so many and so many."""


class Kind(StrEnum):
    """What a request asks for."""

    AGENTS = "agents"
    AGENT = "agent"
    CREATE = "create"
    RETRY = "retry"
    JOB = "job"
    LIST = "list"
    OTHER = "other"
    """No call that the double knows."""


class Order(StrEnum):
    """The order of the list of jobs."""

    NEWEST = "newest"
    OLDEST = "oldest"
    RANDOM = "random"
    """Any, but always the same."""
    SHUFFLED = "shuffled"
    """Another one in each answer, so that nobody can page through the list."""


class Fault(StrEnum):
    """What can happen to a request instead of a good answer."""

    REFUSED = "refused"
    """No connection. Over HTTP: as RESET_BEFORE, because a server can do no more."""
    RESET_BEFORE = "reset_before"
    """The connection breaks, and the request had no effect."""
    RESET_AFTER = "reset_after"
    """The connection breaks after the request had its effect."""
    SILENT = "silent"
    """The request has its effect, and nothing ever comes back."""
    SLOW = "slow"
    """The request has its effect at once; its good answer takes `Options.slow` longer."""
    ERROR_500 = "error_500"
    """500 without an effect."""
    ERROR_500_AFTER = "error_500_after"
    """500 after the effect."""
    HTML_503 = "html_503"
    """503 with HTML, without an effect."""
    GATEWAY_504 = "gateway_504"
    """504 after the effect."""
    LIMIT = "limit"
    """429 that does not say how long to wait."""
    PAYMENT = "payment"
    """402, in the words of `Options.quota_words`."""
    LIMIT_UNTIL = "limit_until"
    """429 with Retry-After, as `Options.retry_after` has it (seconds where that is None)."""

    @property
    def had_effect(self) -> bool:
        """Whether the request has done what it asked for."""
        return self in (
            *(Fault.RESET_AFTER, Fault.SILENT, Fault.SLOW),
            *(Fault.ERROR_500_AFTER, Fault.GATEWAY_504),
        )


class Overload(StrEnum):
    """What becomes of a job that goes over the limit on tokens."""

    REFUSE = "refuse"
    """429."""
    FAIL = "fail"
    """It is taken, and fails in the words of `Options.capacity_words`."""


Chance = float | Mapping[Kind, float]
"""How likely something is for each request, or for each of some kinds."""


@dataclass
class Options:
    """How the double behaves."""

    seed: int = 1
    duration: Span = 3.0
    """How long a job takes."""
    durations: dict[str, float] = field(default_factory=dict)
    """How long the jobs of some rows take, by the row's own text."""
    latency: Span = 0.0
    """How long a request and its answer travel, together."""
    id_name: str = "id"
    """What the answer to a new job or retry calls the job's id: `id`, `job_id` or `both`."""
    skew: float = 0.0
    """Seconds by which Writer's clock is ahead of the double's."""

    fail_share: float = 0.0
    """The share of rows whose jobs fail; which ones, the seed and the row's text decide."""
    failing_attempts: int = 1
    """How many attempts at such a row fail."""
    fail_words: tuple[str, ...] = ("The model gave no answer.",)
    """Why, for the first attempt, the second, and so on; the last one goes on."""
    refused: dict[str, str] = field(default_factory=dict)
    """Row texts that are refused with 400, and the words."""

    changed: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the JSON of some rows' jobs says instead once they have ended, by the row's own text."""
    quota: int | None = None
    """Jobs that are started in all; what comes after that meets `quota_status`."""
    quota_status: int | None = None
    """How a job beyond the quota is refused; None: it is accepted, and fails."""
    quota_words: str = "You exceeded your current quota, check your plan and billing details."

    page_cap: int = 100
    order: Order = Order.NEWEST
    lag: float = 0.0
    """Seconds from a job's creation until the list shows it."""
    total_count: bool = True
    pagination: bool = True

    effect_delay: Span = 0.0
    """How long after its arrival a request has its effect."""
    retry_gives_new_id: bool = False

    rpm: int | None = None
    """Requests taken in any 60 seconds; those beyond get a 429."""
    other_share: float = 0.0
    """The share of `rpm` that another client uses up."""
    wait: int = 5
    """Seconds that the fault LIMIT_UNTIL says to wait."""
    retry_after: str | None = None
    """What a 429 says about waiting: None, `seconds` or `date`."""
    tokens_per_minute: int | None = None
    tokens_per_job: int = 500
    overload: Overload = Overload.REFUSE
    capacity_words: str = "Rate limit exceeded: too many tokens per minute."

    strangers_per_minute: float = 0.0
    """Jobs that others start with the same agent."""
    strangers_take_tokens: bool = False
    """Whether their jobs count against the limit on tokens. They are never refused, so they leave us the rest."""

    faults: dict[Fault, Chance] = field(default_factory=dict)
    slow: Span = (5.0, 20.0)

    offline: bool = False
    """Nobody can connect."""
    key_refused: int | None = None
    """The status, 401 or 403, with which every request is refused."""

    names: dict[str, str] = field(default_factory=dict)
    """Whose a token is; any other one is ours."""
