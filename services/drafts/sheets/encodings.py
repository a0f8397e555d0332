"""Which encoding a text file is in: the reading that somebody would have written, of all that are possible."""

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from services.drafts.sheets.alphabets import LANGUAGES
from services.drafts.sheets.multibyte import MULTIBYTE, multibyte_score
from services.drafts.sheets.plausibility import is_western_signs, single_byte_score
from services.errors import SheetError

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16 (Unicode text)",
    "utf-32": "UTF-32",
    "windows-1252": "Western European (Windows-1252)",
    "iso-8859-15": "Western European (ISO 8859-15)",
    "mac-roman": "Western European (Mac Roman)",
    "cp850": "Western European (DOS, CP850)",
    "cp437": "Western European (DOS, CP437)",
    "windows-1250": "Central European (Windows-1250)",
    "iso-8859-2": "Central European (ISO 8859-2)",
    "windows-1251": "Cyrillic (Windows-1251)",
    "koi8-r": "Cyrillic (KOI8-R)",
    "windows-1253": "Greek (Windows-1253)",
    "windows-1254": "Turkish (Windows-1254)",
    "windows-1255": "Hebrew (Windows-1255)",
    "windows-1256": "Arabic (Windows-1256)",
    "windows-1257": "Baltic (Windows-1257)",
    "gbk": "Simplified Chinese (GBK)",
    "big5": "Traditional Chinese (Big5)",
    "shift-jis": "Japanese (Shift-JIS)",
    "euc-jp": "Japanese (EUC-JP)",
    "iso-2022-jp": "Japanese (ISO-2022-JP)",
    "euc-kr": "Korean (EUC-KR)",
}
"""The encodings a person may choose from, and what each is called."""

# The supersets that Windows writes under these names
_CODECS = {"utf-8": "utf-8-sig", "gbk": "gb18030", "big5": "cp950", "shift-jis": "cp932", "euc-kr": "cp949"}
_MARKS_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MARKS_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_JAPANESE_ESCAPE = re.compile(rb"\x1b\$[@B]")

_SAMPLE_BYTES = 32_768
_SAMPLE_LINES = 200
_MIN_UTF32_CHARACTERS = 4
_PREVIEWS = 6
_PREVIEW_LENGTH = 80
_DETECTOR_BONUS = 2.5
"""What the opinion of Firefox's detector is worth, in letters of a language."""
_DETECTOR_SHARE = 0.5
"""And what it's worth in a long text, as a share of the score."""
_SURE_MARGIN, _SURE_SHARE = 1.5, 0.25
"""By how much the best reading leads the next one, in letters, and its score for each character beyond ASCII."""
_SURE_LEAD = 0.05
"""The share of its score by which the best reading of a long text leads the next one."""
_MIN_READINGS = 3
"""How many readings are shown, however unlikely all but the best are."""
_SURE_BYTES = 4
"""How many bytes beyond ASCII make another script sure: fewer are as often a short word of any other language."""

_TOP_LEVEL_DOMAINS = {"cs": "cz", "da": "dk", "el": "gr", "en": "com", "et": "ee", "fa": "ir", "he": "il", "ja": "jp"}
_TOP_LEVEL_DOMAINS |= {"ko": "kr", "sl": "si", "sr": "rs", "sv": "se", "uk": "ua", "vi": "vn", "zh": "cn"}


@dataclass(frozen=True)
class Guess:
    """What a text's encoding probably is."""

    encoding: str
    """One of the keys of `ENCODINGS`."""
    is_sure: bool = True
    """Whether no other reading is nearly as likely."""
    previews: tuple[tuple[str, str], ...] = ()
    """The likely encodings, the found one first, each with how it reads a line of the text; empty for Unicode."""


def find_encoding(data: bytes, language: str = "") -> Guess:
    """Find the encoding of a text. `language` is the reader's, as a browser tells it ("pl-PL"), or ""."""
    if is_utf32(data):
        return Guess("utf-32")
    if data.startswith(_MARKS_UTF16) or _utf16_without_mark(data):
        return Guess("utf-16")
    if _JAPANESE_ESCAPE.search(data) and data.isascii() and _decodes(data, "iso-2022-jp"):
        return Guess("iso-2022-jp")
    if data.isascii() or _is_mostly_utf8(data):
        return Guess("utf-8")
    sample = _telling_lines(data)
    western = _decoded(sample, "windows-1252")
    if western is not None and is_western_signs(western):
        return Guess("windows-1252")
    scores = dict(_scores(sample, language.partition("-")[0].lower()))
    if (vote := _detected(sample, language)) in scores:
        scores[vote] += max(_DETECTOR_BONUS, _DETECTOR_SHARE * scores[vote])
    ranked = sorted(scores, key=lambda encoding: -scores[encoding])
    is_sure = _is_sure(sample, ranked, scores)
    likely = [
        each for place, each in enumerate(ranked) if place < _MIN_READINGS or scores[each] > scores[ranked[0]] - 40
    ]
    return Guess(ranked[0], is_sure, _previews(sample, likely))


def _is_sure(sample: bytes, ranked: Sequence[str], scores: Mapping[str, float]) -> bool:
    """Whether the best reading is plausible, and more so than any other that reads differently."""
    best, text, beyond = scores[ranked[0]], _decoded(sample, ranked[0]), _beyond_ascii(sample)
    second = next((scores[each] for each in ranked[1:] if _decoded(sample, each) != text), -99.0)
    is_plausible = best >= _SURE_SHARE * beyond and (beyond >= _SURE_BYTES or _is_latin(ranked[0]))
    return is_plausible and best - second >= max(_SURE_MARGIN, _SURE_LEAD * best)


def codec_for(data: bytes, encoding: str) -> tuple[str, bool]:
    """Name Python's codec that reads `data` in an encoding of `ENCODINGS`, and whether all bytes fit it.

    Raises:
        SheetError: the encoding is unknown.
    """
    if encoding not in ENCODINGS:
        raise SheetError(f"The encoding “{encoding}” isn't on the list. Choose one from the list.")
    codec = _CODECS.get(encoding, encoding)
    if encoding == "utf-16" and not data.startswith(_MARKS_UTF16):
        codec = _utf16_without_mark(data) or "utf-16-le"
    if encoding == "utf-32" and not data.startswith(_MARKS_UTF32):
        codec = _utf32_without_mark(data) or "utf-32-le"
    return codec, _decodes(data, codec)


def is_utf32(data: bytes) -> bool:
    """Tell whether a text, or its beginning, is UTF-32, with a byte order mark or without."""
    return data.startswith(_MARKS_UTF32) or _utf32_without_mark(data) is not None


def _utf32_without_mark(data: bytes) -> str | None:
    """Name the UTF-32 codec for text whose every fourth byte is zero, and nearly always the one beside it."""
    sample = data[:_SAMPLE_BYTES]
    sample = sample[: len(sample) - len(sample) % 4]
    if len(sample) < 4 * _MIN_UTF32_CHARACTERS:
        return None
    for codec, order in (("utf-32-le", (3, 2, 0)), ("utf-32-be", (0, 1, 3))):
        highest, next_, lowest = (sample[place::4].count(0) * 4 for place in order)
        if highest == len(sample) and next_ * 10 > len(sample) * 9 and lowest * 10 < len(sample):
            return codec
    return None


def _decodes(data: bytes, codec: str, *, may_be_cut: bool = False) -> bool:
    """Whether all bytes fit an encoding; `may_be_cut` allows for an end within a character."""
    try:
        codecs.getincrementaldecoder(codec)().decode(data, final=not may_be_cut)
    except UnicodeDecodeError:
        return False
    return True


def _utf16_without_mark(data: bytes) -> str | None:
    """Name the UTF-16 codec for text whose every other byte is mostly zero."""
    sample = data[: _SAMPLE_BYTES - _SAMPLE_BYTES % 2]
    pairs = len(sample) // 2
    first, second = sample[0::2].count(0), sample[1::2].count(0)
    if len(data) % 2 or min(first, second) * 10 > pairs or max(first, second) * 2 < pairs:
        return None
    return "utf-16-le" if second > first else "utf-16-be"


_UTF8_SEQUENCES = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_CUT_UTF8 = re.compile(rb"(?<![A-Z\x80-\xff])(?:[\xc2\xc3]|\xe2[\x80-\x82]|\xf0\x9f)\Z")
"""How UTF-8 ends that was cut within its first character beyond ASCII: an accent, a quotation mark, an emoji."""
_SEQUENCE = b"\x01"
_TOUCHING = re.compile(rb"\x01[\x80-\xff]|[\x80-\xff]\x01")
"""A byte that isn't UTF-8 beside a sequence that is: seldom where texts were joined, but usual in other encodings."""
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")


def _is_mostly_utf8(data: bytes) -> bool:
    """Whether a text is UTF-8 but for a few bytes: other encodings hardly ever form its sequences by chance."""
    if _decodes(data, "utf-8"):
        return True
    valid = len(_UTF8_SEQUENCES.findall(data))
    if _decodes(data, "utf-8", may_be_cut=True):
        return valid > 0 or _CUT_UTF8.search(data) is not None
    marked = _UTF8_SEQUENCES.sub(_SEQUENCE, data)
    touching = len(_TOUCHING.findall(marked))
    return valid > 0 and len(_HIGH_BYTE.findall(marked)) <= valid and touching * 4 <= valid


def _scores(sample: bytes, language: str) -> Iterator[tuple[str, float]]:
    """Score the encodings that fit the sample."""
    for encoding in LANGUAGES:
        if (text := _decoded(sample, encoding)) is not None:
            score, _ = single_byte_score(text, encoding, language)
            yield encoding, score + _PRIORS.get(encoding, 0.0)
    for encoding, languages in MULTIBYTE.items():
        if (text := _decoded(sample, encoding)) is not None:
            bonus = 2.0 if language in languages else 0.0
            if encoding == "euc-jp" and not _KANA.search(text):
                bonus += _NO_KANA
            yield encoding, multibyte_score(text, encoding) + bonus + _PRIORS.get(encoding, 0.0)


_KANA = re.compile("[\u3041-\u30fe]")
_NO_KANA = -6.0
"""Japanese is hardly ever without; a few ideographs alone would be EUC-JP as well as GBK or EUC-KR."""
_PRIORS = {"windows-1252": 0.5, "mac-roman": -0.5, "windows-1257": -0.5, "iso-8859-2": -0.5}
_PRIORS |= {"koi8-r": -2.5, "euc-jp": -2.5, "cp850": -4.0, "cp437": -4.5}
"""How common encodings are, in letters: what decides between readings that are the same or as good."""


def _decoded(sample: bytes, encoding: str) -> str | None:
    try:
        return sample.decode(_CODECS.get(encoding, encoding))
    except UnicodeDecodeError:
        return None


def _detected(sample: bytes, language: str) -> str:
    """Ask the detector of Firefox, which knows pairs of letters; it doesn't know Mac Roman."""
    from chardetng_py.detector import EncodingDetector

    code = language.partition("-")[0].lower()
    domain = _TOP_LEVEL_DOMAINS.get(code, code) if len(code) == 2 else ""
    detector = EncodingDetector()
    detector.feed(sample, last=True)
    found: str = detector.guess(tld=domain.encode() or None, allow_utf8=False).lower()
    return _SAME.get(found, found)


_SAME = {"shift_jis": "shift-jis", "gb18030": "gbk", "koi8-u": "koi8-r", "iso-8859-7": "windows-1253"}
_SAME |= {"iso-8859-8": "windows-1255", "iso-8859-8-i": "windows-1255", "iso-8859-6": "windows-1256"}


def _telling_lines(data: bytes) -> bytes:
    """Pick lines that aren't plain ASCII, since the others fit every encoding."""
    lines = (line for line in data.splitlines(keepends=True) if not line.isascii())
    picked = b"".join(dict.fromkeys(islice(lines, _SAMPLE_LINES)))  # what is repeated tells nothing new
    if len(picked) <= _SAMPLE_BYTES:
        return picked
    end = picked.rfind(b"\n", 0, _SAMPLE_BYTES) + 1
    return picked[: end or _SAMPLE_BYTES]


def _beyond_ascii(sample: bytes) -> int:
    return sum(byte > 0x7F for byte in sample)


def _is_latin(encoding: str) -> bool:
    return any(language.is_latin for language in LANGUAGES.get(encoding, ()))


def _previews(sample: bytes, ranked: list[str]) -> tuple[tuple[str, str], ...]:
    """Show how likely encodings read the line with the most bytes beyond ASCII; the same reading only once."""
    line = max(sample.splitlines(), key=lambda line: _beyond_ascii(line[:400]), default=b"")[:400]
    read: dict[str, str] = {}
    for encoding in ranked:
        text = " ".join(line.decode(_CODECS.get(encoding, encoding), "replace").split())
        read.setdefault(_around_first_letter(text), encoding)
    return tuple((encoding, text) for text, encoding in islice(read.items(), _PREVIEWS))


def _around_first_letter(text: str) -> str:
    """Cut a line to the part where characters beyond ASCII are."""
    first = next((place for place, sign in enumerate(text) if not sign.isascii()), 0)
    start = max(0, first - _PREVIEW_LENGTH // 4)
    cut = text[start : start + _PREVIEW_LENGTH]
    return ("…" if start else "") + cut + ("…" if start + _PREVIEW_LENGTH < len(text) else "")
