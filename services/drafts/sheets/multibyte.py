"""How likely a text is Chinese, Japanese or Korean, and not the same bytes read in a wrong encoding."""

import re
from collections.abc import Callable

_HALF_WIDTH_WORD = re.compile("[\uff66-\uff9d]{3,}[\uff9e\uff9f]*")
_MIXED = re.compile(r"[A-Za-z][\u3400-\u9fff\uac00-\ud7a3\uff61-\uff9f]|[\u3400-\u9fff\uac00-\ud7a3\uff61-\uff9f][a-z]")

_COMMON, _KANA, _RARE, _ODD = 3.0, 3.2, -4.0, -6.0
"""Of a character of two bytes: twice what a letter of one byte gets."""


def multibyte_score(text: str, encoding: str) -> float:
    """Score a text that was read as one of `MULTIBYTE`: above 0 for what could have been written."""
    rate = _RATES[encoding]
    half_width = sum(len(found) for found in _HALF_WIDTH_WORD.findall(text))
    odd_half_width = sum("\uff61" <= sign <= "\uff9f" for sign in text) - half_width
    score = sum(rate(sign) for sign in text if not sign.isascii() and not "\uff61" <= sign <= "\uff9f")
    return score + half_width * 0.8 + odd_half_width * _RARE - 2.5 * len(_MIXED.findall(text))


def _general(sign: str) -> float | None:
    """Score what is the same in all of them; None for ideographs and Hangul."""
    if "\u3000" <= sign <= "\u3003" or "\u3008" <= sign <= "\u3011" or "\uff01" <= sign <= "\uff5e":
        return 1.5  # punctuation and full-width forms
    if "\u3041" <= sign <= "\u30ff":
        return _KANA if sign not in "\u30ff" else 0.0
    if "\ue000" <= sign <= "\uf8ff":
        return _ODD * 2
    if "\u4e00" <= sign <= "\u9fff" or "\uac00" <= sign <= "\ud7a3":
        return None
    return 0.5 if sign in "“”‘’…—–·×°±℃～・" else _RARE


def _gbk(sign: str) -> float:
    general = _general(sign)
    if general is not None:
        return general if not "\u3041" <= sign <= "\u30ff" else -1.0
    return _by_bytes(sign, "gb2312", 0xB0, 0xD7)


def _big5(sign: str) -> float:
    general = _general(sign)
    return general if general is not None else _by_bytes(sign, "big5", 0xA4, 0xC6)


def _euc_jp(sign: str) -> float:
    general = _general(sign)
    return general if general is not None else _by_bytes(sign, "euc_jp", 0xB0, 0xCF)


def _shift_jis(sign: str) -> float:
    general = _general(sign)
    return general if general is not None else _by_bytes(sign, "shift_jis", 0x88, 0x97)


def _euc_kr(sign: str) -> float:
    general = _general(sign)
    if general is not None:
        return general if not "\u3041" <= sign <= "\u30ff" else -1.0
    if "\uac00" <= sign <= "\ud7a3":
        return _by_bytes(sign, "euc_kr", 0xB0, 0xC8)
    return -2.0  # ideographs are rare in today's Korean


def _by_bytes(sign: str, codec: str, first: int, last: int) -> float:
    """Score by the character set's own order: the common characters come first."""
    try:
        lead = sign.encode(codec)[0]
    except UnicodeEncodeError:
        return _ODD
    return _COMMON if first <= lead <= last else _RARE


_RATES: dict[str, Callable[[str], float]] = {
    "gbk": _gbk,
    "big5": _big5,
    "shift-jis": _shift_jis,
    "euc-kr": _euc_kr,
    "euc-jp": _euc_jp,
}

MULTIBYTE = {"gbk": ("zh",), "big5": ("zh",), "shift-jis": ("ja",), "euc-kr": ("ko",), "euc-jp": ("ja",)}
"""The encodings, and the codes of the languages that are written in them."""
