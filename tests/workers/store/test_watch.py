"""What is measured, and the brakes that every worker reads."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import update

from config.policy import Brakes
from tests.fakes.services import outcome_of, take
from tests.workers.store.test_reviews import NOW, settle
from workers import pipeline
from workers.brakes import Brake
from workers.housekeeping import Housekeeper
from workers.store.tables import case, model_call, writing
from workers.store.watch import Watch

RULES = Brakes()


def call(engine, usd, at):
    """Record what a model call cost."""
    with writing(engine) as connection:
        connection.execute(
            model_call.insert().values(
                prompt="draft",
                prompt_hash="x",
                model="m",
                outcome="ok",
                latency_seconds=1.0,
                input_tokens=1,
                output_tokens=1,
                cache_read_tokens=0,
                cache_write_tokens=0,
                cost_usd=Decimal(usd),
                attempts=1,
                called_at=at,
            )
        )


def test_cost_is_counted_by_day_and_hour(engine):
    """Since midnight and since the full hour, UTC."""
    for usd, at in (("1.5", NOW), ("2", NOW - timedelta(hours=2)), ("9", NOW - timedelta(days=1))):
        call(engine, usd, at)
    found = Watch(engine).measures(RULES, (), now=NOW + timedelta(minutes=5))
    assert (found.spent_today_usd, found.spent_hour_usd) == (Decimal("3.5"), Decimal("1.5"))


def test_a_cluster_is_put_beside_what_is_usual(engine):
    """Only kinds that come in numbers are counted; the last day is no part of what is usual."""
    for number in range(10):
        settle(engine, number, at=NOW - timedelta(minutes=number), intent="login")
    settle(engine, 20, at=NOW - timedelta(minutes=3), intent="other")
    settle(engine, 21, at=NOW - timedelta(hours=20), intent="login")
    settle(engine, 22, at=NOW - timedelta(days=2), intent="login")
    settle(engine, 23, at=NOW - timedelta(days=5, hours=6), intent="login")
    (found,) = Watch(engine).measures(RULES, (), now=NOW).clusters
    assert (found.intent, len(found.tickets), found.usual, found.usual_hour) == ("login", 10, 2, 1)
    assert 200 < found.windows < 208
    held = (Brake("incident", NOW, "x", "other"),)
    assert {c.intent for c in Watch(engine).measures(RULES, held, now=NOW).clusters} == {"login", "other"}


def test_brakes_are_read_by_everybody(engine):
    """What the leader puts on stands in SQL until it takes it off."""
    held = (Brake("overload", NOW, "2001 tickets wait"),)
    assert Watch(engine).held() == ()
    Watch(engine).hold(held, now=NOW)
    assert Watch(engine).held() == held
    Watch(engine).hold((), now=NOW)
    assert Watch(engine).held() == ()


def test_a_spent_budget_sends_tickets_to_people_and_comes_back(services, desk, engine):
    """From the cost in the record to the note on the ticket, and back the next day, by itself."""
    rules = services.policy.brakes.model_copy(update={"usd_per_day": Decimal(1)})
    services = replace(services, policy=services.policy.model_copy(update={"brakes": rules}))
    keeper = Housekeeper(services, "a")
    call(engine, "1.2", desk.now)
    keeper.tick()
    assert [brake.code for brake in services.watch.held()] == ["budget"]
    ticket = desk.open_ticket()
    desk.tick()
    pipeline.work(take(services, ticket.id), services)
    assert outcome_of(services, ticket.messages[0].id) == ("assist", ["budget:1.20 of 1.00 USD today"])
    assert "what the language model may cost is spent" in desk.own_messages(ticket.id)[0].text
    desk.tick(86_400)
    keeper.tick()
    assert services.watch.held() == ()


def test_with_replies_stopped_tickets_get_drafts(services, desk):
    """The kill switch's milder form: everything goes on, nothing goes out."""
    services.schedule.set_value("paused", "drafts", now=desk.now)
    ticket = desk.open_ticket()
    desk.tick()
    pipeline.work(take(services, ticket.id), services)
    action, reasons = outcome_of(services, ticket.messages[0].id)
    assert (action, reasons) == ("draft", ["kill_switch:by an admin"])


def test_what_tickets_say_is_drawn_evenly_from_earlier_days(engine):
    """Half of the messages stand for half of the time; what was ignored or is of the last day is left out."""
    for number in range(40):
        settle(engine, number, at=NOW - timedelta(days=3, hours=number))
    settle(engine, 40, at=NOW - timedelta(days=4), action="ignore")
    settle(engine, 41, at=NOW - timedelta(hours=2))
    with writing(engine) as connection:
        connection.execute(update(case).values(subject="A shift", question="how to swap it?"))
    watch = Watch(engine)
    every, windows = watch.said_before(RULES, 100, now=NOW)
    half, fewer = watch.said_before(RULES, 20, now=NOW)
    assert (len(every), len(half)) == (40, 20)
    assert fewer == windows / 2
    assert every[0].text == "A shift\nhow to swap it?"
    assert [one.ticket_id for one in watch.said_lately(RULES, now=NOW - timedelta(hours=2))] == ["41"]
