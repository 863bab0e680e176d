"""The written record of every case: what was known, what was decided, what was done, and how it ended.

Writes that belong to a case carry the ticket's lease: a worker that lost it gets LeaseLostError and writes nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, update

from integrations.llm import Usage
from workers.store.tables import action, case, model_call, reading, writing
from workers.store.tickets import Lease, hold


@dataclass(frozen=True, slots=True)
class Case:
    """Our work on one requester message. `is_settled`: it has its outcome, and gets no other.

    `set_aside`: notes of ours that stand on the ticket from before the case was replayed, and are no outcome of it now.
    """

    id: int
    vendor: str
    ticket_id: str
    message_id: str
    is_settled: bool
    attempts: int
    set_aside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Intent:
    """A row of the outbox: what we set out to do to a ticket. `mark` is how it is found there."""

    id: int
    case_id: int
    mark: str
    state: str
    write: Mapping[str, Any]
    stamp: str
    tries: int
    looked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked on a ticket, masked, and what became of it; `action` and `question` are "" until that is known."""

    ticket_id: str
    message_id: str
    subject: str
    question: str
    action: str
    settled_at: datetime | None


class Ledger:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def _fenced(self, lease: Lease, *, durable: bool = False) -> Iterator[Connection]:
        with writing(self._engine, durable=durable) as connection:
            hold(connection, lease)
            yield connection

    def open_case(
        self,
        lease: Lease,
        message_id: str,
        *,
        now: datetime,
        asked_at: datetime | None = None,
        channel: str = "",
        reopen: str = "",
    ) -> Case:
        """Return the case of this requester message, opened if it is new.

        Unless it is settled this is an attempt, and `attempts` counts it: 1 for the first. A case that was left to
        somebody else for the reason `reopen`, and without any write, is opened again.
        """
        with self._fenced(lease) as connection:
            row = connection.execute(
                select(case).where(
                    case.c.vendor == lease.vendor,
                    case.c.ticket_id == lease.ticket_id,
                    case.c.message_id == message_id,
                )
            ).one_or_none()
            if row is None:
                row = connection.execute(
                    case.insert()
                    .values(
                        vendor=lease.vendor,
                        ticket_id=lease.ticket_id,
                        message_id=message_id,
                        state="open",
                        opened_at=now,
                        asked_at=asked_at,
                        channel=channel,
                        attempts=1,
                    )
                    .returning(case)
                ).one()
            elif row.state == "open" or _was_left(row, reopen):
                again = {"state": "open", "settled_at": None, "attempts": case.c.attempts + 1}
                row = connection.execute(update(case).where(case.c.id == row.id).values(again).returning(case)).one()
        return _case(row)

    def open_cases(self, vendor: str, ticket_id: str) -> tuple[Case, ...]:
        """Return the ticket's cases without an outcome, oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(case)
                .where(case.c.vendor == vendor, case.c.ticket_id == ticket_id, case.c.state == "open")
                .order_by(case.c.id)
            ).all()
        return tuple(_case(row) for row in rows)

    def asked(self, vendor: str, ticket_ids: Sequence[str], *, since: datetime) -> tuple[Asked, ...]:
        """Return what was asked on these tickets, oldest first, in cases opened after a time."""
        columns = ("ticket_id", "message_id", "subject", "question", "action", "settled_at")
        wanted = select(*(case.c[name] for name in columns)).where(
            case.c.vendor == vendor, case.c.ticket_id.in_(ticket_ids)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(wanted.where(case.c.opened_at > since).order_by(case.c.id)).all()
        return tuple(Asked(*row) for row in rows)

    def knows(self, vendor: str, ticket_id: str) -> bool:
        """Tell whether the ticket ever had a case."""
        with reading(self._engine) as connection:
            own = (case.c.vendor == vendor, case.c.ticket_id == ticket_id)
            return connection.execute(select(case.c.id).where(*own).limit(1)).first() is not None

    def settle(
        self,
        lease: Lease,
        case_id: int,
        *,
        now: datetime,
        ended: tuple[Intent, str] | None = None,
        message_id: str = "",
        is_given_up: bool = False,
        **columns: Any,
    ) -> None:
        """Write a case's outcome, and how its action ended, in one transaction.

        From here on the case is never touched again, but by what staff say of it, or by a replay of what was given up.
        """
        state = "given_up" if is_given_up else "settled"
        with self._fenced(lease, durable=True) as connection:
            if ended:
                intent, ending = ended
                connection.execute(
                    update(action)
                    .where(action.c.id == intent.id)
                    .values(state=ending, finished_at=now, message_id=message_id)
                )
            connection.execute(
                update(case)
                .where(case.c.id == case_id, case.c.state == "open")
                .values(state=state, settled_at=now, **columns)
            )

    def record_calls(self, case_id: int | None, usages: Sequence[Usage], *, now: datetime) -> None:
        """Write what model calls took. Not fenced: the money is spent whoever owns the ticket."""
        rows = [
            {
                "case_id": case_id,
                "prompt": usage.prompt,
                "prompt_hash": usage.prompt_hash,
                "model": usage.model,
                "outcome": usage.outcome.value,
                "latency_seconds": usage.latency_seconds,
                "input_tokens": usage.input_tokens,
                "output_tokens": usage.output_tokens,
                "cache_read_tokens": usage.cache_read_tokens,
                "cache_write_tokens": usage.cache_write_tokens,
                "cost_usd": usage.cost_usd,
                "attempts": usage.attempts,
                "request_id": usage.request_id[:80],
                "detail": usage.detail[:400],
                "called_at": now,
            }
            for usage in usages
            if usage.attempts  # a model that rests was not asked
        ]
        if rows:
            with writing(self._engine, durable=False) as connection:
                connection.execute(model_call.insert(), rows)

    def begun(self, case_id: int) -> Intent | None:
        """Return what was begun for this case and is not known to be done, or None.

        That it was called off says only how the latest try ended: an earlier one may still have arrived.
        """
        with reading(self._engine) as connection:
            row = connection.execute(
                select(action).where(action.c.case_id == case_id, action.c.state != "done")
            ).one_or_none()
        return _intent(row) if row else None

    def begin(
        self,
        lease: Lease,
        case_id: int,
        *,
        mark: str,
        write: Mapping[str, Any],
        stamp: str,
        now: datetime,
        state: str = "sending",
        looked_at: datetime | None = None,
        **columns: Any,
    ) -> Intent:
        """Record what is about to be done, before it is done, together with what is known of the case.

        A second try of the same case takes the same row and keeps its mark: an earlier write that arrives late is
        then still found.
        """
        values = {
            "write": dict(write),
            "stamp": stamp,
            "looked_at": looked_at,
            "fence": lease.fence,
            "state": state,
            "begun_at": now,
        }
        with self._fenced(lease, durable=True) as connection:
            if columns:
                connection.execute(update(case).where(case.c.id == case_id).values(**columns))
            row = connection.execute(
                update(action)
                .where(action.c.case_id == case_id, action.c.kind == "outcome", action.c.state != "done")
                .values(**values, tries=action.c.tries + 1)
                .returning(action)
            ).one_or_none()
            if row is None:
                row = connection.execute(
                    action.insert().values(case_id=case_id, kind="outcome", mark=mark, **values).returning(action)
                ).one()
        return _intent(row)

    def end_try(self, lease: Lease, intent: Intent, state: str, *, now: datetime, error: str) -> None:
        """Record how a try ended that settled nothing."""
        with self._fenced(lease) as connection:
            connection.execute(
                update(action).where(action.c.id == intent.id).values(state=state, finished_at=now, error=error[:400])
            )

    def outcomes(self, vendor: str) -> dict[str, dict[str, Any]]:
        """Return every settled case of a vendor by the requester's message id, as plain values."""
        columns = (
            case.c.ticket_id,
            case.c.message_id,
            case.c.action,
            case.c.tier,
            case.c.intent,
            case.c.team,
            case.c.reasons,
            case.c.passages,
            case.c.draft,
            case.c.stage,
            case.c.asked_at,
            case.c.opened_at,
            case.c.settled_at,
        )
        with reading(self._engine) as connection:
            rows = connection.execute(select(*columns).where(case.c.vendor == vendor, case.c.state != "open"))
            return {row["message_id"]: dict(row) for row in rows.mappings()}


def _was_left(row: Row[Any], reason: str) -> bool:
    return bool(reason) and row.action == "ignore" and reason in (row.reasons or ())


def _case(row: Row[Any]) -> Case:
    is_settled = row.state != "open"
    return Case(row.id, row.vendor, row.ticket_id, row.message_id, is_settled, row.attempts, tuple(row.set_aside or ()))


def _intent(row: Row[Any]) -> Intent:
    return Intent(row.id, row.case_id, row.mark, row.state, row.write, row.stamp, row.tries, row.looked_at)
