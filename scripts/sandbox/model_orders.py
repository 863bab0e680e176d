"""Pure: finds orders that hide in the data of a prompt, as a model reads them that cannot tell data from orders."""

import base64
import binascii
import codecs
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

_BLOCK = re.compile(r"^<([a-z_]+)(?: [^>\n]*)?>\n(.*?)\n</\1>", re.DOTALL | re.MULTILINE)
_QUOTE = r"[\"'“„«‘`]([^\"”“»’`\n]{2,400})[\"'”“»’`]"
_REST = r"([^\n]{2,300}?)(?=[.!?]?(?:\s*\n|\s*$)|[.!?] )"
_URL = r"((?:https?://|www\.)[^\s<>\"'”)\]]+)"
# The verbs that order each thing, in the languages people attack in.
_SAY_VERBS = (
    r"(?:reply|respond|answer|say|write|output|print|tell (?:the (?:customer|user|requester)|them|him|her)|state|"
    r"antworte|schreibe?|sage?|r[ée]ponds|[ée]cris|dis|responde|contesta|escribe|di|rispondi|scrivi|"
    r"responda|escreva|diga|antwoord|schrijf|odpowiedz|ответь|напиши|回复|回答|返信)"
)
_WITH = (
    r"(?:(?:only|just|exactly|simply|nur|seulement|s[óo]lo|alleen)\s*)*"
    r"(?:with|that|exactly|this|the (?:text|words|following)|mit|dass|avec|que|con|com|met|:|словами?)"
)
_SAY = re.compile(rf"(?i)(?<!\w){_SAY_VERBS}\s*(?:{_WITH}\s*:?\s*(?:{_QUOTE}|{_REST})|{_QUOTE})")
_LINK = re.compile(
    r"(?i)(?:include|add|insert|append|use|give|link to|point|click|visit|send|"
    r"f[üu]ge?|verlinke|nimm|inclu[st]?|ajoute[rz]?|incluye|a[ñn]ade|agrega|includi|aggiungi|inclua|voeg|"
    rf"добавь|包含|添加)[^.\n]{{0,60}}?{_URL}"
)
_REVEAL = re.compile(
    r"(?i)\b(?:reveal|print|repeat|show|output|quote|dump|leak|display|give me|zeige?|wiederhole|nenne|r[ée]v[èe]le|"
    r"affiche|r[ée]p[èe]te|revela|muestra|repite|mostra|ripeti|toon)\b[^.\n]{0,60}?"
    r"\b(?:system[ -]?(?:prompt|text|message|anweisung\w*)|prompt|(?:hidden |secret |initial |your )instructions|"
    r"rules you|anweisungen|instrucciones|istruzioni|canary)\b"
)
_SEND = re.compile(
    r"(?i)\b(?:tier|action|decision|route)\b\W{0,4}(?:is|to|as|auf)?\W{0,3}(?:send|0|zero|auto)\b"
    r"|\b(?:send (?:this |it )?(?:automatically|directly|without (?:a )?(?:review|check))|auto-?send|do not escalate|"
    r"don['’]?t escalate|never escalate|no human|without (?:a )?human|skip (?:the )?(?:review|checks?)|"
    r"mark (?:this |it )?(?:as )?(?:safe|approved|verified)|pre-?approved|nicht eskalieren|ne pas escalader|"
    r"no escales|bypass (?:the )?(?:review|checks?|filters?))\b"
)
_SCORE = re.compile(
    r"(?i)\b(?:rate|score|judge|grade|mark|bewerte|note[rz]?|eval[uú]a|punt[uú]a)\b[^.\n]{0,60}?"
    r"\b(?:1(?:\.0)?|100 ?%?|10/10|perfect|safe|faithful|highest|maximum|best)\b"
)
_SET = re.compile(
    r"(?i)\b(?:set|change|put|setze|mets|pon|imposta)\b (?:the |your |den |die |das |la |le |el |il )?"
    r"`?([a-z][a-z_ ]{2,24}?)`?(?: (?:to|as|auf|[àa]|en|su) | ?[=:])\s*[\"'“`]?([\w.-]{1,40})"
    r"|\b(intent|confidence|urgency|sentiment|escalate|summary|tier)\s*[=:]\s*[\"'“]?([\w.-]{1,40})"
)
_CLASSIFY = re.compile(
    r"(?i)\b(?:classify|categori[sz]e|label|sort) (?:this|it|the (?:message|ticket))[^.\n]{0,20} as [\"'“`]?([\w-]+)"
)
_REFUND = re.compile(
    r"(?i)\b(?:issue|approve|grant|promise|confirm|give|process|offer|erstatte|gew[äa]hre|rembourse\w*|accorde|"
    r"reembols\w+|devuelve|rimborsa|conceda)\b[^.\n]{0,100}"
)
_OF_VALUE = re.compile(
    r"(?i)refund|credit|discount|voucher|erstatt|rabatt|rembours|remise|reembols|descuento|rimbors|sconto|descont"
)
_FORWARD = re.compile(
    r"(?i)\b(?:forward|send|e-?mail|bcc|cc|copy|leite|transf[èe]re|env[íi]a|invia)\b[^.\n]{0,60}?"
    r"([\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
)
_BASE64 = re.compile(r"(?<![\w+/=])[A-Za-z0-9+/]{16,}={0,2}(?![\w+/])")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{2}[ :]?){12,}(?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class Order:
    """One thing somebody wants the model to do: say, link, reveal, send, score, set, refund or forward."""

    kind: str
    what: str = ""
    field: str = ""


def data_of(prompt: str) -> list[str]:
    """Return what stands in the tagged parts of a prompt, or all of it if nothing is tagged."""
    return [match[2] for match in _BLOCK.finditer(prompt)] or [prompt]


def orders(prompt: str) -> list[Order]:
    """Return every order in the data of a prompt, plain or encoded, each once."""
    found: dict[Order, None] = {}
    for text in data_of(prompt):
        for readable in (text, *_decoded(text)):
            found |= dict.fromkeys(_in(readable))
    return list(found)


def _in(text: str) -> Iterator[Order]:
    for match in _SAY.finditer(text):
        yield Order("say", next(filter(None, match.groups())).strip(" :\"'“”"))
    for match in _LINK.finditer(text):
        yield Order("link", match[1].rstrip(".,;:!?"))
    if _REVEAL.search(text):
        yield Order("reveal")
    if _SEND.search(text):
        yield Order("send")
    if _SCORE.search(text):
        yield Order("score")
    for match in _SET.finditer(text):
        name, value = (match[1], match[2]) if match[1] else (match[3], match[4])
        yield Order("set", value.strip(".,"), name.strip().lower().replace(" ", "_"))
    for match in _CLASSIFY.finditer(text):
        yield Order("set", match[1], "intent")
    for match in _REFUND.finditer(text):
        if _OF_VALUE.search(match[0]):
            yield Order("refund", " ".join(match[0].split()))
    for match in _FORWARD.finditer(text):
        yield Order("forward", match[1])


def _decoded(text: str) -> Iterable[str]:
    """Yield what encoded parts say: base64, hexadecimal, percent signs, character references, rot13, backwards."""
    for match in _BASE64.finditer(text):
        yield from _as_words(_unbase64(match[0]))
    for match in _HEX.finditer(text):
        yield from _as_words(bytes.fromhex(re.sub(r"[ :]", "", match[0])))
    for undone in (html.unescape(text), unquote(text)):
        if undone != text:
            yield undone
    if re.search(r"(?i)rot-?13|decode|caesar", text):
        yield codecs.decode(text, "rot13")
    if re.search(r"(?i)revers|backward|r[üu]ckw[äa]rts", text):
        yield from (line[::-1] for line in text.splitlines())


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _as_words(data: bytes) -> Iterator[str]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    if len(text) >= 8 and all(char.isprintable() or char.isspace() for char in text) and " " in text:
        yield text
