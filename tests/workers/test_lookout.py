"""Tickets that say alike things hold automatic answers among them, and a person reads which they are."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.fakes.services import outcome_of, take
from tests.workers.store.test_reviews import settle
from workers import jobs, pipeline
from workers.store.tables import case, writing

KINDS = ("holiday balance wrong", "import shifts from file", "invoice for march", "forgot password again", "swap shift")


def put(engine, number, text, at, intent=""):
    """Put a settled case into the record that said this."""
    settle(engine, number, action="assist", at=at, intent=intent)
    with writing(engine) as connection:
        connection.execute(update(case).where(case.c.ticket_id == str(number)).values(question=text))


@pytest.fixture
def outage(engine, desk):
    """A quiet fortnight, and within the last minutes twelve tickets about one thing, of different intents or none."""
    for number in range(200):
        at = desk.now - timedelta(days=2 + number % 11, minutes=7 * number)
        put(engine, number, f"{KINDS[number % 5]} {number}", at, "swap")
    for number in range(300, 312):
        text = f"kiosk screen stays black since update {number}"
        put(
            engine,
            number,
            text,
            desk.now - timedelta(minutes=number - 299),
            ("", "time_clock", "mobile_app")[number % 3],
        )


def look(services):
    return jobs.SCHEDULED["incidents"](services)


def test_alike_tickets_hold_answers_and_are_named(services, desk, outage):
    """Whoever asks the same gets a draft that a person sends; whoever asks something else does not notice."""
    assert look(services) == {"incidents": 1}
    assert look(services) == {"incidents": 1}
    same = desk.open_ticket("kiosk screen stays black since update 999", subject="")
    other = desk.open_ticket()
    desk.tick()
    for ticket in (same, other):
        pipeline.work(take(services, ticket.id), services)
    _, reasons = outcome_of(services, same.messages[0].id)
    found = [reason for reason in reasons if reason.startswith("incident:")]
    assert len(found) == 1
    assert "alike in what they say, 12 tickets in 30 minutes: " in found[0]
    assert "311" in found[0]
    assert not [r for r in outcome_of(services, other.messages[0].id)[1] if r.startswith("incident")]
    assert "many tickets like this one have come in suddenly" in desk.own_messages(same.id)[0].text


def test_it_comes_back_by_itself(services, desk, outage):
    """Half an hour without such tickets ends it; the leader's own looks do not touch it."""
    look(services)
    services.watch.hold((), now=desk.now)
    assert [brake.code for brake in services.watch.held()] == ["incident"]
    desk.tick(3600)
    assert look(services) == {"incidents": 0}
    assert services.watch.held() == ()


def test_an_unhurried_day_is_not_embedded(services, desk, engine):
    """A few tickets cost nothing."""
    put(engine, 1, "swap shift", desk.now)
    before = services.embedder.texts
    assert look(services) == {"incidents": 0}
    assert services.embedder.texts == before
