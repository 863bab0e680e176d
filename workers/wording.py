"""Pure: reasons, findings and confidence in the words that support staff read, and the fixed words of a letter."""

import re
from dataclasses import dataclass

from workers.domain import Code, Reason

_WORDS: dict[Code, str] = {
    Code.ALREADY_SETTLED: "this message has its outcome already",
    Code.NO_REQUESTER_MESSAGE: "there is no message of the requester to answer",
    Code.TICKET_DONE: "the ticket is done ({detail})",
    Code.TICKET_GONE: "the ticket is gone (deleted or merged)",
    Code.STAFF_ANSWERED: "a colleague has answered already",
    Code.SILENCED: "Deskhand was told to stay out of this ticket",
    Code.EXCLUDED: "policy leaves this to people ({detail})",
    Code.OUTBOUND: "staff opened this ticket and the requester has not written yet",
    Code.THANKS_ONLY: "the message only says thanks",
    Code.AUTOMATIC_MAIL: "the message was sent by a machine",
    Code.OUT_OF_OFFICE: "the message is an out-of-office reply",
    Code.BOUNCE: "the message reports a failed delivery",
    Code.CALENDAR: "the message is a calendar reply",
    Code.SURVEY: "the message belongs to a survey",
    Code.SUSPENDED: "the requester is suspended",
    Code.RULE: "rule “{detail}”",
    Code.WANTS_PERSON: "the requester asks for a person",
    Code.CRITICAL: "it reads as critical",
    Code.INTENT_CEILING: "policy {detail}",
    Code.AUTONOMY_OFF: "automatic answers are switched off for this kind of request",
    Code.REPEATED_ATTEMPTS: "Deskhand has replied on this ticket often enough ({detail} so far)",
    Code.FAILED_ANSWERS: "the requester was not helped by Deskhand's replies ({detail} of them so far)",
    Code.KILL_SWITCH: "automatic replies are stopped ({detail})",
    Code.OVERLOAD: "more tickets wait than can be answered well ({detail})",
    Code.BUDGET: "what the language model may cost is spent ({detail})",
    Code.INCIDENT: "many tickets like this one have come in suddenly ({detail})",
    Code.OUT_OF_SCOPE: "it fits none of the known kinds of request",
    Code.UNREADABLE: "there is no text to read (only attachments, or nothing)",
    Code.NO_MODEL: "no language model is connected, so passages are quoted instead of a draft",
    Code.MODEL_FAILED: "the language model gave no usable answer ({detail})",
    Code.STOPGAP_MODEL: "a smaller model wrote this draft while the usual one is failing",
    Code.NOTHING_FOUND: "the knowledge base has nothing that fits this well enough (best match {detail})",
    Code.WEAK_PASSAGES: "what the knowledge base has fits only loosely (best match {detail})",
    Code.MODEL_ESCALATED: "the passages found do not answer the question",
    Code.UNGROUNDED: "something in the draft does not stand in its sources ({detail})",
    Code.BAD_CITATION: "the draft cites a source that does not say it",
    Code.CHECK_FAILED: "the draft did not pass a check ({detail})",
    Code.UNFAITHFUL: "a second reading doubts that the draft stands in its sources ({detail})",
    Code.OFF_TOPIC: "a second reading doubts that the draft answers what was asked ({detail})",
    Code.UNSAFE: "a second reading found the draft unsafe to send ({detail})",
    Code.UNJUDGED: "the second reading of the draft could not be done ({detail})",
    Code.ASK_UNCOVERED: "the draft does not answer every question ({detail})",
    Code.FRUSTRATED: "the requester sounds frustrated",
    Code.UNVERIFIED_SENDER: "the sender's identity is not verified",
    Code.INJECTION: "the message contains text that tries to give orders to an assistant",
    Code.LOW_CONFIDENCE: "it is unclear what kind of request this is ({detail} sure)",
    Code.REVIEW_BAND: "Deskhand is only {detail} sure what kind of request this is",
    Code.REVIEW_SAMPLE: "it was picked by chance for a person to check",
    Code.UNKNOWN_FACT: "something that a reply depends on is not known ({detail})",
    Code.NEEDS_ACTION: "something would have to be done in another system",
    Code.AUTONOMY_DRAFT: "this kind of request has not earned automatic sending yet",
    Code.AUTONOMY_SHADOW: "this kind of request runs in shadow: the draft is recorded only",
    Code.LESSON_ONLY: "it rests on an earlier reply of your team, and on no article",
    Code.PARTICIPANT: "somebody else than the requester wrote",
    Code.CHANNEL_DRAFT_ONLY: "in this channel ({detail}) a person sends",
    Code.LANGUAGE: "replies in this language ({detail}) go through a person",
    Code.DEGRADED_SEARCH: "the search was running on key words alone",
    Code.PERSONAL_DATA: "the message contains private data ({detail}), masked here",
    Code.NEWER_MESSAGE: "the requester wrote again in the meantime",
    Code.STAFF_AT_WORK: "a colleague has this ticket",
    Code.STATUS_CHANGED: "the ticket's status changed in the meantime ({detail})",
    Code.IN_DOUBT: "an earlier reply of Deskhand's was lost on its way and may still appear: look before you reply",
    Code.WRITE_REFUSED: "the helpdesk refused the update ({detail})",
    Code.GAVE_UP: "Deskhand could not finish ({detail})",
    Code.CONFIDENT: "all checks passed",
    Code.LEARNED: "learned from the solved ticket",
}

_BRACKETS = re.compile(r" \([^()]*\{detail\}[^()]*\)")
_CEILINGS = {
    "draft": "lets a person send replies of this kind",
    "assist": "leaves this kind of request to people",
    "hand_off": "gives this kind of request to people at once",
}


def in_words(reason: Reason, rules: dict[str, str] | None = None) -> str:
    """Say a reason in plain words; `rules` gives the rules' own wording by id."""
    if reason.code is Code.RULE and rules and reason.detail in rules:
        return rules[reason.detail]
    words = _WORDS[reason.code]
    return words.format(detail=_detail(reason)) if reason.detail else _BRACKETS.sub("", words).format(detail="unknown")


# How a model call ended, where the outcome's name alone would not tell staff what it means for them.
_MODEL_ENDS = {
    "denied": "it does not let Deskhand in; an admin has to look at the key or the bill",
    "resting": "it is failing for everybody at the moment and was not asked again",
}


def _detail(reason: Reason) -> str:
    if reason.code is Code.MODEL_FAILED:
        return _MODEL_ENDS.get(reason.detail, reason.detail.replace("_", " "))
    if reason.code is Code.INTENT_CEILING:
        return _CEILINGS.get(reason.detail, reason.detail)
    if reason.code in (Code.LOW_CONFIDENCE, Code.REVIEW_BAND):
        return f"{float(reason.detail):.0%}" if re.fullmatch(r"[01]\.\d+", reason.detail) else reason.detail
    if backed := re.fullmatch(r"support ([01]\.\d+)", reason.detail):
        return f"{float(backed[1]):.0%} of it does"
    # A tag is said as it stands on the ticket; the other names are ours, and codes of our own are no words.
    return reason.detail if reason.code is Code.EXCLUDED else reason.detail.replace("_", " ")


def confidence_in_words(confidence: float) -> str:
    """Say a probability as staff would."""
    for least, words in ((0.9, "very sure"), (0.75, "fairly sure"), (0.5, "not quite sure")):
        if confidence >= least:
            return words
    return "a guess"


_FINDINGS = {
    "bad_citation": "the source named does not say it",
    "uncited": "no source is named",
    "judged_unsupported": "a second reading does not find it in the sources",
    "nothing_said": "it says nothing of its own",
    "language": "not in the requester's language",
    "too_long": "longer than asked for",
    "claimed_action": "says that something was done",
    "promise": "promises what people will do",
    "foreign_link": "a link to a place that is not allowed",
    "markup": "marks that would show",
}


def finding_in_words(code: str) -> str:
    """Say what a check found, by its code."""
    if code in _FINDINGS:
        return _FINDINGS[code]
    if code.startswith("unsupported"):
        what = code.removeprefix("unsupported").strip("_").replace("_", " ")
        return f"{what} not in the sources".strip()
    return code.replace("_", " ")


@dataclass(frozen=True, slots=True)
class LetterWords:
    """What is fixed in a letter: a greeting with a first name, one without, and what stands before links."""

    greeting: str
    hello: str
    read_more: str


_LETTERS = {
    "en": LetterWords("Hi {name},", "Hello,", "Read more:"),
    "da": LetterWords("Hej {name},", "Hej,", "Læs mere:"),
    "de": LetterWords("Hallo {name},", "Guten Tag,", "Mehr dazu:"),
    "es": LetterWords("Hola {name}:", "Hola:", "Más información:"),
    "fi": LetterWords("Hei {name},", "Hei,", "Lue lisää:"),
    "fr": LetterWords("Bonjour {name},", "Bonjour,", "En savoir plus :"),
    "it": LetterWords("Ciao {name},", "Buongiorno,", "Maggiori informazioni:"),
    "nb": LetterWords("Hei {name},", "Hei,", "Les mer:"),
    "nl": LetterWords("Hallo {name},", "Hallo,", "Lees meer:"),
    "pl": LetterWords("Dzień dobry,", "Dzień dobry,", "Więcej informacji:"),
    "pt": LetterWords("Olá {name},", "Olá,", "Saiba mais:"),
    "sv": LetterWords("Hej {name},", "Hej,", "Läs mer:"),
}


def letter_words(language: str) -> LetterWords:
    """Return the fixed words of a letter in a language (ISO 639-1), in English where we have none."""
    return _LETTERS.get(language, _LETTERS["en"])
