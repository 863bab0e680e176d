"""Ask the helpdesk what changed and wake what the webhooks lost.

The place in the export is kept after every page. A pass that came to its end begins the next one a little earlier, by
the helpdesk's own clock: changes that its export showed late are then seen once more, which costs nothing.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from config.logs import get_logger
from integrations.errors import PermanentError
from integrations.helpdesk import Changes, Status, TicketRef
from workers.services import Services

log = get_logger(__name__)

# A first start looks back a little only: nobody wants last week's tickets answered because Deskhand was installed.
_FIRST_LOOK_BACK = timedelta(minutes=10)
_EARLIER = (timedelta(0), timedelta(hours=1), timedelta(days=1))  # if our clock runs ahead of the helpdesk's
_NOT_OURS_TO_MEND = frozenset({401, 402, 403})


@dataclass(frozen=True, slots=True)
class Place:
    """Where the last pass got to: `cursor` is "" at its end, `until` the newest change seen, by the vendor's clock."""

    cursor: str = ""
    until: datetime | None = None

    def __str__(self) -> str:
        return json.dumps({"cursor": self.cursor, "until": self.until.isoformat() if self.until else ""})


def read_place(text: str) -> Place:
    """Read a stored place; releases before 0.2 stored the cursor alone, and what cannot be read is no place."""
    try:
        values: Any = json.loads(text) if text.startswith("{") else {"cursor": text}
        until = datetime.fromisoformat(values["until"]) if values.get("until") else None
        return Place(str(values.get("cursor") or ""), until if until and until.tzinfo else None)
    except (ValueError, TypeError, AttributeError):
        log.warning("reconcile_place_unreadable")
        return Place()


def reconcile(vendor: str, services: Services) -> dict[str, int]:
    """Go through the changes to their end; return how many were seen, how many woke a ticket, and restarts."""
    name = f"reconcile:{vendor}"
    place = read_place(services.schedule.value(name))
    report = {"asked": 0, "woken": 0, "restarted": 0}
    while True:
        page, has_restarted = _page(vendor, place, services)
        report["restarted"] += has_restarted
        report["asked"] += len(page.tickets)
        report["woken"] += _wake(vendor, page.tickets, services)
        is_end = page.is_last or not page.cursor or (page.cursor == place.cursor and not has_restarted)
        newest = max((ref.updated_at for ref in page.tickets), default=None)
        until = max(filter(None, (place.until, newest)), default=None)
        place = Place("" if is_end else page.cursor, until)
        services.schedule.set_value(name, str(place), now=services.now())
        if is_end:
            return report


def _page(vendor: str, place: Place, services: Services) -> tuple[Changes, bool]:
    """Read the next page; a cursor that the helpdesk no longer takes is given up for the time it stood for."""
    helpdesk, since = services.helpdesks[vendor], _since(place, services)
    if place.cursor:
        try:
            return helpdesk.changes(place.cursor, since=since), False
        except PermanentError as error:
            if error.status in _NOT_OURS_TO_MEND:
                raise
            log.warning("reconcile_cursor_refused", vendor=vendor, status=error.status)
    return _first_page(vendor, since, services), bool(place.cursor)


def _first_page(vendor: str, since: datetime, services: Services) -> Changes:
    for earlier in _EARLIER:
        try:
            return services.helpdesks[vendor].changes("", since=since - earlier)
        except PermanentError as error:
            if error.status in _NOT_OURS_TO_MEND or earlier is _EARLIER[-1]:
                raise
            log.warning("reconcile_start_refused", vendor=vendor, status=error.status)
    raise AssertionError("unreachable")


def _since(place: Place, services: Services) -> datetime:
    if place.until is None:
        return services.now() - _FIRST_LOOK_BACK
    return place.until - timedelta(seconds=services.policy.timing.reconcile_overlap_seconds)


def _wake(vendor: str, refs: tuple[TicketRef, ...], services: Services) -> int:
    """Wake the tickets that changed since we dealt with them, unless they wait to be read anyway."""
    newest: dict[str, TicketRef] = {}
    for ref in refs:
        known = newest.get(ref.ticket_id)
        newest[ref.ticket_id] = ref if known is None or ref.updated_at >= known.updated_at else known
    seen = services.tickets.seen(vendor, list(newest))
    waiting = services.tickets.waiting(vendor, list(newest))
    woken = [ref for ref in newest.values() if ref.ticket_id not in waiting and _is_news(ref, seen.get(ref.ticket_id))]
    for ref in woken:
        services.tickets.wake(vendor, ref.ticket_id, now=services.now())
    return len(woken)


def _is_news(ref: TicketRef, seen: datetime | None) -> bool:
    """Tell whether we have not dealt with this. A deleted ticket we never heard of is nobody's business.

    `seen` in the very second of the change is not enough: another may have followed in it.
    """
    return seen <= ref.updated_at if seen else ref.status is not Status.DELETED
