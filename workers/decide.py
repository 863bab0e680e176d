"""Pure: the four decisions. Each looks at flat facts and the policy and gives an action with all reasons that applied.

Every reason names the most autonomous action it still allows; the strictest of them is what happens.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import StrEnum

from config.policy import Policy
from workers.domain import (
    Action,
    AdmitFacts,
    Code,
    Decision,
    LastLookFacts,
    Reason,
    RouteFacts,
    Sentiment,
    TriageFacts,
    Urgency,
)

# The ladder of actions, from the most autonomous down.
ORDER = (Action.SEND, Action.DRAFT, Action.ASSIST, Action.HAND_OFF)
_QUIET_KINDS = {
    "thanks": Code.THANKS_ONLY,
    "out_of_office": Code.OUT_OF_OFFICE,
    "bounce": Code.BOUNCE,
    "automatic": Code.AUTOMATIC_MAIL,
    "calendar": Code.CALENDAR,
    "survey": Code.SURVEY,
}
_DONE = frozenset({"solved", "closed", "deleted"})
_TAKEN = frozenset({Code.STAFF_AT_WORK, Code.STATUS_CHANGED})  # what a last look makes a draft of a reply for
_SECRET_KINDS = frozenset({"card", "password", "code", "token", "iban", "national-id"})
# Findings that say: this does not stand in the sources.
_UNTRUE = ("unsupported", "contradiction", "swapped_", "uncited")
_PASSED_OVER = 0.05  # a document this much better that the draft does not use: a person looks why
# Findings about form, not truth: a person may send such a draft as it is.
_SOFT_FINDINGS = frozenset({"too_long", "language", "said_before"})

Limit = tuple[Action, Reason]


def stricter(one: Action, other: Action) -> Action:
    """Return the less autonomous of two actions."""
    return max(one, other, key=ORDER.index)


def _decide(limits: Iterable[Limit], *, team: str, urgency: str, otherwise: Code = Code.CONFIDENT) -> Decision:
    held = sorted(limits, key=lambda limit: -ORDER.index(limit[0]))
    level = Urgency(urgency) if _is_among(urgency, Urgency) else Urgency.NORMAL
    if not held:
        return Decision(Action.SEND, (Reason(otherwise),), team, level)
    return Decision(held[0][0], tuple(dict.fromkeys(reason for _, reason in held)), team, level)


def _is_among(word: str, known: type[StrEnum]) -> bool:
    return word in {member.value for member in known}


def admit(facts: AdmitFacts, policy: Policy) -> Decision | None:
    """Return why we stay quiet, or None if the ticket is ours to answer."""
    answering = policy.answering
    applying = [
        (facts.is_settled, Reason(Code.ALREADY_SETTLED)),
        (facts.status == "deleted", Reason(Code.TICKET_GONE)),
        (facts.status in _DONE, Reason(Code.TICKET_DONE, facts.status)),
        (facts.channel == "side_conversation", Reason(Code.SIDE_CONVERSATION)),
        (facts.is_internal, Reason(Code.INTERNAL)),
        (facts.is_outbound, Reason(Code.OUTBOUND)),
        (
            not facts.has_requester_message and not facts.is_outbound and not facts.staff_answered,
            Reason(Code.NO_REQUESTER_MESSAGE),
        ),
        (facts.staff_answered, Reason(Code.STAFF_ANSWERED)),
        (answering.stop_tag in facts.tags, Reason(Code.SILENCED)),
        (facts.is_suspended, Reason(Code.SUSPENDED)),
        *((tag in facts.tags, Reason(Code.EXCLUDED, f"tag {tag}")) for tag in answering.excluded_tags),
        (facts.channel in answering.excluded_channels, Reason(Code.EXCLUDED, f"channel {facts.channel}")),
        (facts.email_domain in answering.excluded_domains, Reason(Code.EXCLUDED, "domain")),
        (_is_ai_agents(facts, policy), Reason(Code.AI_AGENT)),
        (facts.is_own_address, Reason(Code.EXCLUDED, "our own address")),
    ]
    if kind := _QUIET_KINDS.get(facts.message_kind):
        applying.append((True, Reason(kind)))
    reasons = tuple(reason for applies, reason in applying if applies)
    return Decision(Action.IGNORE, reasons) if reasons else None


def _is_ai_agents(facts: AdmitFacts, policy: Policy) -> bool:
    """Say whether we make way for the helpdesk's own AI agent, unless it has left the requester waiting too long."""
    has_time = facts.unanswered_minutes < policy.answering.ai_agent_minutes
    return policy.answering.yields_to_ai_agent and facts.is_with_ai_agent and has_time


def triage(facts: TriageFacts, policy: Policy) -> Decision | None:
    """Return what stops us before any text is generated, or None if policy lets us try."""
    limits = [limit for limit in _triage_limits(facts, policy) if limit[0] in (Action.ASSIST, Action.HAND_OFF)]
    if not limits:
        return None
    return _decide(limits, team=facts.rule_team or facts.team, urgency=facts.urgency)


def _triage_limits(facts: TriageFacts, policy: Policy) -> Iterator[Limit]:
    yield from _standing_limits(facts, policy)
    # What policy says of an intent holds for messages that are of this intent, not for a guess.
    if facts.intent and facts.confidence >= policy.thresholds.review:
        if facts.ceiling != "send":
            yield _action(facts.ceiling), Reason(Code.INTENT_CEILING, facts.ceiling)
        if facts.autonomy == "off":
            yield Action.ASSIST, Reason(Code.AUTONOMY_OFF)
    if not facts.is_readable:
        yield Action.ASSIST, Reason(Code.UNREADABLE)


def _standing_limits(facts: TriageFacts | RouteFacts, policy: Policy) -> Iterator[Limit]:
    """Give what holds at every gate: no confidence and no good draft undoes it."""
    for name in facts.rules:
        rule = policy.rules.get(name)
        # A rule that is no longer in the file still did what it did.
        yield _action(rule.action if rule else facts.rule_action), Reason(Code.RULE, name)
    if facts.wants_person:
        yield Action.HAND_OFF, Reason(Code.WANTS_PERSON)
    if facts.urgency == Urgency.CRITICAL:
        yield Action.HAND_OFF, Reason(Code.CRITICAL)
    if facts.attempts >= policy.limits.replies_per_ticket:
        yield Action.ASSIST, Reason(Code.REPEATED_ATTEMPTS, str(facts.attempts))
    if facts.failed_answers >= policy.limits.failed_answers:
        yield Action.ASSIST, Reason(Code.FAILED_ANSWERS, str(facts.failed_answers))
    for brake in facts.brakes:
        code, _, detail = brake.partition(":")
        if action := policy.brakes.actions.get(code):
            yield Action(action), Reason(Code(code), detail)
        else:
            yield Action.ASSIST, Reason(Code.UNKNOWN_FACT, "brakes")


def _action(word: str) -> Action:
    """Read an action of the ladder; what is none is the strictest."""
    return Action(word) if word in ORDER else Action.HAND_OFF


def route(facts: RouteFacts, policy: Policy) -> Decision:
    """Return reply, draft or package, with every reason that speaks against more."""
    return _decide(_route_limits(facts, policy), team=facts.team, urgency=facts.urgency)


def _route_limits(facts: RouteFacts, policy: Policy) -> Iterator[Limit]:
    yield from _standing_limits(facts, policy)
    yield from _unknown_limits(facts)
    yield from _understanding_limits(facts, policy)
    yield from _answer_limits(facts, policy)
    yield from _policy_limits(facts, policy)
    yield from _second_limits(facts, policy)
    yield from _requester_limits(facts, policy)


def _unknown_limits(facts: RouteFacts) -> Iterator[Limit]:
    """Give what is missing, or was written in words that this release does not know: nobody's yes."""
    known = (
        ("urgency", _is_among(facts.urgency, Urgency)),
        ("sentiment", _is_among(facts.sentiment, Sentiment)),
        ("ceiling", facts.ceiling in ORDER),
        ("autonomy", facts.autonomy in ("off", "shadow", "draft", "send")),
        ("confidence", 0.0 <= facts.confidence <= 1.0),
        ("support", 0.0 <= facts.support <= 1.0),
        ("used_score", facts.used_score >= 0.0),  # no number is less than another: it would pass as the smaller
    )
    for name in (*facts.missing, *(name for name, is_known in known if not is_known)):
        yield Action.ASSIST, Reason(Code.UNKNOWN_FACT, name)


def _understanding_limits(facts: RouteFacts, policy: Policy) -> Iterator[Limit]:
    level = f"{facts.confidence:.2f}"
    if facts.is_out_of_scope or facts.intent not in policy.intents:
        yield _unsure(facts, policy), Reason(Code.OUT_OF_SCOPE)
    elif facts.confidence < policy.thresholds.review:
        yield _unsure(facts, policy), Reason(Code.LOW_CONFIDENCE, level)
    elif facts.confidence < needed_confidence(facts, policy):
        yield Action.DRAFT, Reason(Code.REVIEW_BAND, level)


def needed_confidence(facts: RouteFacts, policy: Policy) -> float:
    """Return what an automatic reply asks for: the intent's own threshold where policy gives one."""
    known, thresholds = policy.intents.get(facts.intent), policy.thresholds
    if known and known.min_confidence is not None:
        return known.min_confidence
    usual = thresholds.send_money if facts.is_money else thresholds.send
    return usual if facts.corrections >= thresholds.seasoned_corrections else max(usual, thresholds.send_unseasoned)


def _unsure(facts: RouteFacts, policy: Policy) -> Action:
    """Return what may be done when nobody is sure of the kind of request.

    A person reviews either way. Where the passages clearly fit and answer every ask, a ready draft serves that person
    best; not where even the guess is of a kind that policy leaves to people.
    """
    is_peoples = facts.intent != "" and (facts.ceiling in ("assist", "hand_off") or facts.autonomy == "off")
    is_clear = min(facts.best_score, facts.used_score) >= policy.thresholds.passage_clear
    is_answered = is_clear and facts.asks_covered >= facts.asks
    return Action.DRAFT if is_answered and not is_peoples else Action.ASSIST


def _answer_limits(facts: RouteFacts, policy: Policy) -> Iterator[Limit]:
    score, used = f"{facts.best_score:.2f}", min(facts.best_score, facts.used_score)
    # Asked the other way round, so that a score which is no number passes nowhere.
    if facts.passages == 0 or not facts.best_score >= policy.thresholds.passage_draft:
        yield Action.ASSIST, Reason(Code.NOTHING_FOUND, score)
    elif not used >= max(policy.thresholds.passage, facts.best_score - _PASSED_OVER):
        yield Action.DRAFT, Reason(Code.WEAK_PASSAGES, f"{used:.2f}")
    if not facts.has_model:
        yield Action.ASSIST, Reason(Code.NO_MODEL)
    elif facts.model_outcome not in ("", "ok"):
        yield Action.ASSIST, Reason(Code.MODEL_FAILED, facts.model_outcome)
    elif facts.is_stopgap:
        yield Action.DRAFT, Reason(Code.STOPGAP_MODEL)
    elif not facts.model_outcome and facts.best_score >= policy.thresholds.passage_draft:
        yield Action.ASSIST, Reason(Code.UNKNOWN_FACT, "model_outcome")
    if facts.escalate:
        yield Action.ASSIST, Reason(Code.MODEL_ESCALATED)
    for finding in dict.fromkeys(facts.findings):
        if finding == "bad_citation":
            yield Action.ASSIST, Reason(Code.BAD_CITATION)
        elif finding.startswith(_UNTRUE):
            yield Action.ASSIST, Reason(Code.UNGROUNDED, finding)
        else:
            yield Action.DRAFT if finding in _SOFT_FINDINGS else Action.ASSIST, Reason(Code.CHECK_FAILED, finding)
    if facts.support < policy.thresholds.support:
        yield Action.ASSIST, Reason(Code.UNGROUNDED, f"support {facts.support:.2f}")
    yield from _judge_limits(facts, policy)
    if facts.model_outcome == "ok" and not facts.escalate and facts.asks_covered < facts.asks:
        yield Action.DRAFT, Reason(Code.ASK_UNCOVERED, f"{facts.asks_covered} of {facts.asks}")
    if facts.unknown_things:
        yield Action.DRAFT, Reason(Code.UNKNOWN_THING, ", ".join(facts.unknown_things))
    if facts.best_source == "lesson" and not policy.learning.may_send:
        yield Action.DRAFT, Reason(Code.LESSON_ONLY)
    if facts.is_degraded_search:
        yield Action.DRAFT, Reason(Code.DEGRADED_SEARCH)


def _judge_limits(facts: RouteFacts, policy: Policy) -> Iterator[Limit]:
    if facts.judge_outcome not in ("", "ok"):
        yield Action.DRAFT, Reason(Code.UNJUDGED, facts.judge_outcome)
    if facts.judge_outcome != "ok":
        return
    least = policy.thresholds
    for score, wanted, code in (
        (facts.faithfulness, least.faithfulness, Code.UNFAITHFUL),
        (facts.relevance, least.relevance, Code.OFF_TOPIC),
    ):
        if not score >= wanted:  # a score that is no number passes nowhere
            yield Action.DRAFT if score >= least.judged_person else Action.ASSIST, Reason(code, f"{score:.2f}")
    if not facts.safety >= least.safety:
        yield Action.ASSIST, Reason(Code.UNSAFE, f"{facts.safety:.2f}")


def is_worth_judging(decision: Decision, policy: Policy, draw: float) -> bool:
    """Say whether a second reader could change anything; `draw` in 0..1 picks the share that policy wants judged."""
    shares = {Action.SEND: policy.checking.judge_sends, Action.DRAFT: policy.checking.judge_drafts}
    return draw < shares.get(decision.action, 0.0)


def is_worth_repairing(facts: RouteFacts, policy: Policy) -> bool:
    """Say whether it is the draft's own faults that hold it back: without them more would be allowed."""
    flawless = replace(facts, findings=(), support=1.0, faithfulness=1.0, relevance=1.0, safety=1.0)
    allowed, would_be = route(facts, policy).action, route(flawless, policy).action
    return policy.checking.repair and ORDER.index(would_be) < ORDER.index(allowed)


def _second_limits(facts: RouteFacts, policy: Policy) -> Iterator[Limit]:
    """Give what policy says of the other requests in the message."""
    for name in facts.second_intents:
        if (ceiling := policy.ceiling_of(name)) != "send":
            yield _action(ceiling), Reason(Code.INTENT_CEILING, ceiling)
    if facts.second_intents and facts.second_autonomy != "send":
        yield Action.DRAFT, Reason(Code.AUTONOMY_DRAFT)


def _policy_limits(facts: RouteFacts, policy: Policy) -> Iterator[Limit]:
    is_known = facts.intent != "" and facts.confidence >= policy.thresholds.review
    if is_known and facts.ceiling != "send":
        yield _action(facts.ceiling), Reason(Code.INTENT_CEILING, facts.ceiling)
    if facts.autonomy == "off" and (is_known or not facts.intent):
        yield Action.ASSIST, Reason(Code.AUTONOMY_OFF)
    elif facts.autonomy == "shadow":
        yield Action.ASSIST, Reason(Code.AUTONOMY_SHADOW)
    elif facts.autonomy == "draft" and facts.intent:
        yield Action.DRAFT, Reason(Code.AUTONOMY_DRAFT)
    elif facts.is_sampled:
        yield Action.DRAFT, Reason(Code.REVIEW_SAMPLE)
    if facts.channel in policy.answering.draft_only_channels or facts.is_messaging:
        yield Action.DRAFT, Reason(Code.CHANNEL_DRAFT_ONLY, facts.channel)
    if facts.is_shared:
        yield Action.DRAFT, Reason(Code.SHARED)
    if facts.needs_action:
        yield Action.DRAFT, Reason(Code.NEEDS_ACTION)
    if facts.has_assignee or facts.has_staff_words:
        yield Action.DRAFT, Reason(Code.STAFF_AT_WORK)


def _requester_limits(facts: RouteFacts, policy: Policy) -> Iterator[Limit]:
    if facts.has_injection:
        yield Action.ASSIST, Reason(Code.INJECTION)
    if facts.has_tainted_source:
        yield Action.DRAFT, Reason(Code.INJECTION, "source")
    if facts.sentiment == "frustrated":
        yield Action.DRAFT, Reason(Code.FRUSTRATED)
    if facts.duplicate_of:
        yield Action.DRAFT, Reason(Code.DUPLICATE, f"#{facts.duplicate_of}")
    if facts.replies_within_hour >= policy.limits.replies_per_hour:
        yield Action.DRAFT, Reason(Code.REPLY_RATE, str(facts.replies_within_hour))
    if facts.is_forwarded:
        yield Action.DRAFT, Reason(Code.FORWARDED)
    if facts.is_participant:
        yield Action.DRAFT, Reason(Code.PARTICIPANT)
    if not facts.is_verified and (facts.is_money or facts.needs_action):
        yield Action.DRAFT, Reason(Code.UNVERIFIED_SENDER)
    if secrets := sorted(_SECRET_KINDS & set(facts.masked_kinds)):
        yield Action.DRAFT, Reason(Code.PERSONAL_DATA, ", ".join(secrets))
    if facts.unread_files:
        yield Action.DRAFT, Reason(Code.UNREAD_FILE, ", ".join(facts.unread_files))
    if facts.language not in policy.answering.languages:
        yield Action.DRAFT, Reason(Code.LANGUAGE, facts.language)


def last_look(facts: LastLookFacts, decision: Decision) -> Decision:
    """Return the decision, lowered or called off for what changed on the ticket while we worked."""
    applying = [
        (facts.is_gone, Reason(Code.TICKET_GONE)),
        (facts.is_silenced, Reason(Code.SILENCED)),
        (facts.is_with_ai_agent, Reason(Code.AI_AGENT)),
        (facts.has_newer_message, Reason(Code.NEWER_MESSAGE)),
        (facts.staff_answered, Reason(Code.STAFF_ANSWERED)),
        (facts.status in _DONE and facts.status != facts.status_before, Reason(Code.STATUS_CHANGED, facts.status)),
    ]
    if quiet := tuple(reason for applies, reason in applying if applies):
        return Decision(Action.IGNORE, quiet + decision.reasons, decision.team, decision.urgency)
    if facts.is_in_doubt:
        reasons = (Reason(Code.IN_DOUBT), *decision.reasons)
        return Decision(stricter(decision.action, Action.DRAFT), reasons, decision.team, decision.urgency)
    if decision.action is Action.SEND and (facts.staff_assigned or facts.status != facts.status_before):
        is_taken = facts.staff_assigned
        changed = Reason(Code.STAFF_AT_WORK) if is_taken else Reason(Code.STATUS_CHANGED, facts.status)
        return Decision(Action.DRAFT, (changed, *decision.reasons), decision.team, decision.urgency)
    if decision.action is Action.SEND and facts.lowered_for:
        reasons = (Reason(Code(facts.lowered_for)), *decision.reasons)
        return Decision(Action.DRAFT, reasons, decision.team, decision.urgency)
    return decision


def lowered_for(decision: Decision) -> str:
    """Return for which of a person's acts a last look made a draft of a reply, as its code; "" if for none."""
    code = decision.reasons[0].code if decision.reasons else None
    return code.value if decision.action is Action.DRAFT and code in _TAKEN else ""
