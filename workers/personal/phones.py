"""Phone numbers: by form where it says enough, else by the words around them. Pure."""

import re
from collections.abc import Iterator

import phonenumbers

from workers.personal.found import Found
from workers.personal.names import FULL_NAME

_INTERNATIONAL = re.compile(r"(?<![\w+])(?:\+|00(?=[1-9]))\d(?:[ ./-]{0,2}\(?\d{1,5}\)?){2,7}(?=x\d{1,6}\b|(?!\w))")
_EXTENSION = re.compile(r"x\d{1,6}\b")
_GROUPED = re.compile(
    r"(?<![\w.,/:#+-])(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?:(?: ?x| ext\.? ?)\d{1,6})?(?![\w-]"
    r"|\.\d)"  # North America
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


def phones(text: str) -> Iterator[Found]:
    for found in _INTERNATIONAL.finditer(text):
        if _is_possible_phone(found.group()):
            extension = _EXTENSION.match(text, found.end())
            yield "phone", found.start(), extension.end() if extension else found.end()
    for found in _GROUPED.finditer(text):
        digits = sum(c.isdigit() for c in found.group())
        if 8 <= digits <= 17 and not _NUMBER_WORD.search(text, max(0, found.start() - 30), found.start()):
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
    is_below_a_name = not rest[: start - line_start].strip() and re.fullmatch(FULL_NAME, line_before) is not None
    return is_below_a_name or (not re.search(r"\w{4,}", rest) and len(rest) < 12)
