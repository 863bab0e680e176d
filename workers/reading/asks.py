"""The separate asks of a message: its questions and requests, in the writer's words. Pure."""

import re

_MAX_ASKS = 8
_MAX_CHARS = 300
_QUOTED = (">", "[quoted text")

_SENTENCE = re.compile(
    r"(?<=[.!?。！？])(?<!\b[A-Z]\.)(?<!e\.g\.)(?<!i\.e\.)(?<!z\.B\.)(?<!bzw\.)(?<!etc\.)(?<!Nr\.)(?<!No\.)(?<!approx\.)(?<!vs\.)\s+(?=[\"'“(¿¡]?[^\Wa-z]|¿)|(?<=[。！？])"
    r"|(?<=\?)\s+(?=[a-z])"  # who writes all in small letters still asks one thing after the other
)
_NUMBERED = re.compile(r"(?:^|(?<=\s))\(?([1-9])[.)]\s+(?=\w)")  # "1) how do I ... and 2) is there ..." in one line
_LIST_ITEM = re.compile(r"^(?:[-*•–·]|\(?\d{1,2}[.)]|[a-h][.)])\s+")
_ASKING = re.compile(
    r"(?i)^\W*(?:(?:and|also|second(?:ly)?|third(?:ly)?|finally|another (?:thing|question)|next|then|plus|und"
    r"|außerdem|zweitens|y|además|et|aussi|hi|hello|hey|so)[,:]?\s+){0,2}"
    r"(?:how (?:do|can|could|should|would|to|long|much|many|come)|what (?:is|are|does|do|should|can|happens)"
    r"|where (?:do|can|is|are)|when (?:will|do|does|is|can)|why (?:is|are|does|do|did|can)|which|who (?:do|can|is)"
    r"|can (?:i|you|we|someone)|could (?:i|you|we)|would (?:you|it be)|will (?:you|it)|is (?:it possible|there)"
    r"|are there|do(?:es)? (?:you|the|it)|may i"
    r"|wie (?:kann|können|lange|viel|oft|mache|lässt|bekomme|komme)|wo (?:kann|finde|ist|sind)|was (?:muss|kann"
    r"|soll|kostet|bedeutet)|warum|wann|welche|können (?:sie|wir)|könn(?:t|en) ihr|kann (?:ich|man)|gibt es"
    r"|ist es möglich|könnten"
    r"|¿|cómo (?:puedo|se|hago)|dónde|cuándo|por qué|cuánto|pueden?|podrían?|es posible|hay (?:alguna|una)|comment"
    r"|où|quand|pourquoi|combien|est-ce que|pouvez-vous|pourriez-vous|puis-je|y a-t-il|peut-on)\b"
)
_REQUESTING = re.compile(
    r"(?i)\b(?:please (?!find|see|note|be aware|excuse|forgive|bear|ignore my)\w+|(?:i|we) (?:need|want|would like"
    r"|'?d like|wish|require|am looking|are looking|have to|must) (?:to|you|a|an|the|your|my|our|for|help|some|two"
    r"|three|more|new)|i wonder|wondering (?:how|if|whether|what|why)|(?:tell|show|send|give|explain|let) (?:me"
    r"|us) (?:how|know|what|why|where|the|a|an)|don'?t know how|not sure how|need help"
    r"|bitte (?!nicht wundern|entschuldig|verzeih)\w+|(?:ich|wir) (?:möchten?|brauchen?|benötigen?|würden? gern"
    r"|wollen|will|hätten? gern)|(?:necesito|necesitamos|quiero|queremos|quisiera|me gustaría|solicito)|por favor"
    r"|ayúd[ae]n?me|(?:je|nous) (?:voudrais|voudrions|souhaite|souhaitons|veux|aimerais|aimerions)|j'(?:aimerais"
    r"|ai besoin)|merci de (?!votre|ton)\w+|veuillez"
    r"|vorrei|ho bisogno|gostaria|preciso|ik wil(?: graag)?|graag|chciał(?:bym|abym)|proszę)\b"
)
# Asking for help as such adds no ask of its own where the problem is told.
_FILLER = re.compile(
    r"(?i)^\W*(?:(?:so|and|hi|hello|hey|also|any|fyi|btw|und)\W+)*(?:(?:can|could|would|will) (?:you|someone"
    r"|anyone|anybody|somebody) (?:please |kindly )?(?:help|assist|advise|look into (?:it|this)|check|fix (?:it"
    r"|this))(?: me| us| him| her| them| (?:my|our) [\w-]+)?(?: out)?(?: (?:with|on) (?:this|that|it))?(?: please)?"
    r"|please (?:help|advise|assist|fix"
    r"|respond|reply|check)(?: me| us)?(?: asap| soon| urgently| (?:with )?this)?(?: .{0,12})?"
    r"|(?:please )?let (?:me|us) know(?: (?:if|how|what) (?:you|i|we) (?:need|can|could|think).{0,40})?|any(?:one"
    r"|body)? (?:ideas?|help|suggestions?|advice|thoughts?|clue)?(?: (?:would be|is|please|on|what).{0,40})?"
    r"|what (?:can|should|could) (?:i|we) do|how (?:can|do|should) (?:i|we) (?:fix|solve|resolve) (?:this|that"
    r"|it)(?: (?:issue|problem|error))?|is (?:this|it) a (?:known )?(?:bug|issue|problem)|help(?: me)?(?: please)?"
    r"|what(?:'s| is) (?:going on|wrong|happening)|how come|why|right|ok(?:ay)?|how are you(?: doing)?"
    r"|can i ask (?:you )?(?:a question|something)|(?:i )?need (?:your |some )?help(?: please)?"
    r"|(?:können|könnten) sie (?:mir |uns )?(?:bitte )?(?:helfen|weiterhelfen)|kann mir (?:jemand"
    r"|bitte jemand) helfen|(?:ich )?bitte um (?:hilfe|rückmeldung)|was (?:kann|soll) ich tun|(?:me )?(?:pueden"
    r"|podrían|puede) ayudar(?:me)?|¿?qué (?:puedo|debo) hacer|ayuda(?: por favor)?|pouvez-vous m'aider|aidez-moi"
    r"|que (?:puis-je|dois-je) faire)\W*$"
)


def asks(text: str) -> tuple[str, ...]:
    """Return the asks of a cleaned message; a problem told without a question is one ask, the message itself."""
    found: list[str] = []
    for sentence in sentences(text):
        if _is_filler(sentence):
            continue
        is_question = sentence.rstrip("\"'”») ").endswith(("?", "？", "؟"))
        if not (is_question or _ASKING.match(sentence) or _REQUESTING.search(sentence)):
            continue
        if found and is_question and _continues(sentence):
            found[-1] = f"{found[-1]} {sentence}"  # "Where is it? And when?" belongs to what was just asked
        elif sentence not in found:
            found.append(sentence)
    if not found and text.strip():
        own = " ".join(line for line in text.split("\n") if not line.startswith(_QUOTED))
        found = [" ".join((own.strip() or text).split())]
    return tuple(ask if len(ask) <= _MAX_CHARS else ask[:_MAX_CHARS].rstrip() + "…" for ask in found[:_MAX_ASKS])


def _continues(sentence: str) -> bool:
    words = sentence.split()
    return len(words) <= 2 or (
        len(words) <= 4 and words[0].lower() in ("and", "or", "in", "und", "oder", "y", "o", "et", "ou", "e")
    )


def _is_filler(sentence: str) -> bool:
    return bool(_FILLER.match(sentence))


def sentences(text: str) -> list[str]:
    """Split into sentences: at paragraph ends and list items, at line ends only after a full stop or a list."""
    sentences: list[str] = []
    for paragraph in (part for whole in _paragraphs(text) for part in _points(whole)):
        sentences += [part.strip() for part in _SENTENCE.split(paragraph) if part.strip()]
    return sentences


def _points(paragraph: str) -> list[str]:
    """Split at numbers that count up from one within a line; anything else stays whole."""
    marks = list(_NUMBERED.finditer(paragraph))
    if [mark[1] for mark in marks] != [str(number) for number in range(1, len(marks) + 1)] or len(marks) < 2:
        return [paragraph]
    ends = [mark.start() for mark in marks[1:]] + [len(paragraph)]
    points = [paragraph[mark.end() : end] for mark, end in zip(marks, ends, strict=True)]
    return [paragraph[: marks[0].start()], *(re.sub(r"(?i)[\s,;]+(?:and|und|y|et)?\s*$", "", one) for one in points)]


def _paragraphs(text: str) -> list[str]:
    """Return lines joined into paragraphs; a list item stands alone, quoted lines are left out."""
    paragraphs: list[str] = []
    is_open = False
    for line in text.split("\n"):
        if not line or line.startswith(_QUOTED):
            is_open = False
        elif item := _LIST_ITEM.match(line):
            paragraphs.append(line[item.end() :])
            is_open = False
        elif is_open:
            paragraphs[-1] += f" {line}"
        else:
            paragraphs.append(line)
            is_open = True
    return paragraphs
