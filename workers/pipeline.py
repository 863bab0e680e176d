"""The story of a ticket: answer(), learn(), reconcile(). Each reads like the product's description."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from config.logs import get_logger
from config.policy import Policy
from integrations.errors import IntegrationError, NotFoundError
from integrations.helpdesk import EarlierTicket, Role, Status, Ticket
from kb.domain import Filter, Query, SearchResult, SimilarTicket
from workers import decide, facts, ladder, recent, rules
from workers.account import LOOK_BACK, Account, account_of
from workers.domain import (
    Action,
    AdmitFacts,
    Classification,
    Code,
    Decision,
    MessageKind,
    Reading,
    Reason,
    RuleHit,
    Sentiment,
    Standing,
    Urgency,
)
from workers.ear import heard
from workers.enclosures import with_enclosures
from workers.letter import Package
from workers.protocol import find_own
from workers.reading import read
from workers.services import Services
from workers.stages.ask_classify import ask_classify
from workers.stages.classify import classify
from workers.stages.conclude import Concluded, conclude, resume, settle_gone, settle_overtaken
from workers.stages.learn import learn, precedent_id, unlearn
from workers.stages.obey import obey
from workers.stages.propose import Question, propose
from workers.stages.rated import rated
from workers.stages.reconcile import reconcile as reconcile
from workers.stages.relabel import relabel
from workers.stages.remember import remember
from workers.stages.review import review
from workers.stages.shelve import public_filter
from workers.stages.unsay import unsay
from workers.store.ledger import Case
from workers.store.tickets import Lease, LeaseLostError

log = get_logger(__name__)

_THINKING = 0.75  # share of a case's time after which no call of the model is begun; the rest is for writing


def work(lease: Lease, services: Services) -> datetime | None:
    """Do whatever a ticket needs now, from a fresh read; return the helpdesk's time of the last change dealt with.

    Of a ticket that is gone nobody can tell that time; ours stands for it.
    """
    try:
        ticket = obey(services.helpdesks[lease.vendor].ticket(lease.ticket_id), lease, services)
        if rated(ticket, lease, services):
            ticket = services.helpdesks[lease.vendor].ticket(lease.ticket_id)
    except NotFoundError:
        forget_gone(lease, services)
        return services.now()
    if ticket.status in (Status.SOLVED, Status.CLOSED):
        learn(ticket, services)
    concluded = answer(ticket, lease, services)
    remember(ticket, services)
    unsay(ticket, lease, services)
    return (concluded.changed_at if concluded else None) or _known_until(ticket, services)


def _known_until(ticket: Ticket, services: Services) -> datetime:
    """Return the helpdesk's time before which nothing on the ticket is unknown to us.

    Its times are whole seconds: a read in the second of a change, or right after it, may miss what else that second
    brought.
    """
    read_at = ticket.read_at or services.now()
    is_over = read_at - ticket.updated_at >= timedelta(seconds=2)
    return ticket.updated_at + timedelta(seconds=1) if is_over else ticket.updated_at


def answer(ticket: Ticket, lease: Lease, services: Services) -> Concluded | None:
    """Answer one requester message, or hand it to a person, or record why neither; None if nobody asked anything."""
    began = services.now()
    reading = read(ticket, parent=_parent(ticket, services))
    asked = reading.message_id or _spoken_for(ticket)
    settle_overtaken(ticket, asked, lease, services)
    review(ticket, reading, services)
    relabel(ticket, services)
    if not asked:
        return None
    admitting = facts.for_admit(ticket, reading, is_settled=find_own(ticket, asked) is not None)
    stop = decide.admit(admitting, services.policy)
    is_left = _is_left(stop, admitting, lease, services)
    case = services.ledger.open_case(
        lease,
        asked,
        now=services.now(),
        asked_at=reading.written_at,
        channel=ticket.channel,
        reopen="" if is_left else Code.AI_AGENT.value,
    )
    if case.is_settled:
        return None
    if concluded := resume(case, lease, ticket, services):
        return concluded
    if case.set_aside:  # replayed: the note that stands there from before is no outcome
        is_settled = find_own(ticket, asked, case.set_aside) is not None
        admitting = replace(admitting, is_settled=is_settled)
        stop = decide.admit(admitting, services.policy)
    known: dict[str, Any] = {"subject": reading.subject, "question": reading.newest, "language": reading.language}
    package = Package(ticket, reading)

    known["facts"] = {"admit": asdict(admitting)}
    if stop:
        return conclude(case, lease, stop, package, services, known)

    sounds = heard(reading, services.ear, services.embedder.embed)
    hits = _rules(ticket, reading, sounds, services)
    account, reading = _account(ticket, reading, services)
    label = _classify(case, reading, hits, account, services)
    services.tickets.rank(lease, list(Urgency).index(label.urgency))
    standing = ladder.standing(label.intent, asked, services, label.second_intents, reading.question)
    standing = _with_recent(standing, ticket, reading, account, services)
    triaging = facts.for_triage(
        reading,
        label,
        hits,
        services.policy,
        has_model=services.llm is not None,
        standing=standing,
        tags=facts.tags_of(ticket),
        heard=sounds,
    )
    known["facts"]["triage"] = asdict(triaging)
    known |= _understood(label)
    package = Package(ticket, reading, label, hits, account=account)
    stop = decide.triage(triaging, services.policy)
    if stop and stop.action is Action.HAND_OFF:
        return conclude(case, lease, stop, package, services, known)

    reading = with_enclosures(ticket, reading, services.helpdesks[ticket.vendor], services.policy.limits)
    found = _search(ticket, reading, services)
    similar = _similar(ticket, reading, services)
    known["passages"] = _found(found)
    package = Package(ticket, reading, label, hits, found.passages, account=account, similar=similar)
    if stop:
        return conclude(case, lease, stop, package, services, known)

    until = began + _THINKING * timedelta(seconds=services.policy.timing.case_seconds)
    proposal = propose(Question(case, ticket, reading, label, triaging, found, account, until, standing), services)
    proposed, findings = proposal.draft, proposal.findings
    known["facts"]["route"] = asdict(proposal.facts)
    known |= {"draft": asdict(proposed) if proposed else None, "findings": asdict(findings)}
    package = Package(ticket, reading, label, hits, found.passages, proposed, findings, account, similar=similar)
    return conclude(case, lease, proposal.decision, package, services, known)


def _is_left(stop: Decision | None, admitting: AdmitFacts, lease: Lease, services: Services) -> bool:
    """Tell whether the helpdesk's own AI agent has the ticket; then look again when it has been silent for too long."""
    if stop is None or Code.AI_AGENT not in (reason.code for reason in stop.reasons):
        return False
    left = services.policy.answering.ai_agent_minutes - admitting.unanswered_minutes
    if admitting.unanswered_minutes:
        services.tickets.wake(lease.vendor, lease.ticket_id, now=services.now(), quiet_seconds=60 * left)
    return True


def _parent(ticket: Ticket, services: Services) -> Ticket | None:
    """Return the closed ticket that this one follows up, if it is the same person's and can be read."""
    if not ticket.followup_of:
        return None
    try:
        parent = services.helpdesks[ticket.vendor].ticket(ticket.followup_of)
    except IntegrationError as error:
        log.warning("parent_unknown", vendor=ticket.vendor, ticket=ticket.id, error=str(error))
        return None
    return parent if parent.requester.id == ticket.requester.id else None


def _spoken_for(ticket: Ticket) -> str:
    """Return what staff had the last public word on, so that our staying quiet is recorded too; "" if they had not.

    That is the requester's newest message, or on a ticket that staff opened their own one, if only a note: of a call,
    say. A reply of ours that crossed with theirs changes nothing about it.
    """
    public = [m for m in ticket.messages if m.is_public and m.author.role not in (Role.SYSTEM, Role.BOT)]
    if not any(message.is_public for message in ticket.messages):
        return next((m.id for m in ticket.messages if m.author.role is Role.STAFF), "")
    if not public or public[-1].author.role is not Role.STAFF:
        return ""
    asking = (Role.REQUESTER, Role.PARTICIPANT)
    return next((m.id for m in reversed(public) if m.author.role in asking), public[-1].id)


def _rules(ticket: Ticket, reading: Reading, sounds: Mapping[str, str], services: Services) -> tuple[RuleHit, ...]:
    organization_tags = ticket.organization.tags if ticket.organization else ()
    return rules.match(
        reading,
        requester_tags=ticket.requester.tags,
        organization_tags=organization_tags,
        rules=services.policy.rules,
        heard=sounds,
    )


def _classify(
    case: Case, reading: Reading, hits: tuple[RuleHit, ...], account: Account, services: Services
) -> Classification:
    llm = services.llm

    def ask(candidates: Any) -> Any:
        assert llm is not None
        return ask_classify(reading, candidates, services.prompts["classify"], llm, services.policy)

    def embed(texts: list[str]) -> Any:
        return services.embedder.embed([services.kb.mend(text) for text in texts])

    # What a rule hands over anyway costs no model call.
    is_decided = rules.strictest(hits) is Action.HAND_OFF
    label, usages = classify(
        reading,
        services.intents.models(f"{case.vendor}:{case.ticket_id}", services.policy.classifying.trial_share),
        embed,
        ask if llm is not None and not is_decided else None,
        services.policy,
    )
    services.ledger.record_calls(case.id, usages, now=services.now())
    return _tempered(label, rules.mood(reading, is_repeated=account.is_repeated), reading, hits, services.policy)


def _tempered(
    label: Classification, mood: Sentiment, reading: Reading, hits: tuple[RuleHit, ...], policy: Policy
) -> Classification:
    """Add what plain words say of mood and haste; neither is ever talked down by the model."""
    is_known = label.confidence >= policy.thresholds.review  # a guess says nothing of what would have to be done
    intents = [policy.intents.get(name) for name in (label.intent, *label.second_intents)] if is_known else []
    return replace(
        label,
        sentiment=max(label.sentiment, mood, key=list(Sentiment).index),
        urgency=max(label.urgency, rules.urgency(reading, hits), key=list(Urgency).index),
        needs_action=label.needs_action or any(intent.needs_action for intent in intents if intent),
    )


def _search(ticket: Ticket, reading: Reading, services: Services) -> SearchResult:
    """Find passages for a public reply: only what anyone may read, whatever the outcome will be."""
    seen = public_filter(ticket, now=services.now())
    return services.kb.search(Query(reading.topic, reading.newest), seen, services.policy.limits.passages)


def _account(ticket: Ticket, reading: Reading, services: Services) -> tuple[Account, Reading]:
    """Look up what is known of who asks; what the helpdesk cannot tell now is missing and holds nothing up."""
    earlier: Sequence[EarlierTicket] | None = ()
    if services.policy.context.earlier_tickets:
        try:
            earlier = services.helpdesks[ticket.vendor].requested_by(ticket.requester.id, limit=LOOK_BACK)
        except IntegrationError as error:
            log.warning("earlier_tickets_unknown", vendor=ticket.vendor, ticket=ticket.id, error=str(error))
            earlier = None
    return account_of(ticket, reading, earlier, services.policy, now=services.now())


def _with_recent(
    standing: Standing, ticket: Ticket, reading: Reading, account: Account, services: Services
) -> Standing:
    """Add what the record of the last day says of this person's tickets."""
    now = services.now()
    ids = [ticket.id, *(one.ticket_id for one in account.others)]
    asked = services.ledger.asked(ticket.vendor, ids, since=now - recent.LOOK_BACK)
    return replace(
        standing,
        replies_within_hour=recent.replies_within_hour(asked, now=now),
        duplicate_of=recent.duplicate_of(ticket, reading, account.others, asked),
    )


def _similar(ticket: Ticket, reading: Reading, services: Services) -> tuple[SimilarTicket, ...]:
    """Find earlier tickets like this one for the note: other people's, so only staff ever sees them."""
    seen = Filter(brand_id=ticket.brand_id, at=reading.written_at or ticket.created_at)
    found = services.kb.similar(Query(reading.topic, reading.newest), seen, services.policy.limits.similar_tickets + 1)
    own = precedent_id(ticket.vendor, ticket.id)
    return tuple(other for other in found if other.id != own)[: services.policy.limits.similar_tickets]


def give_up(lease: Lease, why: str, services: Services) -> None:
    """Hand a ticket that failed too often to a person with what is known; it is due no more until it changes.

    Raises what the helpdesk raises while it is away: then nobody can be told, and the ticket must stay due.
    """
    ticket = services.helpdesks[lease.vendor].ticket(lease.ticket_id)
    reading = _read_anyhow(ticket)
    settle_overtaken(ticket, reading.message_id, lease, services)
    if not reading.message_id:
        return
    case = services.ledger.open_case(lease, reading.message_id, now=services.now(), asked_at=reading.written_at)
    if case.is_settled or resume(case, lease, ticket, services):
        return
    known = {"subject": reading.subject, "question": reading.newest, "language": reading.language}
    decision = decide.admit(facts.for_admit(ticket, reading, is_settled=False), services.policy) or Decision(
        Action.ASSIST, (Reason(Code.GAVE_UP, why),), services.policy.answering.fallback_team
    )
    package = Package(ticket, reading)
    try:
        conclude(case, lease, decision, package, services, known)
    except (IntegrationError, LeaseLostError):
        raise
    except Exception:
        # What made us give up may be the note itself. A person hears of the ticket all the same.
        log.exception("note_unwritable", vendor=ticket.vendor, ticket=ticket.id)
        conclude(case, lease, decision, replace(package, is_bare=True), services, known)


def _read_anyhow(ticket: Ticket) -> Reading:
    """Read the ticket, or at least see who is waiting: what made us give up may be that it cannot be read."""
    try:
        return read(ticket)
    except Exception:
        log.exception("ticket_unreadable", vendor=ticket.vendor, ticket=ticket.id)
    newest = next((m for m in reversed(ticket.messages) if m.is_public and m.author.role is not Role.SYSTEM), None)
    is_waiting = newest is not None and newest.author.role in (Role.REQUESTER, Role.PARTICIPANT)
    message_id = newest.id if newest and is_waiting else ""
    return Reading(message_id, MessageKind.QUESTION, "", "", "", (), "", ())


def forget_gone(lease: Lease, services: Services) -> None:
    """A ticket was deleted or merged away: settle what is open, if only that we heard of it; take its lesson back."""
    if not services.ledger.knows(lease.vendor, lease.ticket_id):
        services.ledger.open_case(lease, "", now=services.now())  # it went before its first message was ever read
    settle_gone(lease, services)
    unlearn(lease.vendor, lease.ticket_id, services)
    services.labels.remove(lease.vendor, lease.ticket_id)


def _understood(label: Classification) -> dict[str, Any]:
    return {
        "intent": label.intent,
        "confidence": label.confidence,
        "stage": label.stage.value,
        "urgency": label.urgency.value,
        "classification": asdict(label),
    }


def _found(found: SearchResult) -> list[dict[str, Any]]:
    return [
        {
            "chunk_id": p.chunk_id,
            "title": p.title,
            "heading": list(p.heading),
            "url": p.url,
            "source": p.source.value,
            "score": round(p.score, 4),
        }
        for p in found.passages
    ]
