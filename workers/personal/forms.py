"""Personal data with a grammar or a check digit: tokens, mail addresses, IBANs, cards, national ids, IPs. Pure."""

import re
from collections.abc import Iterator
from ipaddress import ip_address

from stdnum import iban, luhn
from stdnum.br import cpf
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.us import ssn

from workers.personal.found import Found, groups

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


def tokens(text: str) -> Iterator[Found]:
    yield from groups("token", _TOKENS, text)


def emails(text: str) -> Iterator[Found]:
    yield from groups("email", (_EMAIL, _SPELT_EMAIL), text)


_IBAN = re.compile(r"\b[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{2,4}){2,8}(?:[ -]?[A-Za-z0-9]{1,3})?\b")


def ibans(text: str) -> Iterator[Found]:
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
    r"(?i)\b(?:card|karte|kreditkarte|tarjeta|carte|carta|kaart|visa|mastercard|amex)\b[^\n.!]{0,30}$"
)


def cards(text: str) -> Iterator[Found]:
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


def national_ids(text: str) -> Iterator[Found]:
    yield from groups("national-id", (_NINO,), text)
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


def ips(text: str) -> Iterator[Found]:
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


def birth_dates(text: str) -> Iterator[Found]:
    yield from groups("birth-date", (_BIRTH_DATE,), text)
