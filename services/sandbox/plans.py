"""How a job or the processing of a file will go, decided when it begins."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from services.sandbox.choice import Chooser, fraction
from services.sandbox.options import SandboxOptions

SLOW_FACTORS = (2.5, 3.75)
"""A slow job takes this many times the longest ordinary one: 10 to 15 seconds by default."""

CHARACTERS_PER_TOKEN = 8
"""English has about four characters a token. Counting half as many tokens makes a job cost about 50, so that the
limit of requests and the limit of tokens meet near 400 jobs a minute, and trying a few hundred rows is no wait."""

READ_CHARACTERS = 16_000
"""What is counted of a job at the most, so that one row with a whole book in it does not hold up all others."""

REASONS = (
    "The model is overloaded at the moment. Please try again later.",
    "The generated text was withheld by the content filter. Please try again or rephrase your inputs.",
    "The output exceeded the maximum length allowed for this application (4,096 tokens).",
    "The request timed out after 60 seconds without an answer from the model.",
    "The model returned an empty response.",
)


@dataclass(frozen=True)
class Plan:
    """What happens to a job: `error` is why its first attempt fails, None where it does not."""

    fingerprint: str
    seconds: float
    error: str | None


def fingerprint(agent_id: str, inputs: Mapping[str, Sequence[str]]) -> str:
    """Return what the same inputs, in the agent's order, to the same agent have in common."""
    return sha256(json.dumps([agent_id, list(inputs.items())]).encode()).hexdigest()


def plan(mark: str, options: SandboxOptions) -> Plan:
    """Return how the first attempt goes at the inputs with the fingerprint `mark`."""
    seconds = ordinary_seconds(mark, options)
    if fraction(mark, "slow") < options.slow_rate:
        low, high = SLOW_FACTORS
        seconds = options.job_seconds[1] * (low + fraction(mark, "how slow") * (high - low))
    fails = fraction(mark, "fail") < options.fail_rate
    return Plan(mark, seconds, Chooser(mark, "reason").one(REASONS) if fails else None)


def file_outcome(name: str, *, retried: bool) -> str:
    """Return what processing a file comes to: a "corrupt" one always fails, a "flaky" one at first.

    It's `retried` if it's processed again, or if the same file was uploaded before.
    """
    fails = "corrupt" in name.lower() or ("flaky" in name.lower() and not retried)
    return "failed" if fails else "completed"


def ordinary_seconds(mark: str, options: SandboxOptions) -> float:
    """Return the seconds of a job that is not slow; a retry never is."""
    shortest, longest = options.job_seconds
    return shortest + fraction(mark, "seconds") * (longest - shortest)


def tokens(inputs: Mapping[str, Sequence[str]], suggestion: str) -> int:
    """Return the tokens that a job uses, estimated from the length of its inputs and its text."""
    characters = len(suggestion) + sum(len(value) for values in inputs.values() for value in values)
    return 1 + min(characters, READ_CHARACTERS) // CHARACTERS_PER_TOKEN
