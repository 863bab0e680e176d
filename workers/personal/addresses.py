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
_ADDRESSES = (
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
        r"(?i:\b(?:(?:my|our|home|postal|mailing|shipping|delivery|billing) address(?: is)?|i live at|we live at"
        r"|(?:meine|unsere|liefer|rechnungs)\s?a(?:nschrift|dresse)(?: (?:ist|lautet))?"
        r"|mi direcci[oó]n(?: es)?"
        r"|mon adresse(?: est)?)[ \t]*:?[ \t]*)((?=[^\n]{0,60}\d)(?=[^\n]{0,20}[A-Z])[^\n;!?@\[]{6,90}?)(?=\.(?:\s"
        r"|$)|\n|$)"
    ),
)


def addresses(text: str) -> Iterator[Found]:
    yield from groups("address", _ADDRESSES, text)
