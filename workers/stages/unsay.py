"""What staff redacted on a ticket is taken out of the record as well; what was learned from it is learned anew."""

from datetime import UTC, datetime

from config.logs import get_logger
from integrations.helpdesk import Flag, Ticket
from workers.services import Services
from workers.stages.redo import reading_of
from workers.store.ledger import Asked
from workers.store.tickets import Lease

log = get_logger(__name__)

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def unsay(ticket: Ticket, lease: Lease, services: Services) -> None:
    """Empty the record of a ticket whose requester's words were redacted after we had read them.

    Outcomes, reasons and marks stay, so that nothing is answered twice; a draft that was waiting goes with the words.
    """
    if not any(Flag.REDACTED in message.flags for message in ticket.messages):
        return
    asked = services.ledger.asked(ticket.vendor, [ticket.id], since=_EVER)
    if any(one.question and not _stands(ticket, one) for one in asked):
        services.erasure.unsay(lease)
        log.info("unsaid", vendor=ticket.vendor, ticket=ticket.id)


def _stands(ticket: Ticket, one: Asked) -> bool:
    """Tell whether the ticket still says what is on record."""
    reading = reading_of(ticket, one.message_id)
    return reading is not None and reading.newest == one.question
