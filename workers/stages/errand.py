"""One write that a command of staff asks for: carried out exactly once, by the same protocol as an outcome.

The key names it. What was begun is committed first; the ticket is read back and looked at for the mark before any
second try.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from integrations.errors import ConflictError, NotFoundError, PermanentError, TransientError
from integrations.helpdesk import Ticket, TicketWrite
from workers.domain import Action, Decision
from workers.protocol import Attempt, Begin, Later, Look, Outbox, Patience, Record, Settle, State, Step, Write
from workers.services import Services
from workers.store.orders import Errand, Order
from workers.store.tickets import Lease

Compose = Callable[[Ticket], TicketWrite]
May = Callable[[Ticket, bool], bool]  # the ticket as it is now, and whether an earlier try is in doubt


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: `is_done` with the message on the ticket; or not, with the helpdesk's word if it refused.

    `result` is what was recorded with the write that stands there, which an earlier attempt may have made.
    """

    is_done: bool
    message_id: str = ""
    result: str = ""
    refused: str = ""


def run(
    key: str,
    compose: Compose,
    ticket: Ticket,
    order: Order,
    lease: Lease,
    services: Services,
    *,
    result: str = "",
    may: May = lambda _ticket, _is_in_doubt: True,
    is_public: bool = False,
) -> Ended:
    """Bring one write about; `may` is asked on the newest look, right before it.

    Raises TransientError if it ends for now, as `conclude` does.
    """
    return _Errand(key, compose, order, lease, services, result).drive(ticket, may, is_public=is_public)


class _Errand:
    def __init__(self, key: str, compose: Compose, order: Order, lease: Lease, services: Services, result: str) -> None:
        self._key = key
        self._compose = compose
        self._order = order
        self._lease = lease
        self._services = services
        self._result = result
        self._helpdesk = services.helpdesks[lease.vendor]
        self._begun: Errand | None = services.orders.begun(lease.vendor, lease.ticket_id, key)
        self._ticket: Ticket | None = None
        self._write: TicketWrite | None = None
        self._looked_at = services.clock()
        self._own_id = self._refused = self._limit = ""

    def drive(self, ticket: Ticket, may: May, *, is_public: bool) -> Ended:
        timing = self._services.policy.timing
        action = Action.SEND if is_public else Action.DRAFT

        def judge(now: Ticket, is_in_doubt: bool) -> Decision:
            return Decision(action if may(now, is_in_doubt) else Action.IGNORE, ())

        attempt = Attempt(
            Decision(action, ()),
            ticket,
            self._key,
            self._begun.outbox if self._begun else Outbox(),
            self._helpdesk.abilities,
            Patience(timing.lease_seconds, timing.stamp_settle_seconds),
            at=self._services.now(),
            judge=judge,
        )
        while True:
            step: Step = attempt.next
            match step:
                case Look():
                    self._look(attempt, step)
                case Begin():
                    self._begin(attempt, step)
                case Write():
                    self._call(attempt)
                case Record():
                    self._end(step.state, step.why)
                    if self._refused and is_public:  # what may not be said in public is told in the command's answer
                        return Ended(is_done=False, refused=self._refused)
                    attempt.recorded()
                case Settle():
                    return self._settle(step)
                case Later():
                    raise TransientError(
                        step.why,
                        vendor=self._lease.vendor,
                        operation="write",
                        retry_after_seconds=step.seconds or None,
                        limit=self._limit,
                    )

    def _look(self, attempt: Attempt, step: Look) -> None:
        if step.after_seconds > 0:
            self._services.sleep(step.after_seconds)
        self._looked_at = self._services.clock()
        try:
            self._ticket = self._helpdesk.ticket(self._lease.ticket_id)
        except NotFoundError:
            attempt.gone()
        else:
            attempt.looked(self._ticket, at=self._services.now())

    def _begin(self, attempt: Attempt, step: Begin) -> None:
        self._ticket = step.ticket
        self._write = write = self._compose(step.ticket)
        if step.is_bare:
            self._write = TicketWrite(mark=write.mark, html=write.html)
        self._begun = self._services.orders.begin(
            self._lease,
            self._order,
            self._key,
            step.outbox,
            _record(self._write) | {"result": self._result},
            now=self._services.now(),
        )
        attempt.begun(age_seconds=self._services.clock() - self._looked_at)

    def _call(self, attempt: Attempt) -> None:
        assert self._ticket is not None
        assert self._write is not None
        try:
            applied = self._helpdesk.write(self._ticket, self._write)
        except ConflictError:
            attempt.conflicted()
        except NotFoundError:
            attempt.gone()
        except PermanentError as error:
            self._refused = str(error)
            attempt.refused(str(error))
        except TransientError as error:
            self._limit = error.limit
            attempt.missed(str(error), maybe_done=error.maybe_done, seconds=error.retry_after_seconds or 0.0)
        else:
            self._own_id = applied.message_id
            attempt.applied()

    def _end(self, state: State, why: str = "", message_id: str = "") -> None:
        if self._begun is not None:
            self._services.orders.end_try(
                self._lease, self._begun, state, now=self._services.now(), error=why, message_id=message_id
            )

    def _settle(self, step: Settle) -> Ended:
        own_id = step.own.id if step.own else self._own_id
        self._end(step.state, self._refused, own_id)
        is_done = bool(own_id) and (step.state is State.DONE or step.own is not None)
        recorded = self._begun.result if self._begun else self._result
        return Ended(is_done, own_id, recorded, self._refused)


def _record(write: TicketWrite) -> dict[str, Any]:
    """What the outbox keeps of a write. The text itself stands on the ticket; names and numbers stay there."""
    kept = {key: value for key, value in asdict(write).items() if key != "html"}
    return kept | {"letters": len(write.html)}
