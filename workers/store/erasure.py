"""Takes a ticket's words out of the record. Numbers, outcomes and marks stay: they keep us from answering twice."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Table, and_, delete, func, select, true, update

from workers.store.tables import (
    action,
    case,
    command,
    correction,
    delivery,
    errand,
    label,
    lesson,
    model_call,
    reading,
    review,
    ticket,
    writing,
)  # fmt: skip
from workers.store.tickets import Lease, hold

FORGOTTEN = "forgotten"  # the state of a lesson that must not be learned again
_CASE_WORDS: dict[str, Any] = {"subject": "", "question": "", "facts": {}} | dict.fromkeys(
    ("classification", "draft", "findings", "passages")
)


class TicketBusyError(Exception):
    """The ticket is being worked on, or has an open case; what is taken away now would be written again."""


class Erasure:
    """Finds and takes away what is recorded of one ticket, in one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, vendor: str, ticket_id: str) -> dict[str, int]:
        """Tell how many rows of each table `erase` would empty or delete."""
        with reading(self._engine) as connection:
            return {t.name: _count(connection, t, which) for t, which, _ in _plan(vendor, ticket_id)}

    def unsay(self, lease: Lease) -> None:
        """Take away the words of a ticket in work, under its lease; what was learned from it may be learned anew.

        A write that is still under way keeps its own: without them nobody could tell what may yet arrive.
        """
        with writing(self._engine) as connection:
            hold(connection, lease)
            for table, which, values in _plan(lease.vendor, lease.ticket_id):
                if table is lesson:
                    continue
                is_over = table.c.finished_at.is_not(None) if "finished_at" in table.c else true()
                change = delete(table) if values is None else update(table).values(**values)
                connection.execute(change.where(which, is_over))

    def erase(self, vendor: str, ticket_id: str, *, now: datetime) -> dict[str, int]:
        """Take the words away for good, and return the rows of each table. Raises TicketBusyError."""
        with writing(self._engine) as connection:
            _refuse_busy(connection, vendor, ticket_id, now)
            rows = {}
            for table, which, values in _plan(vendor, ticket_id):
                rows[table.name] = _count(connection, table, which)
                change = delete(table) if values is None else update(table).values(**values)
                connection.execute(change.where(which))
            _bar_lessons(connection, vendor, ticket_id, now)
        return rows


def _plan(vendor: str, ticket_id: str) -> list[tuple[Table, Any, dict[str, Any] | None]]:
    """Return table, which rows, and what they become; None: they go altogether."""

    def named(table: Table) -> Any:
        return and_(table.c.vendor == vendor, table.c.ticket_id == ticket_id)

    cases = select(case.c.id).where(named(case))
    commands = select(command.c.id).where(named(command))
    return [
        (delivery, named(delivery), {"body": b"", "headers": {}}),
        (case, named(case), _CASE_WORDS),
        (action, action.c.case_id.in_(cases), {"write": {}, "error": ""}),
        (model_call, model_call.c.case_id.in_(cases), {"detail": ""}),
        (review, review.c.case_id.in_(cases), {"edits": []}),
        (correction, correction.c.command_id.in_(commands), None),
        (command, named(command), {"words": "", "made": None, "replaced": None}),
        (errand, named(errand), {"write": {}, "error": ""}),
        (label, named(label), None),
        (lesson, named(lesson), {"question": "", "answer": "", "note": "", "message_ids": []}),
    ]


def _count(connection: Connection, table: Table, which: Any) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(which)) or 0


def _refuse_busy(connection: Connection, vendor: str, ticket_id: str, now: datetime) -> None:
    is_leased = select(ticket.c.id).where(
        ticket.c.vendor == vendor, ticket.c.ticket_id == ticket_id, ticket.c.lease_until > now
    )
    is_open = select(case.c.id).where(case.c.vendor == vendor, case.c.ticket_id == ticket_id, case.c.state == "open")
    asks = select(command.c.id).where(
        command.c.vendor == vendor, command.c.ticket_id == ticket_id, command.c.state == "open"
    )
    if any(connection.execute(found.limit(1)).first() for found in (is_leased, is_open, asks)):
        raise TicketBusyError(f"{vendor} ticket {ticket_id} is being worked on; try again in a minute")


def _bar_lessons(connection: Connection, vendor: str, ticket_id: str, now: datetime) -> None:
    """Leave a row that says: nothing is learned from this ticket again."""
    where = (lesson.c.vendor == vendor, lesson.c.ticket_id == ticket_id)
    barred = {"state": FORGOTTEN, "hash": "", "intent": "", "learned_at": now}
    if connection.execute(update(lesson).where(*where).values(**barred)).rowcount == 0:
        connection.execute(lesson.insert().values(vendor=vendor, ticket_id=ticket_id, **barred))
