"""Of lessons that say the same, or contradict each other, the newest answers; the older ones come back when it goes."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from integrations.helpdesk import Status
from kb.domain import Filter, Query, Source
from workers.stages.learn import learn, unlearn
from workers.store.tables import lesson, reading

ANSWER = "Open Billing, choose Invoices, press the three dots beside the invoice and pick Download as PDF."
REWORDED = "Open Billing, then choose Invoices, press the three dots beside the invoice and pick Download as PDF there."
OLD_LIMIT = "A team plan includes 20 locations, and every location may hold as many schedules as you like."
NEW_LIMIT = "A team plan includes 50 locations, and every location may hold as many schedules as you like."
OTHER = "Ask your owner for the right to see invoices: Settings, then Roles, then tick Billing beside your name."


@pytest.fixture
def taught(services, desk):
    """Have staff solve a ticket with an answer, and learn from it."""

    def play(answer, question="How do I download an invoice as a file?", brand_id="1"):
        desk.tick()
        opened = desk.open_ticket(question, subject="Invoice download")
        desk.staff_writes(opened.id, answer)
        ticket = replace(desk.change(opened.id, status=Status.SOLVED), brand_id=brand_id)
        learn(ticket, services)
        return ticket

    return play


def states(engine):
    with reading(engine) as connection:
        rows = connection.execute(select(lesson).order_by(lesson.c.id)).all()
    return [(row.state, row.replaced_by, row.note) for row in rows]


def found(services, words="download an invoice", brand_id=""):
    wanted = Filter(sources=frozenset({Source.LESSON}), brand_id=brand_id, at=services.now())
    return {passage.document_id for passage in services.kb.search(Query("", words), wanted, 9).passages}


def test_a_lesson_that_says_the_same_takes_the_place_of_the_older(services, engine, taught):
    """Only the newer one answers; the record says what became of the other, and why."""
    first, second = taught(ANSWER), taught(REWORDED)
    assert states(engine) == [("replaced", f"zendesk:{second.id}", "says the same"), ("live", "", "")]
    assert found(services) == {f"lesson:zendesk:{second.id}"}
    assert services.lessons.live_count() == 1
    assert first.id != second.id


def test_a_newer_lesson_that_contradicts_an_older_one_wins(services, engine, taught):
    """A number that changed is found only as it is now."""
    question = "How many locations does a team plan include?"
    taught(OLD_LIMIT, question)
    newer = taught(NEW_LIMIT, question)
    assert states(engine)[0] == ("replaced", f"zendesk:{newer.id}", "contradicts it")
    assert found(services, question) == {f"lesson:zendesk:{newer.id}"}


def test_a_ticket_learned_late_gives_way_to_a_newer_answer(services, engine, desk, taught):
    """An old ticket that is read after a newer one does not bring its answer back."""
    opened = desk.open_ticket("How do I download an invoice as a file?", subject="Invoice download")
    desk.staff_writes(opened.id, ANSWER)
    late = desk.change(opened.id, status=Status.SOLVED)
    newer = taught(REWORDED)
    learn(late, services)
    assert [state for state, *_ in states(engine)] == ["live", "replaced"]
    assert found(services) == {f"lesson:zendesk:{newer.id}"}


@pytest.mark.parametrize(
    ("answer", "question"),
    [(OTHER, "How do I download an invoice as a file?"), (ANSWER, "Where does my colleague see last year's payments?")],
)
def test_another_answer_or_question_stands_beside_it(services, engine, taught, answer, question):
    """Two causes of the same trouble, or one remedy for two troubles, are two lessons."""
    taught(ANSWER)
    taught(answer, question)
    assert [state for state, *_ in states(engine)] == ["live", "live"]


def test_other_brands_keep_their_own(services, engine, taught):
    """What one brand answers says nothing of another one's."""
    taught(ANSWER)
    taught(ANSWER, brand_id="2")
    assert [state for state, *_ in states(engine)] == ["live", "live"]


def test_the_older_one_comes_back_when_the_newer_goes(services, engine, taught):
    """A ticket that was deleted, or whose answer was taken away, no longer stands in the way of what it replaced."""
    first, second = taught(ANSWER), taught(REWORDED)
    unlearn("zendesk", second.id, services)
    assert [row[:2] for row in states(engine)] == [("live", ""), ("removed", "")]
    assert found(services) == {f"lesson:zendesk:{first.id}"}


def test_of_several_that_come_back_only_the_newest_answers(services, engine, taught):
    """They were alike: one of them takes the place of the others anew."""
    _, second, third = taught(ANSWER), taught(REWORDED), taught(ANSWER)
    unlearn("zendesk", third.id, services)
    assert [state for state, *_ in states(engine)] == ["replaced", "live", "removed"]
    assert found(services) == {f"lesson:zendesk:{second.id}"}


def test_an_answer_that_staff_rewrite_no_longer_replaces(services, engine, taught):
    """The newer ticket gets another answer: what it had replaced is live again."""
    first, second = taught(ANSWER), taught(REWORDED)
    rewritten = replace(second.messages[1], text=OTHER, html="")
    learn(replace(second, messages=(second.messages[0], rewritten)), services)
    assert [state for state, *_ in states(engine)] == ["live", "live"]
    assert found(services) == {f"lesson:zendesk:{ticket.id}" for ticket in (first, second)}
