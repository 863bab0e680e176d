"""Names of people: by greeting, signature and introduction, and those that are known. Pure."""

import re
from collections.abc import Iterator, Sequence

from workers.personal.found import Found, words
from workers.personal.name_tagger import tagged
from workers.personal.word_lists import VERY_COMMON, commonness, is_family_name, is_given_name

# The letters of all Latin alphabets, Polish and Turkish ones too.
_UPPER = "".join(chr(code) for code in range(0x41, 0x250) if chr(code).isupper())
_LOWER = "".join(chr(code) for code in range(0x61, 0x250) if chr(code).islower())
_NAME_WORD = (
    rf"(?!(?:Regards|Thanks|Thank|Kind|Best|Cheers)\b)[{_UPPER}](?:[{_LOWER}]+(?:['’-][{_UPPER}]?[{_LOWER}]+)*"
    rf"|['’][{_UPPER}][{_LOWER}]+|\.)"
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
    r"|mi nombre es|je m'appelle|(?:this|it|account|card|order|booking) is under|in the name of|nazywam si[eę]"
    r"|ik heet"
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
    "Buy Because Incidentally Email Program Google's Greetings English German French Spanish Using Have "
    "With Every Recently Today Yesterday Tomorrow Each Another Some "
    "Most Many Even Let Looking Order Version Edit Update Again Sorry Great Good Well "
    "Das Die Der Ich Wir Sie Und Aber Bitte Danke Team El La Los Las Yo Pero Le Les Je Nous Mais Merci Hola "
    "Hallo Bonjour"
)


# Who writes all in small letters still says "my name is".
_SMALL = re.compile(
    r"\b(?:my (?:\w+ )?names? (?:is|are)|this is|i am|ich hei(?:ß|ss)e|me llamo)"
    rf" ([{_LOWER}]{{3,}})(?: ([{_LOWER}]{{2,}}))?(?: ([{_LOWER}]{{2,}}))?\b"
)
_NOTHING_BUT = re.compile(rf"\s*([{_UPPER}{_LOWER}]{{3,}})(?: [{_UPPER}{_LOWER}]{{2,}}){{0,2}}[\s.!]*")
# A line that is a label and a name: "Contact person: ...", "Name    ...".
_FIELD = re.compile(
    rf"(?im:^[>*\s-]*(?:(?:full |first |last |contact |billing |shipping |customer |account )?name"
    rf"|contact(?: person)?"
    rf"|billing address|shipping address|from|to|attn|user|directed by|ansprechpartner|nombre|nom|nome"
    rf"|naam)[ \t]*:[ \t]*)({FULL_NAME})"
)


def _said_small(text: str) -> Iterator[Found]:
    for found in _SMALL.finditer(text):
        parts = [group for group in range(1, 4) if found[group]]
        is_said = "name is" in found[0] and _may_be_a_name(found[1])
        if not (is_said or is_given_name(found[1])):
            continue
        last = 1
        while last < len(parts) and _may_be_a_name(found[last + 1]):
            last += 1
        yield "name", found.start(1), found.end(last)


def _may_be_a_name(word: str) -> bool:
    return word.casefold() not in _ORDINARY_WORDS and commonness(word) < VERY_COMMON - 1 and word not in _NOT_A_NAME


def _nothing_but(text: str) -> Iterator[Found]:
    """Yield a text that is a name and nothing else, as in the answer to "your name, please?"."""
    found = _NOTHING_BUT.fullmatch(text)
    if found and (is_given_name(found[1]) or is_family_name(found[1])) and commonness(found[1]) < VERY_COMMON - 1:
        yield "name", found.start(1), len(text.rstrip(" .!\n"))


def names(text: str) -> Iterator[Found]:
    """Yield names; the parts of a full one that begins with a given name are names wherever else they stand."""
    found = [*_introduced(text), *_said_small(text), *_nothing_but(text), *_in_running_text(text)]
    yield from found
    full = {name for _, start, end in found if " " in (name := text[start:end])}
    yield from known(text, [name for name in full if is_given_name(name.partition(" ")[0])])


def _in_running_text(text: str) -> Iterator[Found]:
    for kind, start, end in tagged(text):
        if not all(word in _NOT_A_NAME for word in text[start:end].split()):
            yield kind, start, end


def _introduced(text: str) -> Iterator[Found]:
    for pattern in (_SIGNED, _SELF_NAMED, _TITLED, _FIELD):
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


# Words of small letters that follow "my name is" and are none.
_ORDINARY_WORDS = words(
    "and or not on in at for from with is was are the a an my your his her our their spelled spelt wrong incorrect "
    "misspelled correct displayed shown missing different the same still now here there also changed but because "
    "registered listed written required unknown account email mail address phone number password please can could "
    "how what why when where who since that this it i you we they he she so too very just only all any no yes ok "
    "server screen window folder file error message version update app page site mail service support"
)


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
