"""The record as people read it: lists of cases, one ticket's whole story, and what needs a person. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, func, or_, select

from workers.domain import Code
from workers.store.lines import (
    Act,
    Asked,
    CaseLine,
    CaseStory,
    DeliveryLine,
    LessonLine,
    TicketLine,
    asked,
    case_line,
    case_story,
    of_row,
)
from workers.store.overview import DOUBTFUL, Overview, Run
from workers.store.tables import action, case, command, delivery, lesson, model_call, reading, ticket
from workers.store.told import has_reason

PAGE_SIZE = 50
TOO_LONG = timedelta(minutes=10)
SILENT_SEND = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases to list; an empty field does not restrict. `ticket_id` matches any part of the id."""

    action: str = ""
    intent: str = ""
    reason: str = ""
    ticket_id: str = ""


@dataclass(frozen=True, slots=True)
class CasePage:
    lines: tuple[CaseLine, ...]
    total: int
    number: int  # from 1

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))


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


class Story:
    """Questions to the record whose answer is a list, each answered in one short transaction."""

    reason_codes = tuple(code.value for code in Code)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.overview = Overview(engine)

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
        return CasePage(tuple(case_line(row) for row in rows), total, number)

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
            orders = connection.execute(
                select(command)
                .where(command.c.vendor == vendor, command.c.ticket_id == ticket_id)
                .order_by(command.c.id.desc())
                .limit(PAGE_SIZE)
            ).all()
            deliveries = _deliveries_naming(connection, vendor, ticket_id)
        return TicketStory(
            vendor=vendor,
            ticket_id=ticket_id,
            row=of_row(TicketLine, row) if row else None,
            deliveries=tuple(of_row(DeliveryLine, found) for found in deliveries),
            cases=tuple(
                case_story(
                    found,
                    [entry for entry in acts if entry.case_id == found.id],
                    [entry for entry in calls if entry.case_id == found.id],
                )
                for found in cases
            ),
            lesson=of_row(LessonLine, learned) if learned else None,
            asked=tuple(asked(found) for found in reversed(orders)),
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
                .where(case.c.settled_at >= week, case.c.state == "given_up")
                .order_by(case.c.id.desc())
                .limit(PAGE_SIZE)
            ).all()
            in_doubt = connection.execute(
                select(case)
                .where(case.c.settled_at >= week, has_reason(Code.IN_DOUBT.value))
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
                        action.c.state.in_(DOUBTFUL),
                        and_(action.c.state == "sending", action.c.begun_at < now - SILENT_SEND),
                    ),
                )
                .order_by(action.c.id.desc())
                .limit(PAGE_SIZE)
            ).all()
            owners = connection.execute(select(case).where(case.c.id.in_([row.case_id for row in doubtful]))).all()
        lines = {row.id: case_line(row) for row in owners}
        return Attention(
            failed_deliveries=tuple(of_row(DeliveryLine, row) for row in failed),
            open_too_long=tuple(case_line(row) for row in late),
            gave_up=tuple(case_line(row) for row in gave_up),
            in_doubt=tuple(case_line(row) for row in in_doubt),
            failing_tickets=tuple(of_row(TicketLine, row) for row in failing),
            doubtful_acts=tuple((lines[row.case_id], of_row(Act, row)) for row in doubtful),
            failed_runs=self._failed_runs(week),
        )

    def _failed_runs(self, since: datetime) -> tuple[Run, ...]:
        failed = (run for run in self.overview.runs(200) if run.is_ok is False and run.started_at >= since)
        return tuple(failed)[:PAGE_SIZE]


def _matches(wanted: CaseFilter) -> list[Any]:
    found: list[Any] = []
    if wanted.action == "open":
        found.append(case.c.state == "open")
    elif wanted.action:
        found.append(case.c.action == wanted.action)
    if wanted.intent:
        found.append(case.c.intent == wanted.intent)
    if wanted.reason:
        found.append(has_reason(wanted.reason))
    if wanted.ticket_id:
        found.append(case.c.ticket_id.contains(wanted.ticket_id, autoescape=True))
    return found


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
