"""What erasure counts, and that a busy ticket keeps everything; that no word is left is shown in test_forget.py."""

import pytest
from sqlalchemy import select

from tests.fakes.record import add_act, add_case, add_lesson, add_ticket
from workers.store.erasure import FORGOTTEN, Erasure, TicketBusyError
from workers.store.lessons import Lessons
from workers.store.tables import action, reading
from workers.store.tickets import Tickets


def test_counts_are_of_the_ticket_alone(engine, now):
    """Another ticket, or the same number in another helpdesk, is not counted and not touched."""
    for number in ("1", "2"):
        add_case(engine, now=now, ticket_id=number, subject="words")
    add_case(engine, now=now, ticket_id="1", vendor="intercom", subject="words")
    add_lesson(engine, now=now, ticket_id="1")
    erasure = Erasure(engine)
    assert (erasure.count("zendesk", "1")["cases"], erasure.count("zendesk", "1")["lesson"]) == (1, 1)
    assert erasure.erase("zendesk", "1", now=now) == erasure.count("zendesk", "1")
    assert not Lessons(engine).is_forgotten("intercom", "1")


def test_a_busy_ticket_is_refused_by_name(engine, now):
    """The error says which ticket; nothing was marked."""
    add_case(engine, now=now, ticket_id="1", state="open", settled_at=None, action="")
    with pytest.raises(TicketBusyError, match="zendesk ticket 1 "):
        Erasure(engine).erase("zendesk", "1", now=now)
    assert not Lessons(engine).is_forgotten("zendesk", "1")


def test_a_write_under_way_keeps_its_words(engine, now):
    """Whoever resumes it must know whether it was public; one that has ended is emptied."""
    add_ticket(engine, ticket_id="1", due_at=now)
    lease = Tickets(engine).claim("zendesk", "1", owner="a", now=now, lease_seconds=60)
    for message, ended in (("a", None), ("b", now)):
        case_id = add_case(engine, now=now, ticket_id="1", message_id=message)
        state = "done" if ended else "sending"
        add_act(engine, case_id, now=now, write={"is_public": True}, state=state, finished_at=ended)
    Erasure(engine).unsay(lease)
    with reading(engine) as connection:
        assert connection.scalars(select(action.c.write).order_by(action.c.id)).all() == [{"is_public": True}, {}]


def test_the_mark_is_a_word_that_the_column_holds():
    """The state column takes twelve letters."""
    assert len(FORGOTTEN) <= 12
