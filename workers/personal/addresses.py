"""Postal addresses, by the shapes they have in several countries. Pure."""

import re
from collections.abc import Iterator

from workers.personal.found import Found, groups

_ZIP = r"(?:[A-Z]{2},? \d{5}(?:-\d{4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})"
_STREET = (
    r"(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|square|sq|terrace|way"
    r"|parkway|pkwy|highway|hwy|crescent|close"
    r"|trail|circle|row|mews|gardens|grove|hill|alley)"
)
_DATED = re.compile(r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December) \d")
_UNIT = r"(?:(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Studio|Room|No|Nr|Lok|m|Piso|Int)\b\.?|#) ?\w{1,6}"
_WORD = r"[^\W\d_a-z][\w'’.-]{1,24}"
_SMALL_WORDS = (
    r"(?:(?:de|del|la|las|los|le|les|des|du|da|do|dos|di|della|delle|degli|dei|dal|ai|al"
    r"|van|von|der|den|zur|am|an|e|y|et|of|the) |d['’]|l['’])"
)
# Behind a street and its unit: short lines or parts, whatever their words, that end in a postcode.
_TO_POSTCODE = (
    r"(?:(?:[ \t]*[,\n][>?*|\s,]{0,8}[^\n,;!?:@]{2,30}){0,4}?"
    r"[ ,\n>?*|]{1,8}(?:[A-Z]{1,3}[- ]?)?\d{4,6}(?:-\d{3,4})?\b)?"
)
# What may follow a street: a unit, a town or country of capitals, a postcode; each behind a comma or on its own line.
_REST = (
    rf"(?:(?:,? |[ \t]*[,.]?[ \t]*\n[>?*|\s,]{{0,8}}|, ?)(?:{_UNIT}|[A-Z]{{0,2}}-?\d{{3,6}}(?:[ -]\w{{2,4}})?\b"
    rf"|(?:{_WORD})(?: (?:{_SMALL_WORDS}){{0,2}}{_WORD}){{0,3}}(?= ?(?:,|\n|$|\d|\.\s)))){{0,5}}"
)
_STREET_ENDING = (
    r"(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|gata|gatan|v[aä]gen|vej|gade|straat|laan|plein|katu|kuja"
    r"|veien|vegen|svingen|vegur|g[oö]tu|kade|gracht|dijk)"
)
_STREET_FIRST = (
    r"(?:rue|avenue|boulevard|place|chemin|impasse|all[eé]e|quai|cours|route|Calle|C/|Avenida|Avda\.?|Av\.|Plaza"
    r"|Paseo|Camino"
    r"|Carrer|Ronda|Via|Viale|Piazza|Corso|Vicolo|Strada|Rua|Travessa|Largo|ul\.|ulica|al\.|aleja|os\.|pl\.)"
)
_ADDRESSES = (
    # Military post, boxes.
    re.compile(
        r"\b(?:PSC|Unit|CMR) \d{1,5},? Box \d{1,6}\s{0,3}(?:[AFD]PO A[AEP] \d{5})?"
        r"|\bUSN?S [A-Z]\w+\s{1,3}FPO A[AEP] \d{5}"
    ),
    re.compile(
        rf"(?:\b\d{{1,6}},? )?\b(?:P\.? ?O\.? ?Box|Postfach|Apartado|Bo[iî]te postale|Casella postale|Postbus"
        rf"|Skrytka) ?\d{{1,7}}{_REST}"
    ),
    # Number and street, in the order of English; a number of the building may stand before.
    re.compile(
        rf"\b(?:\d{{1,6}} )?\d{{1,6}}[A-Za-z]? (?:{_WORD} ){{1,4}}(?i:{_STREET})\b\.?(?! (?:am|pm)\b)"
        rf"{_REST}{_TO_POSTCODE}"
    ),
    re.compile(r"(?i)\b\d{1,6} (?:[a-z]{2,14} ){1,3}(?:street|avenue|lane|road|boulevard|blvd|ave|hwy|highway)\b"),
    # A street by its ending, or by the word before it, with a number on either side.
    re.compile(
        rf"(?:\b\d{{1,6}} )?\b(?:[A-ZÀ-Þ][\w-]{{1,30}}(?i:{_STREET_ENDING})"
        rf"|{_WORD}(?: {_WORD})? (?i:{_STREET_ENDING}|gate|veg|tie|ring|terrasse|utca|[uú]t|t[eé]r|ulica"
        rf"|cesta|n[aá]m[eě]st[ií])) \d{{1,5}}(?: ?[a-z]\b)?\.?(?:[-/]\d{{1,4}})?{_REST}"
    ),
    re.compile(
        rf"(?:\b\d{{1,6}},? )?(?:\b\d{{1,4}}(?: ?bis)?,? )?\b{_STREET_FIRST} (?:{_SMALL_WORDS}){{0,2}}{_WORD}"
        rf"(?: (?:{_SMALL_WORDS}){{0,2}}{_WORD}){{0,4}},? n?[º°]?\.? ?\d{{1,4}}\w?\b{_REST}"
    ),
    re.compile(
        rf"\b(?:\d{{1,6}} )?\d{{1,6}}(?: ?bis)?,? {_STREET_FIRST} (?:{_SMALL_WORDS}){{0,2}}{_WORD}"
        rf"(?: (?:{_SMALL_WORDS}){{0,2}}{_WORD}){{0,4}}{_REST}"
    ),
    # A house number, a street of any words, with or without its own number, and a flat: in any case of letters.
    re.compile(
        rf"(?i)\b\d{{1,6}} [^\n,;!?:@]{{3,50}}?(?: \d{{1,5}})?[, ]{{0,2}}(?:[ ,]|\n[>?*|\s]{{0,8}})"
        rf"(?:apt|apartment|suite|ste|flat)\b\.? ?\d\w{{0,5}}(?: (?:suite|unit) \w{{1,6}})?(?-i:{_REST}){_TO_POSTCODE}"
    ),
    # A street word first between two numbers, in any case of letters.
    re.compile(
        rf"(?i)\b\d{{1,6}},? (?:{_STREET_FIRST}|r[uú]a|r) [^\n,;!?:@]{{2,40}}? \d{{1,5}}\b(?-i:{_REST}){_TO_POSTCODE}"
    ),
    # Numbers and capitals that a unit follows, or that stand behind words of living and sending.
    re.compile(
        rf"\b\d{{1,6}} {_WORD}(?: {_WORD}){{0,3}}(?: \d{{1,5}}\.?)?[,\s]{{1,8}}(?:>|\?+)?\s?{_UNIT}"
        rf"{_REST}{_TO_POSTCODE}"
    ),
    re.compile(
        rf"(?i:\b(?:address(?: is| was|:)?|live[sd]? (?:at|on)|located (?:at|on|in)|(?:meet|taxi|come|arrived"
        rf"|sent|deliver(?:ed)?|ship(?:ped)?|moved)"
        rf"(?: \w+){{0,3}} (?:at|to)|(?:is|are) (?:at|on|in))\s{{1,5}})"
        rf"(?!(?:Windows|Office|Outlook|Thunderbird|Firefox|Version|Step|Line|Page|Port|Level|Build|Book|Android"
        rf"|Mac)\b)"
        rf"((?:\d{{1,6}} )?(?:\d{{1,6}} {_WORD}(?: {_WORD}){{0,3}}"
        rf"|{_WORD}(?: {_WORD}){{0,2}} \d{{1,5}})(?: \d{{1,5}})?(?: (?i:st|street))?{_REST})"
    ),
    # A house number or unit, then anything on the line up to a postcode.
    re.compile(
        r"\b(?:\d{1,6}[A-Za-z]?|Studio \d+\w?|Flat \d+\w?|Unit \d+\w?|Apt\.? \d+\w?|Suite \d+\w?|PSC \d+"
        r"|P\.?O\.? Box \d+)"
        rf",? [A-Z][^\n;!?]{{2,80}}?\b{_ZIP}\b"
    ),
    re.compile(
        rf"\b\d{{1,6}}[A-Za-z]? (?:[A-Z][\w'.-]{{1,20}} ){{1,4}}(?i:{_STREET})\b\.?(?:,? (?:Apt|Suite|Unit|Flat"
        rf"|No)\.? ?\w{{1,6}})?(?:, [A-Z][\w .'-]{{2,30}}){{0,2}}"
    ),
    # German and Dutch: street, number, postcode, town.
    re.compile(
        r"\b[A-ZÄÖÜ][\w.'’äöüß-]{1,40}(?: [\wäöüß.-]{1,25}){0,3} \d{1,4} ?[a-z]?(?:[-/]\d{1,4})?,?[ \n]\s?(?:D-|A-"
        r"|CH-)?\d{4,5}(?: [A-Z]{2})? [A-ZÄÖÜ][\wäöüß.-]{1,30}(?:[ -](?:(?:am|an der|im|ob der|bei"
        r"|in) )?[A-ZÄÖÜ(][\wäöüß.)-]{1,20}){0,2}"
    ),
    re.compile(
        r"\b[A-ZÄÖÜ][\wäöüß-]{1,30}(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|ufer"
        r"|damm)\b\.? ?\d{1,4} ?[a-z]?\b(?:[-/]\d{1,4})?"
    ),
    # Romance languages: street word first.
    re.compile(
        r"\b\d{1,4}(?: ?bis)?,? (?:rue|avenue|boulevard|place|chemin|impasse|all[eé]e"
        r"|quai) [^\n,;.]{3,40}(?:,? \d{5} [A-ZÉ][\w'éèç-]{2,30})?"
    ),
    re.compile(
        r"\b(?:Calle|C/|Avenida|Avda\.|Plaza|Paseo|Via|Viale|Piazza|Corso|Rua|Avenida"
        r"|Travessa) [^\n,;.]{3,40},? ?n?[º°]?\.? ?\d{1,4}\w?(?:,? \d{4,5}(?:-\d{3})? [A-Z][\w'áéíóú-]{2,30})?"
    ),
    # Said to be an address, with a number in it.
    re.compile(
        r"(?i:\b(?:(?:my|our|home|postal|mailing|shipping|delivery|billing) address(?! ?(?:book|bar|line|list"
        r"|field))(?: is)?|i live at|we live at"
        r"|(?:meine|unsere|liefer|rechnungs)\s?a(?:nschrift|dresse)(?: (?:ist|lautet))?"
        r"|mi direcci[oó]n(?: es)?"
        r"|mon adresse(?: est)?)[ \t]*:?[ \t]*)((?=[^\n]{0,60}\d)(?=[^\n]{0,20}[A-Z])[^\n;!?@\[]{6,90}?)(?=\.(?:\s"
        r"|$)|\n|$)"
    ),
)


def addresses(text: str) -> Iterator[Found]:
    """Yield addresses, without the mark that ends them; where several shapes see parts of one, all that they cover."""
    whole: list[tuple[int, int]] = []
    for _, start, end in sorted(groups("address", _ADDRESSES, text), key=lambda found: found[1:]):
        if _DATED.search(text, start, end):
            continue
        if whole and start <= whole[-1][1]:
            start, end = whole[-1][0], max(end, whole.pop()[1])
        whole.append((start, end))
    for start, end in whole:
        yield "address", start, start + len(text[start:end].rstrip(" .,\n"))
