"""Launch options in words, for the page that sets them and the one that shows them."""

from components.words import count, number
from services.models import LaunchOptions


def in_words(options: LaunchOptions) -> list[str]:
    """What was chosen at launch, a few words for each choice that is not the usual one."""
    told: list[str] = []
    if options.sample_rows is not None:
        first = "first row" if options.sample_rows == 1 else f"first {count(options.sample_rows, 'row')}"
        told.append(f"{first} before the others")
    if options.retries:
        more = "once more" if options.retries == 1 else f"up to {number(options.retries)} more times"
        told.append(f"failed jobs tried {more}")
    if options.resend_lost:
        told.append("lost rows sent again")
    return told
