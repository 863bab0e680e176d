"""What staff call a ticket, where it is not what we called it: an example for the classifier, found in the tags.

The ticket field "Deskhand: Kind of request" is a list of these same tags, so a choice made there is found as well.
"""

from collections.abc import Sequence

from config.logs import get_logger
from integrations.helpdesk import Ticket
from workers.domain import INTENT_TAG, OWN_WORDS
from workers.protocol import find_own
from workers.services import Services
from workers.store.labels import Label, Written

log = get_logger(__name__)


def relabel(ticket: Ticket, services: Services) -> None:
    """Keep a kind of request that staff gave the ticket after our last word on it.

    Our own tag is no word of staff, nor is one that stands on a ticket where this read does not show our write yet.
    With several tags that are not ours nobody can tell which one is meant.
    """
    if not any(message.mark for message in ticket.messages):
        return
    written = services.labels.written(ticket.vendor, ticket.id)
    if not written or find_own(ticket, written[-1].message_id) is None:
        return
    ours = _intents(written[-1].tags)
    theirs = [name for name in _intents(ticket.tags) if name not in ours and name in services.policy.intents]
    if len(theirs) == 1:
        _keep(theirs[0], ours, ticket, written, services)
    elif not theirs:
        services.labels.take_back(ticket.vendor, ticket.id, case_id=written[-1].case_id)


def _keep(intent: str, ours: Sequence[str], ticket: Ticket, written: Sequence[Written], services: Services) -> None:
    meant = _telling(written)
    said = Label((ticket.vendor, ticket.id), meant.case_id, intent, _text(meant, is_first=meant is written[0]))
    before = ours[0] if ours else ""
    if services.labels.relabel(said, case_id=written[-1].case_id, before=before, now=services.now()):
        log.info("relabelled", vendor=ticket.vendor, ticket=ticket.id, intent=intent, before=before)


def _telling(written: Sequence[Written]) -> Written:
    """Return the newest message that says by itself what it is about, else the first one."""
    return next((one for one in reversed(written) if len(one.question.split()) >= OWN_WORDS), written[0])


def _text(one: Written, *, is_first: bool) -> str:
    """Return what stage one read: a reply keeps the old subject, which says nothing of it."""
    return f"{one.subject}\n{one.question}".strip() if is_first else one.question


def _intents(tags: Sequence[str]) -> list[str]:
    return [tag.removeprefix(INTENT_TAG) for tag in tags if tag.startswith(INTENT_TAG)]
