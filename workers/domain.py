"""The nouns of the story: what was read, understood, drafted, found and decided about one requester message."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MARK_PREFIX = "dh-"
INTENT_TAG = "deskhand_intent_"  # begins the tag that says on a ticket what it is about
OWN_WORDS = 8  # from so many words on a reply says by itself what it is about


def mark_of(message_id: str) -> str:
    """Name our answer to one requester message. The same message gives the same mark, even if the ledger is lost."""
    return f"{MARK_PREFIX}{message_id}"


def send_key_of(message_id: str) -> str:
    """Name a draft that staff send, as `mark_of` takes it: one message gets one such reply, whoever asks how often."""
    return f"{message_id}-send"


class MessageKind(StrEnum):
    """What the requester's newest message is. Only QUESTION ever gets an answer."""

    QUESTION = "question"
    THANKS = "thanks"
    OUT_OF_OFFICE = "out_of_office"
    BOUNCE = "bounce"
    AUTOMATIC = "automatic"
    CALENDAR = "calendar"
    SURVEY = "survey"
    ATTACHMENT_ONLY = "attachment_only"
    EMPTY = "empty"


class Sentiment(StrEnum):
    CALM = "calm"
    UNHAPPY = "unhappy"
    FRUSTRATED = "frustrated"  # always gets a person's review


class Urgency(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


class Stage(StrEnum):
    """Which part of the classifier decided."""

    ONE = "one"  # embeddings against examples
    TWO = "two"  # the language model
    NONE = "none"  # neither was sure


class Action(StrEnum):
    """The five ways a case can end, from most to least autonomous."""

    SEND = "send"  # tier 0: public reply
    DRAFT = "draft"  # tier 1: draft in a note, a person approves
    ASSIST = "assist"  # tier 2: hand-over package with a suggested team
    HAND_OFF = "hand_off"  # tier 3: straight to a person, nothing generated
    IGNORE = "ignore"  # no tier: a recorded reason to stay quiet

    @property
    def tier(self) -> int | None:
        return {"send": 0, "draft": 1, "assist": 2, "hand_off": 3}.get(self.value)


class Code(StrEnum):
    """Why a decision fell. Every code appears in a decision table under tests/workers/decide/."""

    # admit: stay quiet
    NO_REQUESTER_MESSAGE = "no_requester_message"
    ALREADY_SETTLED = "already_settled"
    TICKET_DONE = "ticket_done"  # solved, closed or deleted
    TICKET_GONE = "ticket_gone"
    STAFF_ANSWERED = "staff_answered"  # staff wrote publicly after the requester's newest message
    SILENCED = "silenced"  # the stop tag
    EXCLUDED = "excluded"  # a tag, domain or channel that policy leaves to people
    OUTBOUND = "outbound"  # staff opened it and the requester has not written yet
    INTERNAL = "internal"  # a colleague is the requester
    SIDE_CONVERSATION = "side_conversation"  # staff ask a third party beside the requester's ticket
    THANKS_ONLY = "thanks_only"
    AUTOMATIC_MAIL = "automatic_mail"
    OUT_OF_OFFICE = "out_of_office"
    BOUNCE = "bounce"
    CALENDAR = "calendar"
    SURVEY = "survey"
    BAD_RATING = "bad_rating"  # with words: those are for a person
    SUSPENDED = "suspended"
    AI_AGENT = "ai_agent"  # the helpdesk's own AI agent has it
    # triage: a person, before any text is generated
    RULE = "rule"  # detail: the rule's id
    WANTS_PERSON = "wants_person"
    CRITICAL = "critical"
    INTENT_CEILING = "intent_ceiling"
    AUTONOMY_OFF = "autonomy_off"
    REPEATED_ATTEMPTS = "repeated_attempts"  # we have answered this ticket often enough
    FAILED_ANSWERS = "failed_answers"  # the requester came back unhappy with what we answered
    KILL_SWITCH = "kill_switch"  # an admin has stopped automatic replies
    OVERLOAD = "overload"  # more waits than we can do well
    BUDGET = "budget"  # what the model may cost is spent
    INCIDENT = "incident"  # a sudden cluster of alike tickets; detail names it and them
    OUT_OF_SCOPE = "out_of_scope"
    UNREADABLE = "unreadable"  # attachment only, or nothing left to read
    NO_MODEL = "no_model"
    MODEL_FAILED = "model_failed"  # detail: the outcome's name
    STOPGAP_MODEL = "stopgap_model"  # the small model wrote the draft while the usual one is failing
    # route: lower than a reply
    NOTHING_FOUND = "nothing_found"
    WEAK_PASSAGES = "weak_passages"
    MODEL_ESCALATED = "model_escalated"
    UNGROUNDED = "ungrounded"
    BAD_CITATION = "bad_citation"
    CHECK_FAILED = "check_failed"  # detail: the finding
    UNFAITHFUL = "unfaithful"  # detail: the judge's score, as of the next two
    OFF_TOPIC = "off_topic"
    UNSAFE = "unsafe"
    UNJUDGED = "unjudged"  # detail: how the judge's call ended
    ASK_UNCOVERED = "ask_uncovered"
    FRUSTRATED = "frustrated"
    UNVERIFIED_SENDER = "unverified_sender"
    INJECTION = "injection"
    LOW_CONFIDENCE = "low_confidence"
    REVIEW_BAND = "review_band"
    REVIEW_SAMPLE = "review_sample"  # picked by chance, so that a person looks at what would have been sent
    UNKNOWN_FACT = "unknown_fact"  # detail: the fact that is missing, or says what this release does not know
    NEEDS_ACTION = "needs_action"
    AUTONOMY_DRAFT = "autonomy_draft"
    AUTONOMY_SHADOW = "autonomy_shadow"  # the draft is recorded and not shown
    UNKNOWN_THING = "unknown_thing"  # detail: words of the question that nothing we may quote from has
    LESSON_ONLY = "lesson_only"  # it rests on what staff once wrote, and no article
    DUPLICATE = "duplicate"  # detail: the older ticket that asks the same
    REPLY_RATE = "reply_rate"  # we have written to this person often enough for one hour: two machines, perhaps
    FORWARDED = "forwarded"  # somebody else's mail was passed on to us
    PARTICIPANT = "participant"  # somebody else than the requester wrote
    CHANNEL_DRAFT_ONLY = "channel_draft_only"
    SHARED = "shared"  # another company's helpdesk reads along
    LANGUAGE = "language"
    DEGRADED_SEARCH = "degraded_search"
    PERSONAL_DATA = "personal_data"
    UNREAD_FILE = "unread_file"  # detail: files the message points at, and that nobody but a person can read
    # last look, at the moment of writing
    NEWER_MESSAGE = "newer_message"
    STAFF_AT_WORK = "staff_at_work"  # a person has the ticket, or took it while we worked
    STATUS_CHANGED = "status_changed"
    IN_DOUBT = "in_doubt"  # a reply of ours was lost on its way and may yet come: a person looks
    WRITE_REFUSED = "write_refused"
    GAVE_UP = "gave_up"  # detail: what failed, how often
    # all is well
    CONFIDENT = "confident"
    LEARNED = "learned"


@dataclass(frozen=True, slots=True)
class Reason:
    code: Code
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.code.value}:{self.detail}" if self.detail else self.code.value


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier public message, masked. `role` is requester, participant, staff or bot."""

    role: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that came with the message: its masked text, or in one word why it was not read."""

    name: str
    text: str = ""
    unread: str = ""
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The requester's newest message and its thread, with personal data already masked.

    `vault` maps placeholder -> original text. It lives in memory only, is never stored or logged, and serves to put
    values back into the reply to the same requester.
    """

    message_id: str
    kind: MessageKind
    subject: str
    newest: str  # the newest own words, quotes and signature removed; all unanswered messages of a burst together
    full: str  # the same before anything was removed, for when `newest` says "see below"
    asks: tuple[str, ...]
    language: str  # ISO 639-1, "" if unsure
    thread: tuple[Turn, ...]  # earlier public messages, oldest first
    attachments: tuple[str, ...] = ()
    enclosed: tuple[str, ...] = ()  # the helpdesk's ids of these files
    enclosures: tuple[Enclosure, ...] = ()  # what was read of them, once it was
    written_at: datetime | None = None
    is_participant: bool = False  # written by somebody else than the requester
    is_forwarded: bool = False  # it passes somebody else's mail on: the one who asks may stand inside it
    is_verified: bool = True
    has_injection: bool = False
    bot_replies: int = 0  # public answers of ours on this ticket
    unanswered_messages: int = 1  # messages folded into `newest`
    masked_kinds: tuple[str, ...] = ()  # e.g. ("card", "email")
    vault: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_reply(self) -> bool:
        """Whether somebody, requester or staff, has written on the ticket before: then the subject is not news."""
        return bool(self.thread)

    @property
    def topic(self) -> str:
        """The subject, while it says what is asked: a reply keeps the old one, and one of some length needs none.

        On a ticket that staff opened the subject is theirs from the start.
        """
        return "" if self.is_reply and len(self.newest.split()) >= OWN_WORDS else self.subject

    @property
    def question(self) -> str:
        return f"{self.topic}\n{self.newest}".strip()


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule of config/rules.toml that matched. `words` is what it matched, masked.

    `is_heard` says that none of its words stands there: the sentence only reads like those that the rule is for.
    """

    id: str
    action: Action
    reason: str  # in words, for the note
    words: str = ""
    team: str = ""
    urgency: Urgency | None = None
    is_heard: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    intent: str
    probability: float


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one version of stage one said of a message by itself. `intent` is "" when it called it out of scope."""

    model: str  # its version
    intent: str
    confidence: float
    is_decided: bool


@dataclass(frozen=True, slots=True)
class Classification:
    """What the message is about. `intent` is "" when it is out of scope or nobody was sure."""

    intent: str
    confidence: float  # calibrated, 0..1
    stage: Stage
    is_out_of_scope: bool = False
    second_intents: tuple[str, ...] = ()
    urgency: Urgency = Urgency.NORMAL
    sentiment: Sentiment = Sentiment.CALM
    needs_action: bool = False  # something in another system would have to be done
    wants_person: bool = False
    summary: str = ""
    reasoning: str = ""
    candidates: tuple[Candidate, ...] = ()  # stage one's best, highest first
    model_outcome: str = ""  # name of a ModelOutcome if stage two was asked
    opinions: tuple[Opinion, ...] = ()  # of stage one: of the model in use and, on some tickets, of one on trial


class Block(StrEnum):
    PARAGRAPH = "paragraph"
    STEP = "step"  # consecutive ones make a numbered list
    BULLET = "bullet"
    CODE = "code"  # a command or the content of a file, verbatim with its line ends


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the draft with the passages that support it ("P1", "P2"...); none for a courtesy."""

    text: str
    passages: tuple[str, ...] = ()
    block: Block = Block.PARAGRAPH


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposed reply. `escalate` set and no sentences: the model says it cannot answer from what it was given."""

    sentences: tuple[Sentence, ...] = ()
    escalate: str = ""
    asks_covered: tuple[int, ...] = ()  # indexes into Reading.asks
    model_outcome: str = ""  # name of a ModelOutcome
    cuts: tuple[str, ...] = ()  # what the token budgets left out of the prompt, in words
    is_stopgap: bool = False  # written by the small model while the usual one is failing
    parts: Mapping[str, int] = field(default_factory=dict)  # about how many tokens each part of the prompt took

    @property
    def text(self) -> str:
        return "\n".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a check did not like. `words` points at the place in the sentence."""

    code: str  # unsupported_number, unsupported_link, bad_citation, promise, claimed_action, placeholder, ...
    words: str
    sentence: int = -1


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the model says of a draft as its second reader, each 0..1. Anything but "ok" scores 0: no call, no trust."""

    faithfulness: float
    relevance: float
    safety: float
    doubts: tuple[Finding, ...] = ()
    reason: str = ""  # in the model's words, for staff
    model_outcome: str = "ok"


@dataclass(frozen=True, slots=True)
class Findings:
    """The verdict of the checks.

    `score` is the share of factual sentences that stand in their passages, 0..1; `grounding` how likely a person would
    call the weakest of them supported, 0..1.
    """

    findings: tuple[Finding, ...] = ()  # of the plain checks
    score: float = 1.0
    grounding: float = 1.0
    judgement: Judgement | None = None  # None: the draft was not judged
    unknown_things: tuple[str, ...] = ()  # what was asked for and the library does not speak of

    @property
    def doubts(self) -> tuple[Finding, ...]:
        """Return everything that points at words of the draft, whoever found it."""
        return self.findings + (self.judgement.doubts if self.judgement else ())

    @property
    def is_clean(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do and all reasons that applied, most important first."""

    action: Action
    reasons: tuple[Reason, ...]
    team: str = ""  # key of a team in policy
    urgency: Urgency = Urgency.NORMAL

    @property
    def tier(self) -> int | None:
        return self.action.tier


@dataclass(frozen=True, slots=True)
class Standing:
    """What the record says of an intent, and of today, when a case is decided."""

    autonomy: str  # the step that counts for the intent: off, shadow, draft or send
    second_autonomy: str = ""  # the lowest step among the other intents of the message, "" if it has none
    step: str = ""  # the step it has earned, which a pin in the taxonomy overrules; "" if none yet
    corrections: int = 0  # drafts of it that staff have judged
    is_sampled: bool = False  # this case is among those that a person checks by chance
    brakes: tuple[str, ...] = ()  # "code" or "code:detail"
    replies_within_hour: int = 0  # of ours to this person, on all their tickets
    duplicate_of: str = ""  # an older ticket of theirs that asks the very same


@dataclass(frozen=True, slots=True)
class AdmitFacts:
    """What is known before anything is classified."""

    status: str
    message_kind: str
    has_requester_message: bool = True
    is_settled: bool = False
    staff_answered: bool = False
    is_outbound: bool = False
    is_internal: bool = False
    is_suspended: bool = False
    is_own_address: bool = False  # it came from the address of ours that it was sent to
    tags: tuple[str, ...] = ()
    email_domain: str = ""
    channel: str = ""
    is_with_ai_agent: bool = False
    unanswered_minutes: float = 0.0  # since the requester's newest message, if nobody has spoken after it


@dataclass(frozen=True, slots=True)
class TriageFacts:
    """What is known after reading, rules and classification, before any text is generated."""

    intent: str
    confidence: float
    stage: str
    is_out_of_scope: bool = False
    urgency: str = "normal"
    sentiment: str = "calm"
    wants_person: bool = False
    rules: tuple[str, ...] = ()  # ids of rules that matched
    rule_action: str = ""  # the strictest action among them
    rule_team: str = ""
    ceiling: str = "send"  # of the intent
    autonomy: str = "draft"  # of the intent
    step: str = ""  # what the intent has earned by itself, pinned or not
    team: str = ""
    attempts: int = 0  # public answers of ours on this ticket so far
    failed_answers: int = 0  # those of them that the requester was unhappy with
    brakes: tuple[str, ...] = ()  # what holds us back today, as "code" or "code:detail"; see workers/brakes.py
    has_model: bool = True
    is_readable: bool = True
    is_reply: bool = False  # somebody has written on this ticket before: rules then leave the old subject out
    tags: tuple[str, ...] = ()  # the requester's and, after "/", the organisation's that rules look at
    heard: tuple[str, ...] = ()  # what the message sounds like, whether a rule asks for it or not


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """Everything known when the draft has been checked.

    A fact that is left out has the value that speaks against sending: what nobody looked at is nobody's yes.
    """

    intent: str
    confidence: float
    stage: str
    is_out_of_scope: bool = False
    urgency: str = ""
    sentiment: str = ""
    wants_person: bool = False
    needs_action: bool = False
    is_money: bool = False
    second_intents: tuple[str, ...] = ()  # other kinds of request in the same message: a reply answers them as well
    second_autonomy: str = ""
    ceiling: str = ""
    autonomy: str = ""
    corrections: int = 0  # drafts of this intent that staff have judged so far, by sending, changing or refusing them
    is_sampled: bool = True  # picked for a person's look, whatever else is known
    team: str = ""
    rules: tuple[str, ...] = ()
    rule_action: str = ""
    attempts: int = 0
    failed_answers: int = 0
    brakes: tuple[str, ...] = ()
    passages: int = 0
    best_score: float = 0.0
    used_score: float = 0.0  # best score of the documents that the draft rests on; a better one left out lends nothing
    best_source: str = ""
    is_degraded_search: bool = False
    has_model: bool = False
    model_outcome: str = ""
    is_stopgap: bool = False
    escalate: str = ""
    findings: tuple[str, ...] = ()
    support: float = 0.0
    unknown_things: tuple[str, ...] = ()  # words that name what was asked for and stand nowhere
    judge_outcome: str = ""  # "": not judged; else the name of a ModelOutcome, and the three scores count if it is ok
    faithfulness: float = 1.0
    relevance: float = 1.0
    safety: float = 1.0
    asks: int = 1
    asks_covered: int = 0
    is_verified: bool = False
    is_participant: bool = False
    is_forwarded: bool = False
    has_injection: bool = False
    has_tainted_source: bool = False  # a passage the model was shown holds orders to an assistant
    is_messaging: bool = False
    is_shared: bool = False
    has_assignee: bool = False
    replies_within_hour: int = 0  # of ours to this person, on all their tickets
    duplicate_of: str = ""  # an older ticket of theirs that asks the very same
    has_staff_words: bool = False  # a colleague has written here, or merged another ticket into it
    channel: str = ""
    language: str = ""
    masked_kinds: tuple[str, ...] = ()
    unread_files: tuple[str, ...] = ()  # that the message points at
    missing: tuple[str, ...] = ()  # facts that a record does not have; see workers/replay.py


@dataclass(frozen=True, slots=True)
class LastLookFacts:
    """What changed on the ticket between our read and our write."""

    action: str
    has_newer_message: bool = False
    staff_answered: bool = False
    staff_assigned: bool = False
    status: str = "open"
    status_before: str = "open"
    is_gone: bool = False
    is_silenced: bool = False
    is_with_ai_agent: bool = False  # and policy has us make way for it
    is_in_doubt: bool = False
    lowered_for: str = ""  # the code for which an earlier try, that never arrived, was no reply any more
