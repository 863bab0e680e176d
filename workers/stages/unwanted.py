"""What no reply may say, whoever wrote it in a passage: forms left to fill in, words of the machinery, marks of
markup, deeds claimed and promises made. Pure."""

import re
from collections.abc import Collection, Iterable

from workers.stages.evidence import Evidence

_ACTION_VERBS = (
    r"refund(?:ed)?|reset|cancel(?:l?ed)?|updated?|changed?|sent|resent|escalated?|forwarded?|created?|opened|"
    r"reopened|"
    r"fixed|contacted|checked|looked into|investigated?|processed|credited|issued|removed|deleted|added|enabled?|"
    r"disabled?|"
    r"extended|upgraded|downgraded|unlocked|locked|restored|transferred|submitted|raised|logged|arranged|scheduled|"
    r"applied|activated|deactivated|passed|assigned|reported|flagged|notified|reviewed|corrected|resolved|merged|"
    r"waived|"
    r"approved|replaced|shipped|booked|registered|verified|confirmed"
)
_CLAIM = re.compile(
    rf"(?i)\b(?:i|we|our team|the team|support|a colleague|an? (?:agent|engineer|specialist))"
    rf"(?:['’](?:ve|d)| have| has| had)?(?: already| just| now| also| successfully| gone ahead and)*"
    rf" (?:{_ACTION_VERBS})\b"
)
_PASSIVE_CLAIM = re.compile(
    rf"(?i)\b(?:your|the) (?:[\w-]+ ){{1,4}}(?:has|have) (?:already |now |just |also |"
    rf"successfully )*been (?:{_ACTION_VERBS})\b"
    rf"|\byour (?:[\w-]+ ){{1,3}}(?:was|were|is now) (?:{_ACTION_VERBS})\b"
)
_CONDITION = re.compile(r"(?i)\b(?:if|once|when|whenever|after|until|unless|as soon as|whether|before)\b")
_STAFF = (
    r"(?:i|we|our (?:\w+ )?(?:team|staff|agents?|engineers?|support|colleagues?|specialists?|developers?)|"
    r"the (?:\w+ )?team"
    r"|some(?:one|body)(?: from [\w ]{1,25})?|a (?:colleague|member of (?:our|the) (?:\w+ )?team|manager|human|"
    r"person|specialist|"
    r"representative)|an? (?:\w+ )?(?:agent|engineer|specialist|representative)|support|they)"
)
_DEED = (
    r"(?:do (?:this|that|it|so)|grant|give you|issue|pay|call|phone|ring|contact|get back|be in touch|get in touch"
    r"|reach out|follow up|refund|reimburse|"
    r"compensate|credit|"
    r"fix|repair|solve|resolve|send you|e-?mail you|write to you|review|investigate|look into|look at|escalate|"
    r"forward|pass|"
    r"notify|inform|let you know|keep you|update you|process|reply|respond|answer|prioriti[sz]e|take care|sort|"
    r"handle|make sure|"
    r"ensure|check|cancel|delete|remove|reset|unlock|restore|add|change|extend|waive|replace|ship|arrange|"
    r"schedule|help you)"
)
_PROMISE = re.compile(
    rf"(?i)\b{_STAFF}(?:['’]ll| will| shall| (?:am|are|is) going to| can promise to| promise to)"
    rf"(?: \w+ly| be happy to| be able to| also| then| now| personally)* {_DEED}\b"
    r"|\byou(?:['’]ll| will) (?:hear (?:back )?from|be contacted|be called|be refunded|receive (?:a|your|"
    r"the) (?:full )?"
    r"(?:refund|credit|call|reply|compensation))\b"
    r"|\b(?:we|i) (?:guarantee|promise)\b|\b(?:has|have|is|are) being (?:looked into|investigated|escalated|"
    r"processed)\b"
)
# What is yet to come: nobody but a passage may name a time for it.
_TO_COME = re.compile(
    r"(?i)(?<!as )\b(?:soon|shortly|next (?:week|month|quarter|year|release|version|update)|planned"
    r"|upcoming|in (?:the )?(?:near )?future|by (?:mon|tues|wednes|thurs|fri|satur|sun)day)\b(?! as\b)"
)
_PLACEHOLDER = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|\[\[.*?\]\]|\[[A-Z][A-Z _-]{2,30}\d{0,3}\]"
    r"|\[(?:your|insert|name|company|date|amount|link|agent)[^\]]*\]"
    r"|<(?:name|your|insert|company|date|amount|link|agent)[^>]*>|\bX{3,}\b|\b(?:lorem ipsum|tbd|todo|fixme)\b|"
    r"%[a-z_]+%",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"\[[A-Za-z][\w -]{1,24}[-_ ]\d{1,4}\]|\[\[[^\]]+\]\]|<[A-Z_]+_?\d+>|\{\{[^}]+\}\}")
_SYSTEM_TEXT = re.compile(
    r"(?i)</?(?:passages?|message|thread|facts|asks|system|intents|candidates)\b|\bas an? (?:ai|artificial|"
    r"language model)\b"
    r"|\b(?:system prompt|my (?:instructions|prompt|guidelines|rules)|language model|knowledge base)"
    r"|\b(?:the|these) (?:passages?|excerpts?)\b|\b(?:provided|given|cited|retrieved) (?:passages?|context|"
    r"sources?|documents?)\b"
    r"|\bpassage P?\d|\(P\d\)|\[P\d|\binternal (?:note|use|only)\b|\bnote to (?:agent|staff|self)\b"
)
_MARKUP = re.compile(
    r"\*\*|__\w|(?:^|\s)\*\w[^*]*\w\*(?:\s|$)|^\s{0,3}#{1,6}\s|^\s*(?:[-*•]|\d{1,2}[.)])\s|`|"
    r"!?\[[^\]]*\]\([^)]*\)|\|\s*-{3,}|^>\s"
    r"|</?(?:a|b|br|code|div|em|font|form|h\d|hr|i|iframe|img|input|li|link|meta|object|ol|p|pre|s|script|span|"
    r"strong|style|"
    r"svg|table|td|tr|u|ul|video)\b[^>]*>|&(?:nbsp|amp|lt|gt|quot|#\d+);|<!--"
)
_UNWANTED = (
    (_PLACEHOLDER, "placeholder"),
    (_HIDDEN, "placeholder"),
    (_SYSTEM_TEXT, "system_text"),
    (_MARKUP, "markup"),
)


def unwanted(
    text: str, evidence: Evidence, cited_text: str, placeholders: Collection[str]
) -> Iterable[tuple[str, str]]:
    """Yield what should not stand in a reply; `placeholders` are of the masked ticket and get filled in."""
    plain = text
    for placeholder in placeholders:
        plain = plain.replace(placeholder, " ")
    for pattern, code in _UNWANTED:
        match = pattern.search(plain)
        if match and not _is_excused(code, match[0], evidence, cited_text):
            yield code, match[0].strip()
    yield from _commitments(text, evidence)


def _commitments(text: str, evidence: Evidence) -> Iterable[tuple[str, str]]:
    """Yield deeds that are said to be done and promises of what somebody will do, unless a passage says just so."""
    claims = [_CLAIM.search(text)]
    passive = _PASSIVE_CLAIM.search(text)
    if passive and not _CONDITION.search(text[: passive.start() + 1]):
        claims.append(passive)
    for claim in claims:
        if claim and not evidence.knows(claim[0]):
            yield "claimed_action", claim[0]
    for pattern in (_PROMISE, _TO_COME):
        if (match := pattern.search(text)) and not evidence.knows(match[0]):
            yield "promise", match[0]


def _is_excused(code: str, words: str, evidence: Evidence, cited_text: str) -> bool:
    """Say whether an article itself writes so: "Settings > [location]" is a way of writing, `{{name}}` never is."""
    if code == "placeholder":
        return words.startswith(("[", "<")) and not words.startswith("[[") and words in cited_text
    return code == "system_text" and "<" not in words and evidence.knows(words)
