"""The record as people read it: figures, lists and one ticket's whole story. Reads only, takes no write lock.

Everything comes back as frozen dataclasses of plain values; JSON columns as the dicts and lists that were written.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, Text, and_, cast, func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from config.policy import Breaking
from workers.domain import Code, Reason
from workers.store.breakers import Breakers
from workers.store.budgets import Budgets
from workers.store.inbox import Inbox
from workers.store.progress import BrakeLine, Progress, Standing
from workers.store.schedule import Schedule
from workers.store.tables import action, case, command, delivery, lesson, model_call, reading, ticket
from workers.store.tickets import Tickets
from workers.store.totals import Totals, deliveries_by_state, open_by_intent, reason_counts
from workers.wording import in_words

PAGE_SIZE = 50
SAMPLE = 20_000  # newest cases that percentiles are taken from
FIGURES_SAMPLE = 2_000  # the same at every scrape, where it must be quick
TOO_LONG = timedelta(minutes=10)
_DOUBTFUL = ("in_doubt", "noting", "refused")  # states of a write that did not simply succeed, or fail
SILENT_SEND = timedelta(minutes=5)
MODEL_WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Told:
    """A reason with its words."""

    code: str
    detail: str
    words: str


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


_READ = model_call.c.input_tokens + model_call.c.cache_read_tokens + model_call.c.cache_write_tokens


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
    """A model that is left alone because it fails. `needs_person`: its key, bill or name has to be mended."""

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
class CaseFilter:
    """Which cases to list; an empty field does not restrict. `ticket_id` matches any part of the id."""

    action: str = ""
    intent: str = ""
    reason: str = ""
    ticket_id: str = ""


@dataclass(frozen=True, slots=True)
class CaseLine:
    id: int
    vendor: str
    ticket_id: str
    state: str
    action: str
    tier: int | None
    intent: str
    confidence: float | None
    subject: str  # masked
    reasons: tuple[Told, ...]
    opened_at: datetime
    asked_at: datetime | None
    settled_at: datetime | None
    attempts: int


@dataclass(frozen=True, slots=True)
class CasePage:
    lines: tuple[CaseLine, ...]
    total: int
    number: int  # from 1

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))


@dataclass(frozen=True, slots=True)
class Act:
    """A row of the outbox: what was done to the ticket for one case."""

    kind: str
    mark: str
    state: str
    stamp: str
    tries: int
    message_id: str
    begun_at: datetime
    finished_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class Call:
    """One model call."""

    prompt: str
    prompt_hash: str
    model: str
    outcome: str
    latency_seconds: float
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_usd: Decimal
    attempts: int
    detail: str
    called_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What staff asked of us on a ticket, and what came of it. `words` is masked; `result` is "" while it is open."""

    name: str
    words: str
    by: str
    tag: str
    asked_at: datetime | None
    settled_at: datetime | None
    result: str
    replaced: str  # the draft whose place another took


@dataclass(frozen=True, slots=True)
class CaseStory:
    """Everything recorded about one case."""

    line: CaseLine
    message_id: str
    channel: str
    language: str
    team: str
    urgency: str
    stage: str
    question: str  # masked
    policy_hash: str
    facts: Mapping[str, Mapping[str, Any]]  # gate -> facts
    classification: Mapping[str, Any]
    passages: Sequence[Mapping[str, Any]]
    draft: Mapping[str, Any]
    findings: Mapping[str, Any]
    acts: tuple[Act, ...]
    calls: tuple[Call, ...]

    @property
    def cost_usd(self) -> Decimal:
        return sum((call.cost_usd for call in self.calls), Decimal(0))


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A delivery as listed. Its body is never shown: it holds what the requester wrote, unmasked."""

    id: int
    vendor: str
    key: str
    state: str
    note: str
    received_at: datetime
    handled_at: datetime | None


@dataclass(frozen=True, slots=True)
class TicketLine:
    """Where a ticket stands in the list of due tickets."""

    vendor: str
    ticket_id: str
    due_at: datetime | None
    waiting_since: datetime | None
    lease_until: datetime | None
    attempts: int
    urgency: int
    error: str


@dataclass(frozen=True, slots=True)
class LessonLine:
    state: str
    note: str
    intent: str
    question: str  # masked
    answer: str  # masked
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class TicketStory:
    vendor: str
    ticket_id: str
    row: TicketLine | None
    deliveries: tuple[DeliveryLine, ...]
    cases: tuple[CaseStory, ...]  # newest first
    lesson: LessonLine | None
    asked: tuple[Asked, ...] = ()  # oldest first


@dataclass(frozen=True, slots=True)
class Attention:
    """What a person should look at; each list is cut at `PAGE_SIZE`, newest or longest waiting first."""

    failed_deliveries: tuple[DeliveryLine, ...]
    open_too_long: tuple[CaseLine, ...]
    gave_up: tuple[CaseLine, ...]
    in_doubt: tuple[CaseLine, ...]  # a reply was lost and may yet appear; a note has warned a person
    failing_tickets: tuple[TicketLine, ...]
    doubtful_acts: tuple[tuple[CaseLine, Act], ...]  # refused, or begun long ago without a known end
    failed_runs: tuple[Run, ...]

    @property
    def count(self) -> int:
        lists: tuple[Sequence[object], ...] = (
            self.failed_deliveries,
            self.open_too_long,
            self.gave_up,
            self.in_doubt,
            self.failing_tickets,
            self.doubtful_acts,
            self.failed_runs,
        )
        return sum(len(found) for found in lists)


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
    standings: Sequence[Standing] = ()
    brakes: Sequence[BrakeLine] = ()
    draft_uses: Mapping[tuple[str, str], int] = field(default_factory=dict)  # (intent, use)
    budgets: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)  # (vendor, name) -> left, total
    doubtful_writes: Mapping[str, int] = field(default_factory=dict)  # of the last seven days, by state


class Story:
    """Read-only questions to the record, each answered in one short transaction."""

    reason_codes = tuple(code.value for code in Code)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._inbox = Inbox(engine)
        self._tickets = Tickets(engine)
        self._schedule = Schedule(engine)
        self._totals = Totals(engine)
        self._breakers = Breakers(engine, Breaking())
        self.progress = Progress(engine)
        self._budgets = Budgets(engine, staff_share=0.0)

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
        return tuple(
            BreakerLine(
                model, found.state(now).value, found.outcome, found.needs_person, found.open_seconds(now), found.times
            )
            for model, found in sorted(self._breakers.all().items())
            if found.opened_at
        )

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

    def intents(self) -> tuple[str, ...]:
        """Return every intent that a case was ever given."""
        with reading(self._engine) as connection:
            found = connection.scalars(select(case.c.intent).where(case.c.intent != "").distinct())
            return tuple(sorted(found))

    def cases(self, wanted: CaseFilter, page: int = 1) -> CasePage:
        """Return one page of the matching cases, newest first; a page that does not exist is the nearest that does."""
        matches = _matches(wanted)
        with reading(self._engine) as connection:
            total = connection.scalar(select(func.count()).select_from(case).where(*matches)) or 0
            number = min(max(page, 1), max(1, -(-total // PAGE_SIZE)))
            rows = connection.execute(
                select(case)
                .where(*matches)
                .order_by(case.c.id.desc())
                .limit(PAGE_SIZE)
                .offset((number - 1) * PAGE_SIZE)
            ).all()
        return CasePage(tuple(_line(row) for row in rows), total, number)

    def ticket(self, vendor: str, ticket_id: str) -> TicketStory | None:
        """Return everything recorded about one ticket, or None if it was never heard of."""
        with reading(self._engine) as connection:
            row = connection.execute(
                select(ticket).where(ticket.c.vendor == vendor, ticket.c.ticket_id == ticket_id)
            ).one_or_none()
            cases = connection.execute(
                select(case)
                .where(case.c.vendor == vendor, case.c.ticket_id == ticket_id)
                .order_by(case.c.id.desc())
                .limit(PAGE_SIZE)
            ).all()
            if row is None and not cases:
                return None
            ids = [found.id for found in cases]
            acts = connection.execute(select(action).where(action.c.case_id.in_(ids)).order_by(action.c.id)).all()
            calls = connection.execute(
                select(model_call).where(model_call.c.case_id.in_(ids)).order_by(model_call.c.id)
            ).all()
            learned = connection.execute(
                select(lesson).where(lesson.c.vendor == vendor, lesson.c.ticket_id == ticket_id)
            ).one_or_none()
            asked = connection.execute(
                select(command)
                .where(command.c.vendor == vendor, command.c.ticket_id == ticket_id)
                .order_by(command.c.id.desc())
                .limit(PAGE_SIZE)
            ).all()
            deliveries = _deliveries_naming(connection, vendor, ticket_id)
        return TicketStory(
            vendor=vendor,
            ticket_id=ticket_id,
            row=_ticket_line(row) if row else None,
            deliveries=tuple(_delivery_line(found) for found in deliveries),
            cases=tuple(
                _case_story(
                    found,
                    [_act(entry) for entry in acts if entry.case_id == found.id],
                    [_call(entry) for entry in calls if entry.case_id == found.id],
                )
                for found in cases
            ),
            lesson=_lesson_line(learned) if learned else None,
            asked=tuple(_asked(found) for found in reversed(asked)),
        )

    def attention(self, *, now: datetime) -> Attention:
        """Collect what a person should look at, of the last seven days where it is a matter of the past."""
        week = now - timedelta(days=7)
        with reading(self._engine) as connection:
            failed = connection.execute(
                select(delivery)
                .where(delivery.c.state == "failed", delivery.c.received_at >= week)
                .order_by(delivery.c.id.desc())
                .limit(PAGE_SIZE)
            ).all()
            late = connection.execute(
                select(case)
                .where(case.c.state == "open", case.c.opened_at < now - TOO_LONG)
                .order_by(case.c.opened_at)
                .limit(PAGE_SIZE)
            ).all()
            gave_up = connection.execute(
                select(case)
                .where(case.c.settled_at >= week, _has_reason(Code.GAVE_UP.value))
                .order_by(case.c.id.desc())
                .limit(PAGE_SIZE)
            ).all()
            in_doubt = connection.execute(
                select(case)
                .where(case.c.settled_at >= week, _has_reason(Code.IN_DOUBT.value))
                .order_by(case.c.id.desc())
                .limit(PAGE_SIZE)
            ).all()
            failing = connection.execute(
                select(ticket)
                .where(ticket.c.due_at.is_not(None), ticket.c.attempts > 0)
                .order_by(ticket.c.waiting_since)
                .limit(PAGE_SIZE)
            ).all()
            doubtful = connection.execute(
                select(action)
                .where(
                    action.c.begun_at >= week,
                    or_(
                        action.c.state.in_(_DOUBTFUL),
                        and_(action.c.state == "sending", action.c.begun_at < now - SILENT_SEND),
                    ),
                )
                .order_by(action.c.id.desc())
                .limit(PAGE_SIZE)
            ).all()
            owners = connection.execute(select(case).where(case.c.id.in_([row.case_id for row in doubtful]))).all()
        lines = {row.id: _line(row) for row in owners}
        return Attention(
            failed_deliveries=tuple(_delivery_line(row) for row in failed),
            open_too_long=tuple(_line(row) for row in late),
            gave_up=tuple(_line(row) for row in gave_up),
            in_doubt=tuple(_line(row) for row in in_doubt),
            failing_tickets=tuple(_ticket_line(row) for row in failing),
            doubtful_acts=tuple((lines[row.case_id], _act(row)) for row in doubtful),
            failed_runs=self._failed_runs(week),
        )

    def _failed_runs(self, since: datetime) -> tuple[Run, ...]:
        failed = (run for run in self.runs(200) if run.is_ok is False and run.started_at >= since)
        return tuple(failed)[:PAGE_SIZE]

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
            standings=self.progress.standings(),
            draft_uses=self.progress.draft_uses(),
            brakes=self.progress.brakes(now=now),
            budgets=self.budgets(now=now),
            doubtful_writes=doubtful,
        )


def _writes_by_state(connection: Connection, now: datetime) -> dict[str, int]:
    """Count the last seven days' writes that did not simply succeed; every state is there, if with 0."""
    since = now - timedelta(days=7)
    rows = connection.execute(
        select(action.c.state, func.count())
        .where(action.c.begun_at >= since, action.c.state.in_(_DOUBTFUL))
        .group_by(action.c.state)
    )
    return dict.fromkeys(_DOUBTFUL, 0) | {row[0]: row[1] for row in rows}


def told(value: object) -> Told:
    """Read a reason as it stands in the record ("code:detail", or a dict of the two) and say it in words."""
    if isinstance(value, Mapping):
        code, detail = str(value.get("code", "")), str(value.get("detail", ""))
    else:
        code, _, detail = str(value).partition(":")
    try:
        return Told(code, detail, in_words(Reason(Code(code), detail)))
    except (ValueError, KeyError):  # written by another release
        return Told(code, detail, f"{code} {detail}".strip().replace("_", " "))


def _counts(connection: Connection, statement: Select[Any]) -> dict[tuple[str, str], int]:
    rows = connection.execute(statement.group_by(*list(statement.selected_columns)[:2])).all()
    return {(row[0], row[1]): row[2] for row in rows}


def _has_reason(code: str) -> Any:
    as_text = cast(case.c.reasons, Text)
    return or_(as_text.contains(f'"{code}"', autoescape=True), as_text.contains(f'"{code}:', autoescape=True))


def _matches(wanted: CaseFilter) -> list[Any]:
    found: list[Any] = []
    if wanted.action == "open":
        found.append(case.c.state == "open")
    elif wanted.action:
        found.append(case.c.action == wanted.action)
    if wanted.intent:
        found.append(case.c.intent == wanted.intent)
    if wanted.reason:
        found.append(_has_reason(wanted.reason))
    if wanted.ticket_id:
        found.append(case.c.ticket_id.contains(wanted.ticket_id, autoescape=True))
    return found


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


def _deliveries_naming(connection: Connection, vendor: str, ticket_id: str) -> list[Row[Any]]:
    """Return the newest handled deliveries that named the ticket, newest first."""
    columns = [column for column in delivery.c if column.name not in ("body", "headers")]
    return list(
        connection.execute(
            select(*columns)
            .where(delivery.c.vendor == vendor, delivery.c.ticket_id == ticket_id)
            .order_by(delivery.c.id.desc())
            .limit(PAGE_SIZE)
        )
    )


def _line(row: Row[Any]) -> CaseLine:
    return CaseLine(
        id=row.id,
        vendor=row.vendor,
        ticket_id=row.ticket_id,
        state=row.state,
        action=row.action,
        tier=row.tier,
        intent=row.intent,
        confidence=row.confidence,
        subject=row.subject,
        reasons=tuple(told(reason) for reason in row.reasons or ()),
        opened_at=row.opened_at,
        asked_at=row.asked_at,
        settled_at=row.settled_at,
        attempts=row.attempts,
    )


def _case_story(row: Row[Any], acts: Sequence[Act], calls: Sequence[Call]) -> CaseStory:
    return CaseStory(
        line=_line(row),
        message_id=row.message_id,
        channel=row.channel,
        language=row.language,
        team=row.team,
        urgency=row.urgency,
        stage=row.stage,
        question=row.question,
        policy_hash=row.policy_hash,
        facts=row.facts or {},
        classification=row.classification or {},
        passages=row.passages or (),
        draft=row.draft or {},
        findings=row.findings or {},
        acts=tuple(acts),
        calls=tuple(calls),
    )


def _act(row: Row[Any]) -> Act:
    return Act(
        kind=row.kind,
        mark=row.mark,
        state=row.state,
        stamp=row.stamp,
        tries=row.tries,
        message_id=row.message_id,
        begun_at=row.begun_at,
        finished_at=row.finished_at,
        error=row.error,
    )


def _call(row: Row[Any]) -> Call:
    return Call(
        prompt=row.prompt,
        prompt_hash=row.prompt_hash,
        model=row.model,
        outcome=row.outcome,
        latency_seconds=row.latency_seconds,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cache_read_tokens=row.cache_read_tokens,
        cache_write_tokens=row.cache_write_tokens,
        cost_usd=Decimal(row.cost_usd),
        attempts=row.attempts,
        detail=row.detail,
        called_at=row.called_at,
    )


def _delivery_line(row: Row[Any]) -> DeliveryLine:
    return DeliveryLine(row.id, row.vendor, row.key, row.state, row.note, row.received_at, row.handled_at)


def _ticket_line(row: Row[Any]) -> TicketLine:
    return TicketLine(
        vendor=row.vendor,
        ticket_id=row.ticket_id,
        due_at=row.due_at,
        waiting_since=row.waiting_since,
        lease_until=row.lease_until,
        attempts=row.attempts,
        urgency=row.urgency,
        error=row.error,
    )


def _asked(row: Row[Any]) -> Asked:
    sentences = ((row.replaced or {}).get("draft") or {}).get("sentences") or ()
    return Asked(
        name=row.name,
        words=row.words,
        by=row.asked_name or row.asked_by,
        tag=row.tag,
        asked_at=row.asked_at,
        settled_at=row.settled_at,
        result=row.result,
        replaced=" ".join(str(one.get("text", "")) for one in sentences),
    )


def _lesson_line(row: Row[Any]) -> LessonLine:
    return LessonLine(row.state, row.note, row.intent, row.question, row.answer, row.learned_at)


def _run(row: Mapping[str, Any]) -> Run:
    return Run(row["name"], row["started_at"], row["finished_at"], row["is_ok"], row["report"] or {})
