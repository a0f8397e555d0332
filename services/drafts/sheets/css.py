"""The number formats that Excel and web systems write into HTML as CSS."""

import re

_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_CLASS = re.compile(r"\.([\w-]+)")
_FORMAT = re.compile(
    r"""mso-number-format\s*:\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^;"']+))""", re.IGNORECASE | re.DOTALL
)
_ESCAPE = re.compile(r"\\(?:([0-9A-Fa-f]{4}) ?|(.))", re.DOTALL)


class NumberFormats:
    """Format codes by CSS class, collected from a page's style sheets."""

    def __init__(self) -> None:
        self._by_class: dict[str, str] = {}

    def add_sheet(self, css: str) -> None:
        """Collect the formats of a style sheet's classes."""
        if "mso-number-format" not in css:
            return
        for selectors, rules in _RULE.findall(css):
            if code := format_in(rules):
                self._by_class |= dict.fromkeys(_CLASS.findall(selectors), code)

    def code(self, style: str, classes: str) -> str:
        """Give the format code of an element by its `style` and `class`; empty without one."""
        if code := format_in(style):
            return code
        return next((self._by_class[name] for name in classes.split() if name in self._by_class), "")


def format_in(rules: str) -> str:
    r"""Give the format code in CSS rules, such as `00000` for `mso-number-format:"00000"`, with escapes resolved."""
    match = _FORMAT.search(rules) if "mso-number-format" in rules.lower() else None
    if not match:
        return ""
    text = match[1] or match[2] or match[3] or ""
    return _ESCAPE.sub(_unescape, text).strip()


def _unescape(escape: re.Match[str]) -> str:
    if not escape[1]:
        return escape[2]
    return chr(int(escape[1], 16)).encode("utf-8", "replace").decode()  # half a surrogate pair is no character
