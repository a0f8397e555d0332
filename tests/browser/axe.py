"""Accessibility problems that axe-core finds on a page."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_SCRIPT = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text()
_SERIOUS = ("serious", "critical")

KNOWN: tuple[tuple[str, str, str], ...] = ()
"""Problems of Streamlit's own widgets that we can't fix: the rule, part of the element's HTML, and the reason."""


def serious_problems(page: Page) -> list[str]:
    """What axe-core calls serious or critical, one line for each element, without what is known."""
    page.evaluate(f"() => {{ {_SCRIPT} }}")  # not a script element: the Content-Security-Policy forbids those
    result = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {node['html'][:200]} ({_why(node)})"
        for violation in result["violations"]
        for node in violation["nodes"]
        if violation["impact"] in _SERIOUS and not _is_known(violation["id"], node["html"])
    ]


def _is_known(rule: str, html: str) -> bool:
    return any(rule == known and part in html for known, part, _ in KNOWN)


def _why(node: dict[str, Any]) -> str:
    return "; ".join(check["message"] for check in [*node["any"], *node["all"], *node["none"]])
