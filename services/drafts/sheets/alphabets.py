"""The letters beyond ASCII that languages use, by the encodings they are written in."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """A language as spreadsheets are written in."""

    code: str
    """ISO 639-1."""
    letters: str
    """Lowercase letters that aren't ASCII, the most frequent ones first."""
    is_latin: bool = True
    """Whether its words mix these letters with those of ASCII."""


_WESTERN = (
    Language("en", "éè"),
    Language("fr", "éèàêçâîùôûœïëæ"),
    Language("de", "üäöß"),
    Language("es", "óíáñéúü"),
    Language("pt", "ãçáéíóõêâàúô"),
    Language("it", "èàòùìé"),
    Language("nl", "ëéèïöü"),
    Language("ca", "àóèéíçòúïü·"),
    Language("sv", "äåöé"),
    Language("da", "øåæé"),
    Language("fi", "äöå"),
    Language("is", "íðáþóéæúýö"),
)
_CENTRAL = (
    Language("pl", "ęłóążśćńź"),
    Language("cs", "íáěéřůýčšžúťňďó"),
    Language("sk", "áíéčýšžúľťôňäóďĺŕ"),
    Language("hu", "áéőóöüíúű"),
    Language("ro", "ăîâșțşţ"),
    Language("hr", "čžšćđ"),
    Language("sl", "čšž"),
)
_TURKISH = (Language("tr", "ıüşçğöâî"), Language("az", "əıüşçğö"))
_BALTIC = (Language("lt", "ėųžįšūčęą"), Language("lv", "āīēšņūķļžģč"), Language("et", "äõüöšž"))
_CYRILLIC = (
    Language("ru", "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё", is_latin=False),
    Language("uk", "оанивіерткслудпмязьгйчбшхцжюїєщфґ", is_latin=False),
    Language("bg", "аоиетнрсвлкдпмзгубчъяцхжйшщюфь", is_latin=False),
    Language("sr", "аоиенрстјвкпулмдзгбшчжцњљхћфђџ", is_latin=False),
)
_GREEK = (Language("el", "αοιτεσνηυρπκμλςίωγδάόέθήχφύβζξώψϊϋΐ", is_latin=False),)
_HEBREW = (Language("he", "יוהלאמרתבשנדחקעפגםטסןזכצךףץ", is_latin=False),)
_ARABIC = (
    Language("ar", "اليمونرتبدعسةهقفحكجشطصأخذزضغثىإئءظآؤًّ", is_latin=False),
    Language("fa", "ایرندهمتسوبشگکزلخفپقجعحچژغصطضذثظآئ", is_latin=False),
)

LANGUAGES: dict[str, tuple[Language, ...]] = {
    "windows-1252": _WESTERN,
    "mac-roman": _WESTERN,
    "windows-1250": (*_CENTRAL, Language("de", "üäöß")),
    "iso-8859-2": (*_CENTRAL, Language("de", "üäöß")),
    "windows-1254": _TURKISH,
    "windows-1257": _BALTIC,
    "windows-1251": _CYRILLIC,
    "windows-1253": _GREEK,
    "windows-1255": _HEBREW,
    "windows-1256": _ARABIC,
    "koi8-r": _CYRILLIC,
    "cp850": _WESTERN,
    "cp437": _WESTERN,
}
"""The languages of each encoding with one byte a character, the likeliest encodings first."""
