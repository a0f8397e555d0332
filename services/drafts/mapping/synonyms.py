"""Words that mean the same in the column names of product and content spreadsheets.

The table is short on purpose: a wrong synonym proposes a wrong column. A word is listed where shop exports (Shopify,
WooCommerce, Amazon), style guides, and templates use it for the same field, in English or as the usual German, French,
or Spanish name. Words with several meanings ("article", "text", "label") aren't listed.
"""

import re
import unicodedata
from collections.abc import Sequence

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+|\d+")

_SYNONYMS = {
    "product": "product, item, variant, produkt, produit, producto",
    "name": "name, title, bezeichnung, titel, nom, titre, nombre, titulo",
    "product name": "produktname, artikelname, produktbezeichnung, produkttitel",
    "key": "key, main, primary, top, wichtige, wichtigste, principal, principales, principale, cle",
    "description": "description, desc, copy, body, beschreibung, beschreibungstext, descripcion",
    "product description": "produktbeschreibung, artikelbeschreibung",
    "feature": "feature, characteristic, attribute, spec, specification, highlight, selling point, usp, bullet, "
    "bullet point, merkmal, merkmale, eigenschaft, eigenschaften, caracteristique, caracteristica",
    "price": "price, cost, msrp, rrp, preis, prix, precio",
    "sku": "sku, article number, article no, item number, item no, item code, item id, product number, product no, "
    "product code, product id, part number, part no, style number, style code, artikelnummer, artikelnr, artikel nr, "
    "reference, referencia",
    "barcode": "barcode, ean, gtin, upc, isbn",
    "brand": "brand, manufacturer, vendor, maker, marke, hersteller, marque, fabricant, marca, fabricante",
    "category": "category, type, kategorie, categorie, categoria",
    "image": "image, photo, picture, pic, img, bild, foto, imagen",
    "alt text": "alt text, alternative text, image description, image alt, alt tag, bildbeschreibung",
    "video": "video",
    "file": "file, document, attachment, datei, fichier, archivo",
    "link": "link, url, web address, website, webpage, web page, landing page, src, lien, enlace",
    "id": "id, identifier",
    "keyword": "keyword, key word, tag, schlagwort, schlagworter, stichwort, stichworter, mot cle, palabra clave, "
    "etiqueta",
    "audience": "audience, target audience, target group, target market, persona, reader, zielgruppe, public cible, "
    "publico objetivo, publico",
    "tone": "tone, tone of voice, brand voice, voice, style, tonality, tonfall, tonalitat, ton, tono",
    "language": "language, lang, locale, sprache, langue, idioma",
    "country": "country, market, region, land, pays, pais",
    "channel": "channel, platform, network, social network, kanal, plattform, canal, plateforme, plataforma",
    "topic": "topic, subject, theme, thema, sujet, tema",
    "subject line": "subject line, email subject, betreff",
    "headline": "headline, heading, uberschrift, schlagzeile",
    "call to action": "call to action, cta",
    "color": "color, colour, farbe, couleur",
    "size": "size, dimension, grosse, abmessung, abmessungen, taille, talla",
    "material": "material, fabric, materiau",
    "weight": "weight, gewicht, poids, peso",
    "quantity": "quantity, qty, stock, inventory, menge, bestand, anzahl, quantite, cantidad",
    "count": "count",
    "date": "date, datum, fecha",
    "status": "status",
}
"""The phrases for each meaning; a meaning of several words ("product name") is several meanings together."""

WEAK_MEANINGS = frozenset({"product", "name", "key"})
"""Meanings that a name can have or lack and still be about the same thing: "Brand" and "Brand name"."""
POINTERS = frozenset({"link", "id", "file"})
"""How a picture or file is given: "Image" and "Image URL"."""
POINTED_AT = frozenset({"image", "video", "file"})


def split_words(name: str) -> list[str]:
    """Give the words and numbers of a name without case, accents, and plural: "productNames 2" is product, name, 2."""
    split = _CAMEL.sub(" ", name)
    plain = "".join(
        char for char in unicodedata.normalize("NFKD", split).casefold() if unicodedata.category(char) != "Mn"
    )
    return [_singular(token) for token in _WORD.findall(plain)]


def meanings(words: Sequence[str]) -> list[tuple[str, int]]:
    """Give what a name's words mean, each with the number of words up to its end; an unknown word means itself.

    Longer phrases come first: "target group" is an audience, and "product code" is no product.
    """
    found: list[tuple[str, int]] = []
    start = 0
    while start < len(words):
        length = next(n for n in range(_LONGEST, 0, -1) if n == 1 or tuple(words[start : start + n]) in _MEANINGS)
        phrase = tuple(words[start : start + length])
        start += length
        found.extend((meaning, start) for meaning in _MEANINGS.get(phrase, phrase))
    return found


def _singular(word: str) -> str:
    if word.endswith("s") and len(word) > 2 and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return word[:-2] + "y" if word.endswith("ie") else word


_ONE_MEANING = frozenset({"alt text", "subject line", "call to action"})
_MEANINGS: dict[tuple[str, ...], tuple[str, ...]] = {
    tuple(split_words(phrase)): (meaning,) if meaning in _ONE_MEANING else tuple(meaning.split())
    for meaning, phrases in _SYNONYMS.items()
    for phrase in phrases.split(",")
}
_LONGEST = max(len(phrase) for phrase in _MEANINGS)
KNOWN_MEANINGS = frozenset(meaning for all_meanings in _MEANINGS.values() for meaning in all_meanings)
