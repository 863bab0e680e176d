"""Dead letters: what stopped and will not go on by itself, by name, and how it is set going again.

Nothing is kept apart: a dead letter is a row of the record in a state that nobody works on. Replaying changes that
state, once, and leaves the rest to the workers: what became of the ticket meanwhile is theirs to see.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, and_, func, select, update

from workers.store.tables import action, case, delivery, job_run, reading, ticket, writing

LISTED = timedelta(days=30)  # what died longer ago is asked for by its time
_MOST = 1000  # of a kind, newest first


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`name` is what `deskhand replay` takes, e.g. "delivery:12". `state` says what became of it."""

    name: str
    vendor: str
    ticket_id: str
    since: datetime
    state: str  # failed | given_up | failing
    why: str


class DeadLetters:
    """`attempts`: from so many failures on a ticket counts as failing again and again."""

    def __init__(self, engine: Engine, *, attempts: int = 5) -> None:
        self._engine = engine
        self._attempts = attempts

    def list(self, *, since: datetime) -> tuple[DeadLetter, ...]:
        """Return what died since then, oldest first."""
        with reading(self._engine) as connection:
            found = [
                _letter(kind, row)
                for kind, wanted in self._kinds(since).items()
                for row in connection.execute(wanted.limit(_MOST))
            ]
        return tuple(sorted(found, key=lambda one: one.since))

    def counts(self, *, since: datetime) -> dict[str, int]:
        """Count what died since then by kind; every kind is there, if with 0."""
        with reading(self._engine) as connection:
            return {
                kind: connection.scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
                for kind, wanted in self._kinds(since).items()
            }

    def replay(self, letter: DeadLetter, *, now: datetime) -> bool:
        """Set one going again, if it still is what it was; the sweep rings for it. Returns whether it was set going."""
        kind, _, row_id = letter.name.partition(":")
        with writing(self._engine) as connection:
            return _REPLAYS[kind](connection, int(row_id), now)

    def _kinds(self, since: datetime) -> dict[str, Select[Any]]:
        return {
            "delivery": _deliveries(since),
            "case": _cases(since),
            "ticket": _tickets(since, self._attempts),
            "run": _runs(since),
        }


def _deliveries(since: datetime) -> Select[Any]:
    columns = (delivery.c.id, delivery.c.vendor, delivery.c.ticket_id, delivery.c.received_at, delivery.c.note)
    wanted = select(*columns).where(delivery.c.state == "failed", delivery.c.received_at >= since)
    return wanted.order_by(delivery.c.received_at.desc())


def _cases(since: datetime) -> Select[Any]:
    """Select cases that were given up: a note told a person, unless the helpdesk refused that as well."""
    columns = (case.c.id, case.c.vendor, case.c.ticket_id, case.c.settled_at, case.c.reasons)
    wanted = select(*columns).where(case.c.state == "given_up", case.c.settled_at >= since)
    return wanted.order_by(case.c.settled_at.desc())


def _tickets(since: datetime, attempts: int) -> Select[Any]:
    columns = (ticket.c.id, ticket.c.vendor, ticket.c.ticket_id, ticket.c.waiting_since, ticket.c.error)
    is_failing = (ticket.c.due_at.is_not(None), ticket.c.attempts >= attempts)
    return select(*columns).where(*is_failing, ticket.c.waiting_since >= since).order_by(ticket.c.waiting_since.desc())


def _runs(since: datetime) -> Select[Any]:
    """Select scheduled runs that failed and that no later run of their name has made good.

    A ring that failed is none of them: what it rang for is due in SQL.
    """
    later = job_run.alias("later")
    is_made_good = select(later.c.id).where(
        later.c.name == job_run.c.name, later.c.is_ok.is_(True), later.c.id > job_run.c.id
    )
    failed = select(job_run).where(job_run.c.is_ok.is_(False), job_run.c.started_at >= since, job_run.c.name != "ring")
    return failed.where(~is_made_good.exists()).order_by(job_run.c.id.desc())


def _letter(kind: str, row: Row[Any]) -> DeadLetter:
    name = f"{kind}:{row.id}"
    match kind:
        case "delivery":
            return DeadLetter(name, row.vendor, row.ticket_id, row.received_at, "failed", row.note)
        case "case":
            why = ", ".join(str(reason) for reason in row.reasons)[:300]
            return DeadLetter(name, row.vendor, row.ticket_id, row.settled_at, "given_up", why)
        case "ticket":
            return DeadLetter(name, row.vendor, row.ticket_id, row.waiting_since, "failing", row.error)
        case _:
            return DeadLetter(name, "", "", row.started_at, "failed", f"{row.name}: {(row.report or {}).get('error')}")


def _replay_delivery(connection: Connection, row_id: int, _: datetime) -> bool:
    changed = update(delivery).where(
        delivery.c.id == row_id, delivery.c.state == "failed", func.length(delivery.c.body) > 0
    )
    return bool(connection.execute(changed.values(state="new", note="replayed", handled_at=None)).rowcount)


def _replay_case(connection: Connection, row_id: int, now: datetime) -> bool:
    """Open a case again that was given up; its ticket is due at once.

    The note that said so stands on the ticket and is no outcome any more. A public reply of ours, from whenever, is
    one: it is looked for before anything is written.
    """
    given_up = connection.execute(
        select(case).where(case.c.id == row_id, case.c.state == "given_up").with_for_update()
    ).one_or_none()
    if given_up is None:
        return False
    begun = connection.execute(select(action).where(action.c.case_id == row_id, action.c.kind == "outcome")).first()
    note = (begun.message_id,) if begun and begun.message_id else ()
    set_aside = [*given_up.set_aside, *note]
    again = update(case).where(case.c.id == row_id)
    connection.execute(
        again.values(state="open", settled_at=None, action="", tier=None, reasons=[], set_aside=set_aside)
    )
    if begun:
        state = "in_doubt" if may_yet_arrive(begun.state, begun.write.get("reasons", ())) else "cancelled"
        connection.execute(update(action).where(action.c.id == begun.id).values(state=state, message_id=""))
    _make_due(connection, and_(ticket.c.vendor == given_up.vendor, ticket.c.ticket_id == given_up.ticket_id), now)
    return True


def may_yet_arrive(state: str, reasons: Iterable[str]) -> bool:
    """Tell whether a public reply was lost that nothing keeps from coming: only notes may follow it, now as before.

    `state` and `reasons` are those of what was begun last.
    """
    return state in ("in_doubt", "noting", "sending") or any(reason.startswith("in_doubt") for reason in reasons)


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
