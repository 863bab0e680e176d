"""A bad rating with words on a solved ticket is a new matter for a person: one note, and the ticket is open again."""

from datetime import timedelta

from integrations.helpdesk import Rating, Status, Ticket
from workers.domain import Action, Code, Decision, MessageKind, Reading, Reason
from workers.letter import Package
from workers.reading.language import detect
from workers.redact import kinds, mask
from workers.services import Services
from workers.stages.conclude import Concluded, conclude, resume
from workers.store.tickets import Lease

_FRESH = timedelta(days=7)  # who connects Deskhand today has old ratings, and has dealt with them


def rated(ticket: Ticket, lease: Lease, services: Services) -> Concluded | None:
    """Hand a bad rating with a comment to a person, once; None if there is nothing to hand over.

    A closed ticket takes no note, and whoever reopened it since has seen the rating. Raises as `conclude` does.
    """
    rating = ticket.rating
    is_over = ticket.status is not Status.SOLVED or services.now() - ticket.updated_at > _FRESH
    if is_over or rating is None or rating.is_good or not rating.words.strip():
        return None
    case = services.ledger.open_case(lease, f"r{rating.id}", now=services.now(), channel=ticket.channel)
    if case.is_settled:
        return None
    if concluded := resume(case, lease, ticket, services):
        return concluded
    reading = _reading(ticket, rating)
    decision = Decision(Action.ASSIST, (Reason(Code.BAD_RATING),), services.policy.answering.fallback_team)
    known = {"subject": reading.subject, "question": reading.newest, "language": reading.language}
    return conclude(case, lease, decision, Package(ticket, reading), services, known)


def _reading(ticket: Ticket, rating: Rating) -> Reading:
    vault: dict[str, str] = {}
    names = (ticket.requester.name,) if ticket.requester.name else ()
    subject, said = (mask(text, vault=vault, known_names=names) for text in (ticket.subject, rating.words))
    return Reading(
        f"r{rating.id}",
        MessageKind.SURVEY,
        subject,
        said,
        said,
        (said,),
        detect(rating.words),
        (),
        masked_kinds=kinds(vault),
        vault=vault,
    )
