"""What staff taught, with where it came from."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, func, select, update

from workers.store.erasure import FORGOTTEN
from workers.store.tables import lesson, reading, writing


class Lessons:
    """One row a ticket; the text is masked before it gets here."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def hash_of(self, vendor: str, ticket_id: str) -> str:
        """Return the content hash of what was last considered on this ticket, "" if nothing was."""
        with reading(self._engine) as connection:
            return (
                connection.scalar(
                    select(lesson.c.hash).where(lesson.c.vendor == vendor, lesson.c.ticket_id == ticket_id)
                )
                or ""
            )

    def is_forgotten(self, vendor: str, ticket_id: str) -> bool:
        """Tell whether somebody asked that nothing of this ticket be kept."""
        with reading(self._engine) as connection:
            where = (lesson.c.vendor == vendor, lesson.c.ticket_id == ticket_id, lesson.c.state == FORGOTTEN)
            return connection.scalar(select(lesson.c.id).where(*where)) is not None

    def put(
        self,
        vendor: str,
        ticket_id: str,
        *,
        state: str,
        note: str,
        intent: str,
        question: str,
        answer: str,
        message_ids: Sequence[str],
        content_hash: str,
        now: datetime,
    ) -> int:
        """Write the lesson of a ticket in place of an older one; return its id."""
        values = {
            "state": state,
            "note": note[:200],
            "intent": intent,
            "question": question,
            "answer": answer,
            "message_ids": list(message_ids),
            "hash": content_hash,
            "learned_at": now,
            "replaced_by": "",
        }
        with writing(self._engine) as connection:
            known = connection.scalar(
                select(lesson.c.id).where(lesson.c.vendor == vendor, lesson.c.ticket_id == ticket_id).with_for_update()
            )
            if known is not None:
                connection.execute(update(lesson).where(lesson.c.id == known).values(**values))
                return int(known)
            row = connection.execute(
                lesson.insert().values(vendor=vendor, ticket_id=ticket_id, **values).returning(lesson.c.id)
            )
            return int(row.scalar_one())

    def remove(self, vendor: str, ticket_id: str, *, now: datetime) -> None:
        """Forget the text of a ticket's lesson; that there was one stays on record. Solved anew, it is learned anew."""
        with writing(self._engine) as connection:
            connection.execute(
                update(lesson)
                .where(lesson.c.vendor == vendor, lesson.c.ticket_id == ticket_id)
                .values(state="removed", note="", question="", answer="", message_ids=[], hash="", learned_at=now)
            )

    def words(self, vendor: str, ticket_id: str) -> tuple[str, str] | None:
        """Return question and answer of a live lesson."""
        live = (lesson.c.vendor == vendor, lesson.c.ticket_id == ticket_id, lesson.c.state == "live")
        with reading(self._engine) as connection:
            row = connection.execute(select(lesson.c.question, lesson.c.answer).where(*live)).first()
        return (row.question, row.answer) if row else None

    def retire(self, vendor: str, ticket_id: str, *, by: str, why: str) -> None:
        """Record that another ticket's lesson took the place of this one. Its words stay, for it may come back."""
        values = {"state": "replaced", "replaced_by": by, "note": why[:200]}
        live = (lesson.c.vendor == vendor, lesson.c.ticket_id == ticket_id, lesson.c.state == "live")
        with writing(self._engine) as connection:
            connection.execute(update(lesson).where(*live).values(**values))

    def replaced_by(self, by: str) -> list[tuple[str, str]]:
        """Return vendor and ticket of each lesson that this one replaced."""
        where = (lesson.c.replaced_by == by, lesson.c.state == "replaced")
        with reading(self._engine) as connection:
            rows = connection.execute(select(lesson.c.vendor, lesson.c.ticket_id).where(*where).order_by(lesson.c.id))
            return [(row.vendor, row.ticket_id) for row in rows]

    def revive(self, vendor: str, ticket_id: str) -> None:
        """Record that a replaced lesson is live again."""
        where = (lesson.c.vendor == vendor, lesson.c.ticket_id == ticket_id, lesson.c.state == "replaced")
        with writing(self._engine) as connection:
            connection.execute(update(lesson).where(*where).values(state="live", replaced_by="", note=""))

    def live_count(self) -> int:
        with reading(self._engine) as connection:
            return connection.scalar(select(func.count()).where(lesson.c.state == "live")) or 0
