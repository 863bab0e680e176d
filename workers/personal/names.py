"""Names of people: by greeting, signature and introduction, and those that are known. Pure."""

import re
from collections.abc import Iterator, Sequence

from workers.personal.found import Found, words

_NAME_WORD = (
    r"(?!(?:Regards|Thanks|Thank|Kind|Best|Cheers)\b)[A-ZÀ-ÖØ-Þ](?:[a-zß-öø-ÿ]+(?:['’-][A-ZÀ-Þ]?[a-zß-öø-ÿ]+)*"
    r"|['’][A-Z][a-z]+|\.)"
)
_SIGN_OFF = (
    r"(?:(?:kind|best|warm|kindest|warmest|many|with kind|with best)? ?regards|best(?: wishes)?|cheers"
    r"|sincerely(?: yours)?|yours(?: sincerely| faithfully| truly)?"
    r"|many thanks|thanks(?: (?:again|in advance|so much|a lot|for your (?:help|time|support)))?"
    r"|thank you(?: (?:again|in advance|so much|very much|for your (?:help|time|support)))?|thx|tx|respectfully"
    r"|(?:mit )?(?:freundliche[nm]|beste[nm]?|viele[nm]?|liebe[nm]?|sch[oö]ne[nm]?)? ?(?:gr(?:ü|ue)(?:ß|ss)e?n?"
    r"|gru(?:ß|ss))|mfg|vg|lg|danke(?: (?:schön|im voraus))?|vielen dank"
    r"|(?:un )?(?:cordial )?saludos?(?: cordial(?:es)?)?|atentamente|(?:muchas )?gracias|cordialement|bien à vous"
    r"|merci(?: beaucoup| d'avance)?|cordiali saluti|grazie|atenciosamente|obrigad[oa]"
    r"|met vriendelijke groet(?:en)?|groet(?:en|jes)?|bedankt|pozdrawiam|med vänliga hälsningar|hälsningar|mvh"
    r"|venlig hilsen)"
)
FULL_NAME = (
    rf"(?!(?i:{_SIGN_OFF})\b){_NAME_WORD}(?: (?:(?:van|von|de|der|del|da|di|la|le|bin|al"
    rf"|zu)\.? ){{0,2}}(?:{_NAME_WORD}|[A-Z]{{2,3}}(?![\w]))){{0,3}}"
)
_SIGNED = re.compile(
    rf"(?i:\b{_SIGN_OFF})[ \t]*(?:[,.!-]{{1,12}}\s{{0,4}}|\s{{1,4}})({FULL_NAME})(?=[ \t]*(?:[.,!]|\n|$)|\s)"
)
_SELF_NAMED = re.compile(
    rf"(?i:\b(?:my name is|my name's|\w+['’]s name(?: is)?|name:|mein name ist|ich hei(?:ß|ss)e|me llamo"
    r"|mi nombre es|je m'appelle"
    rf"|mon nom est|mi chiamo|meu nome [ée])) ({FULL_NAME})"
    rf"|(?i:\b(?:i am|i'm|this is|ich bin|soy|je suis)) ({_NAME_WORD} {_NAME_WORD})(?= (?:from|and|of|here|aus|von"
    rf"|de|und)\b|[,.]|$)"
    rf"|(?i:\bship (?:it|the \w+|them) to|\battn:?|\bc/o) ({_NAME_WORD} {_NAME_WORD})"
)
_TITLED = re.compile(
    rf"\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|Herrn?|Frau|Señora?|Sra?|Mme|Monsieur|Madame|Signora?)\.? ({FULL_NAME})"
)
_NOT_A_NAME = words(
    "I I'm My The This That It Is In On If A An And But Or For From To Please Hi Hello Hey Dear Thanks Thank "
    "Sent Get You Your We Our They There Here When What Why How Where Who "
    "Which Can Could Would Will Is Are Was Do Does Did Have Has Had Not No Yes Ok Okay All Any Also As At After "
    "Before Since So Still Now Just Date Ship Kind Best Regards Re Fwd Ps P.S. "
    "Team Support Staff Everyone Everybody Folks Guys Sir Madam Customer Service Help Desk Windows Thunderbird "
    "Mozilla Google Gmail Outlook Apple Android Microsoft Firefox Tidemark "
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August "
    "September October November December "
    "English German French Spanish Using Have With Every Recently Today Yesterday Tomorrow Each Another Some "
    "Most Many Even Let Looking Order Version Edit Update Again Sorry Great Good Well "
    "Das Die Der Ich Wir Sie Und Aber Bitte Danke Team El La Los Las Yo Pero Le Les Je Nous Mais Merci Hola "
    "Hallo Bonjour"
)


def names(text: str) -> Iterator[Found]:
    for pattern in (_SIGNED, _SELF_NAMED, _TITLED):
        for found in pattern.finditer(text):
            group = found.lastindex or 0
            end = found.start(group) + _name_length(found.group(group))
            if end > found.start(group) + 1:
                yield "name", found.start(group), end


def _name_length(written: str) -> int:
    """Return how much of the capitalised words is a name: up to the first ordinary word."""
    length = 0
    for word in re.finditer(r"\S+", written):
        if word.group().rstrip(".") in _NOT_A_NAME or word.group() in _NOT_A_NAME:
            break
        length = word.end()
    return len(written[:length].rstrip(" ."))


# First names that are everyday words: alone they are masked only where a name is expected.


_EVERYDAY = words(
    "will mark bill may april june rose grace faith hope joy grant rich art page hunter chase dean frank ernest "
    "drew pat "
    "rob sue jack miles max chip gene guy penny dawn summer autumn amber ruby crystal angel christian van lance "
    "reed wade "
    "young long short king price banks best brown black white green gray case day park field fields wood woods "
    "cook"
)


def known(text: str, known_names: Sequence[str]) -> Iterator[Found]:
    """Yield the known names: in full whatever the case, their parts where they are capitalised and no everyday word."""
    for name in sorted({name.strip() for name in known_names}, key=len, reverse=True):
        parts = [part for part in re.split(r"[\s,]+", name) if len(part) >= 3 and part[0].isalpha()]
        if len(parts) >= 2:
            whole = r"\s+".join(map(re.escape, parts))
            for found in re.finditer(rf"(?i)(?<!\w){whole}(?!\w)", text):
                yield "name", found.start(), found.end()
        for part in parts:
            if part.casefold() in _EVERYDAY or part in _NOT_A_NAME or "@" in part:
                continue
            spelling = re.escape(part[0].upper() + part[1:])
            for found in re.finditer(rf"(?<!\w)(?:{spelling}|{re.escape(part.upper())})(?!\w)", text):
                yield "name", found.start(), found.end()
