"""The inbox: every webhook request as it came, stored before it is answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from config.policy import Retention
from workers.store.retention import prune
from workers.store.tables import case, delivery, reading, writing

_CLOCKS_APART = timedelta(minutes=1)  # when a message was written is told by the helpdesk's clock


@dataclass(frozen=True, slots=True)
class Delivery:
    id: int
    vendor: str
    key: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Received:
    """A delivery that is not stored yet."""

    vendor: str
    key: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


class Inbox:
    """Deliveries by vendor and the vendor's own key."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, vendor: str, key: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> int | None:
        """Store one delivery and commit; return its id, or None if it is there already."""
        try:
            with writing(self._engine) as connection:
                result = connection.execute(
                    delivery.insert()
                    .values(vendor=vendor, key=key, headers=dict(headers), body=body, received_at=now, state="new")
                    .returning(delivery.c.id)
                )
                return int(result.scalar_one())
        except IntegrityError:
            return None

    def add_all(self, received: Sequence[Received]) -> list[int | None]:
        """Store deliveries in one commit; return each one's id in their order, None for what is there already.

        Of several with one key the first is stored. All are stored or none.
        """
        rows = [
            {
                "vendor": one.vendor,
                "key": one.key,
                "headers": dict(one.headers),
                "body": one.body,
                "received_at": one.received_at,
                "state": "new",
            }
            for one in received
        ]
        insert = sqlite_insert if self._engine.dialect.name == "sqlite" else postgresql_insert
        statement = insert(delivery).on_conflict_do_nothing(index_elements=["vendor", "key"])
        with writing(self._engine) as connection:
            stored = connection.execute(
                statement.returning(delivery.c.id, delivery.c.vendor, delivery.c.key), rows
            ).all()
        ids = {(row.vendor, row.key): int(row.id) for row in stored}
        return [ids.pop((one.vendor, one.key), None) for one in received]

    def load(self, delivery_id: int) -> Delivery | None:
        """Return a delivery that nobody has handled yet, or None."""
        with reading(self._engine) as connection:
            row = connection.execute(
                select(delivery).where(delivery.c.id == delivery_id, delivery.c.state == "new")
            ).one_or_none()
        return Delivery(row.id, row.vendor, row.key, row.headers, row.body, row.received_at) if row else None

    def finish(self, delivery_id: int, state: str, note: str, *, now: datetime, ticket_id: str = "") -> None:
        """Record how a delivery ended: done, ignored or failed, with a note and the ticket that it named."""
        with writing(self._engine, durable=False) as connection:
            connection.execute(
                update(delivery)
                .where(delivery.c.id == delivery_id)
                .values(state=state, note=note[:400], handled_at=now, ticket_id=ticket_id[:64])
            )

    def unhandled(self, *, now: datetime, older_seconds: float, limit: int) -> list[int]:
        """Return ids of deliveries that nobody has handled for this long, oldest first."""
        with reading(self._engine) as connection:
            return list(
                connection.scalars(
                    select(delivery.c.id)
                    .where(delivery.c.state == "new", delivery.c.received_at <= now - timedelta(seconds=older_seconds))
                    .order_by(delivery.c.received_at)
                    .limit(limit)
                )
            )

    def oldest_seconds(self, *, now: datetime) -> float:
        """Return the age of the oldest unhandled delivery, 0.0 if there is none."""
        with reading(self._engine) as connection:
            oldest = connection.scalar(select(func.min(delivery.c.received_at)).where(delivery.c.state == "new"))
        return (now - oldest).total_seconds() if oldest else 0.0

    def holds(self, vendor: str, text: str, *, since: datetime) -> bool:
        """Tell whether a delivery with these words in its body was stored since then."""
        with reading(self._engine) as connection:
            bodies = connection.scalars(
                select(delivery.c.body).where(delivery.c.vendor == vendor, delivery.c.received_at >= since)
            )
            return any(text.encode() in body for body in bodies)

    def silence(self, vendor: str, *, since: datetime) -> tuple[int, datetime | None]:
        """Count the messages since then that came by no delivery because none came at all any more.

        They were found by asking. Also returns when the newest delivery came, None if there is none.
        """
        of_vendor = delivery.c.vendor == vendor
        with reading(self._engine) as connection:
            newest = connection.scalar(select(func.max(delivery.c.received_at)).where(of_vendor))
            unheard = select(func.count()).where(case.c.vendor == vendor, case.c.opened_at >= since)
            if newest:
                unheard = unheard.where(case.c.asked_at > newest + _CLOCKS_APART)
            return connection.scalar(unheard) or 0, newest

    def prune(self, policy: Retention, *, now: datetime) -> dict[str, int]:
        """Take away what policy keeps no longer; return how much of what that was."""
        return prune(self._engine, policy, now=now)
