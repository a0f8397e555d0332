"""What came of retrying and collecting jobs, in words."""

import streamlit as st

from components.words import count, number, plain
from services.models import CollectedJobs, RetriedJobs

_SHOWN = 5
"""Ids and reasons that are shown."""


def retried_words(result: RetriedJobs) -> str:
    """How many jobs run again; empty if none do."""
    return f"Retrying {count(result.retried, 'job')}." if result.retried else ""


def lost_words(result: RetriedJobs) -> str:
    """What to do about retries whose answers were lost; empty if none were."""
    if not result.lost:
        return ""
    one = len(result.lost) == 1
    ids = ", ".join(plain(job_id) for job_id in result.lost[:_SHOWN])
    more = "" if len(result.lost) <= _SHOWN else f" and {number(len(result.lost) - _SHOWN)} more"
    return (
        f"Writer's answer for {count(len(result.lost), 'job')} was lost, so {'it' if one else 'they'} may be running "
        f"again: {ids}{more}. Copydesk won't retry {'it' if one else 'them'} twice. Refresh in a minute; if "
        f"{'it is' if one else 'one is'} still failed and no new job has appeared, start it again in Writer."
    )


def not_retried_words(result: RetriedJobs) -> str:
    """Why jobs weren't retried; empty if all were."""
    if not result.not_retried:
        return ""
    were = "wasn't" if result.not_retried == 1 else "weren't"
    reasons = " ".join(plain(reason) for reason in result.refused[:_SHOWN])
    return f"{count(result.not_retried, 'job')} {were} retried. " + (
        reasons or "Their states have changed since the page was drawn. Refresh to see the latest ones."
    )


def show_retried(result: RetriedJobs) -> None:
    """Say which retries need attention."""
    for words in (lost_words(result), not_retried_words(result)):
        if words:
            st.warning(words, icon=":material/replay:")


def left_out_words(result: CollectedJobs) -> list[str]:
    """What wasn't collected, and why; one sentence each."""
    sentences = [
        (result.in_batches, "belongs to a batch already", "belong to batches already"),
        (
            result.too_recent,
            "was left out because Copydesk was sending rows when it was created. Collect it in a minute",
            "were left out because Copydesk was sending rows when they were created. Collect them in a minute",
        ),
        (
            result.suspected,
            "may belong to an unconfirmed row. Open that batch and press Find lost jobs first",
            "may belong to unconfirmed rows. Open those batches and press Find lost jobs first",
        ),
        (
            result.retrying,
            "was left out because its last retry isn't settled",
            "were left out because their last retries aren't settled",
        ),
        (result.unreadable, "has no ID that Copydesk can read", "have no IDs that Copydesk can read"),
        (
            result.unread,
            "wasn't listed by Writer. Collect again to include it",
            "weren't listed by Writer. Collect again to include them",
        ),
    ]
    words = [f"{count(amount, 'job')} {one if amount == 1 else many}." for amount, one, many in sentences if amount]
    if result.unknown_ids:
        ids = ", ".join(plain(job_id) for job_id in result.unknown_ids[:_SHOWN])
        more = "" if len(result.unknown_ids) <= _SHOWN else f" and {number(len(result.unknown_ids) - _SHOWN)} more"
        words.append(f"Not jobs of this agent: {ids}{more}.")
    return words


def show_collected(result: CollectedJobs) -> None:
    """Say how many jobs were collected, and which ones weren't."""
    collected = f"Collected {count(result.collected, 'job')}." if result.collected else "No jobs to collect."
    why = left_out_words(result)
    if not result.collected and not why:
        why = ["Writer lists no jobs in that time span."]
    st.info("\n".join([collected, *(f"- {sentence}" for sentence in why)]), icon=":material/inventory_2:")
