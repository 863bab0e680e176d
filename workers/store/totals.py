"""Totals over the whole record, without reading the whole record each time.

What is older than a minute changes no more and is added up once a process; a look reads only what came since.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, Text, cast, func, select

from workers.store.tables import case, delivery, model_call, reading

_STILL = timedelta(minutes=1)  # a transaction that wrote a row is over by then
_KINDS = ("input", "output", "cache_read", "cache_write")


@dataclass(slots=True)
class Sums:
    """How often, how much: cases by (action, intent), reasons by code, calls by (model, outcome), tokens, dollars."""

    cases: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    tokens: Counter[tuple[str, str]] = field(default_factory=Counter)
    cost_usd: dict[str, float] = field(default_factory=dict)

    def __add__(self, other: "Sums") -> "Sums":
        cost = {
            model: self.cost_usd.get(model, 0.0) + other.cost_usd.get(model, 0.0)
            for model in self.cost_usd | other.cost_usd
        }
        return Sums(
            self.cases + other.cases,
            self.reasons + other.reasons,
            self.calls + other.calls,
            self.tokens + other.tokens,
            cost,
        )


class Totals:
    """Safe to share between threads. Rows that are deleted later stay counted until the process ends."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._old = Sums()
        self._settled_until: datetime | None = None
        self._last_call = 0

    def sums(self, *, now: datetime) -> Sums:
        """Return the totals of settled cases and of model calls up to now."""
        with self._lock, reading(self._engine) as connection:
            self._take_in(connection, now - _STILL)
            fresh = Sums()
            _add_cases(connection, fresh, case.c.settled_at > self._settled_until)
            _add_calls(connection, fresh, model_call.c.id > self._last_call)
            return self._old + fresh

    def _take_in(self, connection: Connection, until: datetime) -> None:
        newest = (
            select(model_call.c.id).where(model_call.c.called_at <= until).order_by(model_call.c.id.desc()).limit(1)
        )
        last = connection.scalar(newest.where(model_call.c.id > self._last_call)) or self._last_call
        if last > self._last_call:
            _add_calls(connection, self._old, model_call.c.id.between(self._last_call + 1, last))
        settled = case.c.settled_at <= until
        if self._settled_until is not None:
            settled &= case.c.settled_at > self._settled_until
        _add_cases(connection, self._old, settled)
        self._last_call, self._settled_until = last, until


def _add_cases(connection: Connection, sums: Sums, where: ColumnElement[bool]) -> None:
    by_kind = select(case.c.action, case.c.intent, func.count()).where(where).group_by(case.c.action, case.c.intent)
    for row in connection.execute(by_kind):
        sums.cases[(row[0], row[1])] += row[2]
    sums.reasons += reason_counts(connection, where)


def reason_counts(connection: Connection, where: ColumnElement[bool]) -> Counter[str]:
    """Count codes without their details. JSON is grouped as text: PostgreSQL cannot compare it otherwise."""
    as_text = cast(case.c.reasons, Text)
    grouped = select(func.min(case.c.id), func.count()).where(where).group_by(as_text)
    counts = {row[0]: row[1] for row in connection.execute(grouped)}
    counted: Counter[str] = Counter()
    ids = list(counts)
    for start in range(0, len(ids), 500):
        part = select(case.c.id, case.c.reasons).where(case.c.id.in_(ids[start : start + 500]))
        for case_id, reasons in connection.execute(part):
            for code in {code_of(reason) for reason in reasons or ()}:
                counted[code] += counts[case_id]
    return counted


def code_of(reason: object) -> str:
    """Return the code of a reason as it stands in the record: "code:detail", or a dict of the two."""
    return str(reason.get("code", "")) if isinstance(reason, Mapping) else str(reason).partition(":")[0]


def _add_calls(connection: Connection, sums: Sums, where: ColumnElement[bool]) -> None:
    model, outcome = model_call.c.model, model_call.c.outcome
    rows = connection.execute(
        select(
            model,
            outcome,
            func.count(),
            func.sum(model_call.c.input_tokens),
            func.sum(model_call.c.output_tokens),
            func.sum(model_call.c.cache_read_tokens),
            func.sum(model_call.c.cache_write_tokens),
            func.sum(model_call.c.cost_usd),
        )
        .where(where)
        .group_by(model, outcome)
    )
    for row in rows:
        sums.calls[(row[0], row[1])] += row[2]
        for place, kind in enumerate(_KINDS, start=3):
            sums.tokens[(row[0], kind)] += int(row[place])
        sums.cost_usd[row[0]] = sums.cost_usd.get(row[0], 0.0) + float(row[7])


def deliveries_by_state(connection: Connection) -> Mapping[str, int]:
    """Count deliveries from their index alone; retention keeps their number within bounds."""
    rows = connection.execute(select(delivery.c.state, func.count()).group_by(delivery.c.state))
    return {row[0]: row[1] for row in rows}


def open_by_intent(connection: Connection) -> Mapping[str, int]:
    """Count the cases without an outcome, of which there are never many."""
    rows = connection.execute(select(case.c.intent, func.count()).where(case.c.state == "open").group_by(case.c.intent))
    return {row[0]: row[1] for row in rows}
