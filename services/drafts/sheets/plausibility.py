"""How likely a text is what somebody wrote, and not the same bytes read in a wrong encoding."""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from services.drafts.sheets.alphabets import LANGUAGES, Language

_WORD = re.compile(r"[^\W\d_µªº]+")
_LETTERS_AS_SIGNS = "µªº"
"""Letters by Unicode, and units and marks in a spreadsheet."""
_QUOTES_BEFORE = "‘“‚„«‹¿¡"
_QUOTES_AFTER = "’”»›…"
_MARKS = "©®™"
_CURRENCIES = "£€¥¢"
_SPACES = " \t\r\n\"'()[]/,;|"

_GOOD_LETTER, _RARE_LETTER = 1.6, 0.6
_FOREIGN_LETTER = -3.0
_WRONG_CASE = -3.0
_IN_A_ROW = -0.8
_GOOD_SIGN, _ODD_SIGN = 1.0, -1.6
_CONTROL = -12.0
_LONE_LETTER = -3.0
_WORDS_OF_ONE_LETTER = "àÀéÉèÈóÓáÁíåÅöÖøØæíîşŞ"


def is_western_signs(text: str) -> bool:
    """Whether all characters beyond ASCII of a text read as Windows-1252 are signs that stand where they belong."""
    beyond = [place for place, sign in enumerate(text) if not sign.isascii()]
    return all(
        text[place] == "Ø" or (not _is_letter(text[place]) and _sign_score(*_around(text, place)) > 0)
        for place in beyond
    )


def single_byte_score(text: str, encoding: str, language: str) -> tuple[float, str]:
    """Score a text that was read in an encoding of `LANGUAGES`; gives the score and the best language's code.

    The score is a sum over the characters beyond ASCII: above 0 for what could have been written. `language` is a
    hint: the code of the reader's language, or "".
    """
    words = Counter(word for word in _WORD.findall(text) if not word.isascii())
    best = max(
        ((_language_score(words, each, language), each.code) for each in LANGUAGES[encoding]), key=lambda pair: pair[0]
    )
    return best[0] + _signs_score(text), best[1]


def _language_score(words: Counter[str], language: Language, hint: str) -> float:
    score = sum(_word_score(word, language) * number for word, number in words.items())
    return score + (2.0 if words and language.code == hint else 0.0)


@lru_cache(maxsize=20_000)
def _word_score(word: str, language: Language) -> float:
    """Score a word by its letters, their case, and how they stand together."""
    score = 0.0
    special = [not letter.isascii() for letter in word]
    for place, letter in enumerate(word):
        if special[place]:
            score += _letter_score(letter, language)
            if language.is_latin and place and special[place - 1]:
                score += _IN_A_ROW * (2 if place > 1 and special[place - 2] else 1)
            if letter.isupper() and place and word[place - 1].islower():
                score += _WRONG_CASE
        elif not language.is_latin:
            score += _FOREIGN_LETTER / 2
        elif place and letter.islower() and special[place - 1] and word[place - 1].isupper() and place > 1:
            score += _WRONG_CASE / 2
    if len(word) == 1:
        score += _alone_score(word, language)
    return score + _ends_score(word, language)


def _alone_score(letter: str, language: Language) -> float:
    """Few letters beyond ASCII are a word of their own."""
    if not language.is_latin:
        return -1.0
    return 0.0 if letter in _WORDS_OF_ONE_LETTER else _LONE_LETTER


def _letter_score(letter: str, language: Language) -> float:
    rank = language.letters.find(letter.lower())
    if rank < 0:
        return _FOREIGN_LETTER
    return _GOOD_LETTER - (_GOOD_LETTER - _RARE_LETTER) * rank / max(1, len(language.letters) - 1)


def _ends_score(word: str, language: Language) -> float:
    """Letters that only end a word don't stand inside one, and the other way round."""
    if language.code == "el":
        return -2.0 * word[:-1].count("ς") - (2.0 if word.endswith("σ") and len(word) > 1 else 0.0)
    if language.code == "he":
        return -2.0 * sum(letter in "םןךףץ" for letter in word[:-1])
    if language.code == "ar":
        return -1.5 * sum(letter in "ةى" for letter in word[:-1])
    return 0.0


def _signs_score(text: str) -> float:
    """Score the characters that are no letters by where they stand."""
    score = 0.0
    for place, sign in enumerate(text):
        if sign.isascii() or _is_letter(sign):
            continue
        score += _sign_score(*_around(text, place))
    return score


def _is_letter(sign: str) -> bool:
    return sign.isalpha() and sign not in _LETTERS_AS_SIGNS


def _around(text: str, place: int) -> tuple[str, str, str]:
    """A character, the one before it, and the one after it; the ends of the text count as blanks."""
    return text[place], text[place - 1] if place else " ", text[place + 1] if place + 1 < len(text) else " "


def _sign_score(sign: str, before: str, after: str) -> float:
    if unicodedata.category(sign) in ("Cc", "Co", "Cn"):
        return _CONTROL
    return _GOOD_SIGN if _is_in_place(sign, before, after) else _ODD_SIGN


def _is_in_place(sign: str, before: str, after: str) -> bool:  # noqa: C901 - one line for each kind of sign
    if sign in _CURRENCIES:
        return after.isdigit() or before.isdigit() or (before in _SPACES and after in _SPACES)
    if sign == "°":
        return before.isdigit() or before in " \u00a0nN" or after in "CF"
    if sign in "²³¹":
        return (before.isdigit() or before in "mMtnxrs)") and not after.isalpha()
    if sign in "½¼¾":
        return not before.isalpha() and not (after.isalpha() and after not in "xXlL")
    if sign in "×÷±":
        return (before in _SPACES or before.isdigit() or before in "\"”'’m") and not after.isalpha()
    if sign in _MARKS:
        return before not in _SPACES or after in _SPACES or after.isdigit()
    if sign in _QUOTES_BEFORE:
        return before in _SPACES and after not in _SPACES
    if sign in "’ʼ":
        return before not in " \t"
    if sign in _QUOTES_AFTER:
        return (before not in _SPACES or sign == "…") and not (before.isalpha() and after.isalpha())
    if sign in "–—•·†‡§¶":
        return not (before.isalpha() and after.isalpha()) or sign == "—"
    if sign in "ªº":
        return before.isdigit() or before in "nN"
    if sign == "µ":
        return after in "mgsAVLlF"
    return sign in "\u00a0\u00ad\u200b‰‹›" and sign not in "‹›"
