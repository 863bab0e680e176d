"""What nothing answered, from the record."""

from datetime import timedelta

from sqlalchemy import update

from tests.workers.store.test_reviews import NOW, settle
from workers.store.gaps import unanswered
from workers.store.tables import case, writing


def test_questions_without_an_answer_are_listed(engine):
    """By their reasons, since a day, the newest first; a case without a text says nothing."""
    for number, reasons in enumerate((["nothing_found"], ["autonomy_draft"], ["model_escalated:unsure"], ["gave_up"])):
        settle(engine, number, reasons=reasons, at=NOW + timedelta(hours=number))
    settle(engine, 7, reasons=["nothing_found"], at=NOW - timedelta(days=9))
    settle(engine, 8, reasons=["nothing_found"])
    with writing(engine) as connection:
        connection.execute(update(case).where(case.c.ticket_id != "8").values(subject="Print", question="On paper?"))
    found = unanswered(engine, since=NOW)
    assert [(one.ticket_id, one.text) for one in found] == [("2", "Print\nOn paper?"), ("0", "Print\nOn paper?")]
