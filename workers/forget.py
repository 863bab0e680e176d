"""Forgets a ticket everywhere: what it taught, what the index holds of it, and its words in the record."""

from dataclasses import asdict, dataclass, field
from datetime import datetime

from workers.services import Services
from workers.stages.learn import precedent_id
from workers.stages.supersede import lesson_id, reinstate, supersede
from workers.store.erasure import TicketBusyError

LEFT = (
    "the helpdesk's own ticket: delete it there",
    "outcome, reasons, times, model and cost of each case, without words: they keep a ticket from being answered twice",
    "deliveries that named no ticket: their bodies go by `retention.body_days`",
    "what the classifier learned from all examples together: the next `deskhand train` goes without this one",
    "logs and backups: logs hold ids and no words; backups are yours",
)

MOST = 100  # tickets of a person that a helpdesk lists at once


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What became of one ticket: rows of each table, or why it could not be forgotten now."""

    vendor: str
    ticket_id: str
    at: datetime
    rows: dict[str, int] = field(default_factory=dict)
    refused: str = ""

    def to_dict(self) -> dict[str, object]:
        return asdict(self) | {"at": self.at.isoformat()}


def tickets_of(vendor: str, requester_id: str, services: Services) -> tuple[str, ...]:
    """Return the ids of the newest `MOST` tickets that a person asked for, as the helpdesk has them.

    Raises IntegrationError.
    """
    return tuple(one.ticket_id for one in services.helpdesks[vendor].requested_by(requester_id, limit=MOST))


def forget(vendor: str, ticket_id: str, services: Services, *, dry: bool = False) -> Forgotten:
    """Forget one ticket, or tell what would go. A ticket in work is refused; a second time does no harm.

    Record first, then index: nothing can be learned from the ticket any more when its lessons leave the index.
    """
    if dry:
        return Forgotten(vendor, ticket_id, services.now(), services.erasure.count(vendor, ticket_id))
    try:
        rows = services.erasure.erase(vendor, ticket_id, now=services.now())
    except TicketBusyError as error:
        return Forgotten(vendor, ticket_id, services.now(), refused=str(error))
    services.kb.forget([precedent_id(vendor, ticket_id)])
    services.kb.remove([lesson_id(vendor, ticket_id)])
    supersede(reinstate(vendor, ticket_id, services), services)
    return Forgotten(vendor, ticket_id, services.now(), rows)
