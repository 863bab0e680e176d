"""Carry a decision out on the ticket: the only place where Deskhand changes one.

`workers/protocol.py` says what to do next; here it is done, and told what came of it. Facts and decision are recorded;
the ticket is read again; what is about to be done is committed with a mark; one vendor call is made; its end is
recorded. Whoever comes after a crash reads the ticket back and looks for the mark before anything is tried again.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from config.logs import get_logger
from config.policy import Policy
from integrations.errors import ConflictError, NotFoundError, PermanentError, TransientError
from integrations.helpdesk import Message, Status, Ticket, TicketWrite
from workers.domain import INTENT_TAG, Action, Code, Decision, MessageKind, Reading, Reason, Urgency, mark_of
from workers.letter import Package, reply
from workers.notes import assist_note, bare_note, draft_note, hand_off_note
from workers.protocol import (
    TRIES,
    Attempt,
    Begin,
    Later,
    Look,
    Outbox,
    Patience,
    Record,
    Settle,
    State,
    Step,
    Write,
    arrived,
    as_found,
    overtaken_by,
    without_ticket,
)
from workers.services import Services
from workers.store.ledger import Case, Intent
from workers.store.tickets import Lease

log = get_logger(__name__)

_OUTCOME_TAGS = (INTENT_TAG, "deskhand_approved", *(f"deskhand_{action.value}" for action in Action))
_NOTHING_READ = Reading("", MessageKind.EMPTY, "", "", "", (), "", ())
_PRIORITIES = {Urgency.HIGH: "high", Urgency.CRITICAL: "urgent"}


@dataclass(frozen=True, slots=True)
class Concluded:
    """How a case ended: the decision as carried out, and the helpdesk's time up to which nothing else had happened."""

    decision: Decision
    changed_at: datetime | None = None


def conclude(
    case: Case, lease: Lease, decision: Decision, package: Package, services: Services, known: Mapping[str, Any]
) -> Concluded:
    """Carry a decision out, exactly once, and settle the case; `known` is what the ledger keeps of how we got here.

    Raises TransientError if the helpdesk is away, the ticket will not stand still, or an earlier write may still
    arrive: the case stays open, and the next worker reads back first.
    """
    return _Hands(case, lease, package, services, known, _begun_before(case, services)).drive(decision)


def resume(case: Case, lease: Lease, ticket: Ticket, services: Services) -> Concluded | None:
    """Settle a case that an earlier try has answered already; None if it did not, or left no record of it.

    Raises TransientError while an earlier try may still arrive on a helpdesk that keeps nothing from arriving twice:
    before a model is asked, not after.
    """
    intent = _begun_before(case, services)
    if intent is None:
        return None
    abilities = services.helpdesks[lease.vendor].abilities
    step = arrived(
        _outbox(intent, case), ticket, case.message_id, abilities, patience(services.policy), at=services.now()
    )
    if isinstance(step, Later):
        raise _later(step, lease)
    if step is None or step.own is None:
        return None
    decision = _recorded(intent, step.own)
    _settle(case, lease, decision, services, {}, (intent, step.state), step.own.id)
    return Concluded(decision)


def settle_overtaken(ticket: Ticket, asked: str, lease: Lease, services: Services) -> None:
    """Settle the ticket's open cases but that of the message which is asked now, "" if none is.

    An attempt that failed leaves its case open. When staff, or our own reply, has answered since, or a newer message
    has taken the older ones in, nothing else would ever come back to it. Raises TransientError while what was begun
    for one of them may still arrive.
    """
    for case in services.ledger.open_cases(lease.vendor, lease.ticket_id):
        if case.message_id != asked:
            quiet = Decision(Action.IGNORE, (Reason(overtaken_by(ticket, case.message_id)),))
            package = Package(ticket, _NOTHING_READ)
            _Hands(case, lease, package, services, {}, services.ledger.begun(case.id)).drive(quiet)


def settle_gone(lease: Lease, services: Services) -> None:
    """Settle the open cases of a ticket that was deleted or merged away."""
    for case in services.ledger.open_cases(lease.vendor, lease.ticket_id):
        intent = services.ledger.begun(case.id)
        ended = (intent, without_ticket(_outbox(intent, case)).state) if intent else None
        _settle(case, lease, Decision(Action.IGNORE, (Reason(Code.TICKET_GONE),)), services, {}, ended, "")


def patience(policy: Policy) -> Patience:
    """Return the times of the send step: no write rests on a look older than a lease."""
    timing, answering = policy.timing, policy.answering
    return Patience(timing.lease_seconds, timing.stamp_settle_seconds, answering.stop_tag, answering.yields_to_ai_agent)


def _begun_before(case: Case, services: Services) -> Intent | None:
    """Return what an attempt before this one began; the first one, counted when the case was opened, need not ask."""
    return services.ledger.begun(case.id) if case.attempts > 1 else None


def _outbox(intent: Intent | None, case: Case) -> Outbox:
    if intent is None:
        return Outbox(set_aside=case.set_aside)
    is_public = bool(intent.write.get("is_public"))
    lowered_for = intent.write.get("lowered_for", "")
    return Outbox(State(intent.state), is_public, intent.stamp, intent.looked_at, case.set_aside, lowered_for)


def _later(step: Later, lease: Lease, limit: str = "") -> TransientError:
    wait = step.seconds or None
    return TransientError(step.why, vendor=lease.vendor, operation="write", retry_after_seconds=wait, limit=limit)


class _Hands:
    """What an attempt needs done: reads, commits and the one call, for one case."""

    def __init__(
        self,
        case: Case,
        lease: Lease,
        package: Package,
        services: Services,
        known: Mapping[str, Any],
        intent: Intent | None,
    ) -> None:
        self._case = case
        self._lease = lease
        self._package = package
        self._services = services
        self._known = known
        self._helpdesk = services.helpdesks[lease.vendor]
        self._intent = intent
        self._write: TicketWrite | None = None
        self._looked_at = services.clock()
        self._changed_at: datetime | None = None
        self._own_id = ""
        self._limit = ""  # of the helpdesk's, that the last call met

    def drive(self, decision: Decision) -> Concluded:
        """Do what the attempt says until it ends; raise TransientError if it ends for now."""
        services = self._services
        attempt = Attempt(
            decision,
            self._package.ticket,
            self._case.message_id,
            _outbox(self._intent, self._case),
            self._helpdesk.abilities,
            patience(services.policy),
            at=services.now(),
        )
        while True:
            step: Step = attempt.next
            match step:
                case Look():
                    self._look(attempt, step)
                case Begin():
                    self._know(attempt)
                    self._begin(attempt, step)
                case Write():
                    self._call(attempt)
                case Record():
                    self._record(attempt, step)
                case Settle():
                    self._know(attempt)
                    return self._settle(step)
                case Later():
                    raise _later(step, self._lease, self._limit)

    def _know(self, attempt: Attempt) -> None:
        """Keep what the last look saw beside the other facts, so that this decision replays as well."""
        if attempt.changed:
            facts = {**self._known.get("facts", {}), "last_look": asdict(attempt.changed)}
            self._known = {**self._known, "facts": facts}

    def _look(self, attempt: Attempt, step: Look) -> None:
        if step.after_seconds > 0:
            self._services.sleep(step.after_seconds)
        self._looked_at = self._services.clock()
        try:
            ticket = self._helpdesk.ticket(self._lease.ticket_id)
        except NotFoundError:
            attempt.gone()
            return
        self._package = replace(self._package, ticket=ticket)
        attempt.looked(ticket, at=self._services.now())

    def _begin(self, attempt: Attempt, step: Begin) -> None:
        services, decision, outbox = self._services, step.decision, step.outbox
        write = compose(decision, self._package, self._case, services)
        if step.is_bare:
            write = TicketWrite(mark=write.mark, html=write.html, is_public=False)
        self._write = write
        self._intent = services.ledger.begin(
            self._lease,
            self._case.id,
            mark=write.mark,
            write=_record(write, decision, self._intent) | {"lowered_for": outbox.lowered_for},
            stamp=outbox.stamp,
            now=services.now(),
            state=outbox.state.value,
            looked_at=outbox.looked_at,
            **self._known,
        )
        attempt.begun(age_seconds=services.clock() - self._looked_at)

    def _call(self, attempt: Attempt) -> None:
        assert self._write is not None
        try:
            applied = self._helpdesk.write(self._package.ticket, self._write)
        except ConflictError:
            attempt.conflicted()
        except NotFoundError:
            attempt.gone()
        except PermanentError as error:
            attempt.refused(str(error))
        except TransientError as error:
            self._limit = error.limit
            attempt.missed(str(error), maybe_done=error.maybe_done, seconds=error.retry_after_seconds or 0.0)
        else:
            self._own_id = applied.message_id
            # Without a lock something may have come in between our look and this change: the reconciler shall ask.
            self._changed_at = applied.updated_at if self._helpdesk.abilities.has_lock else None
            attempt.applied()

    def _record(self, attempt: Attempt, step: Record) -> None:
        assert self._intent is not None
        now = self._services.now()
        self._services.ledger.end_try(self._lease, self._intent, step.state.value, now=now, error=step.why)
        attempt.recorded()

    def _settle(self, step: Settle) -> Concluded:
        decision, own_id = step.decision, step.own.id if step.own else self._own_id
        if decision is None:
            assert self._intent is not None
            assert step.own is not None
            decision = _recorded(self._intent, step.own)
        ended = (self._intent, step.state) if self._intent else None
        _settle(self._case, self._lease, decision, self._services, self._known, ended, own_id)
        return Concluded(decision, self._changed_at)


def _settle(
    case: Case,
    lease: Lease,
    decision: Decision,
    services: Services,
    known: Mapping[str, Any],
    ended: tuple[Intent, State] | None,
    own_id: str,
) -> None:
    columns = {**known, **_outcome(decision), "tier": decision.tier, "policy_hash": services.policy.hash}
    end = (ended[0], ended[1].value) if ended else None
    services.ledger.settle(
        lease,
        case.id,
        now=services.now(),
        ended=end,
        message_id=own_id,
        is_given_up=is_given_up(decision),
        **columns,
    )
    log.info(
        "settled",
        vendor=case.vendor,
        ticket=case.ticket_id,
        case=case.id,
        action=decision.action.value,
        reasons=[reason.code.value for reason in decision.reasons],
    )


def is_given_up(decision: Decision) -> bool:
    """Tell whether we failed: a person has it for want of anything better, or nobody could be told at all."""
    codes = {reason.code for reason in decision.reasons}
    return (Code.WRITE_REFUSED if decision.action is Action.IGNORE else Code.GAVE_UP) in codes


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
        status=Status.OPEN if _is_about_rating(decision) else None,
        group_id=_group(package.ticket, decision, services),
        priority=_priority(package.ticket, decision.urgency),
        add_tags=tags,
        remove_tags=stale,
    )


def _is_about_rating(decision: Decision) -> bool:
    return any(reason.code is Code.BAD_RATING for reason in decision.reasons)


def _tags(decision: Decision, package: Package, policy: Policy) -> tuple[str, ...]:
    """Return the tags of this outcome; a guess at the intent is none, it would spoil the helpdesk's reports."""
    label = package.label
    is_sure = label is not None and label.intent and label.confidence >= policy.thresholds.review
    intent = (f"{INTENT_TAG}{label.intent}",) if label and is_sure else ()
    return ("deskhand", f"deskhand_{decision.action.value}", *intent)


def _text(decision: Decision, package: Package, policy: Policy) -> str:
    if package.is_bare:
        return bare_note(decision)
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


def _record(write: TicketWrite, decision: Decision, before: Intent | None) -> dict[str, Any]:
    """What the outbox keeps of a write. The text itself stands on the ticket; names and numbers stay there.

    `earlier`: what was begun before it, newest first, for that may be what arrives.
    """
    kept = {key: value for key, value in asdict(write).items() if key != "html"}
    kept["letters"] = len(write.html)
    earlier = [_without_earlier(before.write), *before.write.get("earlier", ())] if before else []
    return kept | _outcome(decision) | {"earlier": earlier[:TRIES]}


def _without_earlier(write: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in write.items() if key != "earlier"}


def _outcome(decision: Decision) -> dict[str, Any]:
    return {
        "action": decision.action.value,
        "team": decision.team,
        "urgency": decision.urgency.value,
        "reasons": [str(reason) for reason in decision.reasons],
    }


def _recorded(intent: Intent, own: Message) -> Decision:
    """Return what an earlier try did: its decision is in the outbox, whether the requester sees it on the ticket."""
    begun = (intent.write, *intent.write.get("earlier", ()))
    kept = next((write for write in begun if write.get("is_public") is own.is_public), intent.write)
    split = (text.partition(":") for text in kept["reasons"])
    reasons = tuple(Reason(Code(code), detail) for code, _, detail in split)
    return Decision(as_found(Action(kept["action"]), own), reasons, kept["team"], Urgency(kept["urgency"]))
