"""Pure: what the last day's record says of who asks: how often we wrote to them, and if they asked this before."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from integrations.helpdesk import EarlierTicket, Status, Ticket
from workers.domain import OWN_WORDS, Reading
from workers.store.ledger import Asked

LOOK_BACK = timedelta(hours=24)
_HOUR = timedelta(hours=1)
_AT_ONCE = timedelta(minutes=10)
_REPLY = re.compile(r"^(?:(?:re|aw|sv|antw|rv|tr|fwd?|wg)\s?:\s*)+", re.IGNORECASE)


def replies_within_hour(asked: Iterable[Asked], *, now: datetime) -> int:
    """Count our own public replies to this person, on whichever of their tickets."""
    return sum(one.action == "send" and one.settled_at is not None and now - one.settled_at < _HOUR for one in asked)


def duplicate_of(ticket: Ticket, reading: Reading, others: Sequence[EarlierTicket], asked: Sequence[Asked]) -> str:
    """Return the id of an older ticket of this person, of the last day, on which the very same was asked; "" if none.

    Mail to two addresses arrives at once: where nothing is on record of the older ticket yet, its subject and its
    time count. Only the younger of two is a duplicate, so that one of them is answered.
    """
    if reading.is_reply:
        return ""
    for one in sorted(others, key=_age):
        if _age(one) < (ticket.created_at, ticket.id.zfill(20)) and ticket.created_at - one.created_at < LOOK_BACK:
            known = [case for case in asked if case.ticket_id == one.ticket_id and case.question]
            if any(_is_same(reading, case) for case in known) or (not known and _is_twin(ticket, one)):
                return one.ticket_id
    return ""


def _age(one: EarlierTicket) -> tuple[datetime, str]:
    return one.created_at, one.ticket_id.zfill(20)


def _is_same(reading: Reading, case: Asked) -> bool:
    """Tell whether the words are the same; few words need the same subject too."""
    is_long = len(reading.newest.split()) >= OWN_WORDS
    return _plain(reading.newest) == _plain(case.question) and (
        is_long or _plain(reading.subject) == _plain(case.subject)
    )


def _is_twin(ticket: Ticket, one: EarlierTicket) -> bool:
    is_waiting = one.status in (Status.NEW, Status.OPEN)
    is_at_once = ticket.created_at - one.created_at < _AT_ONCE
    return is_waiting and is_at_once and bool(ticket.subject) and _plain(ticket.subject) == _plain(one.subject)


def _plain(text: str) -> str:
    return " ".join(_REPLY.sub("", text.strip()).casefold().split())
