"""What the words of a failure hint at: a busy minute, a used-up quota, or the row's own input.

Words only hint. What a batch does about it depends on how its rows go: see `runner/limits.py`.
"""

import re
from enum import Enum, auto


class Cause(Enum):
    """What a failure seems to be about."""

    BUSY = auto()
    """Writer has too much to do, or too much was asked of it in a short time: waiting helps."""
    QUOTA = auto()
    """A quota, a plan, or a balance is used up: waiting doesn't help, and a person has to act."""
    INPUT = auto()
    """The row's own input is too long: only a shorter input helps."""
    OTHER = auto()
    """Anything else."""


_WAIT = r"(?:again|retry) (?:in|after) [\d.]+ ?(?:ms|milliseconds?|s|sec|seconds?|m|min|minutes?)\b"
_MINUTE = rf"\b(?:per|a) (?:second|sec|minute|min)\b|/ ?(?:second|sec|minute|min)\b|\b[rt]p[sm]\b|\b{_WAIT}"
_MONEY = r"(?:credits?|funds|balance|budget)"
_QUOTA = (
    r"\bquotas?\b|\b(?:plan and billing|billing (?:details|account|limit|hard limit)|check your (?:plan|billing))\b"
    r"|\bpayment (?:is )?required|\bpayment method|\bupgrade (?:your|the|to)\b"
    rf"|\b(?:insufficient|not enough|no|out of|exhausted|used up|lack of) (?:\w+ ){{0,3}}{_MONEY}\b"
    rf"|\b{_MONEY}(?: \w+){{0,4}} (?:exhausted|exceeded|used up|depleted|expired|too low|insufficient|empty|consumed)\b"
    r"|\b(?:usage|plan|account|organi[sz]ation|spend|spending|subscription|credit) (?:limit|cap)\b"
    r"|\b(?:subscription|trial|plan)(?: \w+)? (?:expired|ended|inactive|lapsed)\b"
    r"|\b(?:daily|weekly|monthly|annual|yearly)(?: \w+){0,2} (?:limit|cap|allowance|allotment)\b"
    r"|\b(?:tokens|requests|jobs|calls|words|generations) (?:per|a) (?:day|week|month|year)\b"
)
_TEXT = r"(?:inputs?|prompts?|requests?|messages?|texts?|documents?|contents?|body|payload)"
_UNITS = r"(?:tokens?|characters?|words?)"
_INPUT = (
    r"\bcontext (?:length|window|size|limit)\b"
    rf"|\bmax(?:imum)?(?: (?:number of|input|prompt|allowed))* (?:{_UNITS}|length)\b"
    rf"|\b{_UNITS} limit of \d|\blimit of [\d,. ]*\d (?:input |prompt )?{_UNITS}\b"
    rf"|\b{_TEXT}(?: \w+){{0,3}} too (?:long|large|big)\b|\btoo (?:long|large|big) (?:an? )?{_TEXT}\b"
    rf"|\b{_TEXT}(?: \w+){{0,2}} exceed|\btoo many (?:input|prompt) {_UNITS}\b|\btoo many {_UNITS} in\b"
    r"|\b(?:reduce|shorten) (?:the|your)\b"
)
_BUSY = (
    r"\b(?:rate|tokens?|requests?|concurrency|capacity)[ -]limit|\blimit\w* on (?:tokens|requests)"
    r"|\btoo many (?:\w+ )?(?:requests|tokens|jobs)|\b(?:tokens|requests) per hour"
    r"|\bover(?:loaded|[ -]capacity)|\b(?:at|out of|no|insufficient|lack of) capacity|\bthrottl|\b429\b"
)
_ABOUT_A_MINUTE = re.compile(_MINUTE, re.IGNORECASE)
_ABOUT_A_LIMIT = re.compile(rf"{_BUSY}|{_QUOTA}|\blimit", re.IGNORECASE)
_HINTS = (
    (re.compile(rf"{_QUOTA}|\b402\b", re.IGNORECASE), Cause.QUOTA),
    (re.compile(_INPUT, re.IGNORECASE), Cause.INPUT),
    (re.compile(_BUSY, re.IGNORECASE), Cause.BUSY),
)


def hint(words: str) -> Cause:
    """What these words of Writer's hint at; error codes such as `insufficient_quota` count as words."""
    text = words.replace("_", " ")
    # a limit that names a minute is about that minute, even where it's called a quota or advertises a better plan
    if _ABOUT_A_MINUTE.search(text) and _ABOUT_A_LIMIT.search(text):
        return Cause.BUSY
    return next((cause for pattern, cause in _HINTS if pattern.search(text)), Cause.OTHER)


def quota_reason(words: str) -> str:
    """Why a batch is paused when a quota is used up, with Writer's own words, and what to do."""
    says = (
        f"Writer stopped accepting rows: “{words}”" if words else "Writer stopped accepting rows: a quota is used up."
    )
    return f"{says} Renew the quota or add credits at Writer, then press Resume."
