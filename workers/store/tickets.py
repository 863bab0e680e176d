"""Which tickets are due, and who works on them: leases with a fencing number.

A lease says who may work now; the fence says whose writes still count. Every claim raises the fence, so a worker that
slept through its lease finds its writes refused.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, and_, case, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from workers.store.tables import reading, ticket, writing


class LeaseLostError(Exception):
    """Another worker has taken this ticket over: stop, and touch nothing more."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one ticket. `wakes` is what had been heard of it when the lease was taken."""

    row_id: int
    vendor: str
    ticket_id: str
    fence: int
    wakes: int
    attempts: int
    owner: str
    urgency: int = 1


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, for the health page. Ages in seconds."""

    due: int
    in_work: int
    oldest_seconds: float


def hold(connection: Connection, lease: Lease) -> None:
    """Raise LeaseLostError unless the lease's fence is still the newest; call it inside the transaction that writes."""
    newest = connection.scalar(select(ticket.c.fence).where(ticket.c.id == lease.row_id).with_for_update())
    if newest != lease.fence:
        raise LeaseLostError(f"{lease.vendor} ticket {lease.ticket_id}: fence {lease.fence}, now {newest}")


class Tickets:
    """The list of due tickets. Every method is one short transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def wake(
        self, vendor: str, ticket_id: str, *, now: datetime, quiet_seconds: float = 0.0, urgency: int | None = None
    ) -> datetime:
        """Note that something happened; return when the ticket is due.

        A burst is folded: each message moves the due time on by the quiet time, up to three times that after the first.
        """
        due = now + timedelta(seconds=quiet_seconds)
        with writing(self._engine, durable=False) as connection:
            row = connection.execute(
                select(ticket).where(ticket.c.vendor == vendor, ticket.c.ticket_id == ticket_id).with_for_update()
            ).one_or_none()
            if row is None:
                try:
                    with connection.begin_nested():
                        connection.execute(
                            ticket.insert().values(
                                vendor=vendor,
                                ticket_id=ticket_id,
                                due_at=due,
                                waiting_since=now,
                                wakes=1,
                                urgency=1 if urgency is None else urgency,
                            )
                        )
                    return due
                except IntegrityError:  # another receiver was first
                    row = connection.execute(
                        select(ticket).where(ticket.c.vendor == vendor, ticket.c.ticket_id == ticket_id)
                    ).one()
            since = row.waiting_since if row.due_at is not None and row.waiting_since is not None else now
            due = max(now, min(due, since + timedelta(seconds=3 * quiet_seconds)))
            values: dict[str, object] = {"due_at": due, "waiting_since": since, "wakes": ticket.c.wakes + 1}
            if urgency is not None:
                values["urgency"] = urgency
            connection.execute(update(ticket).where(ticket.c.id == row.id).values(**values))
        return due

    def claim(self, vendor: str, ticket_id: str, *, owner: str, now: datetime, lease_seconds: float) -> Lease | None:
        """Take the ticket if it is due and nobody works on it, else return None. One statement, so one winner."""
        statement = (
            update(ticket)
            .where(
                ticket.c.vendor == vendor,
                ticket.c.ticket_id == ticket_id,
                ticket.c.due_at <= now,
                or_(ticket.c.lease_until.is_(None), ticket.c.lease_until < now),
            )
            .values(lease_owner=owner, lease_until=now + timedelta(seconds=lease_seconds), fence=ticket.c.fence + 1)
            .returning(ticket)
        )
        with writing(self._engine, durable=False) as connection:
            row = connection.execute(statement).one_or_none()
        if row is None:
            return None
        return Lease(row.id, vendor, ticket_id, row.fence, row.wakes, row.attempts, owner, row.urgency)

    def rank(self, lease: Lease, urgency: int) -> None:
        """Note how urgent the ticket is, 0 low to 3 critical: if it has to wait, it goes before less urgent ones."""
        if urgency != lease.urgency:
            with writing(self._engine, durable=False) as connection:
                owned = update(ticket).where(ticket.c.id == lease.row_id, ticket.c.fence == lease.fence)
                connection.execute(owned.values(urgency=urgency))

    def renew(self, leases: Iterable[Lease], *, now: datetime, lease_seconds: float) -> None:
        """Lengthen the leases that are still ours."""
        held = [and_(ticket.c.id == lease.row_id, ticket.c.fence == lease.fence) for lease in leases]
        if held:
            with writing(self._engine, durable=False) as connection:
                connection.execute(
                    update(ticket)
                    .where(or_(*held), ticket.c.lease_until.is_not(None))
                    .values(lease_until=now + timedelta(seconds=lease_seconds))
                )

    def release(
        self,
        lease: Lease,
        *,
        now: datetime,
        next_due: datetime | None = None,
        error: str = "",
        seen_at: datetime | None = None,
    ) -> None:
        """Give the ticket back. What was heard of it meanwhile makes it due again; an error counts an attempt.

        `seen_at` is the vendor's time of the last change dealt with. Does nothing if the lease is lost: the new owner
        decides.
        """
        heard = ticket.c.wakes != lease.wakes
        with writing(self._engine, durable=False) as connection:
            connection.execute(
                update(ticket)
                .where(ticket.c.id == lease.row_id, ticket.c.fence == lease.fence)
                .values(
                    lease_owner="",
                    lease_until=None,
                    rung_at=None,
                    due_at=case((heard, func.coalesce(ticket.c.due_at, now)), else_=next_due),
                    waiting_since=case((heard, now), else_=ticket.c.waiting_since if next_due else None),
                    attempts=ticket.c.attempts + 1 if error else 0,
                    error=error[:400],
                    seen_at=seen_at or ticket.c.seen_at,
                )
            )

    def ring_list(
        self, *, now: datetime, limit: int, again_seconds: float, but: Collection[str] = ()
    ) -> list[tuple[str, str]]:
        """Return (vendor, ticket id) of tickets to ring for, most urgent and oldest first, and note that we did.

        A ticket rung for less than `again_seconds` ago is left out: its ring is probably still in the queue. So are
        the vendors in `but`.
        """
        with writing(self._engine, durable=False) as connection:
            rows = connection.execute(
                select(ticket.c.id, ticket.c.vendor, ticket.c.ticket_id)
                .where(
                    ticket.c.due_at <= now,
                    or_(ticket.c.lease_until.is_(None), ticket.c.lease_until < now),
                    or_(ticket.c.rung_at.is_(None), ticket.c.rung_at < now - timedelta(seconds=again_seconds)),
                    ticket.c.vendor.not_in(but),
                )
                .order_by(ticket.c.urgency.desc(), ticket.c.waiting_since)
                .limit(limit)
            ).all()
            if rows:
                connection.execute(update(ticket).where(ticket.c.id.in_([row.id for row in rows])).values(rung_at=now))
        return [(row.vendor, row.ticket_id) for row in rows]

    def seen(self, vendor: str, ticket_ids: list[str]) -> dict[str, datetime]:
        """Return, for the tickets we know, the vendor's time of the last change that we have dealt with."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(ticket.c.ticket_id, ticket.c.seen_at).where(
                    ticket.c.vendor == vendor, ticket.c.ticket_id.in_(ticket_ids), ticket.c.seen_at.is_not(None)
                )
            )
            return {row.ticket_id: row.seen_at for row in rows}

    def waiting(self, vendor: str, ticket_ids: list[str]) -> set[str]:
        """Return those of the tickets that are going to be read anyway: due, now or soon, and in nobody's hands."""
        with reading(self._engine) as connection:
            return set(
                connection.scalars(
                    select(ticket.c.ticket_id).where(
                        ticket.c.vendor == vendor,
                        ticket.c.ticket_id.in_(ticket_ids),
                        ticket.c.due_at.is_not(None),
                        ticket.c.lease_until.is_(None),
                    )
                )
            )

    def vendors_due(self, *, now: datetime) -> list[str]:
        """Return the vendors that have a due ticket."""
        with reading(self._engine) as connection:
            return list(connection.scalars(select(ticket.c.vendor).where(ticket.c.due_at <= now).distinct()))

    def backlog(self, *, now: datetime) -> Backlog:
        """Count what is due and what is in work."""
        with reading(self._engine) as connection:
            due, oldest = connection.execute(
                select(func.count(), func.min(ticket.c.waiting_since)).where(ticket.c.due_at <= now)
            ).one()
            in_work = connection.scalar(select(func.count()).where(ticket.c.lease_until > now)) or 0
        return Backlog(due, in_work, (now - oldest).total_seconds() if oldest else 0.0)
