"""A bad rating with words becomes a person's, once; every other rating is only a figure."""

from datetime import timedelta

import pytest

from integrations.errors import TransientError
from integrations.helpdesk import Rating, Status
from tests.fakes.services import outcome_of, take
from workers import pipeline
from workers.store.tickets import LeaseLostError

BAD = Rating("77", is_good=False, words="The answer of Ada Doe did not help at all.")


def work(services, ticket_id):
    lease = take(services, ticket_id)
    seen_at = pipeline.work(lease, services)
    services.tickets.release(lease, now=services.now(), seen_at=seen_at)


@pytest.fixture
def solved(services, desk):
    opened = desk.open_ticket()
    work(services, opened.id)
    desk.staff_writes(opened.id, "Press Offer swap in the app, then a manager approves it.", status=Status.SOLVED)
    desk.tick()
    return opened


def notes(desk, solved):
    return [m for m in desk.own_messages(solved.id) if not m.is_public]


def test_a_bad_rating_with_words_is_handed_over_once(services, desk, solved):
    """A note quotes it, the ticket is open again, and working on it once more changes nothing."""
    desk.rate(solved.id, BAD)
    desk.tick()
    for _ in range(2):
        work(services, solved.id)
        desk.tick()
    assert outcome_of(services, "r77") == ("assist", ["bad_rating"])
    (note,) = notes(desk, solved)
    assert "did not help at all" in note.html
    assert desk.peek(solved.id).status is Status.OPEN
    assert sum(m.is_public for m in desk.own_messages(solved.id)) == 1


@pytest.mark.parametrize(
    "rating",
    [None, Rating("77", is_good=True, words="Quick!"), Rating("77", is_good=False), Rating("77", False, " ")],
    ids=["none", "a good one", "without words", "blank"],
)  # fmt: skip
def test_other_ratings_disturb_nobody(services, desk, solved, rating):
    """Praise, and a bad mark without a word, are figures."""
    desk.rate(solved.id, rating)
    work(services, solved.id)
    assert notes(desk, solved) == []
    assert desk.peek(solved.id).status is Status.SOLVED


def test_old_ratings_and_open_tickets_are_left_alone(services, desk, solved):
    """Staff have dealt with those."""
    desk.rate(solved.id, BAD)
    desk.tick(timedelta(days=8).total_seconds())
    work(services, solved.id)
    assert notes(desk, solved) == []
    desk.staff_writes(solved.id, "I look into it.", is_public=False, status=Status.OPEN)
    work(services, solved.id)
    assert notes(desk, solved) == []


def test_a_note_whose_answer_was_lost_is_not_written_twice(services, desk, solved):
    """The next worker finds it on the ticket."""
    desk.rate(solved.id, BAD)
    desk.tick()
    desk.lose_answers()
    with pytest.raises((TransientError, LeaseLostError)):
        pipeline.work(take(services, solved.id), services)
    desk.tick()
    work(services, solved.id)
    assert outcome_of(services, "r77") == ("assist", ["bad_rating"])
    assert len(notes(desk, solved)) == 1
