"""Record, look again, act once, confirm: the only place where Deskhand changes a ticket.

The order is the promise. Facts and decision are recorded; the ticket is read again; what is about to be done is
committed with a mark; one vendor call is made that only succeeds if the ticket has not moved; its end is recorded.
Whoever comes after a crash reads the ticket back and looks for the mark before anything is tried again.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from config.logs import get_logger
from config.policy import Policy
from integrations.errors import ConflictError, NotFoundError, PermanentError, TransientError
from integrations.helpdesk import Applied, Role, Status, Ticket, TicketWrite
from workers import facts
from workers.decide import last_look
from workers.domain import Action, Code, Decision, Reason, Urgency
from workers.notes import Package, assist_note, draft_note, hand_off_note, reply
from workers.services import Services
from workers.store.ledger import Case, Intent
from workers.store.tickets import Lease

log = get_logger(__name__)

MARK_PREFIX = "dh-"
_TRIES = 5
_OUTCOME_TAGS = ("deskhand_intent_", *(f"deskhand_{action.value}" for action in Action))
_PRIORITIES = {Urgency.HIGH: "high", Urgency.CRITICAL: "urgent"}


@dataclass(frozen=True, slots=True)
class Concluded:
    """How a case ended: the decision as carried out, and the helpdesk's time of our own change, if there was one."""

    decision: Decision
    changed_at: datetime | None = None


def mark_of(message_id: str) -> str:
    """Name our answer to one requester message. The same message gives the same mark, even if the ledger is lost."""
    return f"{MARK_PREFIX}{message_id}"


def find_mark(ticket: Ticket, message_id: str) -> str | None:
    """Return the id of our answer to this message if the ticket has one."""
    mark = mark_of(message_id)
    return next((message.id for message in ticket.messages if message.mark == mark), None)


def conclude(
    case: Case, lease: Lease, decision: Decision, package: Package, services: Services, known: Mapping[str, Any]
) -> Concluded:
    """Carry a decision out, exactly once, and settle the case; `known` is what the ledger keeps of how we got here.

    Raises TransientError if the helpdesk is away or the ticket will not stand still: the case stays open, and the next
    worker reads back first.
    """
    if decision.action is Action.IGNORE:
        return _settle(case, lease, decision, services, known)
    for _ in range(_TRIES):
        try:
            ticket = _settled_read(package.ticket.id, lease, services)
            if find_mark(ticket, case.message_id):
                return confirm(case, lease, ticket, services, known) or _settle(
                    case, lease, _quiet(Code.ALREADY_SETTLED, decision), services, known
                )
            looking = facts.for_last_look(
                decision.action, package.ticket, ticket, case.message_id, services.policy.answering.stop_tag
            )
            known = {**known, "facts": {**known.get("facts", {}), "last_look": asdict(looking)}}
            final = last_look(looking, decision)
            if final.action is Action.IGNORE:
                return _settle(case, lease, final, services, known)
            return _carry_out(case, lease, final, replace(package, ticket=ticket), services, known)
        except NotFoundError:
            return _settle(case, lease, _quiet(Code.TICKET_GONE, decision), services, known)
        except ConflictError:
            continue
    raise TransientError(f"the ticket moved {_TRIES} times under our hands", vendor=lease.vendor, operation="write")


def confirm(
    case: Case, lease: Lease, ticket: Ticket, services: Services, known: Mapping[str, Any] | None = None
) -> Concluded | None:
    """Settle a case whose answer stands on the ticket: an earlier try did reach it. None if none was, or is not there.

    What it was is taken from the outbox; that the requester can see it, from the ticket.
    """
    own = find_mark(ticket, case.message_id)
    intent = services.ledger.begun(case.id) if own else None
    if own is None or intent is None:
        return None
    decision = _recorded(intent)
    if next(message.is_public for message in ticket.messages if message.id == own):
        decision = replace(decision, action=Action.SEND)
    applied = Applied(own, ticket.stamp, updated_at=ticket.updated_at)
    return _settle(case, lease, decision, services, known or {}, intent, applied)


def settle_overtaken(ticket: Ticket, asked: str, lease: Lease, services: Services) -> None:
    """Settle the ticket's open cases but that of the message which is asked now, "" if none is.

    An attempt that failed leaves its case open. When staff, or our own reply, has answered since, or a newer message
    has taken the older ones in, nothing else would ever come back to it.
    """
    for case in services.ledger.open_cases(lease.vendor, lease.ticket_id):
        if case.message_id != asked and not confirm(case, lease, ticket, services):
            code = _overtaken_by(ticket, case.message_id)
            _settle(case, lease, Decision(Action.IGNORE, (Reason(code),)), services, {})


def _overtaken_by(ticket: Ticket, message_id: str) -> Code:
    public = [message for message in ticket.messages if message.is_public]
    place = next((place for place, message in enumerate(public) if message.id == message_id), None)
    if place is None:
        return Code.NO_REQUESTER_MESSAGE
    is_answered = any(message.author.role is Role.STAFF for message in public[place + 1 :])
    return Code.STAFF_ANSWERED if is_answered else Code.NEWER_MESSAGE


def _quiet(code: Code, decision: Decision, detail: str = "") -> Decision:
    return Decision(Action.IGNORE, (Reason(code, detail), *decision.reasons), decision.team, decision.urgency)


def _settled_read(ticket_id: str, lease: Lease, services: Services) -> Ticket:
    """Read the ticket when its newest change is old enough for the stamp to tell the next one from it.

    The stamp has a resolution of one second: a change in the second of our read would leave it as it is.
    """
    helpdesk = services.helpdesks[lease.vendor]
    settle = timedelta(seconds=services.policy.timing.stamp_settle_seconds)
    ticket = helpdesk.ticket(ticket_id)
    wait = (ticket.updated_at + settle - services.now()).total_seconds()
    if wait > 0:
        services.sleep(min(wait, settle.total_seconds()))
        ticket = helpdesk.ticket(ticket_id)
    return ticket


def _carry_out(
    case: Case, lease: Lease, decision: Decision, package: Package, services: Services, known: Mapping[str, Any]
) -> Concluded:
    """Write an outcome. What the helpdesk refuses is tried once more as a bare note, so that a person still hears."""
    write = compose(decision, package, case, services)
    try:
        return _write(case, lease, package.ticket, write, decision, services, known)
    except NotFoundError:
        raise
    except PermanentError as error:
        decision = _refused(decision, str(error))
    note = TicketWrite(mark=write.mark, html=_text(decision, package, services.policy), is_public=False)
    try:
        return _write(case, lease, package.ticket, note, decision, services, known)
    except NotFoundError:
        raise
    except PermanentError:
        return _settle(case, lease, replace(decision, action=Action.IGNORE), services, known)


def _write(
    case: Case,
    lease: Lease,
    ticket: Ticket,
    write: TicketWrite,
    decision: Decision,
    services: Services,
    known: Mapping[str, Any],
) -> Concluded:
    """Make one call, on record before and after."""
    ledger = services.ledger
    intent = ledger.begin(
        lease, case.id, mark=write.mark, write=_record(write, decision), stamp=ticket.stamp, now=services.now(), **known
    )
    try:
        applied = services.helpdesks[lease.vendor].write(ticket, write)
    except ConflictError:
        ledger.call_off(lease, intent, "cancelled", now=services.now(), error="the ticket moved")
        raise
    except PermanentError as error:
        ledger.call_off(lease, intent, "refused", now=services.now(), error=str(error))
        raise
    return _settle(case, lease, decision, services, known, intent, applied)


def _refused(decision: Decision, words: str) -> Decision:
    action = Action.DRAFT if decision.action is Action.SEND else decision.action
    reasons = (Reason(Code.WRITE_REFUSED, words[:120]), *decision.reasons)
    return Decision(action, reasons, decision.team, decision.urgency)


def _settle(
    case: Case,
    lease: Lease,
    decision: Decision,
    services: Services,
    known: Mapping[str, Any],
    intent: Intent | None = None,
    applied: Applied | None = None,
) -> Concluded:
    if decision.action is Action.IGNORE and decision.reasons[0].code is not Code.TICKET_GONE:
        _call_off(case, lease, services)
    services.ledger.settle(
        lease,
        case.id,
        now=services.now(),
        done=intent,
        message_id=applied.message_id if applied else "",
        **{
            **known,
            **_outcome(decision),
            "tier": decision.tier,
            "policy_hash": services.policy.hash,
        },
    )
    log.info(
        "settled",
        vendor=case.vendor,
        ticket=case.ticket_id,
        case=case.id,
        action=decision.action.value,
        reasons=[reason.code.value for reason in decision.reasons],
    )
    return Concluded(decision, applied.updated_at if applied else None)


def _call_off(case: Case, lease: Lease, services: Services) -> None:
    """End on record what an earlier try began: it is not on the ticket, and the stamp keeps it from arriving late."""
    intent = services.ledger.begun(case.id)
    if intent and intent.state == "sending":
        services.ledger.call_off(lease, intent, "cancelled", now=services.now(), error="the ticket moved on")


def compose(decision: Decision, package: Package, case: Case, services: Services) -> TicketWrite:
    """Say in one write all that an outcome changes on the ticket."""
    policy, mark = services.policy, mark_of(case.message_id)
    tags = _tags(decision, package, policy)
    stale = tuple(t for t in package.ticket.tags if t.startswith(_OUTCOME_TAGS) and t not in tags)
    if decision.action is Action.SEND:
        return TicketWrite(
            mark=mark,
            html=_text(decision, package, policy),
            is_public=True,
            status=Status(policy.answering.status_after_reply),
            add_tags=tags,
            remove_tags=stale,
        )
    return TicketWrite(
        mark=mark,
        html=_text(decision, package, policy),
        is_public=False,
        group_id=_group(package.ticket, decision, services),
        priority=_priority(package.ticket, decision.urgency),
        add_tags=tags,
        remove_tags=stale,
    )


def _tags(decision: Decision, package: Package, policy: Policy) -> tuple[str, ...]:
    """Return the tags of this outcome; a guess at the intent is none, it would spoil the helpdesk's reports."""
    label = package.label
    is_sure = label is not None and label.intent and label.confidence >= policy.thresholds.review
    intent = (f"deskhand_intent_{label.intent}",) if label and is_sure else ()
    return ("deskhand", f"deskhand_{decision.action.value}", *intent)


def _text(decision: Decision, package: Package, policy: Policy) -> str:
    if decision.action is Action.SEND:
        return reply(package, policy)
    render = {Action.DRAFT: draft_note, Action.ASSIST: assist_note, Action.HAND_OFF: hand_off_note}
    return render[decision.action](package, decision, policy)


def _group(ticket: Ticket, decision: Decision, services: Services) -> str | None:
    """Return the helpdesk's id of the team's group, or None to leave the ticket where it is.

    A ticket that a person has is never moved. A group that does not exist falls back to the fallback team's.
    """
    if ticket.assignee_id:
        return None
    groups = {team.name.casefold(): team.id for team in services.helpdesks[ticket.vendor].teams()}
    teams = services.policy.teams
    for key in (decision.team, services.policy.answering.fallback_team):
        if key in teams and (found := groups.get(teams[key].group.casefold())):
            return found if found != ticket.group_id else None
    return None


def _priority(ticket: Ticket, urgency: Urgency) -> str | None:
    """Raise the priority where the case is urgent; never lower what a person or a rule has set."""
    wanted = _PRIORITIES.get(urgency)
    order = ("", "low", "normal", "high", "urgent")
    if wanted is None or order.index(wanted) <= order.index(ticket.priority if ticket.priority in order else ""):
        return None
    return wanted


def _record(write: TicketWrite, decision: Decision) -> dict[str, Any]:
    """What the outbox keeps of a write. The text itself stands on the ticket; names and numbers stay there."""
    kept = {key: value for key, value in asdict(write).items() if key != "html"}
    kept["letters"] = len(write.html)
    return kept | _outcome(decision)


def _outcome(decision: Decision) -> dict[str, Any]:
    return {
        "action": decision.action.value,
        "team": decision.team,
        "urgency": decision.urgency.value,
        "reasons": [str(reason) for reason in decision.reasons],
    }


def _recorded(intent: Intent) -> Decision:
    """Return the decision that the outbox says was being carried out."""
    kept = intent.write
    split = (text.partition(":") for text in kept["reasons"])
    reasons = tuple(Reason(Code(code), detail) for code, _, detail in split)
    return Decision(Action(kept["action"]), reasons, kept["team"], Urgency(kept["urgency"]))
