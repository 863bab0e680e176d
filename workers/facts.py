"""Pure: from what is known so far to the flat facts a decision needs. The ledger keeps them, so decisions replay."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from config.policy import Policy
from integrations.helpdesk import Flag, Message, Role, Status, Ticket
from kb.domain import SearchResult, Source
from workers.domain import (
    Action,
    AdmitFacts,
    Classification,
    Draft,
    Findings,
    LastLookFacts,
    MessageKind,
    Reading,
    RouteFacts,
    RuleHit,
    Sentiment,
    Standing,
    TriageFacts,
)
from workers.reading.screen import suspicions
from workers.rules import mood, strictest

# Words that send the reader to a file, in the languages most people write.
_POINTING = re.compile(
    r"(?i)\b(?:screen ?-?shots?|screen ?grabs?|attach(?:ed|ment|ments|ing)?|enclosed|photos?|pictures?|images?|videos?"
    r"|recordings?|see below|as (?:you can see|shown)|anhang|angehängt|anbei|bild(?:er|schirmfotos?)?|fotos?|captura"
    r"|adjunt[oa]s?|imagen(?:es)?|pièces? jointes?|ci-joint|capture|allegat[oi]|anexos?|bijlagen?|schermafbeelding)\b"
)


def for_admit(ticket: Ticket, reading: Reading, *, is_settled: bool) -> AdmitFacts:
    """Return what decides whether a ticket is ours to answer."""
    public = [message for message in ticket.messages if message.is_public]
    people = [message for message in public if message.author.role is not Role.BOT]
    writers = [ticket.requester, *(m.author for m in public if m.id == reading.message_id)]
    is_internal = ticket.requester.role in (Role.STAFF, Role.BOT)
    is_outbound = bool(public) and not any(_is_outside(message.author.role) for message in public)
    return AdmitFacts(
        status=ticket.status.value,
        message_kind=reading.kind.value,
        has_requester_message=bool(reading.message_id),
        is_settled=is_settled,
        staff_answered=bool(people) and people[-1].author.role is Role.STAFF,
        is_outbound=is_outbound and not is_internal,
        is_internal=is_internal,
        is_suspended=any(person.is_suspended for person in writers),
        is_own_address=any(_is_same_address(person.email, ticket.recipient) for person in writers),
        tags=ticket.tags,
        email_domain=ticket.requester.email.rpartition("@")[2].lower(),
        channel=ticket.channel,
        is_with_ai_agent=ticket.is_with_ai_agent,
        unanswered_minutes=_unanswered_minutes(ticket, public),
    )


def _unanswered_minutes(ticket: Ticket, public: Sequence[Message]) -> float:
    """Return for how long the newest word has been the requester's, by the helpdesk's clock; 0 if it is not."""
    if not public or not _is_outside(public[-1].author.role) or ticket.read_at is None:
        return 0.0
    return max(0.0, (ticket.read_at - public[-1].created_at).total_seconds() / 60)


def _is_same_address(one: str, other: str) -> bool:
    return bool(one) and one.strip().casefold() == other.strip().casefold()


def _is_staff_at_work(message: Message) -> bool:
    """Tell a colleague's note, or another ticket's thread that a colleague has merged into this one."""
    return Flag.MERGED in message.flags or (not message.is_public and message.author.role is Role.STAFF)


def _has_staff_words(ticket: Ticket, reading: Reading) -> bool:
    """Tell whether a colleague has written here, or on the closed ticket that this one follows up."""
    is_theirs = any(turn.role == Role.STAFF.value for turn in reading.thread)
    return is_theirs or any(m.author.role is Role.STAFF or _is_staff_at_work(m) for m in ticket.messages)


def _is_outside(role: Role) -> bool:
    return role in (Role.REQUESTER, Role.PARTICIPANT)


def for_triage(
    reading: Reading,
    label: Classification,
    hits: Sequence[RuleHit],
    policy: Policy,
    *,
    has_model: bool,
    standing: Standing | None = None,
    tags: tuple[str, ...] = (),
    heard: Iterable[str] = (),
) -> TriageFacts:
    """Return what decides whether policy lets us try to answer.

    `standing` is what the record says of this intent and of today; None where there is no record yet.
    """
    action = strictest(hits)
    standing = standing or Standing(policy.autonomy_of(label.intent))
    return TriageFacts(
        intent=label.intent,
        confidence=label.confidence,
        stage=label.stage.value,
        is_out_of_scope=label.is_out_of_scope,
        urgency=label.urgency.value,
        sentiment=label.sentiment.value,
        wants_person=label.wants_person or any(hit.id == "wants_person" for hit in hits),
        rules=tuple(hit.id for hit in hits),
        rule_action=action.value if action else "",
        rule_team=next((hit.team for hit in hits if hit.team and hit.action is action), ""),
        ceiling=policy.ceiling_of(label.intent),
        autonomy=standing.autonomy,
        step=standing.step,
        team=policy.team_of(label.intent),
        attempts=reading.bot_replies,
        failed_answers=_failed_answers(reading),
        brakes=standing.brakes,
        has_model=has_model,
        is_readable=reading.kind is MessageKind.QUESTION,
        is_reply=reading.is_reply,
        tags=tags,
        heard=tuple(sorted(heard)),
    )


def tags_of(ticket: Ticket) -> tuple[str, ...]:
    """Return the tags that rules look at: the requester's, and the organisation's with a "/" before each."""
    organization = ticket.organization.tags if ticket.organization else ()
    return (*ticket.requester.tags, *(f"/{tag}" for tag in organization))


def _failed_answers(reading: Reading) -> int:
    """Count answers of ours after which the requester's next words are unhappy, the newest message's included."""
    places = [place for place, turn in enumerate(reading.thread) if turn.role == "requester"]
    said = [(reading.thread[:place], reading.thread[place].text) for place in places]
    said.append((reading.thread, reading.newest))
    return sum(
        1
        for before, words in said
        if before
        and before[-1].role == "bot"
        and mood(replace(reading, thread=before, newest=words)) is not Sentiment.CALM
    )


def for_route(
    ticket: Ticket,
    reading: Reading,
    triage: TriageFacts,
    label: Classification,
    found: SearchResult,
    draft: Draft | None,
    findings: Findings,
    policy: Policy,
    standing: Standing | None = None,
) -> RouteFacts:
    """Return everything that decides between reply, draft and package. `draft` is None if none was asked for."""
    standing = standing or Standing(triage.autonomy)
    best = found.passages[0] if found.passages else None
    cited = {name for sentence in draft.sentences for name in sentence.passages} if draft else set()
    used = [passage for number, passage in enumerate(found.passages, 1) if f"P{number}" in cited]
    sources = {passage.source for passage in used}
    intents = [policy.intents[name] for name in (label.intent, *label.second_intents) if name in policy.intents]
    judged = findings.judgement
    return RouteFacts(
        intent=label.intent,
        confidence=label.confidence,
        stage=label.stage.value,
        is_out_of_scope=label.is_out_of_scope,
        urgency=label.urgency.value,
        sentiment=label.sentiment.value,
        wants_person=triage.wants_person,
        needs_action=label.needs_action,
        is_money=any(intent.is_money for intent in intents),
        second_intents=label.second_intents,
        second_autonomy=standing.second_autonomy,
        ceiling=triage.ceiling,
        autonomy=triage.autonomy,
        corrections=standing.corrections,
        is_sampled=standing.is_sampled,
        team=triage.rule_team or triage.team,
        rules=triage.rules,
        rule_action=triage.rule_action,
        attempts=triage.attempts,
        failed_answers=triage.failed_answers,
        brakes=triage.brakes,
        passages=len(found.passages),
        best_score=best.score if best else 0.0,
        used_score=max(
            (p.score for p in found.passages if p.document_id in {u.document_id for u in used}), default=1.0
        ),
        best_source=Source.LESSON.value if sources == {Source.LESSON} else (best.source.value if best else ""),
        is_degraded_search=found.is_degraded,
        has_model=triage.has_model,
        model_outcome=draft.model_outcome if draft else "",
        is_stopgap=bool(draft and draft.is_stopgap),
        escalate=draft.escalate if draft else "",
        findings=tuple(finding.code for finding in findings.findings),
        support=findings.score,
        unknown_things=findings.unknown_things,
        judge_outcome=judged.model_outcome if judged else "",
        faithfulness=judged.faithfulness if judged else 1.0,
        relevance=judged.relevance if judged else 1.0,
        safety=judged.safety if judged else 1.0,
        asks=max(1, len(reading.asks)),
        asks_covered=len(set(draft.asks_covered)) if draft else 0,
        is_verified=reading.is_verified,
        is_participant=reading.is_participant,
        is_forwarded=reading.is_forwarded,
        has_injection=reading.has_injection,
        has_tainted_source=any(_is_tainted(passage.text) for passage in found.passages),
        is_messaging=ticket.is_messaging,
        is_shared=ticket.is_shared,
        has_assignee=bool(ticket.assignee_id),
        replies_within_hour=standing.replies_within_hour,
        duplicate_of=standing.duplicate_of,
        has_staff_words=_has_staff_words(ticket, reading),
        channel=ticket.channel,
        language=reading.language,
        masked_kinds=reading.masked_kinds,
        unread_files=_unread_files(reading),
    )


@lru_cache(maxsize=512)  # a passage is found for many a ticket, and its words are the same each time
def _is_tainted(passage: str) -> bool:
    return bool(suspicions(passage))


def _unread_files(reading: Reading) -> tuple[str, ...]:
    """Return the files that were not read, if the message sends its reader to what is enclosed."""
    unread = tuple(one.name for one in reading.enclosures if one.unread)
    return unread if unread and _POINTING.search(reading.question) else ()


def for_last_look(
    action: Action,
    before: Ticket,
    now: Ticket,
    message_id: str,
    stop_tag: str,
    *,
    is_in_doubt: bool = False,
    yields: bool = False,
    lowered_for: str = "",
) -> LastLookFacts:
    """Return what changed on the ticket between our read and our write. Our own notes do not count.

    `is_in_doubt`: an earlier reply of ours never showed, and may yet come. `yields`: we make way for the helpdesk's own
    AI agent where it has taken the ticket meanwhile. `lowered_for`: what an earlier try saw, and a later one finds
    there from the beginning.
    """
    known = {message.id for message in before.messages}
    fresh = [message for message in now.messages if message.id not in known]
    return LastLookFacts(
        action=action.value,
        has_newer_message=any(m.is_public and _is_outside(m.author.role) and m.id != message_id for m in fresh),
        staff_answered=any(m.is_public and m.author.role is Role.STAFF for m in fresh),
        staff_assigned=any(_is_staff_at_work(message) for message in fresh)
        or (now.assignee_id != before.assignee_id and bool(now.assignee_id)),
        status=now.status.value,
        status_before=before.status.value,
        is_gone=now.status is Status.DELETED,
        is_silenced=stop_tag in now.tags,
        is_with_ai_agent=yields and now.is_with_ai_agent and not before.is_with_ai_agent,
        is_in_doubt=is_in_doubt,
        lowered_for=lowered_for,
    )
