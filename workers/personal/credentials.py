"""Passwords, one-time codes and user names, told by the words around them. Pure."""

import re
from collections.abc import Iterator

from workers.personal.found import Found, groups, words

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
_NOT_A_PASSWORD = words(
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


def passwords(text: str) -> Iterator[Found]:
    for pattern in (_PASSWORD_SAID, _PASSWORD_FIELD):
        for found in pattern.finditer(text):
            value = found.group(1).rstrip(".,;:)?")
            if value.casefold().strip("!*_") not in _NOT_A_PASSWORD and len(value) >= 3:
                yield "password", found.start(1), found.start(1) + len(value)
    yield from groups("password", (_PIN,), text)


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


def codes(text: str) -> Iterator[Found]:
    for found in _CODE.finditer(text):
        if not _ORDINARY_CODE.search(found.group(1)):
            yield "code", found.start(2), found.end(2)


_USERNAME = re.compile(
    r"(?i)\b(?:user ?name|user ?id|login ?name|benutzername|nombre de usuario|nom d'utilisateur|identifiant"
    r"|nutzername)"
    r"(?:[ \t]+(?:is|ist|lautet|es|est)[ \t]*:?|[ \t]*[:=])[ \t]*[\"'“`]?([\w.+-]{3,40})"
)


def usernames(text: str) -> Iterator[Found]:
    for found in _USERNAME.finditer(text):
        value = found.group(1).rstrip(".-")
        if value.casefold() not in _NOT_A_PASSWORD and not (
            value.isalpha() and value.casefold() in ("and", "und", "email")
        ):
            yield "username", found.start(1), found.start(1) + len(value)
