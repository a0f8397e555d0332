"""What can be turned on the sandbox."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SandboxOptions:
    """How the sandbox behaves; the limits per minute are those Writer publishes for an organization.

    Raises ValueError for limits below 1, negative times, rates outside 0..1, or a range that runs backwards.
    """

    requests_per_minute: int = 400
    """Requests answered in any 60 seconds, whatever they ask; more get 429."""
    tokens_per_minute: int = 25_000
    """Tokens that jobs created or retried in any 60 seconds may use; more get 429."""
    latency: float = 0.0
    """Seconds between the work on a request and its answer."""
    fail_rate: float = 0.1
    """Share of inputs whose first job fails."""
    slow_rate: float = 0.05
    """Share of inputs whose job takes far longer than `job_seconds`."""
    job_seconds: tuple[float, float] = (1.0, 4.0)
    """The shortest and the longest time of an ordinary job."""
    file_seconds: float = 1.0
    """Seconds that an uploaded file is processed."""
    page_cap: int = 100
    """The most that any list answers at once, whatever `limit` asks for."""
    examples: bool = False
    """Whether a new sandbox has jobs that others started, and Knowledge Graphs."""

    def __post_init__(self) -> None:
        if min(self.requests_per_minute, self.tokens_per_minute, self.page_cap) < 1:
            raise ValueError("limits must be at least 1")
        if not (0 <= self.fail_rate <= 1 and 0 <= self.slow_rate <= 1):
            raise ValueError("rates must be between 0 and 1")
        if min(self.latency, self.file_seconds) < 0 or not 0 <= self.job_seconds[0] <= self.job_seconds[1]:
            raise ValueError("times must not be negative, and the shortest job not longer than the longest")


DEFAULTS = SandboxOptions()
