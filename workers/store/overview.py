"""The record in figures: what waits, what became of the cases of a period, how the models do. Reads only."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, func, select
from sqlalchemy.exc import SQLAlchemyError

from config.policy import Breaking
from workers.store.breakers import HELPDESK, Breakers
from workers.store.budgets import Budgets
from workers.store.dead import LISTED, DeadLetters
from workers.store.inbox import Inbox
from workers.store.progress import BrakeLine, Progress, Standing
from workers.store.schedule import Schedule
from workers.store.tables import action, case, delivery, model_call, reading
from workers.store.tickets import Tickets
from workers.store.told import Told, told
from workers.store.totals import Totals, deliveries_by_state, open_by_intent, reason_counts

SAMPLE = 20_000  # newest cases that percentiles are taken from
FIGURES_SAMPLE = 2_000  # the same at every scrape, where it must be quick
MODEL_WINDOW = timedelta(minutes=15)
DOUBTFUL = ("in_doubt", "noting", "refused")  # states of a write that did not simply succeed, or fail
_READ = model_call.c.input_tokens + model_call.c.cache_read_tokens + model_call.c.cache_write_tokens


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds: the median and the 95th percentile of `count` values; None of none."""

    count: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits now, ages in seconds. `due` tickets are ready to be worked on, `in_work` ones have a lease."""

    deliveries: int
    oldest_delivery_seconds: float
    due: int
    in_work: int
    oldest_due_seconds: float


@dataclass(frozen=True, slots=True)
class Period:
    """What became of the cases that were settled in a period. `sent` is not `resolved`: nobody has said so yet."""

    since: datetime
    until: datetime
    by_action: Mapping[str, int]
    reasons: Sequence[tuple[Told, int]]  # most frequent first, details folded
    intents: Sequence[tuple[str, Mapping[str, int]]]  # intent -> action -> cases, largest first
    first_response: Spread  # of the first reply sent on a ticket, from asked to settled
    outcome: Spread  # of every case but the ignored, from asked to settled
    cost_usd: Decimal
    calls: int
    input_tokens: int  # all that the models read, cached or not
    cached_tokens: int  # of these, read from the API's cache
    output_tokens: int
    reply_cost_usd: Decimal  # of the cases that ended with a reply sent
    answer_input_tokens: int  # of the cases that ended with a reply or a draft

    @property
    def settled(self) -> int:
        return sum(self.by_action.values())

    @property
    def worked_on(self) -> int:
        return self.settled - self.by_action.get("ignore", 0)

    @property
    def sent(self) -> int:
        return self.by_action.get("send", 0)

    @property
    def cost_per_case_usd(self) -> Decimal | None:
        return self.cost_usd / self.worked_on if self.worked_on else None

    @property
    def cost_per_reply_usd(self) -> Decimal | None:
        return self.reply_cost_usd / self.sent if self.sent else None

    @property
    def tokens_per_answer(self) -> int | None:
        """Return how many tokens a model read for a reply or a draft, on average."""
        answered = self.sent + self.by_action.get("draft", 0)
        return round(self.answer_input_tokens / answered) if answered else None


@dataclass(frozen=True, slots=True)
class ModelState:
    """How the model has done in the last quarter of an hour."""

    calls: int
    failed: int
    last_at: datetime | None
    last_outcome: str


@dataclass(frozen=True, slots=True)
class BreakerLine:
    """A model, or a helpdesk, that is left alone because it fails. `needs_person`: its key, bill or name is wrong."""

    model: str
    state: str  # open, or half_open while it is probed
    outcome: str
    needs_person: bool
    seconds: float  # since it opened
    times: int  # openings in a row


@dataclass(frozen=True, slots=True)
class Run:
    name: str
    started_at: datetime
    finished_at: datetime | None
    is_ok: bool | None
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Figures:
    """Totals for Prometheus. Spreads cover the newest `FIGURES_SAMPLE` cases of the last 24 hours."""

    deliveries: Mapping[str, int]
    cases: Mapping[tuple[str, str], int]  # (action, or "open", and intent)
    reasons: Mapping[str, int]
    calls: Mapping[tuple[str, str], int]  # (model, outcome)
    tokens: Mapping[tuple[str, str], int]  # (model, kind)
    cost_usd: Mapping[str, float]
    waiting: Waiting
    first_response: Spread
    outcome: Spread
    breakers: Sequence[BreakerLine] = ()
    outages: Sequence[BreakerLine] = ()
    standings: Sequence[Standing] = ()
    brakes: Sequence[BrakeLine] = ()
    draft_uses: Mapping[tuple[str, str], int] = field(default_factory=dict)  # (intent, use)
    budgets: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)  # (vendor, name) -> left, total
    doubtful_writes: Mapping[str, int] = field(default_factory=dict)  # of the last seven days, by state
    dead_letters: Mapping[str, int] = field(default_factory=dict)  # by kind, as `deskhand replay` lists them


class Overview:
    """Questions to the record whose answer is a number, each answered in one short transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._inbox = Inbox(engine)
        self._tickets = Tickets(engine)
        self._schedule = Schedule(engine)
        self._totals = Totals(engine)
        self._breakers = Breakers(engine, Breaking())
        self._outages = Breakers(engine, Breaking(), kind=HELPDESK)
        self.progress = Progress(engine)
        self._budgets = Budgets(engine, staff_share=0.0)
        self._dead = DeadLetters(engine)

    def is_up(self) -> bool:
        """Tell whether the database answers and has our tables."""
        try:
            with reading(self._engine) as connection:
                connection.execute(select(delivery.c.id).limit(1)).all()
        except SQLAlchemyError:
            return False
        return True

    def waiting(self, *, now: datetime) -> Waiting:
        backlog = self._tickets.backlog(now=now)
        with reading(self._engine) as connection:
            new = connection.scalar(select(func.count()).select_from(delivery).where(delivery.c.state == "new")) or 0
        return Waiting(new, self._inbox.oldest_seconds(now=now), backlog.due, backlog.in_work, backlog.oldest_seconds)

    def dead_letters(self, *, now: datetime) -> dict[str, int]:
        """Count by kind what `deskhand replay` lists."""
        return self._dead.counts(since=now - LISTED)

    def period(self, since: datetime, until: datetime) -> Period:
        """Sum up the cases settled in a period; percentiles come from the newest `SAMPLE` of them."""
        within = and_(case.c.settled_at >= since, case.c.settled_at < until)
        with reading(self._engine) as connection:
            table = _counts(connection, select(case.c.intent, case.c.action, func.count()).where(within))
            reasons = reason_counts(connection, within)
            spent = connection.execute(
                select(
                    func.count(),
                    func.coalesce(func.sum(model_call.c.cost_usd), 0),
                    func.coalesce(func.sum(_READ), 0),
                    func.coalesce(func.sum(model_call.c.output_tokens), 0),
                    func.coalesce(func.sum(model_call.c.cache_read_tokens), 0),
                ).where(model_call.c.called_at >= since, model_call.c.called_at < until)
            ).one()
            answers = {
                action: (cost, tokens)
                for action, cost, tokens in connection.execute(
                    select(case.c.action, func.sum(model_call.c.cost_usd), func.sum(_READ))
                    .join(model_call, model_call.c.case_id == case.c.id)
                    .where(within, case.c.action.in_(("send", "draft")))
                    .group_by(case.c.action)
                )
            }
            first, outcome = _spreads(connection, since, until)
        by_action: Counter[str] = Counter()
        by_intent: dict[str, Counter[str]] = {}
        for (intent, ended), count in table.items():
            by_action[ended] += count
            by_intent.setdefault(intent, Counter())[ended] += count
        return Period(
            since=since,
            until=until,
            by_action=dict(by_action),
            reasons=[(told(code), count) for code, count in reasons.most_common()],
            intents=sorted(by_intent.items(), key=lambda entry: -sum(entry[1].values())),
            first_response=first,
            outcome=outcome,
            calls=spent[0],
            cost_usd=Decimal(str(spent[1])),
            input_tokens=int(spent[2]),
            output_tokens=int(spent[3]),
            cached_tokens=int(spent[4]),
            reply_cost_usd=Decimal(str(answers.get("send", (0, 0))[0])),
            answer_input_tokens=sum(int(tokens) for _, tokens in answers.values()),
        )

    def model_state(self, *, now: datetime) -> ModelState:
        with reading(self._engine) as connection:
            outcomes = connection.execute(
                select(model_call.c.outcome, func.count())
                .where(model_call.c.called_at >= now - MODEL_WINDOW)
                .group_by(model_call.c.outcome)
            ).all()
            last = connection.execute(
                select(model_call.c.called_at, model_call.c.outcome).order_by(model_call.c.id.desc()).limit(1)
            ).one_or_none()
        calls = sum(count for _, count in outcomes)
        ok = sum(count for outcome, count in outcomes if outcome == "ok")
        return ModelState(calls, calls - ok, last.called_at if last else None, last.outcome if last else "")

    def breakers(self, *, now: datetime) -> tuple[BreakerLine, ...]:
        """Return the models that are failing now, so that a person sees it; none while all is well."""
        return _open(self._breakers, now)

    def outages(self, *, now: datetime) -> tuple[BreakerLine, ...]:
        """Return the helpdesks that answer nobody now; their tickets wait."""
        return _open(self._outages, now)

    def budgets(self, *, now: datetime) -> dict[tuple[str, str], tuple[int, int]]:
        """Return what is left, and the total, of every helpdesk budget that runs short."""
        known = self._budgets.all(now=now)
        return {(v, name): (one.remaining, one.total) for v, named in known.items() for name, one in named.items()}

    def is_paused(self) -> bool:
        """Tell whether an admin has pressed the kill switch."""
        return self._schedule.pause(now=datetime.now(UTC)) == "all"

    def runs(self, limit: int = 20) -> tuple[Run, ...]:
        """Return the latest scheduled runs, newest first."""
        return tuple(_run(row) for row in self._schedule.runs(limit))

    def figures(self, *, now: datetime) -> Figures:
        """Return the totals for Prometheus. After the first look in a process only what is new is read."""
        sums = self._totals.sums(now=now)
        with reading(self._engine) as connection:
            deliveries = deliveries_by_state(connection)
            waiting_cases = open_by_intent(connection)
            doubtful = _writes_by_state(connection, now)
            first, outcome = _spreads(connection, now - timedelta(days=1), now, FIGURES_SAMPLE)
        return Figures(
            deliveries=deliveries,
            cases=dict(sums.cases) | {("open", intent): count for intent, count in waiting_cases.items()},
            reasons=dict(sums.reasons),
            calls=dict(sums.calls),
            tokens=dict(sums.tokens),
            cost_usd=dict(sums.cost_usd),
            waiting=self.waiting(now=now),
            first_response=first,
            outcome=outcome,
            breakers=self.breakers(now=now),
            outages=self.outages(now=now),
            standings=self.progress.standings(),
            draft_uses=self.progress.draft_uses(),
            brakes=self.progress.brakes(now=now),
            budgets=self.budgets(now=now),
            doubtful_writes=doubtful,
            dead_letters=self.dead_letters(now=now),
        )


def _open(breakers: Breakers, now: datetime) -> tuple[BreakerLine, ...]:
    return tuple(
        BreakerLine(
            name, found.state(now).value, found.outcome, found.needs_person, found.open_seconds(now), found.times
        )
        for name, found in sorted(breakers.all().items())
        if found.opened_at
    )


def _writes_by_state(connection: Connection, now: datetime) -> dict[str, int]:
    """Count the last seven days' writes that did not simply succeed; every state is there, if with 0."""
    since = now - timedelta(days=7)
    rows = connection.execute(
        select(action.c.state, func.count())
        .where(action.c.begun_at >= since, action.c.state.in_(DOUBTFUL))
        .group_by(action.c.state)
    )
    return dict.fromkeys(DOUBTFUL, 0) | {row[0]: row[1] for row in rows}


def _counts(connection: Connection, statement: Select[Any]) -> dict[tuple[str, str], int]:
    rows = connection.execute(statement.group_by(*list(statement.selected_columns)[:2])).all()
    return {(row[0], row[1]): row[2] for row in rows}


def _spreads(connection: Connection, since: datetime, until: datetime, most: int = SAMPLE) -> tuple[Spread, Spread]:
    """Return the spreads of first replies and of all outcomes but `ignore`, of the newest `most` of each."""
    before = case.alias("before")
    earlier = (
        select(before.c.id)
        .where(
            before.c.vendor == case.c.vendor,
            before.c.ticket_id == case.c.ticket_id,
            before.c.action == "send",
            before.c.id < case.c.id,
        )
        .exists()
    )
    within = (case.c.settled_at >= since, case.c.settled_at < until, case.c.action != "ignore")
    times = select(case.c.settled_at, func.coalesce(case.c.asked_at, case.c.opened_at).label("asked"))
    newest = times.where(*within).order_by(case.c.settled_at.desc()).limit(most)
    firsts = times.where(*within, case.c.action == "send", ~earlier).order_by(case.c.settled_at.desc()).limit(most)
    return _spread(connection.execute(firsts).all()), _spread(connection.execute(newest).all())


def _spread(rows: Sequence[Any]) -> Spread:
    seconds = sorted(max(0.0, (row.settled_at - row.asked).total_seconds()) for row in rows)
    return Spread(len(seconds), percentile(seconds, 0.50), percentile(seconds, 0.95))


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank percentile of ordered values; None of none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def _run(row: Mapping[str, Any]) -> Run:
    return Run(row["name"], row["started_at"], row["finished_at"], row["is_ok"], row["report"] or {})
