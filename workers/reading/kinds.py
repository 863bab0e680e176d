"""What a message is: a question, or automatic mail, a bounce, an absence note, calendar mail, a survey, mere thanks.

Pure. Headers and the vendor's flag are believed first, the text second.
"""

import re
from collections.abc import Mapping

from integrations.helpdesk import Attachment, Flag, Message
from workers.domain import MessageKind
from workers.patterns import fold

_ROBOTS = re.compile(r"(?i)^(?:mailer-daemon|postmaster|bounces?|[\w.+-]*-bounces?)(?:[+=-][^@]*)?@")
_NO_REPLY = re.compile(
    r"(?i)^(?:[\w.+]*[._+-])?(?:no[._-]?reply|do[._-]?not[._-]?reply|notifications?|auto-?(?:mailer|confirm|reply)"
    r"|nepasrepondre|no[._-]?responder|keine[._-]?antwort)(?:[+._-][^@]*)?@"
)


def kind_of(message: Message, own: str, full: str, *, subject: str, is_first: bool, asked_before: bool) -> MessageKind:
    """Return the kind of one message.

    `own` are its own words, `full` all it shows; `subject` counts only for the first message of a ticket. With
    `asked_before` the answer it replies to ended with a question, so that "ok" may be an answer.
    """
    headers = {name.lower(): value.strip().lower() for name, value in message.headers.items()}
    title = subject if is_first else headers.get("subject", "")
    by_machine = Flag.AUTOMATIC in message.flags or _is_machine(headers)
    if _is_bounce(message, headers, title, full):
        return MessageKind.BOUNCE
    if _is_absence(title, own or full, by_machine=by_machine):
        return MessageKind.OUT_OF_OFFICE
    if _is_calendar(headers, title, own, full, message.attachments):
        return MessageKind.CALENDAR
    if _is_survey(own, title):
        return MessageKind.SURVEY
    if by_machine or _NO_REPLY.match(message.author.email) or _is_acknowledgement(title, own):
        return MessageKind.AUTOMATIC
    return _human_kind(message, own, full, subject=subject, is_first=is_first, asked_before=asked_before)


def _human_kind(
    message: Message, own: str, full: str, *, subject: str, is_first: bool, asked_before: bool
) -> MessageKind:
    says_something = len(re.findall(r"\w+", _RE.sub("", subject))) >= 3
    is_own_subject = is_first and not _RE.match(subject)  # "Re: ..." answers something that is not on this ticket
    files = real_attachments(message.attachments)
    if not own or _SEE_ATTACHED.match(own):
        if any(file.content_type.startswith(("audio/", "video/")) for file in files):
            return MessageKind.ATTACHMENT_ONLY  # what is asked was spoken; the subject may be a machine's
        if is_first and says_something:
            return MessageKind.QUESTION
        if files:
            return MessageKind.ATTACHMENT_ONLY
        if not own and not full:
            return MessageKind.EMPTY
    if is_thanks(own, asked_before=asked_before) and not files and not (is_own_subject and says_something):
        return MessageKind.THANKS
    return MessageKind.QUESTION


# -- written by machines ------------------------------------------------------------------------------------------


def _is_machine(headers: Mapping[str, str]) -> bool:
    submitted = headers.get("auto-submitted", "no").split(";")[0]
    if submitted not in ("", "no"):
        return True
    if headers.get("precedence", "") in ("bulk", "junk", "auto_reply", "list"):
        return True
    marks = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "list-unsubscribe", "list-id", "x-loop")
    if any(headers.get(mark, "no") not in ("no", "false", "") for mark in marks):
        return True
    return headers.get("x-auto-response-suppress", "") == "all" and "in-reply-to" not in headers


_BOUNCE_TITLE = re.compile(
    r"(?i)^(?:re: )?(?:undeliver(?:able|ed)|delivery (?:status notification|has failed|failure|delayed|incomplete)"
    r"|mail delivery (?:failed|subsystem|failure)|returned mail|failure notice|message not delivered"
    r"|undelivered mail returned|unzustellbar|nicht zustellbar|zustellung fehlgeschlagen|no se puede entregar"
    r"|no entregado|devuelto al remitente|non remis|échec de (?:la )?remise|message non délivré|mancata consegna"
    r"|onbestelbaar)"
)
_BOUNCE_TEXT = re.compile(
    r"(?i)this is the mail system at host|^final-recipient:|^reporting-mta:|^diagnostic-code:"
    r"|the following address(?:es)? (?:failed|had permanent fatal errors)"
    r"|a message that you sent could not be delivered to"
    r"|your message (?:wasn't|could not be|to .{3,80} couldn't be) delivered"
    r"|delivery to the following recipients? failed|die folgende[nr]? (?:nachricht|empfänger"
    r"|adresse)n? .{0,60}(?:nicht zugestellt|unzustellbar)"
    r"|no se pudo entregar (?:el|su) mensaje a|votre message n'a pas pu être (?:remis|délivré)",
    re.MULTILINE,
)
_SMTP_CODE = re.compile(r"\b(?:5[0-5]\d|4[2-5]\d)[ -]#?[45]\.\d\.\d{1,2}\b|\b5\.[1-7]\.\d{1,2}\b")


def _is_bounce(message: Message, headers: Mapping[str, str], title: str, full: str) -> bool:
    if _ROBOTS.match(message.author.email) or headers.get("return-path") == "<>" or "x-failed-recipients" in headers:
        return "auto-replied" not in headers.get("auto-submitted", "")
    if "delivery-status" in headers.get("content-type", "") or _BOUNCE_TITLE.match(title):
        return True
    found = _BOUNCE_TEXT.search(full)
    if not found or re.search(r"(?i)\b(?:i|we|my|ich|yo|je)\b|\?", full[: found.start()]):
        return False  # a person who pastes a bounce tells something before it
    return bool(_SMTP_CODE.search(full)) or "mail system at host" in full.lower()


# A title that only machines write, and one under which people ask about their leave as well.
_AUTOMATIC_TITLE = re.compile(
    r"(?i)^(?:(?:re|aw|fwd?): ?)?(?:automatic reply|auto(?:matic)?[ -]?(?:response|reply|antwort)|autoreply"
    r"|automatische antwort|respuesta autom[aá]tica|r[eé]ponse automatique|message d'absence|risposta automatica"
    r"|resposta autom[aá]tica|automatisch antwoord|autosvar|automatiskt svar|automatická odpověď"
    r"|automatyczna odpowiedź|automaattinen vastaus|автоответ|自动回复|自動応答)"
)
_ABSENCE_TITLE = re.compile(
    r"(?i)^(?:(?:re|aw|fwd?): ?)?(?:out of (?:the )?office|ooo\b|on (?:annual |parental )?leave|abwesenheit|abwesend"
    r"|urlaub|außer haus|fuera de (?:la )?oficina|ausencia|absen(?:ce|t)|fuori (?:ufficio|sede)|afwezig|不在)"
)
# What a machine does not say: a question, with or without its mark, or something that does not work.
_ASKS = re.compile(
    r"(?i)\?|(?:^|[,.;:!–-]\s*|\b(?:and|but|so|und|aber|y|pero|et|mais)\s+)(?:who|how|what|where|why"
    r"|can (?:i|we|you|some(?:one|body))|could (?:i|we|you)|wer|wie|was|wo|warum|wann|kann ich|können|könnten"
    r"|quién|cómo|dónde|comment|pourquoi|chi|come|perché)\b"
    r"|\b(?:can['’]?t|cannot|doesn['’]?t|don['’]?t|won['’]?t|isn['’]?t|(?:is|are) not)\s+(?!read|respond|reply|answer"
    r"|access|check|be |in the|reading|checking|available|monitor|hesitate|forget)"
    r"|\b(?:wrong|missing|broken|stimmt nicht|geht nicht|fehlt|falsch)\b",
    re.MULTILINE,
)
_AWAY = re.compile(
    r"(?i)\b(?:(?:i am|i'm|i will be|i'll be|we are) (?:currently |presently |now )?(?:out of (?:the )?office"
    r"|on (?:annual |sick |parental |maternity |paternity )?leave|on vacation|on holiday|on pto|away|travell?ing"
    r"|not in the office)|currently out of (?:the )?office"
    r"|(?:i am|i'm) (?:on|enjoying) (?:my )?(?:vacation|holidays?)|ich bin (?:derzeit |zurzeit |zur zeit "
    r"|momentan |bis |vom |ab |aktuell |im |in )[^\n]{0,60}?(?:abwesend|nicht (?:im (?:büro|haus)|erreichbar)"
    r"|urlaub|außer haus|elternzeit)|bin ich (?:derzeit |wieder |nicht )?(?:abwesend|im urlaub|nicht im büro)"
    r"|ich bin erst [^\n]{0,30}wieder (?:im büro|da|erreichbar)"
    r"|ich bin nicht im büro|ich befinde mich (?:derzeit |zurzeit |momentan )?im urlaub|(?:estoy"
    r"|estaré) (?:fuera de (?:la )?oficina|de vacaciones|ausente|de baja)|me encuentro (?:fuera de (?:la )?oficina"
    r"|de vacaciones|ausente)"
    r"|je suis (?:actuellement )?(?:absente?|en congés?|en vacances|hors du bureau)|je serai absente?"
    r"|sono (?:attualmente )?(?:fuori ufficio|in ferie|assente)|estou (?:fora do escritório|de férias|ausente)"
    r"|ik ben (?:momenteel |op dit moment )?(?:afwezig|(?:op|met) vakantie|niet op kantoor)"
    r"|jag är (?:för närvarande )?(?:på semester|frånvarande|ledig)|jestem (?:obecnie )?(?:na urlopie|nieobecn))"
)
_ABSENCE_SIGNS = (
    re.compile(
        r"(?i)in my absence|in meiner abwesenheit|en mi ausencia|en mon absence|in mia assenza|na minha ausência"
    ),
    re.compile(
        r"(?i)thank(?:s| you) for your (?:e-?mail|message|mail)|(?:vielen )?dank für ihre (?:e-?mail|nachricht)"
        r"|gracias por su (?:mensaje|correo)|merci (?:de|pour) votre (?:message|mail|e-?mail|courriel)|grazie per"
        r"|obrigad[oa] pel[oa]|bedankt voor (?:uw|je)"
    ),
    re.compile(
        r"(?i)limited access|no access to (?:my )?e-?mail|not (?:be )?(?:reading|checking|forwarded)"
        r"|will not be forwarded|nicht (?:weitergeleitet|gelesen)|acceso limitado|acc[eè]s limité"
    ),
    re.compile(
        r"(?i)urgent (?:matters|cases|requests|inquiries|enquiries|issues)|for (?:anything )?urgent|if (?:it is"
        r"|this is|your (?:matter|request|message) is) urgent|dringende[nr]? (?:fällen|anliegen|angelegenheit)"
        r"|en caso de urgencia|asuntos urgentes|en cas d'urgence|per urgenze|em caso de urgência"
        r"|dringende (?:zaken|gevallen)"
    ),
    re.compile(
        r"(?i)(?:reply|respond|answer|get back to you|come back to you|deal with your) .{0,40}(?:on|upon|when"
        r"|after|as soon as) (?:my return|i (?:return|am back|get back))|(?:return|back) (?:to the office )?on"
        r"|nach meiner rückkehr|bin (?:ich )?(?:wieder )?(?:ab|am) .{0,20}(?:erreichbar|zurück|wieder)"
        r"|wieder (?:da|erreichbar|im büro)|a mi regreso|à mon retour|de retour|al mio rientro"
    ),
)


def _is_absence(title: str, text: str, *, by_machine: bool) -> bool:
    """Say whether this is an absence note. A person who will be away and asks something is no absence note."""
    away = _AWAY.search(text)
    signs = sum(1 for sign in _ABSENCE_SIGNS if sign.search(text))
    is_asking = bool(_ASKS.search(text[:4000]))  # an absence note is short
    if _AUTOMATIC_TITLE.match(text) and not is_asking:
        return True  # some put the title before the text
    if _AUTOMATIC_TITLE.match(title) and (by_machine or away or len(text.split()) < 40):
        return by_machine or bool(away) or "?" not in text
    if _ABSENCE_TITLE.match(title) and (by_machine or ((away or signs) and not is_asking)):
        return True
    if not away:
        return False
    if by_machine:
        return True
    if is_asking or re.search(
        r"(?i)\b(?:please|bitte|por favor) (?!an |contact|call|e-?mail|write|note|reach|wenden|kontakt|contact[ae]"
        r"|merci)",
        text,
    ):
        return signs >= 3
    return signs >= 2 or (signs == 1 and len(text.split()) <= 60) or len(text.split()) <= 14


_CALENDAR_TITLE = re.compile(
    r"(?i)^(?:accepted|declined|tentative(?:ly accepted)?|tentative|canceled|cancelled|canceled event"
    r"|updated invitation|invitation|new event|new time proposed|zugesagt|angenommen|abgelehnt|abgesagt"
    r"|mit vorbehalt|vorläufig|einladung|termin(?:einladung|absage)?"
    r"|aceptad[oa]|rechazad[oa]|cancelad[oa]|invitación|provisional|accepté|refusé|annulé|provisoire"
    r"|invitation acceptée|accettato|rifiutato|invito|geaccepteerd|geweigerd|uitnodiging)\s?:"
)


def _is_calendar(
    headers: Mapping[str, str], title: str, own: str, full: str, attachments: tuple[Attachment, ...]
) -> bool:
    if "BEGIN:VCALENDAR" in full or headers.get("content-type", "").startswith("text/calendar"):
        return True
    has_invite = any(a.content_type == "text/calendar" or a.name.lower().endswith(".ics") for a in attachments)
    if _CALENDAR_TITLE.match(title):
        is_bare = len(own.split()) <= 3 and not _ASKS.search(own)
        return has_invite or is_bare or bool(_MEETING.search(full))
    return has_invite and "?" not in own and (len(own.split()) <= 12 or bool(_MEETING.search(full)))


_MEETING = re.compile(
    r"(?i)microsoft teams(?: meeting|-besprechung)|join (?:the |zoom |with google )?meet(?:ing)?|meeting id:"
    r"|zoom\.us/j/|meet\.google\.com/|besprechungs-id"
    r"|\bhas (?:tentatively )?(?:accepted|declined) (?:this|the|your) invitation|^when: .+\n+where: .+"
    r"|hat diese einladung (?:angenommen|abgelehnt)",
    re.MULTILINE,
)

_ACKNOWLEDGED = re.compile(
    r"(?i)(?:your (?:request|ticket|case|enquiry|inquiry|message|e-?mail) (?:\S{1,20} )?(?:has been"
    r"|was) (?:received|created|logged|registered|opened|updated)|this is an automat(?:ic|ed) (?:reply|response"
    r"|message|e-?mail|notification)|automatically generated (?:message|e-?mail|reply)"
    r"|(?:please )?do not reply to this (?:e-?mail|message)|please type your reply above this line"
    r"|ihre anfrage (?:\S{1,20} )?(?:ist eingegangen|wurde (?:empfangen|erstellt|registriert))"
    r"|dies(?:e e-?mail wurde| ist eine) automatisch|bitte antworten sie nicht auf diese (?:e-?mail|nachricht)"
    r"|este es un (?:mensaje|correo) autom[aá]tico|hemos recibido su (?:solicitud|mensaje|consulta)"
    r"|no responda a este (?:mensaje|correo)|ceci est un (?:message|e-?mail) automatique"
    r"|nous avons bien reçu votre (?:demande|message)|ne pas répondre à ce (?:message|mail|courriel)"
    r"|risposta automatica|non rispondere a questa"
    r"|(?:ihre|deine) (?:anfrage|nachricht|e-?mail) ist (?:bei uns |soeben ){0,2}eingegangen"
    r"|we(?:['’]ve| have) received your (?:message|request|e-?mail|enquiry|inquiry|ticket)"
    r"|this (?:mailbox|inbox|(?:e-?mail )?address) is (?:not|no longer) (?:monitored|read|in use|checked)"
    r"|i (?:no longer work|have left)\b.{0,60}?\b(?:direct|address|send|contact)\b.{0,60}(?:@|\bhr\b))"
)
# Thanks for writing, and a promise to answer: what a desk says and no customer does.
_RECEIVED = re.compile(
    r"(?i)\b(?:thank(?:s| you) for (?:contacting|reaching out|getting in touch|writing to us|your (?:e-?mail|message"
    r"|enquiry|inquiry))|(?:(?:vielen|besten|herzlichen) )?dank für ihre (?:anfrage|nachricht|e-?mail)"
    r"|gracias por (?:ponerse en contacto|contactar\w*|escribir\w*|su (?:mensaje|correo))"
    r"|merci (?:pour votre (?:message|mail|demande)|de (?:votre|nous avoir))"
    r"|grazie per (?:averci|il suo messaggio|la sua)|obrigad[oa] (?:pelo|por) (?:seu|sua|entrar)"
    r"|bedankt voor (?:uw|je) (?:bericht|e-?mail))\b[\s\S]{0,200}?"
    r"\b(?:(?:will|usually|aim to|try to) (?:get back|reply|respond|answer|be in touch)|will reopen|will be handled"
    r"|melden|bearbeite[nt]|antworten|responderemos|répondr\w+|risponderemo|beantwoorden|reageren)\b"
)
_ACKNOWLEDGED_TITLE = re.compile(
    r"(?i)^\[?(?:request received|ticket (?:received|created|#?\d+ received)|case (?:created|received)|we(?:'ve"
    r"| have) received your|eingangsbestätigung|ihre anfrage ist eingegangen|acuse de recibo|accusé de réception"
    r"|read:|gelesen:|leído:|lu :)"
)


_GREETS = re.compile(
    r"(?i)(?:hi|hello|dear|hallo|sehr geehrte|guten tag|bonjour|hola|buongiorno|olá|beste)\b[^\n.!?]{0,40},"
)
_OWN_STORY = re.compile(r"(?i)\b(?:i|we|my|our|ich|wir|mein\w*|unser\w*|yo|mis?|je|nous|mon|mes)\b")


def _is_acknowledgement(title: str, own: str) -> bool:
    """Say whether another desk's or machine's receipt is talking. A person may quote one, but then asks something."""
    if _ASKS.search(own):
        return False
    if _ACKNOWLEDGED_TITLE.match(title):
        return True
    found = _ACKNOWLEDGED.search(own) or _RECEIVED.match(
        own[own.find(",") + 1 :].strip() if _GREETS.match(own) else own
    )
    return found is not None and (found.start() < 200 or len(own) < 600) and not _OWN_STORY.search(own[: found.start()])


_SURVEY = re.compile(
    r"(?i)^\W*(?:(?:good|great|bad|gut|schlecht),? (?:i'?m|ich bin) (?:un|dis)?(?:satisfied|zufrieden)|(?:rating"
    r"|score|bewertung|csat|nps|puntuación|note)\s?[:=]\s?\d{1,2}(?:\s?(?:/|of|out of|von)\s?(?:5|10))?|(?:10"
    r"|\d)\s?(?:/|out of|von|de|sur)\s?(?:5|10)(?: stars?| sterne| estrellas)?"
    r"|(?:rating|bewertung)\s?: ?(?:good|great|bad|gut|schlecht)\b(?:,? (?:i'?m|ich bin) \w*(?:satisfied|zufrieden))?"
    r"|[★⭐☆]{1,5}(?:\s?[★⭐☆])*|[1-5] (?:stars?|sterne|estrellas|étoiles))\W*(?P<comment>[\s\S]*)$"
)
_SURVEY_FOOTER = re.compile(r"(?i)this (?:feedback|rating|response) was submitted through[\s\S]*$")
_NO_COMMENT = re.compile(r"(?i)^comments?\s?: ?(?:\(?(?:none|no comment)\)?|-|n/a)?\s*")
_SURVEY_TITLE = re.compile(
    r"(?i)^(?:re: )?(?:survey response|satisfaction (?:survey|rating)|customer satisfaction|feedback survey"
    r"|umfrage(?:antwort)?|zufriedenheitsumfrage|encuesta de satisfacción|enquête de satisfaction)"
)


def _is_survey(own: str, title: str) -> bool:
    """Say whether this only rates us; a rating with more than thanks beside it is a message."""
    if found := _SURVEY.match(own):
        comment = _NO_COMMENT.sub("", _SURVEY_FOOTER.sub("", found["comment"]).strip())
        return not comment or is_thanks(comment)
    return bool(_SURVEY_TITLE.match(title)) and len(own.split()) <= 12 and not _ASKS.search(own)


# -- written by people -------------------------------------------------------------------------------------------

_RE = re.compile(r"(?i)^(?:(?:re|aw|sv|antw|rv|tr|fwd?|wg)\s?: ?)+")
_SEE_ATTACHED = re.compile(
    r"(?i)^\W*(?:(?:please )?(?:see|find)(?: (?:the )?attach(?:ed|ment)(?: (?:file|screenshot|document|picture"
    r"|image)s?)?| (?:the )?(?:file|screenshot|document)s? attached)|(?:see )?attached(?: (?:file|screenshot"
    r"|document)s?)?|(?:screenshot|file|photo|document)s? (?:is |are )?attached|here (?:it is|is the (?:file"
    r"|screenshot))"
    r"|(?:see|look at|check) (?:the |my |this )?(?:pics?|pictures?|photos?|images?|screenshots?|video)"
    r"|(?:pics?|pictures?|images?) (?:is |are )?attached"
    r"|siehe an(?:hang|lage)|(?:anbei|im anhang)(?: der screenshot| die datei)?|ver (?:archivo )?adjunto"
    r"|adjunto(?: (?:archivo|captura))?|(?:voir )?(?:pi[eè]ces? jointes?|ci-joint)|in allegato|vedi allegato"
    r"|em anexo|zie bijlage)\W*$"
)
_THANK_WORDS = frozenset(
    fold(
        "thank thanks thx thnx tnx thanx ty tysm cheers danke dankeschon dank merci gracias obrigado obrigada "
        "grazie bedankt dankjewel dankuwel dziekuje dzieki tack tak takk kiitos dekuji diky kosz koszonom "
        "multumesc tesekkurler "
        "tesekkur sagol спасибо дякую благодаря ευχαριστω ありがとう ありがとうございます ありがとうございました "
        "どうも 谢谢 "
        "謝謝 감사합니다 고맙습니다 "
        "شكرا תודה धन्यवाद ขอบคุณ appreciate appreciated grateful"
    ).split()
)
_CLOSING_WORDS = frozenset(
    fold(
        "ok okay okey k oke okej perfect perfekt perfecto parfait perfetto great super prima top awesome "
        "excellent excelente solved resolved fixed sorted works worked funktioniert klappt geklappt erledigt "
        "resuelto solucionado funciona regle resolu risolto understood verstanden entendido compris noted got "
        "cool live running nice vale genial geweldig fein wunderbar amazing brilliant lovely good gut bien bene "
        "bueno yes yep ja si oui"
    ).split()
)
_ACKNOWLEDGING = _CLOSING_WORDS - {"yes", "yep", "ja", "si", "oui"}
_COURTESY = frozenset(
    fold(
        "a all alright again so very much many lot lots ton tons bunch for your you u youre yours the that this "
        "it its is was were i im we my our us and with of to in have has had a be been are now "
        "help helping helped support reply replies response answer quick quickly fast prompt swift speedy kind "
        "kindly kindness time effort patience team everyone everybody guys folks hi hello hey dear day weekend "
        "week evening afternoon morning night nice good great wonderful lovely really truly everything "
        "site sites location locations shop shops store stores up one two three four five six seven eight nine ten "
        "eleven twelve "
        "indeed just done did do does works working worked fine well happy glad problem problems issue issues "
        "matter case ticket closed close can may clear clears up out info information advice tip hint done "
        "assistance exactly what needed perfectly works sorted back no more further questions nothing else then "
        "bye best regards kind were helpful friendly service "
        "vielen lieben besten herzlichen schon schonen tag wochenende abend fur die das der den dem hilfe hat es "
        "jetzt nun alles schnelle schnell antwort ruckmeldung ihre eure deine euch ihnen dir sehr im voraus "
        "gruss grusse liebe viele mit und ist geht wieder ich bin nochmal nochmals mfg lg vg "
        "muchas muchisimas mil por la el su tu ayuda respuesta todo esta ya rapida buen dia saludos que tenga un "
        "una lo y con me ha sido de "
        "beaucoup bien pour votre ton aide reponse tout c est bonne journee marche maintenant cela ca a le les "
        "rapide vous je avec cordialement mille tutto per il suo tuo aiuto risposta adesso molte "
        "muito pela ajuda resposta tudo agora hartelijk voor de hulp snelle reactie het werkt nu alles bardzo za "
        "pomoc mycket for hjalpen hjalp så mange"
    ).split()
)
_BUT = frozenset(
    fold(
        "but however although though yet still except unfortunately aber jedoch allerdings leider trotzdem noch "
        "pero sin embargo todavia aun mais cependant toutefois malheureusement encore ma pero purtroppo mas "
        "porem infelizmente maar echter helaas ale niestety men dock tyvarr но однако"
    ).split()
)
_HAPPY = re.compile(
    "[\U0001f44d\U0001f44c\U0001f64f\u2764\U0001f600-\U0001f60e\U0001f929\U0001f970\U0001f973\U0001f917\U0001f607\U0001f60a\U0001f389\U0001f38a\U0001f496\U0001f495\U0001f49a\U0001f499\U0001f49c\U0001f49b\U0001f4aa\u2705\u2714\u263a\U0001f91d\U0001f44f\U0001f4af\u2b50\U0001f31f]"
)
_GREETING = re.compile(
    r"(?i)^(?:hi|hello|hey|dear|hallo|liebe[rs]?|guten (?:tag|morgen|abend)|hola|bonjour|cher|chère|ciao"
    r"|olá)\b[ ,]*(?:[^\W\d_][\w'’-]*){0,1}[ ,!.:\n]*"
)
_TO_SAY = re.compile(r"(?i)^(?:(?:hi|hello|hey)(?: there| all)?\W+)?(?:i |we )?just (?:wanted|want) to say\b\W*")
_THANKED_NAME = re.compile(
    r"^((?i:thanks(?: again| a lot| so much)?|thank you(?: so much| very much)?|thx|danke|merci|gracias|grazie|bedankt"
    r"|tack)),? [A-ZÀ-Þ][\w'’-]+(?=[\s,.!]|$)"
)
_CLOSING_NAME = re.compile(r"(?:\n+|[,.!–-]\s*)[A-ZÀ-Þ][\w'’.-]+(?: [A-ZÀ-Þ][\w'’.-]+){0,2}[.!]?$")


def is_thanks(text: str, *, asked_before: bool = False) -> bool:
    """Say whether a message holds nothing but courtesy: thanks, "it works now", a thumbs-up. "Thanks, but..." is more.

    A bare "ok" or a thumbs-up is courtesy unless we had asked something.
    """
    stripped = _TO_SAY.sub("", text.strip())
    if not stripped or "?" in stripped or len(stripped) > 400:
        return False
    smiles = bool(_HAPPY.search(stripped))
    words = re.findall(r"[^\W_]+", fold(_without_names(stripped)))
    if not words:
        return smiles and not asked_before and not re.search(r"[\w]", stripped)
    if len(words) > 30 or not _BUT.isdisjoint(words) or any(word.isdigit() for word in words):
        return False
    has_thanks = not _THANK_WORDS.isdisjoint(words)
    if not all(word in _THANK_WORDS or word in _CLOSING_WORDS or word in _COURTESY for word in words):
        return False
    if re.search(r"\b(?:not|no|never|nicht|kein\w*|pas|nunca)\b", fold(stripped)) and not re.search(
        r"\bno (?:more|further)\b", fold(stripped)
    ):
        return False
    return has_thanks or ((smiles or not _ACKNOWLEDGING.isdisjoint(words)) and not asked_before)


def _without_names(text: str) -> str:
    """Take greeting and closing name off a courtesy ("Hi Lisa, thanks! Tom")."""
    greeting = _GREETING.match(text)
    rest = text[greeting.end() :] if greeting and greeting.end() < len(text) else text
    return _THANKED_NAME.sub(r"\1", _CLOSING_NAME.sub("", rest) or rest)


_PASTED_BYTES = 30_000  # an inline picture below this is a logo


def real_attachments(attachments: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    """Return the attachments a person meant to send: a pasted screenshot, but no logo, tracking pixel or invitation."""
    return tuple(a for a in attachments if not _is_decoration(a) and not (a.is_inline and a.size_bytes < _PASTED_BYTES))


def _is_decoration(attachment: Attachment) -> bool:
    name = attachment.name.lower()
    if name.endswith((".ics", ".vcf", ".p7s", ".asc")) or name in ("winmail.dat", "smime.p7m"):
        return True
    looks_generated = re.match(
        r"(?:image\d{3}|logo|signature|icon|facebook|twitter|linkedin|instagram|banner|outlook-)", name
    )
    return (
        bool(looks_generated) and attachment.content_type.startswith("image/") and attachment.size_bytes < _PASTED_BYTES
    )
