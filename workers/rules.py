"""Rules over probability: pure. Patterns of config/rules.toml against a reading, and what plain words tell of mood.

A rule's action is the ceiling it imposes; `strictest` says what remains when several match.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from config.policy import Rule
from workers.domain import Action, Reading, RuleHit, Sentiment, Urgency
from workers.patterns import Words, compile_pattern, find, fold

_STRICTNESS = (Action.SEND, Action.DRAFT, Action.ASSIST, Action.HAND_OFF)
_URGENCIES = tuple(Urgency)
NOTHING: Mapping[str, str] = MappingProxyType({})


def match(
    reading: Reading,
    *,
    requester_tags: Sequence[str],
    organization_tags: Sequence[str],
    rules: Mapping[str, Rule],
    heard: Mapping[str, str] = NOTHING,
) -> tuple[RuleHit, ...]:
    """Return every rule that holds for this message, strictest first.

    The subject counts only while it is the requester's newest words: a reply keeps the old one. `heard` is what the
    message sounds like, with the sentence that does: a rule that reads like it holds without any of its words.
    """
    words = Words(_newest_text(reading))
    hits = []
    for name, rule in rules.items():
        found = _tagged(rule, requester_tags, organization_tags) or _worded(rule, words) or _meant(rule, words)
        sounds = "" if found else _sounding(rule, heard)
        if found or sounds:
            urgency = Urgency(rule.urgency) if rule.urgency else None
            hit = RuleHit(name, Action(rule.action), rule.reason, found or sounds, rule.team, urgency, bool(sounds))
            hits.append(hit)
    return tuple(sorted(hits, key=lambda hit: -_strictness(hit.action)))


def strictest(hits: Iterable[RuleHit]) -> Action | None:
    """Return the least autonomous action among the hits; None without hits. IGNORE is stricter than nothing only."""
    return max((hit.action for hit in hits), key=_strictness, default=None)


def mood(reading: Reading, *, is_repeated: bool = False) -> Sentiment:
    """Judge the requester's mood by words, capitals, exclamation marks and repeated contact.

    Who is unhappy with an answer of ours is taken as frustrated: the next one is a person's to look at. So is who was
    unhappy in the message before, or is unhappy while another request of theirs is open (`is_repeated`).
    """
    now = _mood(_newest_text(reading), was_answered=any(turn.role == "bot" for turn in reading.thread))
    if now is not Sentiment.UNHAPPY:
        return now
    before = next((turn.text for turn in reversed(reading.thread) if turn.role == "requester"), "")
    is_lasting = _mood(before, was_answered=False) is not Sentiment.CALM
    return Sentiment.FRUSTRATED if is_repeated or is_lasting else now


def _mood(text: str, *, was_answered: bool) -> Sentiment:
    words = Words(text)
    anger = sum(1 for pattern in _ANGER if find(pattern, words))
    weary = sum(1 for pattern in _WEARY if find(pattern, words))
    unhappy = sum(1 for pattern in _UNHAPPY if find(pattern, words))
    loud = _shouts(text) + (len(re.findall(r"[!?]{3,}|(?:![^!]{0,40}){4,}", text)) > 0)
    if was_answered and (weary or unhappy):
        return Sentiment.FRUSTRATED
    if anger or weary >= 2 or (weary and (loud or unhappy)) or (loud and unhappy) or loud >= 2:
        return Sentiment.FRUSTRATED
    return Sentiment.UNHAPPY if weary or unhappy or loud else Sentiment.CALM


def urgency(reading: Reading, hits: Iterable[RuleHit] = ()) -> Urgency:
    """Return the highest urgency of the rules that matched, or what plain words say."""
    words = Words(_newest_text(reading))
    levels = [hit.urgency for hit in hits if hit.urgency]
    if any(find(pattern, words) for pattern in _URGENT):
        levels.append(Urgency.HIGH)
    elif any(find(pattern, words) for pattern in _NO_HURRY):
        levels.append(Urgency.LOW)
    if not levels:
        return Urgency.NORMAL
    return max(levels, key=_URGENCIES.index)


def _strictness(action: Action) -> int:
    return _STRICTNESS.index(action) if action in _STRICTNESS else -1


def _newest_text(reading: Reading) -> str:
    return reading.newest if reading.is_reply else f"{reading.subject}\n{reading.newest}"


def _tagged(rule: Rule, requester_tags: Sequence[str], organization_tags: Sequence[str]) -> str:
    """Return the tag that makes this rule hold, or ""."""
    wanted = {fold(tag) for tag in rule.organization_tags}, {fold(tag) for tag in rule.requester_tags}
    for tags, among in zip((organization_tags, requester_tags), wanted, strict=True):
        for tag in tags:
            if fold(tag) in among:
                return f"tag {tag}"
    return ""


def _worded(rule: Rule, words: Words) -> str:
    """Return the words that make this rule hold: a match in a sentence that no `unless` pattern takes back."""
    for source in rule.any_of:
        for start, end in compile_pattern(source).matches(words):
            if not _taken_back(rule, words, start):
                return words.text(start, end)
    return ""


def _meant(rule: Rule, words: Words) -> str:
    """Return the words that make this rule hold once they are typed right. What is right as it is was looked at before:
    a word of another language may look like a slip.
    """
    right = words.mended(rule.typos_of, rule.no_typos) if rule.typos_of else words
    return _worded(rule, right) if right is not words else ""


def _sounding(rule: Rule, heard: Mapping[str, str]) -> str:
    """Return the sentence that this rule is heard in, unless an `unless` pattern takes it back."""
    sentence = heard.get(rule.reads_like, "")
    return "" if is_exception(rule, sentence) else sentence


def is_exception(rule: Rule, sentence: str) -> bool:
    """Say whether an `unless` pattern of this rule stands in a sentence."""
    return _taken_back(rule, Words(sentence), 0)


def _taken_back(rule: Rule, words: Words, place: int) -> bool:
    first, last = words.sentence(place)
    for source in rule.unless:
        for start, end in compile_pattern(source).matches(words, heeds_negation=False):
            if start < last and end > first:
                return True
    return False


def _shouts(text: str) -> bool:
    """Say whether most of a text of some length is in capitals."""
    letters = [c for c in text if c.isalpha()]
    words = re.findall(r"\b[A-Z]{3,}\b", text)
    return len(letters) >= 30 and len(words) >= 4 and sum(c.isupper() for c in letters) / len(letters) > 0.6


_ANGER = (
    "fuck*|shit*|bullshit|crap|wtf|goddamn|damn|damned|bloody",
    "scheiss*|verdammt*|mierda|joder|merde|putain|cazzo",
    "ridiculous|outrageous|appalling|disgusting|disgrace*|pathetic|unacceptable|infuriat*|atrocious|abysmal",
    "worst company|service|support|app|software|product|experience|program|update",
    "furious|livid|enraged|outraged|fuming|pissed",
    '"sick of"|"fed up"',
    'sick|tired "of"',
    '"fed up"',
    "driving|drives|makes me|us insane|crazy|mad|nuts|furious",
    "stop wasting|waste my|our time",
    "waste time|money",
    "useless|worthless|garbage|trash|rubbish|joke support|service|app|software|company|product|program|update",
    "support|service|app|software|company|product|program|update useless|worthless|garbage|trash|rubbish|joke",
    "hate this|your|the|you app|software|product|company|update|service|version",
    "extremely|very|really|so|beyond|incredibly frustrated|angry|annoyed|upset|disappointed|frustrating",
    '"shame on you"',
    '"how dare you"',
    "incompetent|idiots|morons|liars|thieves|clowns",
    "unverschamt*|frechheit|unfassbar|lacherlich*|zumutung|saftladen",
    "stinksauer|wutend*|unzumutbar",
    "inaceptable|vergonzoso|verguenza|indignante|pesimo",
    "inadmissible|scandaleux|honteux|honte|lamentable",
    "inaccettabile|vergognoso|inaceitavel|vergonha",
)
_WEARY = (
    "third|fourth|fifth|3rd|4th|5th|second|2nd|nth|umpteenth time",
    "again and again",
    '"yet again"',
    "still no|not answer|reply|response|solution|fix|solved|fixed|working|resolved",
    "still waiting",
    "nobody|noone answers|answered|replies|replied|responds|responded|cares|helps|helped|reply|answer|respond",
    '"no one" answers|answered|replies|replied|responds|responded|cares|helps|helped|reply|answer|respond',
    "already|repeatedly|several|multiple|many wrote|written|contacted|asked|called|emailed|reported|told times|twice",
    "already wrote|written|contacted|asked|called|emailed|reported|told you|support",
    "contacted|asked|called|emailed|reported|wrote several|multiple|many|twice|three|four|five times",
    "waiting|waited days|weeks|months|forever|hours",
    "schon|bereits mehrfach|dreimal|zweimal|wieder|mal",
    '"zum dritten mal"',
    "immer noch nicht|keine",
    "warte seit tagen|wochen",
    "otra vez",
    "sigo esperando|sin respuesta",
    "toujours pas",
    "encore une fois",
)
_UNHAPPY = (
    "frustrat*|annoy*|disappoint*|upset|unhappy|angry|dissatisf*|terrible|horrible|awful|nightmare|hate",
    "useless|unusable|broken again",
    "enttausch*|argerlich|frustrier*|genervt|unzufrieden|nervt",
    "decepcion*|molest*|frustrad*|enfadad*|insatisfech*",
    "decu|decue|decevant|enerv*|frustre*|mecontent*",
    "delus*|arrabbiat*|frustrad*|chatead*",
)
_URGENT = (
    "urgent|urgently|asap|emergency|desperat*",
    '"as soon as possible"',
    'need|help|fix|reply|respond|answer|call|resolve|solve|restore immediately|"right away"',
    "before tomorrow|today|tonight|noon|deadline",
    "deadline today|tomorrow",
    '"pay day"|payday|payroll|wages|salaries|audit|inspection today|tomorrow|tonight',
    'today|tomorrow|tonight "is pay day"|"is payday"|payday|"we pay"|"pay wages"|"pay salaries"',
    'payroll|wages|salaries|pay "due today"|"due tomorrow"|"due tonight"',
    "dringend|sofort|eilt|notfall|umgehend|schnellstmoglich",
    "urgente|urgentemente|cuanto antes",
    "urgence|immediatement|rapidement",
)
_NO_HURRY = (
    '"no rush"',
    '"no hurry"',
    '"not urgent"',
    '"nothing urgent"',
    '"when you have time"',
    '"whenever you"',
    '"nicht dringend"',
    "keine eile",
    '"sin prisa"',
    '"pas urgent"',
    '"rien d urgent"',
)
