"""Find personal data and secrets in text: pure, by form and check digits, by context, by structure.

Structured kinds (card, IBAN, e-mail, IP, national ids, tokens) are exact where a check digit or a grammar exists;
names and addresses go by greeting, signature and layout, and are best effort.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

import phonenumbers
from stdnum import iban, luhn
from stdnum.br import cpf
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.us import ssn


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STRUCTURED = frozenset({"card", "iban", "email", "phone", "ip", "national-id", "token", "password", "code"})


@dataclass(frozen=True, slots=True, order=True)
class Span:
    start: int
    end: int
    kind: str


def find_personal_data(text: str, known_names: Sequence[str] = ()) -> list[Span]:
    """Return everything to be masked, in order and without overlaps; the more certain kind wins."""
    taken: list[Span] = []
    free = bytearray(len(text))
    for kind, start, end in _candidates(text, known_names):
        if start < end and not any(free[start:end]):
            free[start:end] = b"\1" * (end - start)
            taken.append(Span(start, end, kind))
    return sorted(taken)


def _candidates(text: str, known_names: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Yield (kind, start, end), the most certain kinds first."""
    has_digit = any(c.isdigit() for c in text)
    yield from _groups("token", _TOKENS, text)
    yield from _groups("email", (_EMAIL, _SPELT_EMAIL), text)
    if has_digit:
        yield from _ibans(text)
        yield from _cards(text)
        yield from _national_ids(text)
        yield from _ips(text)
        yield from _groups("birth-date", (_BIRTH_DATE,), text)
    yield from _passwords(text)
    if has_digit:
        yield from _codes(text)
        yield from _phones(text)
    yield from _usernames(text)
    if has_digit:
        yield from _groups("address", _ADDRESSES, text)
    yield from _known_names(text, known_names)
    yield from _names(text)


def _groups(kind: str, patterns: Iterable[re.Pattern[str]], text: str) -> Iterator[tuple[str, int, int]]:
    """Yield what a pattern's first group caught, or the whole match of one without groups."""
    for pattern in patterns:
        group = 1 if pattern.groups else 0
        for found in pattern.finditer(text):
            yield kind, found.start(group), found.end(group)


_TOKENS = (
    re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,8000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)"),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*"),
    re.compile(r"\b(?:sk|pk|rk|whsec|shpat|glpat|ghp|gho|ghs|ghu|xox[abeprs])[-_][\w-]{12,}"),
    re.compile(r"\bgithub_pat_\w{20,}|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{30,}|\bya29\.[\w-]{20,}"),
    re.compile(r"(?i)\b(?:bearer|basic)\s+((?=[\w+/=.~-]*\d)[\w+/=.~-]{12,})"),
    re.compile(r"://[^\s/:@]{1,80}:([^\s/@]{1,120})@"),
    re.compile(
        r"(?i)[?&;](?:\w{0,20}token|\w{0,12}key|sig|signature|secret|password|pwd|auth|otp|session\w{0,3})"
        r"=([^&\s\"'<>]{6,})"
    ),
    re.compile(
        r"(?i)\b(?:api|access|secret|private|auth|client|webhook|refresh)[ _-]?(?:key|token|secret)s?\b"
        r"(?:[ \t]+(?:is|was|ist|es"
        r"|est))?[ \t]*[:=]?[ \t]*[\"'`]?((?=[\w+/=.~-]*\d)(?=[\w+/=.~-]*[a-zA-Z])[\w+/=.~-]{10,})"
    ),
    re.compile(
        r"(?i)\btoken(?:[ \t]+is)?[ \t]*[:=]?[ \t]*[\"'`]?((?=[\w+/=.~-]*\d)(?=[\w+/=.~-]*[a-z])[\w+/=.~-]{16,})"
    ),
)

_EMAIL = re.compile(r"[\w.+%'-]{1,64}@(?:[\w-]{1,63}\.){1,6}[^\W\d_]{2,24}\b")
_SPELT_EMAIL = re.compile(
    r"(?i)\b[\w.+-]{1,64} ?[\[(](?:at|@)[\])] ?[\w-]{1,63}(?: ?(?:[\[(](?:dot|punkt|\.)[\])]|\.) ?[\w-]{2,63}){1,4}"
)

_IBAN = re.compile(r"\b[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{2,4}){2,8}(?:[ -]?[A-Za-z0-9]{1,3})?\b")


def _ibans(text: str) -> Iterator[tuple[str, int, int]]:
    for found in _IBAN.finditer(text):
        words = found.group()
        # A following word may have been caught as if it were the last group: give words back until the check fits.
        while words:
            if iban.is_valid(words, check_country=False) and len(iban.compact(words)) >= 15:
                yield "iban", found.start(), found.start() + len(words)
                break
            words = words.rpartition(" ")[0]


_DIGITS = re.compile(r"(?<![\w.,/-])(?:\d[ -]?){11,18}\d(?![\w/-]|[.,]\d)")
_CARD_WORD = re.compile(
    r"(?i)\b(?:card|karte|kreditkarte|tarjeta|carte|carta|kaart|visa|mastercard|amex)\b[^\n.!?]{0,30}$"
)


def _cards(text: str) -> Iterator[tuple[str, int, int]]:
    for found in _DIGITS.finditer(text):
        digits = re.sub(r"\D", "", found.group())
        is_card = _has_card_layout(digits) and luhn.is_valid(digits)
        if is_card or (12 <= len(digits) <= 19 and _CARD_WORD.search(text, max(0, found.start() - 60), found.start())):
            yield "card", found.start(), found.end()


def _has_card_layout(digits: str) -> bool:
    """Say whether a card network issues numbers of this beginning and length."""
    head, size = int(digits[:4]), len(digits)
    if digits[0] == "4":
        return size in (13, 16, 19)
    if 5100 <= head <= 5599 or 2221 <= head <= 2720:
        return size == 16
    if digits[:2] in ("34", "37"):
        return size == 15
    if digits[:2] in ("36", "38", "39") or 3000 <= head <= 3059:
        return 14 <= size <= 19
    if 3528 <= head <= 3589 or head == 6011 or digits[:2] in ("60", "62", "64", "65", "81"):
        return 16 <= size <= 19
    return (
        digits[0] in "56" and 13 <= size <= 19 and digits[:2] in ("50", "56", "57", "58", "59", "61", "63", "66", "67")
    )


_SSN = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
_ID_WORDS = re.compile(
    r"(?i)\b(?:ssn|social security(?: number| no\.?)?|national insurance(?: number| no\.?)?|ni number|nino"
    r"|passport(?: number| no\.?)?"
    r"|tax(?:payer)? id(?: number)?|steuer-?id(?:entifikationsnummer)?|steuernummer|ausweis(?:nummer|nr\.?)"
    r"|personalausweis(?:nummer)?|reisepass(?:nummer)?"
    r"|sozialversicherungsnummer|svnr|dni|nie|nif|num[eé]ro de s[eé]curit[eé] sociale|codice fiscale|bsn|pesel|cpf"
    r"|id(?:entity)? card(?: number)?|driver'?s? licen[cs]e(?: number)?)"
    r"(?:[ \t]+(?:is|ist|es|est|number|no\.?|nr\.?|ends in|ending in)){0,2}[ \t]*[:=#]?[ \t]*"
    r"((?=[A-Z0-9-]{0,6}[ -]?[A-Z0-9]{0,4}\d)[A-Z0-9](?:[ -]?[A-Z0-9]){3,17})\b"
)
_NATIONAL_FORMS = (
    (re.compile(r"\b\d{8}-?[A-Z]\b"), dni.is_valid),
    (re.compile(r"\b[XYZ]-?\d{7}-?[A-Z]\b"), nie.is_valid),
    (re.compile(r"\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b"), codicefiscale.is_valid),
    (re.compile(r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b"), cpf.is_valid),
    (re.compile(r"\b[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}\b"), nir.is_valid),
)
_NINO = re.compile(r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b")


def _national_ids(text: str) -> Iterator[tuple[str, int, int]]:
    yield from _groups("national-id", (_NINO,), text)
    for found in _SSN.finditer(text):
        if ssn.is_valid(found.group()):
            yield "national-id", found.start(), found.end()
    for found in _ID_WORDS.finditer(text):
        if any(c.isdigit() for c in found.group(1)):
            yield "national-id", found.start(1), _end_of_id(found)
    for pattern, is_valid in _NATIONAL_FORMS:
        for found in pattern.finditer(text):
            if is_valid(found.group()):
                yield "national-id", found.start(), found.end()


def _end_of_id(found: re.Match[str]) -> int:
    """Give back trailing words that have no digit ("AB123456 and" is a number and a word)."""
    value = found.group(1)
    while " " in value and not any(c.isdigit() for c in value.rpartition(" ")[2]):
        value = value.rpartition(" ")[0]
    return found.start(1) + len(value)


_IPV4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_VERSION_WORD = re.compile(
    r"(?i)\b(?:v|version|ver\.?|build|release|firmware|update|esr|app|android|ios|windows|macos)[ \t:#(]*$"
)


def _ips(text: str) -> Iterator[tuple[str, int, int]]:
    for found in _IPV4.finditer(text):
        if _is_address(found.group()) and not _VERSION_WORD.search(text, max(0, found.start() - 16), found.start()):
            yield "ip", found.start(), found.end()
    for found in _IPV6.finditer(text):
        groups = [group for group in found.group().split(":") if group]
        if len(groups) >= 3 and _is_address(found.group()):
            yield "ip", found.start(), found.end()


def _is_address(written: str) -> bool:
    try:
        address = ip_address(written)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


_MONTH = (
    r"(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz]|ene|abr|ago|dic|f[eé]v|avr"
    r"|ao[uû])[^\W\d_]{0,8}\.?"
)
_DATE = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)?(?: de| of)? {_MONTH}(?: de|,)? \d{{4}}|{_MONTH} \d{{1,2}}(?:st|nd|rd"
    rf"|th)?,? \d{{4}})"
)
_BIRTH_DATE = re.compile(
    r"(?i)\b(?:date of birth|d\.?o\.?b\.?|birth ?dat(?:e|um)|birthday|born|geboren|geb\.|geburts(?:datum|tag)"
    r"|fecha de nacimiento"
    r"|nacid[oa]|nac[ií]|date de naissance|n[eé]e?|data di nascita|nat[oa]|data de nascimento|nascid[oa]"
    r"|geboortedatum)"
    rf"(?:[ \t]+(?:is|was|on|am|ist|el|le|il|em|es|est|op)){{0,2}}[ \t]*[:=-]?[ \t]*({_DATE})"
)

_KEYWORD = (
    r"(?:pass ?word|passwd|passphrase|pass ?code|pwd|passwort|kennwort|contrase[nñ]a|clave|mot de passe|mdp|senha"
    r"|parola d'ordine"
    r"|wachtwoord|has[lł]o|l[oö]senord|parol[aə]?|пароль)"
)
_PASSWORD_SAID = re.compile(
    rf"(?i)\b{_KEYWORD}(?:[ \t]+(?:for|f[uü]r|de|of|to)[ \t]+[^\n.:=]{{1,30}}?)?"
    r"[ \t]+(?:is|ist|lautet|war|was|es|est|era|é|è|=)(?:[ \t]+|(?=:))(?:(?:still|now|noch"
    r"|jetzt)[ \t]+)?:?[ \t]*[\"'“„‘«`]?([^\s\"'”“’»`]{3,64})"
)
_PASSWORD_FIELD = re.compile(
    rf"(?i)\b{_KEYWORD}[ \t]*[:=][ \t]*[\"'“„‘«`]?([^\s\"'”“’»`]{{3,64}})(?=[\"'”’»`]?[ \t]*(?:[.,;!)]|\n|$"
    rf"|and\b|und\b)|[ \t]*[/|])"
)
_PIN = re.compile(
    r"(?i)\b(?:pin|pin code|cvv2?|cvc2?|card security code|puk)\b(?:[ \t]+(?:is|ist|es|est|number"
    r"|code)){0,2}[ \t]*[:=#]?[ \t]*(\d{3,8})\b"
)
_NOT_A_PASSWORD = _words(
    "a an the not no wrong incorrect invalid expired correct right reset required empty blank missing weak strong too "
    "never always being been rejected refused accepted asked requested saved stored lost forgotten unknown "
    "changed ok okay "
    "okey working broken hidden visible needed necessary still now also only so very what which that this it its "
    "my your in on "
    "at to for with from by of as if when where why how falsch nicht ungultig abgelaufen richtig leer incorrecta "
    "incorrecto "
    "invalida no erronea mal incorrect faux invalide expire errado errada inválida ungültig abgelehnt vergessen "
    "weg kaputt "
    "even used using issue longer different same protected case-sensitive sensitive good fine valid set "
    "unchanged long short displayed shown "
    "entered typed sent automatically ignored denied unable definitely really simply just either probably"
)


def _passwords(text: str) -> Iterator[tuple[str, int, int]]:
    for pattern in (_PASSWORD_SAID, _PASSWORD_FIELD):
        for found in pattern.finditer(text):
            value = found.group(1).rstrip(".,;:)?")
            if value.casefold().strip("!*_") not in _NOT_A_PASSWORD and len(value) >= 3:
                yield "password", found.start(1), found.start(1) + len(value)
    yield from _groups("password", (_PIN,), text)


_CODE = re.compile(
    r"(?i)\b((?:\w+[ -]){0,2})(?:codes?|codigo|c[oó]digo|passcode|otp|tan|bestätigungscode|sicherheitscode"
    r"|anmeldecode|einmalcode)\b"
    r"(?:[ \t]+(?:i (?:got|received)|is|was|ist|lautet|es|est)){0,2}[ \t]*[:=-]?[ \t]*[\"'“`]?"
    r"(\d{3}[ -]\d{3}|\d{4,8}|(?=[A-Z0-9-]*\d)[A-Z0-9]{4,5}(?:-[A-Z0-9]{4,5}){1,5})\b(?![-.]\d)"
)
_ORDINARY_CODE = re.compile(
    r"(?i)\b(?:error|fehler|zip|post|postal|country|area|promo|promotion|discount|coupon|voucher|gutschein|rabatt"
    r"|status|exit"
    r"|qr|bar|source|sort|dialling|dialing|product|item|stop|state|http|response|return|cost|pay|employee|shift"
    r"|job|erreur"
    r"|postleit|project|dress|color|colour|region|airport|currency|tax|department|location)"
)


def _codes(text: str) -> Iterator[tuple[str, int, int]]:
    for found in _CODE.finditer(text):
        if not _ORDINARY_CODE.search(found.group(1)):
            yield "code", found.start(2), found.end(2)


_INTERNATIONAL = re.compile(r"(?<![\w+])(?:\+|00(?=[1-9]))\d(?:[ ./-]{0,2}\(?\d{1,5}\)?){2,7}(?![\w])")
_GROUPED = re.compile(
    r"(?<![\w.,/:#+-])(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-]|\.\d)"  # North America
    r"|(?<![\w.,/:#+-])(?!\d{2}[-/]\d{2}[-/]\d{2,4}\b"
    r"|\d{3}-\d{2}-\d{4}\b)\(?0\d{1,5}\)?(?:[ /-]{1,3}\d{2,8}){1,4}(?![\w-]|[.,]\d)"  # a trunk zero and groups
)
_BARE = re.compile(r"(?<![\w.,/:#+=-])\(?0?[1-9]\d{5,11}(?![\w-]|[.,]\d)")
# Groups of any national habit, believed only behind words that announce a phone number, or before what follows one.
_SAID = re.compile(r"(?<![\w.,/:#+=-])\(?\d{2,4}\)?(?:[ .-]\d{2,6}){1,4}(?: ?x\d{1,6})?(?![\w]|[.,/]\d|-\d)")
_PHONE_LABEL = re.compile(
    r"(?i)(?:\b(?:phone|tel|telephone|telefon\w*|t[eé]l[eé]phone|tel[eé]fono|mobile?|m[oó]vil|cell|handy|fax"
    r"|desk|office|whats ?app)"
    r"(?: (?:number|no\.?|is))*[ .:/-]{0,3}\n?|\b(?:call|ring|text|reach|phone) (?:me|us|him|her"
    r"|them)(?: back)? (?:on|at|under)"
    r" |\b(?:not answering|answering|registered|messages?|calls?) (?:at|to|from|number) )$"
)
_PHONE_AFTER = re.compile(r"(?i)[ -](?:office|fax|mobile|cell|home|desk|phone|tel)\b")
_PHONE_WORD = re.compile(
    r"(?i)(?:phone|\bph|\btel|telephone|tel[eé]fono|t[eé]l[eé]phone|telefon\w*|mobile?|m[oó]vil|cell\w*|handy"
    r"|whats ?app|fax|call|text|ring|reach|contact)\b"
    r"(?:(?!order|invoice|ticket|case)[^\n\d]){0,28}$"
)
_NUMBER_WORD = re.compile(
    r"(?i)(?:order|invoice|ticket|case|ref\w*|reference|bestell\w*|auftrag\w*|rechnung\w*|kunden\w*|customer"
    r"|account|konto\w*|pedido|factura|commande"
    r"|facture|tracking|serial|id|version|build|model|employee|article|bug|error|fehler)\b[^\n\d]{0,14}$"
)


def _phones(text: str) -> Iterator[tuple[str, int, int]]:
    for found in _INTERNATIONAL.finditer(text):
        if _is_possible_phone(found.group()):
            yield "phone", found.start(), found.end()
    for found in _GROUPED.finditer(text):
        digits = sum(c.isdigit() for c in found.group())
        if 8 <= digits <= 13 and not _NUMBER_WORD.search(text, max(0, found.start() - 30), found.start()):
            yield "phone", found.start(), found.end()
    for found in _SAID.finditer(text):
        digits = sum(c.isdigit() for c in found.group())
        is_announced = _PHONE_LABEL.search(text, max(0, found.start() - 40), found.start()) is not None
        if 7 <= digits <= 16 and (is_announced or _PHONE_AFTER.match(text, found.end())):
            yield "phone", found.start(), found.end()
    for found in _BARE.finditer(text):
        before = max(0, found.start() - 40)
        is_said = _PHONE_WORD.search(text, before, found.start()) is not None
        is_signed = sum(c.isdigit() for c in found.group()) >= 10 and _stands_alone(text, found.start(), found.end())
        if (is_said or is_signed) and not _NUMBER_WORD.search(text, before, found.start()):
            yield "phone", found.start(), found.end()


def _is_possible_phone(written: str) -> bool:
    try:
        number = phonenumbers.parse("+" + re.sub(r"\D", "", written).removeprefix("00"))
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(number)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Say whether the number is the whole text, or a line of its own below another one, as in a signature."""
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    rest = text[line_start:start] + text[end : len(text) if line_end < 0 else line_end]
    if line_start == 0:
        return text[start:end] == text.strip()
    line_before = text[text.rfind("\n", 0, line_start - 1) + 1 : line_start - 1].strip(" ,.")
    is_below_a_name = not rest[: start - line_start].strip() and re.fullmatch(_FULL_NAME, line_before) is not None
    return is_below_a_name or (not re.search(r"\w{4,}", rest) and len(rest) < 12)


_USERNAME = re.compile(
    r"(?i)\b(?:user ?name|user ?id|login ?name|benutzername|nombre de usuario|nom d'utilisateur|identifiant"
    r"|nutzername)"
    r"(?:[ \t]+(?:is|ist|lautet|es|est)[ \t]*:?|[ \t]*[:=])[ \t]*[\"'“`]?([\w.+-]{3,40})"
)


def _usernames(text: str) -> Iterator[tuple[str, int, int]]:
    for found in _USERNAME.finditer(text):
        value = found.group(1).rstrip(".-")
        if value.casefold() not in _NOT_A_PASSWORD and not (
            value.isalpha() and value.casefold() in ("and", "und", "email")
        ):
            yield "username", found.start(1), found.start(1) + len(value)


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
_FULL_NAME = (
    rf"(?!(?i:{_SIGN_OFF})\b){_NAME_WORD}(?: (?:(?:van|von|de|der|del|da|di|la|le|bin|al"
    rf"|zu)\.? ){{0,2}}(?:{_NAME_WORD}|[A-Z]{{2,3}}(?![\w]))){{0,3}}"
)
_SIGNED = re.compile(
    rf"(?i:\b{_SIGN_OFF})[ \t]*(?:[,.!-]{{1,12}}\s{{0,4}}|\s{{1,4}})({_FULL_NAME})(?=[ \t]*(?:[.,!]|\n|$)|\s)"
)
_SELF_NAMED = re.compile(
    rf"(?i:\b(?:my name is|my name's|\w+['’]s name(?: is)?|name:|mein name ist|ich hei(?:ß|ss)e|me llamo"
    r"|mi nombre es|je m'appelle"
    rf"|mon nom est|mi chiamo|meu nome [ée])) ({_FULL_NAME})"
    rf"|(?i:\b(?:i am|i'm|this is|ich bin|soy|je suis)) ({_NAME_WORD} {_NAME_WORD})(?= (?:from|and|of|here|aus|von"
    rf"|de|und)\b|[,.]|$)"
    rf"|(?i:\bship (?:it|the \w+|them) to|\battn:?|\bc/o) ({_NAME_WORD} {_NAME_WORD})"
)
_TITLED = re.compile(
    rf"\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|Herrn?|Frau|Señora?|Sra?|Mme|Monsieur|Madame|Signora?)\.? ({_FULL_NAME})"
)
_NOT_A_NAME = _words(
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


def _names(text: str) -> Iterator[tuple[str, int, int]]:
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
_EVERYDAY = _words(
    "will mark bill may april june rose grace faith hope joy grant rich art page hunter chase dean frank ernest "
    "drew pat "
    "rob sue jack miles max chip gene guy penny dawn summer autumn amber ruby crystal angel christian van lance "
    "reed wade "
    "young long short king price banks best brown black white green gray case day park field fields wood woods "
    "cook"
)


def _known_names(text: str, known_names: Sequence[str]) -> Iterator[tuple[str, int, int]]:
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
