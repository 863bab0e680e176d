"""What staff asked of us on tickets, and the writes that answer it. Every write carries the ticket's lease."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, delete, func, insert, select, update

from integrations.helpdesk import Person
from workers.commands import Command, Decided
from workers.protocol import Outbox, State
from workers.store.tables import autonomy_step, case, command, correction, errand, held, reading, writing
from workers.store.tickets import Lease
from workers.store.tickets import hold as keep

_CASE = (
    case.c.id,
    case.c.message_id,
    case.c.state,
    case.c.action,
    case.c.intent,
    case.c.team,
    case.c.confidence,
    case.c.stage,
    case.c.reasons,
    case.c.question,
    case.c.draft,
    case.c.findings,
    case.c.passages,
    case.c.classification,
    case.c.facts,
)


@dataclass(frozen=True, slots=True)
class Order:
    """A command on record. `made` is a new draft that was made for it, before it is shown."""

    id: int
    key: str
    name: str
    words: str
    asked_by: str
    asked_name: str
    asked_at: datetime | None
    is_settled: bool
    result: str
    made: Mapping[str, Any] | None
    tag: str


@dataclass(frozen=True, slots=True)
class Errand:
    """A row of the outbox of commands."""

    id: int
    command_id: int
    key: str
    outbox: Outbox
    result: str
    message_id: str


class Orders:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_ticket(self, vendor: str, ticket_id: str) -> tuple[Order, ...]:
        """Return every command on record of a ticket, oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(command)
                .where(command.c.vendor == vendor, command.c.ticket_id == ticket_id)
                .order_by(command.c.id)
            ).all()
        return tuple(_order(row) for row in rows)

    def open(self, lease: Lease, asked: Command, *, words: str, case_id: int | None, now: datetime) -> Order:
        """Return the record of a command, made if it is new; `words` is what stands behind it, masked."""
        mine = (command.c.vendor == lease.vendor, command.c.ticket_id == lease.ticket_id, command.c.key == asked.key)
        with writing(self._engine) as connection:
            keep(connection, lease)
            row = connection.execute(select(command).where(*mine)).one_or_none()
            if row is None:
                row = connection.execute(
                    command.insert()
                    .values(
                        vendor=lease.vendor,
                        ticket_id=lease.ticket_id,
                        key=asked.key,
                        case_id=case_id,
                        name=asked.name.value,
                        words=words,
                        tag=asked.tag,
                        asked_at=asked.at,
                        state="open",
                        opened_at=now,
                        **_person(asked.author),
                    )
                    .returning(command)
                ).one()
        return _order(row)

    def asked_by(self, lease: Lease, order: Order, person: Person | None) -> None:
        """Add who it was, once that is known."""
        with writing(self._engine, durable=False) as connection:
            keep(connection, lease)
            connection.execute(update(command).where(command.c.id == order.id).values(**_person(person)))

    def keep_made(self, lease: Lease, order: Order, made: Mapping[str, Any]) -> None:
        """Record a draft before it is shown, so that what is shown and what is on record are the same."""
        with writing(self._engine) as connection:
            keep(connection, lease)
            connection.execute(update(command).where(command.c.id == order.id).values(made=dict(made)))

    def settle(self, lease: Lease, order: Order, result: str, *, now: datetime, replace_draft: bool = False) -> None:
        """Write how a command ended; with it, its draft takes the place of the case's, and the older one is kept."""
        with writing(self._engine) as connection:
            keep(connection, lease)
            row = connection.execute(select(command).where(command.c.id == order.id)).one()
            values: dict[str, Any] = {"state": "settled", "result": result, "settled_at": now}
            if replace_draft and row.made and row.case_id:
                old = connection.execute(
                    select(case.c.draft, case.c.findings, case.c.passages).where(case.c.id == row.case_id)
                ).one()
                values["replaced"] = dict(old._mapping)
                connection.execute(update(case).where(case.c.id == row.case_id).values(**_shown(row.made)))
            connection.execute(
                update(command).where(command.c.id == order.id, command.c.state == "open").values(**values)
            )

    def case_of(self, vendor: str, ticket_id: str, *, is_any: bool = False) -> Decided | None:
        """Return the record of the ticket's newest settled case that came to something; with `is_any` the newest."""
        wanted = [] if is_any else [case.c.action != "ignore"]
        with reading(self._engine) as connection:
            row = connection.execute(
                select(*_CASE)
                .where(case.c.vendor == vendor, case.c.ticket_id == ticket_id, case.c.state != "open", *wanted)
                .order_by(case.c.id.desc())
                .limit(1)
            ).one_or_none()
            if row is None:
                return None
            newest = connection.scalar(
                select(command.c.key)
                .where(command.c.case_id == row.id, command.c.made.is_not(None), command.c.result == "done")
                .order_by(command.c.settled_at.desc(), command.c.id.desc())
                .limit(1)
            )
        return _decided(row, newest or row.message_id)

    def has_begun_another(self, order: Order) -> bool:
        """Tell whether anything but its note was begun for this command."""
        with reading(self._engine) as connection:
            found = connection.scalar(
                select(func.count()).where(errand.c.command_id == order.id, errand.c.key != order.key)
            )
        return bool(found)

    # --- the outbox

    def begun(self, vendor: str, ticket_id: str, key: str) -> Errand | None:
        mine = (errand.c.vendor == vendor, errand.c.ticket_id == ticket_id, errand.c.key == key)
        with reading(self._engine) as connection:
            row = connection.execute(select(errand).where(*mine)).one_or_none()
        return _errand(row) if row else None

    def begin(
        self, lease: Lease, order: Order, key: str, outbox: Outbox, write: Mapping[str, Any], *, now: datetime
    ) -> Errand:
        """Record what is about to be done, before it is done; a further try takes the same row and keeps its mark."""
        values = {
            "command_id": order.id,
            "state": outbox.state.value,
            "write": dict(write),
            "stamp": outbox.stamp,
            "looked_at": outbox.looked_at,
            "fence": lease.fence,
            "begun_at": now,
        }
        place = {"vendor": lease.vendor, "ticket_id": lease.ticket_id, "key": key}
        mine = [errand.c[name] == value for name, value in place.items()]
        with writing(self._engine) as connection:
            keep(connection, lease)
            row = connection.execute(
                update(errand).where(*mine).values(**values, tries=errand.c.tries + 1).returning(errand)
            ).one_or_none()
            if row is None:
                row = connection.execute(insert(errand).values(**place, **values).returning(errand)).one()
        return _errand(row)

    def end_try(
        self, lease: Lease, begun: Errand, state: State, *, now: datetime, error: str = "", message_id: str = ""
    ) -> None:
        values = {"state": state.value, "finished_at": now, "error": error[:400], "message_id": message_id}
        with writing(self._engine) as connection:
            keep(connection, lease)
            connection.execute(update(errand).where(errand.c.id == begun.id).values(**values))

    # --- what follows from commands

    def correct(self, lease: Lease, order: Order, decided: Decided, *, was_sent: bool, now: datetime) -> None:
        """Write a correction into the log; a second try writes nothing."""
        with writing(self._engine) as connection:
            keep(connection, lease)
            known = connection.scalar(select(func.count()).where(correction.c.command_id == order.id))
            if not known:
                connection.execute(
                    correction.insert().values(
                        command_id=order.id,
                        case_id=decided.id,
                        intent=decided.intent,
                        was_sent=was_sent,
                        words=order.words,
                        draft=decided.draft,
                        passages=list(decided.passages),
                        by=order.asked_by,
                        at=now,
                    )
                )

    def corrections(self) -> list[dict[str, Any]]:
        """Return the correction log, oldest first, as plain values."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(correction, case.c.vendor, case.c.ticket_id, case.c.message_id, case.c.subject)
                .add_columns(case.c.question, case.c.language)
                .join(case, case.c.id == correction.c.case_id)
                .order_by(correction.c.id)
            )
            return [dict(row) for row in rows.mappings()]

    def is_held(self, intent: str) -> bool:
        with reading(self._engine) as connection:
            return bool(connection.scalar(select(func.count()).where(held.c.intent == intent)))

    def hold(self, intent: str, *, before: str, by: str, ticket_id: str, now: datetime) -> bool:
        """Let no reply of this kind be sent by itself until an admin lifts it; tell whether that is new."""
        with writing(self._engine) as connection:
            if connection.scalar(select(func.count()).where(held.c.intent == intent)):
                return False
            connection.execute(held.insert().values(intent=intent, by=by, at=now, ticket_id=ticket_id))
            _note_step(connection, intent, before, "draft", f"staff {by}", f"/never on ticket {ticket_id}", now)
        return True

    def lift(self, intent: str, *, after: str, now: datetime) -> bool:
        """Take a hold back; tell whether there was one."""
        with writing(self._engine) as connection:
            if not connection.execute(delete(held).where(held.c.intent == intent)).rowcount:
                return False
            _note_step(connection, intent, "draft", after, "admin", "the hold was lifted", now)
        return True

    def holds(self) -> dict[str, tuple[str, datetime]]:
        """Return who holds which kind of request, and since when."""
        with reading(self._engine) as connection:
            return {row.intent: (row.by, row.at) for row in connection.execute(select(held).order_by(held.c.intent))}


def _note_step(connection: Any, intent: str, before: str, after: str, by: str, why: str, now: datetime) -> None:
    number = connection.scalar(select(func.count()).where(autonomy_step.c.intent == intent)) or 0
    connection.execute(
        autonomy_step.insert().values(
            intent=intent, number=number + 1, before=before, after=after, by=by[:40], at=now, why=why[:300], evidence={}
        )
    )


def _shown(made: Mapping[str, Any]) -> dict[str, Any]:
    return {name: made[name] for name in ("draft", "findings", "passages")}


def _person(person: Person | None) -> dict[str, str]:
    return {"asked_by": person.id if person else "", "asked_name": person.name[:120] if person else ""}


def _order(row: Row[Any]) -> Order:
    return Order(
        row.id,
        row.key,
        row.name,
        row.words,
        row.asked_by,
        row.asked_name,
        row.asked_at,
        row.state == "settled",
        row.result,
        row.made,
        row.tag,
    )


def _errand(row: Row[Any]) -> Errand:
    outbox = Outbox(State(row.state), bool(row.write.get("is_public")), row.stamp, row.looked_at)
    return Errand(row.id, row.command_id, row.key, outbox, str(row.write.get("result", "")), row.message_id)


def _decided(row: Any, draft_key: str) -> Decided:
    return Decided(
        id=row.id,
        message_id=row.message_id,
        is_settled=row.state == "settled",
        action=row.action,
        intent=row.intent,
        team=row.team,
        confidence=row.confidence or 0.0,
        stage=row.stage,
        reasons=tuple(row.reasons or ()),
        question=row.question,
        draft=row.draft,
        findings=row.findings or {},
        passages=tuple(row.passages or ()),
        classification=row.classification or {},
        facts=row.facts or {},
        draft_key=draft_key,
    )
