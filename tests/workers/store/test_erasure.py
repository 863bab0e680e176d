"""What erasure counts, and that a busy ticket keeps everything; that no word is left is shown in test_forget.py."""

import pytest

from tests.fakes.record import add_case, add_lesson
from workers.store.erasure import FORGOTTEN, Erasure, TicketBusyError
from workers.store.library import Lessons


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


def test_the_mark_is_a_word_that_the_column_holds():
    """The state column takes twelve letters."""
    assert len(FORGOTTEN) <= 12
