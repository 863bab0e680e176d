"""One mail's text -> its writer's own new words: quoted history, signature and disclaimers taken off. Pure.

Where a mail client's header line begins the history is known by `mail-parser-reply`; what stands between quoted lines
is an answer and is kept with its question; a forward is content, not history.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from mailparser_reply.constants import MAIL_LANGUAGES
from mailparser_reply.parser import EmailMessage

QUOTED = "[quoted text:]"
_MAX_HEADER_LINE = 300

# A language's patterns are used only where one of its cues stands: each costs time and may be wrong in another tongue.
_CUES = {
    "en": ("wrote:", "from:", "sent:", "original message"),
    "de": ("schrieb", "von:", "gesendet:"),
    "es": ("escribió", "de:", "enviado"),
    "fr": ("a écrit", "de :", "envoyé"),
    "it": ("ha scritto", "da:"),
    "nl": ("schreef", "van:"),
    "pl": ("napisał", "nadesłał"),
    "sv": ("skrev",),
    "da": ("skrev", "sendt:"),
    "cs": ("napsal", "odesláno:"),
    "ja": ("年",),
    "ko": ("작성하였습니다", "보낸"),
}
# Header lines the library does not know.
_MORE_HEADERS = re.compile(
    r"^(?:[>* ]*)(?:"
    r"-{2,}\s*(?:Original Message|Original Appointment|Ursprüngliche Nachricht|Originalnachricht|Mensaje original"
    r"|Message d'origine|Message original|Messaggio originale"
    r"|Mensagem original|Oorspronkelijk bericht|Oprindelig meddelelse|Ursprungligt meddelande|Исходное сообщение"
    r"|Original-Nachricht)\s*-{2,}"
    r"|##-.{5,120}-##"
    r"|.{0,200}\b(?:wrote|writes|schrieb|escribió|a écrit|ha scritto|schreef|escreveu|napisał(?:\(a\))?|skrev"
    r"|napsal(?:\(a\))?|kirjoitti|пишет|написал[аи]?|yazdı)\b[^.!?\n]{0,120}:"
    r"|.{0,120}<[^<>\s@]{1,64}@[^<>\s]{1,120}>\s?.{0,40}[:：]"
    r")\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER_BLOCK = re.compile(
    r"^(?:_{5,}\n+)?[*> ]*(?:From|Von|De|Da|Van|Från|Fra|Od|От|发件人|差出人|Kimden|Lähettäjä)\s?[:：][^\n]{1,200}\n"
    r"(?:[^\n]{0,200}\n){0,2}?"
    r"[*> ]*(?:Sent|Date|To|Subject|Gesendet|Datum|An|Betreff|Enviado(?: el)?|Fecha|Para|Asunto|Envoyé|Date|À"
    r"|Objet|Inviato|Data|A|Oggetto|Verzonden|Aan|Onderwerp"
    r"|Enviada(?: em)?|Assunto|Skickat|Till|Ämne|Sendt|Til|Emne|Wysłano|Do|Temat|Odesláno|Komu|Předmět|Дата|Кому"
    r"|Тема|发送时间|收件人|件名|日時|Gönderildi|Konu)\s?[:：]",
    re.IGNORECASE | re.MULTILINE,
)
_FORWARD = re.compile(
    r"^[>* ]*(?:-{2,}\s*)?(?:Forwarded message|Begin forwarded message|Weitergeleitete Nachricht"
    r"|Anfang der weitergeleiteten (?:Nachricht|E-Mail)|Mensaje reenviado"
    r"|Inicio del mensaje reenviado|Message transféré|Début du message (?:transféré|réexpédié)|Messaggio inoltrato"
    r"|Inizio messaggio inoltrato|Doorgestuurd bericht|Begin doorgestuurd bericht|Mensagem encaminhada"
    r"|Vidarebefordrat meddelande|Videresendt meddelelse|Przekazana wiadomość|Пересылаемое сообщение)\b[ :\-]*$",
    re.IGNORECASE | re.MULTILINE,
)
_SEE_BELOW = re.compile(
    r"(?i)\b(?:(?:see|as|mentioned|described|mail|message|email|thread|error|forwarded) below|below (?:mail"
    r"|message|email|thread)|fyi|see (?:the )?(?:thread|forward)"
    r"|siehe (?:unten|unterhalb|anbei)|s\. ?u\.|zur info|zk|ver (?:abajo|más abajo)|véase abajo|voir ci-dessous"
    r"|ci-dessous|vedi sotto|zie onder|zie hieronder|ver abaixo)\b"
)


@dataclass(frozen=True, slots=True)
class OwnWords:
    """`text` is what the writer added. `quoted` is the rest of the thread below it, "" if none."""

    text: str
    quoted: str = ""
    is_forward: bool = False


def own_words(text: str) -> OwnWords:
    """Return the writer's own words of a tidied mail; "" where the mail is nothing but a quotation."""
    forward = _FORWARD.search(text)
    cut = _history_start(text)
    if forward and (cut is None or forward.start() <= cut):
        own = _without_ending(_own_lines(text[: forward.start()]))
        return OwnWords(own, text[forward.start() :].strip(), is_forward=True)
    head, tail = (text, "") if cut is None else (text[:cut], text[cut:])
    if paired := _answers_in_quotation(head, tail):
        return OwnWords(paired, _quoted_lines(text))
    below = _own_below(tail) or ("" if tail else _own_lines(head))
    own = _without_ending(_own_lines(head)) or _without_ending(below)
    return OwnWords(own, tail.strip() or _quoted_lines(head))


def with_reference(own: OwnWords) -> str:
    """Return the own words, and the quotation after a mark where they point to it or are nothing without it."""
    needs_quote = own.is_forward or not own.text or (len(own.text.split()) <= 25 and _SEE_BELOW.search(own.text))
    if own.quoted and needs_quote:
        return f"{own.text}\n\n{QUOTED}\n{own.quoted}".strip()
    return own.text


def _history_start(text: str) -> int | None:
    """Return where the first header of quoted history begins."""
    skeleton = "\n".join(line if len(line) <= _MAX_HEADER_LINE else "x" * len(line) for line in text.split("\n"))
    low = skeleton.lower()
    languages = tuple(name for name, cues in _CUES.items() if any(cue in low for cue in cues))
    starts = [found.start() for pattern in (_MORE_HEADERS, _HEADER_BLOCK) if (found := pattern.search(skeleton))]
    if languages and (found := _library_headers(languages).search(skeleton)):
        starts.append(found.start() + len(found[0]) - len(found[0].lstrip()))
    return min(starts, default=None)


@lru_cache(maxsize=256)
def _library_headers(languages: tuple[str, ...]) -> re.Pattern[str]:
    known = [name for name in languages if name in MAIL_LANGUAGES]
    pattern: re.Pattern[str] = EmailMessage(text="", languages=known, include_english="en" in known).HEADER_REGEX
    return pattern


def _is_quote(line: str) -> bool:
    return line.startswith((">", "|>", "│"))


def _own_lines(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not _is_quote(line)).strip()


def _quoted_lines(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if _is_quote(line)).strip()


def _answers_in_quotation(head: str, tail: str) -> str:
    """Return question and answer pairs where own lines stand between quoted ones, else "".

    One block below the whole quotation is an ordinary answer beneath, not a pair.
    """
    lines = (tail or head).split("\n")
    if sum(map(_is_quote, lines)) < 2:
        return ""
    first = next(place for place, line in enumerate(lines) if _is_quote(line))
    pairs: list[tuple[list[str], list[str]]] = []
    for line in lines[first:]:
        if _is_quote(line):
            if not pairs or pairs[-1][1]:
                pairs.append(([], []))
            pairs[-1][0].append(line)
        elif line:
            pairs[-1][1].append(line)
    answered = [(asked, answer) for asked, answer in pairs if answer]
    is_interleaved = len(answered) >= 2 or (
        len(answered) == 1 and len(pairs) > 1 and bool(answered[0][1]) and pairs[-1] is not answered[0]
    )
    if not is_interleaved:
        return ""
    own = [_without_ending(_own_lines(head))] if tail else []
    for place, (asked, answer) in enumerate(answered):
        question = [line for line in asked if line.strip("> ")][-2:]
        said = "\n".join(answer)
        own.append("\n".join([*question, _without_ending(said) if place == len(answered) - 1 else said]))
    return "\n\n".join(part for part in own if part).strip()


def _own_below(tail: str) -> str:
    """Return the own words below a quotation, where the answer was written beneath it."""
    lines = tail.split("\n")
    quoted = [place for place, line in enumerate(lines) if _is_quote(line)]
    return "\n".join(lines[quoted[-1] + 1 :]).strip() if quoted else ""


_SIGN_OFF = re.compile(
    r"^(?:(?:with )?(?:my |many )?(?:kind|best|warm|kindest|warmest)(?:est)? regards|regards|best(?: wishes)?"
    r"|cheers|(?:many |with )?thanks(?: again| in advance| so much| a lot| and (?:kind |best )?regards)?"
    r"|thank you(?: again| in advance| so much| very much)?|sincerely(?: yours)?|yours(?: sincerely| faithfully"
    r"| truly)?|all the best|take care|respectfully|thx|br|rgds|ta"
    r"|mit freundlichen gr(?:ü|ue)(?:ß|ss)en|(?:freundliche|beste|viele|liebe|schöne|herzliche)[nr]? gr(?:ü"
    r"|ue)(?:ß|ss)e|gru(?:ß|ss)|mfg|vg|lg|danke(?: im voraus| schön)?|(?:vielen|besten) dank(?: im voraus)?"
    r"|(?:un )?(?:cordial )?saludos?(?: cordial(?:es)?)?|atentamente|(?:muchas )?gracias(?: de antemano)?"
    r"|un abrazo|cordialmente"
    r"|(?:bien )?cordialement|(?:sincères |meilleures )?salutations|bien à vous|merci(?: beaucoup| d'avance)?"
    r"|bonne journée"
    r"|(?:cordiali|distinti) saluti|grazie(?: mille)?|saluti|atenciosamente|(?:muito )?obrigad[oa]|cumprimentos|abraços"
    r"|met vriendelijke groet(?:en)?|(?:hartelijke |vriendelijke )?groet(?:en|jes)?|bedankt|alvast bedankt|dank u"
    r"|(?:z poważaniem|pozdrawiam)|dziękuję|(?:med )?(?:vänlig|vänliga|bästa) hälsning(?:ar)?|hälsningar|mvh"
    r"|tack(?: på förhand)?|(?:med )?venlig hilsen|hilsen|vh"
    r"|ystävällisin terveisin|s pozdravem|děkuji|с уважением|спасибо|saygılarımla|teşekkürler"
    r"|よろしくお願い(?:いた)?します|此致|谢谢|감사합니다)"
    r"(?=\W|$)[\s,.!–-]*(?P<rest>.*)$",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"^(?:sent (?:from|with|via) (?:my |the )?[\w .:/<>-]{2,60}|get outlook for [\w <>:/.-]+"
    r"|von meinem [\w -]+ gesendet|gesendet (?:von|mit|aus) [\w .:/<>-]{2,60}|enviado desde [\w .:/<>-]{2,60}"
    r"|envoyé (?:de(?:puis)?|à partir de) [\w .:/<>-]{2,60}|inviato da[l ][\w .:/<>-]{2,60}"
    r"|enviado d[oe] [\w .:/<>-]{2,60}|(?:verzonden|verstuurd) (?:vanaf|met|via) [\w .:/<>-]{2,60}"
    r"|skickat från [\w .:/<>-]{2,60}"
    r"|sendt fra [\w .:/<>-]{2,60}|wysłan[eo] z [\w .:/<>'’-]{2,60}|отправлено с [\w .:/<>-]{2,60}"
    r"|holen sie sich outlook für [\w <>:/.-]+|télécharger outlook pour [\w <>:/.-]+)\.?$",
    re.IGNORECASE,
)
_DASHES = re.compile(r"^(?:--|—|__|–|-- ?)$")
_RULE = re.compile(r"^[_=*~-]{5,}$")
_KEPT = re.compile(
    r"(?i)\b(?:order|invoice|ticket|case|customer|account|reference|bestell|kunden|rechnung|auftrag|pedido|factura"
    r"|cliente|commande|facture|client)\w*\W{0,4}(?:n[or°º]\w*\W{0,3})?\w*\d"
)
_POSTSCRIPT = re.compile(r"(?i)^p\.? ?s\.?\W")
_DISCLAIMER = re.compile(
    r"(?i)^\W*(?:(?:this|the (?:information|content)s?(?: contained)? (?:in|of) this) (?:e-?mail|message"
    r"|communication|transmission)|confidential|disclaimer|legal notice|privileged|notice:|caution:|\[?external\]?"
    r"|warning:"
    r"|(?:please )?consider the environment|virus-free|scanned by|diese (?:e-?mail|nachricht)|der inhalt dieser"
    r"|vertraulich|wichtiger hinweis|bitte denken sie an die umwelt"
    r"|este (?:mensaje|correo|e-?mail)|la información contenida|aviso legal|antes de imprimir|ce (?:message"
    r"|courriel|mail|courrier)|cet e-?mail|avertissement|questo messaggio|le informazioni contenute|esta mensagem"
    r"|dit bericht|deze e-?mail)"
)
_DISCLAIMER_WORDS = re.compile(
    r"(?i)confiden|intended (?:only |solely )?for|recipient|privileged|unauthori[sz]ed|originated from outside"
    r"|do not click|outside (?:of )?(?:your|the) organi|print|virus|vertraulich|empfänger|unbefugt|umwelt"
    r"|destinatari|confidencial"
    r"|imprimir|destinataire|confidentiel|riservat|bestemd|vertrouwelijk|sender and know the content"
)


def _without_ending(text: str) -> str:
    """Return `text` without disclaimers, device lines and signature; order numbers and postscripts stay."""
    paragraphs = [p for p in re.split(r"\n{2,}", text) if not _is_disclaimer(p)]
    lines = "\n\n".join(paragraphs).split("\n")
    lines = [line for line in lines if not _DEVICE.match(line) and not _RULE.match(line)]
    start = _signature_start(lines)
    if start is None:
        return "\n".join(lines).strip()
    kept = [line for line in lines[start:] if _KEPT.search(line)]
    kept += _postscript(lines[start:])
    return "\n".join(["\n".join(lines[:start]).rstrip(), *dict.fromkeys(kept)]).strip()


def _is_disclaimer(paragraph: str) -> bool:
    return len(paragraph) >= 40 and bool(_DISCLAIMER.match(paragraph)) and bool(_DISCLAIMER_WORDS.search(paragraph))


def _signature_start(lines: list[str]) -> int | None:
    """Return the line a signature begins at: the earliest sign-off after which only signature-like lines follow.

    Never the first line: a mail that is nothing but "Thanks!" says just that.
    """
    for place, line in enumerate(lines):
        if not place:
            continue
        rest = [below for below in lines[place + 1 :] if below]
        if _DASHES.match(line) and len(rest) <= 20 and not any(below.endswith("?") for below in rest):
            return place
        if (off := _SIGN_OFF.match(line)) and _is_name_like(off["rest"]) and _looks_signed(rest):
            return place
    return None


def _is_name_like(rest: str) -> bool:
    """Say whether what follows a sign-off on its line may be a name: a few words, nothing asked or told."""
    words = rest.split()
    return (
        len(words) <= 4
        and not rest.endswith("?")
        and not re.search(r"(?i)\b(?:but|for|i|you|aber|pero|mais|can|how|is|it)\b|\d", rest)
    )


def _looks_signed(lines: list[str]) -> bool:
    told = [line for line in lines if not _POSTSCRIPT.match(line)]
    if len(told) > 10 or any(line.endswith("?") for line in told):
        return False
    return all(len(line) <= 90 and (len(line.split()) <= 8 or re.search(r"[@|·•]|\d{4}", line)) for line in told)


def _postscript(lines: list[str]) -> list[str]:
    for place, line in enumerate(lines):
        if _POSTSCRIPT.match(line):
            return lines[place:]
    return []
