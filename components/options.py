"""Sending options in words, for the page that sets them and the one that shows them."""

from components.words import count, number
from services.models import LaunchOptions


def in_words(options: LaunchOptions) -> list[str]:
    """Give a few words for each option that isn't the default."""
    words: list[str] = []
    if options.sample_rows is not None:
        words.append(f"sample of {count(options.sample_rows, 'row')} first")
    if options.retries:
        often = "once" if options.retries == 1 else f"up to {number(options.retries)} times"
        words.append(f"failed jobs retried {often}")
    if options.resend_lost:
        words.append("lost rows resent")
    return words
