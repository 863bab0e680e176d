"""Settled cases as they were decided, read in portions: what a simulation replays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func, select

from workers.store.tables import case, reading

_PORTION = 2000


@dataclass(frozen=True, slots=True)
class PastCase:
    """What the ledger keeps of a settled case for deciding it again. `subject` and `question` are masked."""

    id: int
    vendor: str
    ticket_id: str
    intent: str
    action: str
    subject: str
    question: str
    facts: Mapping[str, Mapping[str, Any]]
    classification: Mapping[str, Any]


class History:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def settled(self, *, limit: int, since_days: float = 0.0) -> Iterator[PastCase]:
        """Yield the newest settled cases, newest first; of the last days before the newest one, or of all time."""
        columns = (case.c.id, case.c.vendor, case.c.ticket_id, case.c.intent, case.c.action, case.c.subject)
        wanted = select(*columns, case.c.question, case.c.facts, case.c.classification).where(case.c.state == "settled")
        if since_days:
            newest = self._newest()
            if newest is None:
                return
            wanted = wanted.where(case.c.settled_at >= newest - timedelta(days=since_days))
        below, left = None, limit
        while left > 0:
            page = wanted if below is None else wanted.where(case.c.id < below)
            with reading(self._engine) as connection:
                rows = connection.execute(page.order_by(case.c.id.desc()).limit(min(_PORTION, left))).all()
            if not rows:
                return
            for row in rows:
                kept = row._asdict()
                yield PastCase(**{**kept, "facts": row.facts or {}, "classification": row.classification or {}})
            below, left = rows[-1].id, left - len(rows)

    def _newest(self) -> datetime | None:
        with reading(self._engine) as connection:
            found: datetime | None = connection.scalar(
                select(func.max(case.c.settled_at)).where(case.c.state == "settled")
            )
        return found
