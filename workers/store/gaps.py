"""What people asked and nothing in the library answered, from the record."""

from datetime import datetime

from sqlalchemy import Engine, select

from workers.domain import Code
from workers.freshness import Asked
from workers.store.tables import case, reading

MOST = 2000  # of the newest
_UNANSWERED = {Code.NOTHING_FOUND.value, Code.MODEL_ESCALATED.value}


def unanswered(engine: Engine, *, since: datetime) -> list[Asked]:
    """Return the questions since then, newest first, masked: one a ticket, its newest."""
    wanted = select(case.c.vendor, case.c.ticket_id, case.c.subject, case.c.question, case.c.reasons)
    with reading(engine) as connection:
        rows = connection.execute(wanted.where(case.c.settled_at >= since).order_by(case.c.settled_at.desc())).all()
    found: dict[tuple[str, str], Asked] = {}
    for row in rows:
        text = f"{row.subject}\n{row.question}".strip()
        codes = {str(reason).partition(":")[0] for reason in row.reasons or ()}
        if text and codes & _UNANSWERED:
            found.setdefault((row.vendor, row.ticket_id), Asked(row.vendor, row.ticket_id, text))
    return list(found.values())[:MOST]
