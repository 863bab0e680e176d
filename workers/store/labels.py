"""What staff called the tickets that we had called something: examples for the classifier, and its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, select

from workers.autonomy import Kind
from workers.draft_outcome import Use
from workers.store.tables import action, case, label, reading, review, writing

MOST_RELABELS = 20_000  # of the newest
_NEWEST_CASES = 50  # of one ticket


@dataclass(frozen=True, slots=True)
class Written:
    """A settled case that wrote on its ticket, and the tags it set there. Texts are masked."""

    case_id: int
    message_id: str
    subject: str
    question: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """A message and what staff say it is about. `text` is masked."""

    ticket: tuple[str, str]  # vendor and id
    case_id: int  # whose message the text is
    intent: str
    text: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A label, and the record of how the case was classified."""

    label: Label
    classification: Mapping[str, Any]


class Labels:
    def __init__(self, engine: Engine, most: int = MOST_RELABELS) -> None:
        self._engine = engine
        self._most = most

    def written(self, vendor: str, ticket_id: str) -> tuple[Written, ...]:
        """Return the ticket's newest cases that wrote on it, oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(case.c.id, case.c.message_id, case.c.subject, case.c.question, action.c.write)
                .join(action, action.c.case_id == case.c.id)
                .where(case.c.vendor == vendor, case.c.ticket_id == ticket_id, case.c.state != "open")
                .where(action.c.kind == "outcome", action.c.state == "done")
                .order_by(case.c.id.desc())
                .limit(_NEWEST_CASES)
            ).all()
        return tuple(_written(row) for row in reversed(rows))

    def relabel(self, said: Label, *, case_id: int, before: str, now: datetime) -> bool:
        """Keep staff's word; a newer one on the same ticket replaces it. Tell whether it is news.

        `case_id` is our newest case at that time: what staff said before it, they said of less.
        """
        vendor, ticket_id = said.ticket
        own = (label.c.vendor == vendor, label.c.ticket_id == ticket_id)
        with writing(self._engine, durable=False) as connection:
            kept = connection.execute(select(label).where(*own)).one_or_none()
            if kept and (kept.case_id, kept.intent) == (case_id, said.intent):
                return False
            connection.execute(delete(label).where(*own))
            connection.execute(
                label.insert().values(
                    vendor=vendor,
                    ticket_id=ticket_id,
                    case_id=case_id,
                    text_case_id=said.case_id,
                    intent=said.intent,
                    before=before,
                    text=said.text,
                    labelled_at=now,
                )
            )
            self._trim(connection)
        return True

    def _trim(self, connection: Connection) -> None:
        newest = connection.scalar(select(func.max(label.c.id))) or 0
        connection.execute(delete(label).where(label.c.id <= newest - self._most))

    def take_back(self, vendor: str, ticket_id: str, *, case_id: int) -> bool:
        """Forget what staff said since this case of ours, as they took it back; tell whether they had said anything."""
        is_it = (label.c.vendor == vendor, label.c.ticket_id == ticket_id, label.c.case_id == case_id)
        with reading(self._engine) as connection:
            if connection.execute(select(label.c.id).where(*is_it)).one_or_none() is None:
                return False
        with writing(self._engine, durable=False) as connection:
            return bool(connection.execute(delete(label).where(*is_it)).rowcount)

    def remove(self, vendor: str, ticket_id: str) -> None:
        """Forget a ticket's label."""
        with writing(self._engine, durable=False) as connection:
            connection.execute(delete(label).where(label.c.vendor == vendor, label.c.ticket_id == ticket_id))

    def relabels(self, limit: int) -> list[Label]:
        """Return the newest words of staff, newest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(label).order_by(label.c.id.desc()).limit(limit)).all()
        return [_label(row) for row in rows]

    def approved(self, limit: int) -> list[Label]:
        """Return cases whose draft staff sent as it was and nobody objected to, newest first, the newest of a ticket.

        Tickets that staff called something else are left out.
        """
        with reading(self._engine) as connection:
            rows = connection.execute(_approved().order_by(review.c.reviewed_at.desc(), case.c.id.desc()).limit(limit))
            found = [_approval(row) for row in rows]
        return list({one.ticket: one for one in reversed(found)}.values())[::-1]

    def judged(self, limit: int) -> list[Judged]:
        """Return what is labelled, of either kind, with how it was classified; the newest `limit` of each."""
        said = (
            select(label, case.c.classification)
            .join(case, case.c.id == label.c.text_case_id)
            .order_by(label.c.id.desc())
            .limit(limit)
        )
        approved = _approved().add_columns(case.c.classification).order_by(case.c.id.desc()).limit(limit)
        with reading(self._engine) as connection:
            found = [Judged(_label(row), row.classification or {}) for row in connection.execute(said)]
            found += [Judged(_approval(row), row.classification or {}) for row in connection.execute(approved)]
        return found


def _approved() -> Any:
    is_relabelled = select(label.c.id).where(label.c.vendor == case.c.vendor, label.c.ticket_id == case.c.ticket_id)
    return (
        select(case.c.id, case.c.vendor, case.c.ticket_id, case.c.subject, case.c.question, review.c.intent)
        .join(review, review.c.case_id == case.c.id)
        .where(review.c.use == Use.UNCHANGED.value, review.c.kind == Kind.DRAFT.value)
        .where(review.c.is_wrong.is_(False), review.c.is_reopened.is_(False), ~is_relabelled.exists())
    )


def _written(row: Row[Any]) -> Written:
    return Written(row.id, row.message_id, row.subject, row.question, tuple(row.write.get("add_tags", ())))


def _label(row: Row[Any]) -> Label:
    return Label((row.vendor, row.ticket_id), row.text_case_id, row.intent, row.text)


def _approval(row: Row[Any]) -> Label:
    return Label((row.vendor, row.ticket_id), row.id, row.intent, f"{row.subject}\n{row.question}".strip())
