"""What is measured to hold Deskhand back in time, and which brakes are on: one small value that every worker reads."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, Engine, Row, and_, func, or_, select

from config.policy import Brakes
from workers.brakes import Brake, Cluster, Measures, dumped, loaded
from workers.store.schedule import Schedule
from workers.store.tables import case, model_call, reading
from workers.store.tickets import Tickets

BRAKES, ALIKE = "brakes", "alike"  # who finds them: the leader by figures, a worker by what tickets say
_AROUND = timedelta(minutes=90)  # what counts as this time of day, before and after
_LATELY = timedelta(days=1)  # left out of what is usual: an incident is not its own past
_MOST = 1000  # tickets of late that are compared with each other


class Said(NamedTuple):
    """What was asked on a case, masked."""

    case_id: int
    ticket_id: str
    text: str


class Watch:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._schedule = Schedule(engine)
        self._tickets = Tickets(engine)

    def held(self) -> tuple[Brake, ...]:
        """Return the brakes that are on."""
        return (*self.found(BRAKES), *self.found(ALIKE))

    def found(self, by: str) -> tuple[Brake, ...]:
        return loaded(json.loads(self._schedule.value(by) or "[]"))

    def hold(self, brakes: Iterable[Brake], by: str = BRAKES, *, now: datetime) -> None:
        """Put on what was found, in place of what the same one found before."""
        self._schedule.set_value(by, json.dumps(dumped(brakes)), now=now)

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

    def said_lately(self, rules: Brakes, *, now: datetime) -> list[Said]:
        """Return what the newest message of each ticket of the last minutes says, oldest ticket first."""
        since = now - timedelta(minutes=rules.incident_minutes)
        with reading(self._engine) as connection:
            rows = connection.execute(
                _SAID.where(case.c.settled_at > since).order_by(case.c.id.desc()).limit(_MOST)
            ).all()
        newest: dict[str, Said] = {}
        for one in _said(rows):
            newest.setdefault(one.ticket_id, one)
        return list(reversed(newest.values()))

    def said_before(self, rules: Brakes, most: int, *, now: datetime) -> tuple[list[Said], float]:
        """Return at most about so many messages of earlier days, evenly drawn, and how many stretches of the length of
        an incident they stand for."""
        with reading(self._engine) as connection:
            since, until, days = _past(connection, rules, now)
            earlier = (case.c.settled_at >= since, case.c.settled_at < until)
            count = connection.scalar(select(func.count()).select_from(_SAID.where(*earlier).subquery())) or 0
            step = max(1, count // most)
            rows = connection.execute(_SAID.where(*earlier, case.c.id % step == 0)).all()
        drawn = _said(rows)
        windows = timedelta(days=days) / timedelta(minutes=rules.incident_minutes)
        return drawn, windows * len(drawn) / max(1, count)


_SAID = select(case.c.id, case.c.ticket_id, case.c.subject, case.c.question).where(
    case.c.action != "ignore", case.c.action != "", case.c.question != ""
)


def _said(rows: Iterable[Row[int, str, str, str]]) -> list[Said]:
    return [
        Said(case_id, ticket_id, f"{subject}\n{question}".strip()) for case_id, ticket_id, subject, question in rows
    ]


def _past(connection: Connection, rules: Brakes, now: datetime) -> tuple[datetime, datetime, float]:
    """Return from when to when what happened is usual, and how many days that is."""
    oldest = connection.scalar(select(func.min(case.c.settled_at))) or now
    since, until = max(oldest, now - timedelta(days=rules.baseline_days)), now - _LATELY
    return since, until, max(0.0, (until - since) / timedelta(days=1))


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
    since, until, days = _past(connection, rules, now)
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
