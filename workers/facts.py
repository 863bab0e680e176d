"""Pure: from what is known so far to the flat facts a decision needs. The ledger keeps them, so decisions replay."""

from collections.abc import Sequence

from config.policy import Policy
from integrations.helpdesk import Role, Status, Ticket
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
    TriageFacts,
)
from workers.rules import strictest


def for_admit(ticket: Ticket, reading: Reading, *, is_settled: bool) -> AdmitFacts:
    """Return what decides whether a ticket is ours to answer."""
    public = [message for message in ticket.messages if message.is_public]
    return AdmitFacts(
        status=ticket.status.value,
        message_kind=reading.kind.value,
        has_requester_message=bool(reading.message_id),
        is_settled=is_settled,
        staff_answered=bool(public) and public[-1].author.role is Role.STAFF,
        is_outbound=bool(public) and not any(_is_outside(message.author.role) for message in public),
        is_suspended=ticket.requester.is_suspended,
        tags=ticket.tags,
        email_domain=ticket.requester.email.rpartition("@")[2].lower(),
        channel=ticket.channel,
    )


def _is_outside(role: Role) -> bool:
    return role in (Role.REQUESTER, Role.PARTICIPANT)


def for_triage(
    reading: Reading, label: Classification, hits: Sequence[RuleHit], policy: Policy, *, has_model: bool
) -> TriageFacts:
    """Return what decides whether policy lets us try to answer."""
    action = strictest(hits)
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
        autonomy=policy.autonomy_of(label.intent),
        team=policy.team_of(label.intent),
        attempts=reading.bot_replies,
        has_model=has_model,
        is_readable=reading.kind is MessageKind.QUESTION,
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
) -> RouteFacts:
    """Return everything that decides between reply, draft and package. `draft` is None if none was asked for."""
    best = found.passages[0] if found.passages else None
    cited = {name for sentence in draft.sentences for name in sentence.passages} if draft else set()
    used = [passage for number, passage in enumerate(found.passages, 1) if f"P{number}" in cited]
    sources = {passage.source for passage in used}
    intent = policy.intents.get(label.intent)
    judged = findings.judgement
    return RouteFacts(
        intent=label.intent,
        confidence=label.confidence,
        stage=label.stage.value,
        is_out_of_scope=label.is_out_of_scope,
        urgency=label.urgency.value,
        sentiment=label.sentiment.value,
        needs_action=label.needs_action,
        is_money=bool(intent and intent.is_money),
        ceiling=triage.ceiling,
        autonomy=triage.autonomy,
        team=triage.rule_team or triage.team,
        rules=triage.rules,
        rule_action=triage.rule_action,
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
        judge_outcome=judged.model_outcome if judged else "",
        faithfulness=judged.faithfulness if judged else 1.0,
        relevance=judged.relevance if judged else 1.0,
        safety=judged.safety if judged else 1.0,
        asks=max(1, len(reading.asks)),
        asks_covered=len(set(draft.asks_covered)) if draft else 0,
        is_verified=reading.is_verified,
        is_participant=reading.is_participant,
        has_injection=reading.has_injection,
        is_messaging=ticket.is_messaging,
        is_shared=ticket.is_shared,
        has_assignee=bool(ticket.assignee_id),
        channel=ticket.channel,
        language=reading.language,
        masked_kinds=reading.masked_kinds,
    )


def for_last_look(action: Action, before: Ticket, now: Ticket, message_id: str, stop_tag: str) -> LastLookFacts:
    """Return what changed on the ticket between our read and our write. Our own notes do not count."""
    known = {message.id for message in before.messages}
    fresh = [message for message in now.messages if message.id not in known]
    return LastLookFacts(
        action=action.value,
        has_newer_message=any(m.is_public and _is_outside(m.author.role) and m.id != message_id for m in fresh),
        staff_answered=any(m.is_public and m.author.role is Role.STAFF for m in fresh),
        staff_assigned=any(not m.is_public and m.author.role is Role.STAFF for m in fresh)
        or (now.assignee_id != before.assignee_id and bool(now.assignee_id)),
        status=now.status.value,
        status_before=before.status.value,
        is_gone=now.status is Status.DELETED,
        is_silenced=stop_tag in now.tags,
    )
