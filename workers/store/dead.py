"""Dead letters: what stopped and will not go on by itself, by name, and how it is set going again.

Nothing is kept apart: a dead letter is a row of the record in a state that nobody works on. A case that was given up
is listed too; its ticket has a note and a person has it, so it is not worked on again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Text, and_, cast, func, or_, select, update

from workers.domain import Action, Code
from workers.store.tables import case, delivery, job_run, reading, ticket, writing

_MOST = 1000  # of a kind, newest first


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`name` is what `deskhand replay` takes, e.g. "delivery:12". `state` says what became of it."""

    name: str
    vendor: str
    ticket_id: str
    since: datetime
    state: str  # failed | refused | failing | with_person
    why: str

    @property
    def can_be_replayed(self) -> bool:
        return self.state != "with_person"


class DeadLetters:
    """`attempts`: from so many failures on a ticket counts as failing again and again."""

    def __init__(self, engine: Engine, *, attempts: int = 5) -> None:
        self._engine = engine
        self._attempts = attempts

    def list(self, *, since: datetime) -> tuple[DeadLetter, ...]:
        """Return what died since then, oldest first."""
        with reading(self._engine) as connection:
            found = [
                *_deliveries(connection, since),
                *_cases(connection, since),
                *_tickets(connection, since, self._attempts),
                *_runs(connection, since),
            ]
        return tuple(sorted(found, key=lambda one: one.since))

    def replay(self, letter: DeadLetter, *, now: datetime) -> bool:
        """Set one going again, if it still is what it was; the sweep rings for it. Returns whether it was set going."""
        if not letter.can_be_replayed:
            return False
        kind, _, row_id = letter.name.partition(":")
        with writing(self._engine) as connection:
            return _REPLAYS[kind](connection, int(row_id), now)


def _deliveries(connection: Connection, since: datetime) -> Sequence[DeadLetter]:
    rows = connection.execute(
        select(delivery.c.id, delivery.c.vendor, delivery.c.ticket_id, delivery.c.received_at, delivery.c.note)
        .where(delivery.c.state == "failed", delivery.c.received_at >= since)
        .order_by(delivery.c.received_at.desc())
        .limit(_MOST)
    )
    return [
        DeadLetter(f"delivery:{row.id}", row.vendor, row.ticket_id, row.received_at, "failed", row.note) for row in rows
    ]


def _cases(connection: Connection, since: datetime) -> Sequence[DeadLetter]:
    """Return cases that were given up, and those whose every write the helpdesk refused: nobody was told of these."""
    words, gave_up = cast(case.c.reasons, Text), Code.GAVE_UP.value
    is_untold = and_(case.c.action == Action.IGNORE.value, words.contains(Code.WRITE_REFUSED.value))
    rows = connection.execute(
        select(case.c.id, case.c.vendor, case.c.ticket_id, case.c.settled_at, case.c.reasons, case.c.action)
        .where(case.c.settled_at >= since, or_(words.contains(gave_up, autoescape=True), is_untold))
        .order_by(case.c.settled_at.desc())
        .limit(_MOST)
    )
    return [
        DeadLetter(
            f"case:{row.id}",
            row.vendor,
            row.ticket_id,
            row.settled_at,
            "refused" if row.action == Action.IGNORE.value else "with_person",
            ", ".join(str(reason) for reason in row.reasons)[:300],
        )
        for row in rows
    ]


def _tickets(connection: Connection, since: datetime, attempts: int) -> Sequence[DeadLetter]:
    rows = connection.execute(
        select(ticket)
        .where(ticket.c.due_at.is_not(None), ticket.c.attempts >= attempts, ticket.c.waiting_since >= since)
        .order_by(ticket.c.waiting_since.desc())
        .limit(_MOST)
    )
    return [
        DeadLetter(f"ticket:{row.id}", row.vendor, row.ticket_id, row.waiting_since, "failing", row.error)
        for row in rows
    ]


def _runs(connection: Connection, since: datetime) -> Sequence[DeadLetter]:
    """Return scheduled runs that failed and that no later run of their name has made good."""
    good = select(func.max(job_run.c.id)).where(job_run.c.is_ok.is_(True)).group_by(job_run.c.name)
    later = job_run.alias("later")
    is_made_good = select(later.c.id).where(
        later.c.name == job_run.c.name, later.c.id.in_(good), later.c.id > job_run.c.id
    )
    rows = connection.execute(
        select(job_run)
        .where(job_run.c.is_ok.is_(False), job_run.c.started_at >= since, ~is_made_good.exists())
        .order_by(job_run.c.id.desc())
        .limit(_MOST)
    )
    return [
        DeadLetter(f"run:{row.id}", "", "", row.started_at, "failed", f"{row.name}: {(row.report or {}).get('error')}")
        for row in rows
        if row.name != "ring"  # what it rang for is due in SQL
    ]


def _replay_delivery(connection: Connection, row_id: int, _: datetime) -> bool:
    changed = update(delivery).where(
        delivery.c.id == row_id, delivery.c.state == "failed", func.length(delivery.c.body) > 0
    )
    return bool(connection.execute(changed.values(state="new", note="replayed", handled_at=None)).rowcount)


def _replay_case(connection: Connection, row_id: int, now: datetime) -> bool:
    """Open a case again whose writes were refused; its ticket is due at once."""
    reopened = connection.execute(
        update(case)
        .where(case.c.id == row_id, case.c.state == "settled", case.c.action == Action.IGNORE.value)
        .values(state="open", settled_at=None, action="", reasons=[])
        .returning(case.c.vendor, case.c.ticket_id)
    ).one_or_none()
    if reopened is None:
        return False
    _make_due(connection, and_(ticket.c.vendor == reopened.vendor, ticket.c.ticket_id == reopened.ticket_id), now)
    return True


def _replay_ticket(connection: Connection, row_id: int, now: datetime) -> bool:
    return _make_due(connection, and_(ticket.c.id == row_id, ticket.c.due_at.is_not(None)), now)


def _make_due(connection: Connection, which: Any, now: datetime) -> bool:
    values = {"due_at": now, "attempts": 0, "rung_at": None, "wakes": ticket.c.wakes + 1}
    since = func.coalesce(ticket.c.waiting_since, now)
    return bool(connection.execute(update(ticket).where(which).values(**values, waiting_since=since)).rowcount)


def _replay_run(connection: Connection, row_id: int, now: datetime) -> bool:
    again = {"finished_at": None, "is_ok": None, "report": None, "attempts": 0, "held_until": None, "started_at": now}
    return bool(
        connection.execute(
            update(job_run).where(job_run.c.id == row_id, job_run.c.is_ok.is_(False)).values(**again)
        ).rowcount
    )


_REPLAYS = {"delivery": _replay_delivery, "case": _replay_case, "ticket": _replay_ticket, "run": _replay_run}
