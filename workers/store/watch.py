"""What is measured to hold Deskhand back in time, and which brakes are on: one small value that every worker reads."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, Engine, and_, func, or_, select

from config.policy import Brakes
from workers.brakes import Brake, Cluster, Measures, dumped, loaded
from workers.store.schedule import Schedule
from workers.store.tables import case, model_call, reading
from workers.store.tickets import Tickets

_NAME = "brakes"
_AROUND = timedelta(minutes=90)  # what counts as this time of day, before and after
_LATELY = timedelta(days=1)  # left out of what is usual: an incident is not its own past


class Watch:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._schedule = Schedule(engine)
        self._tickets = Tickets(engine)

    def held(self) -> tuple[Brake, ...]:
        """Return the brakes that are on."""
        return loaded(json.loads(self._schedule.value(_NAME) or "[]"))

    def hold(self, brakes: Iterable[Brake], *, now: datetime) -> None:
        self._schedule.set_value(_NAME, json.dumps(dumped(brakes)), now=now)

    def measures(self, rules: Brakes, held: Iterable[Brake], *, now: datetime) -> Measures:
        """Measure the backlog, today's cost, and the kinds of request that come in numbers."""
        backlog = self._tickets.backlog(now=now)
        known = {brake.intent for brake in held if brake.code == "incident"}
        with reading(self._engine) as connection:
            return Measures(
                due=backlog.due,
                oldest_due_seconds=backlog.oldest_seconds,
                spent_today_usd=_spent(connection, now.replace(hour=0, minute=0, second=0, microsecond=0)),
                spent_hour_usd=_spent(connection, now.replace(minute=0, second=0, microsecond=0)),
                clusters=_clusters(connection, rules, known, now),
            )


def _spent(connection: Connection, since: datetime) -> Decimal:
    total = connection.scalar(select(func.sum(model_call.c.cost_usd)).where(model_call.c.called_at >= since))
    return Decimal(str(total or 0))


def _clusters(connection: Connection, rules: Brakes, known: set[str], now: datetime) -> tuple[Cluster, ...]:
    """Return the intents with enough tickets of late to be looked at, and those with an incident already."""
    length = timedelta(minutes=rules.incident_minutes)
    rows = connection.execute(
        select(case.c.intent, case.c.ticket_id)
        .where(case.c.settled_at > now - length, case.c.action != "ignore", case.c.action != "")
        .order_by(case.c.id)
    ).all()
    lately: dict[str, dict[str, None]] = {}
    for intent, ticket_id in rows:
        lately.setdefault(intent, {})[ticket_id] = None
    return tuple(
        _cluster(connection, rules, intent, tuple(tickets), now)
        for intent, tickets in lately.items()
        if len(tickets) >= rules.incident_tickets or intent in known
    )


def _cluster(connection: Connection, rules: Brakes, intent: str, tickets: tuple[str, ...], now: datetime) -> Cluster:
    """Put the tickets of late beside the days before: all of them, and this time of day alone."""
    oldest = connection.scalar(select(func.min(case.c.settled_at))) or now
    since, until = max(oldest, now - timedelta(days=rules.baseline_days)), now - _LATELY
    days = max(0.0, (until - since) / timedelta(days=1))
    around = [now - timedelta(days=back) for back in range(1, int(days) + 2)]
    spans = [and_(case.c.settled_at >= at - _AROUND, case.c.settled_at < at + _AROUND) for at in around]
    same = select(func.count()).where(case.c.intent == intent, case.c.action != "ignore", case.c.settled_at >= since)
    length = timedelta(minutes=rules.incident_minutes)
    windows = timedelta(days=days) / length
    return Cluster(
        intent,
        tickets,
        usual=connection.scalar(same.where(case.c.settled_at < until)) or 0,
        windows=windows,
        usual_hour=connection.scalar(same.where(or_(*spans))) or 0 if days else 0,
        windows_hour=windows * (2 * _AROUND / timedelta(days=1)),
    )
