"""Forgetting a ticket: its words are nowhere afterwards, and nothing is learned from it again."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from integrations.helpdesk import Status
from kb.domain import Filter, Query, Source
from tests.fakes.record import (
    FULL_STORY,
    add_act,
    add_call,
    add_case,
    add_command,
    add_delivery,
    add_lesson,
    add_ticket,
)
from workers.forget import forget, tickets_of
from workers.stages.learn import learn
from workers.stages.remember import remember
from workers.store.tables import lesson, metadata, reading

CANARY = "marzipanatlas"


def everything(engine):
    """Return all that the database holds, as one text."""
    with reading(engine) as connection:
        return "\n".join(repr(row) for table in metadata.sorted_tables for row in connection.execute(select(table)))


def test_no_word_of_the_ticket_is_left_in_any_table(engine, services):
    """The rows stay, with what was done and when; another ticket keeps its words."""
    now = services.now()
    words = {"subject": CANARY, "question": f"is {CANARY} broken", "facts": {"admit": {"x": CANARY}}}
    case_id = add_case(engine, now=now, **FULL_STORY | words | {"draft": {"sentences": [{"text": CANARY}]}})
    add_act(engine, case_id, now=now, write={"body": CANARY}, error=CANARY)
    add_call(engine, case_id, now=now, detail=CANARY)
    add_command(engine, now=now, case_id=case_id, ticket_id="4711", words=CANARY, made={"x": CANARY}, state="settled")
    add_delivery(engine, "one", now=now, ticket_id="4711", body=CANARY.encode(), headers={"x": CANARY})
    add_lesson(engine, now=now, question=CANARY, answer=CANARY)
    add_ticket(engine, ticket_id="4711")
    add_case(engine, now=now, ticket_id="8", subject="another marzipan")
    assert CANARY in everything(engine)
    done = forget("zendesk", "4711", services)
    assert not done.refused
    assert {name for name, count in done.rows.items() if count} >= {"delivery", "cases", "action", "command", "lesson"}
    left = everything(engine)
    assert CANARY not in left
    assert "another marzipan" in left
    assert "shift_swap" in left


def test_a_dry_run_counts_and_takes_nothing(engine, services):
    """What would go is told; it is all still there."""
    add_case(engine, now=services.now(), subject=CANARY)
    before = everything(engine)
    assert forget("zendesk", "4711", services, dry=True).rows["cases"] == 1
    assert everything(engine) == before


def test_what_a_ticket_taught_leaves_the_index_and_does_not_come_back(desk, engine, services):
    """Neither lesson nor precedent is found; solved again, the ticket teaches nothing."""
    ticket = desk.open_ticket("How do I download an invoice as a file?", subject="Invoice download")
    desk.staff_writes(ticket.id, "Open Billing, choose Invoices, press the three dots and pick Download as PDF.")
    ticket = desk.change(ticket.id, status=Status.SOLVED)
    learn(ticket, services)
    remember(ticket, services)
    wanted = Filter(sources=frozenset({Source.LESSON}))
    assert services.kb.search(Query("", "download an invoice"), wanted, 3).passages
    forget(ticket.vendor, ticket.id, services)
    for _ in range(2):
        assert services.kb.search(Query("", "download an invoice"), wanted, 3).passages == ()
        assert services.kb.similar(Query("", "download an invoice as a file"), Filter(), 3) == ()
        assert learn(replace(ticket, subject="Invoice again"), services) is None
        remember(ticket, services)
    with reading(engine) as connection:
        assert connection.execute(select(lesson.c.state)).scalars().all() == ["forgotten"]


@pytest.mark.parametrize("busy", ["case", "lease", "command"])
def test_a_ticket_in_work_is_refused(engine, services, busy):
    """What is taken away now would be written again; the next try finds it settled."""
    now = services.now()
    if busy == "case":
        add_case(engine, now=now, state="open", settled_at=None, action="", subject=CANARY)
    elif busy == "lease":
        add_ticket(engine, lease_until=now.replace(year=now.year + 1))
    else:
        add_command(engine, now=now, state="open", ticket_id="4711", settled_at=None, result="")
    before = everything(engine)
    assert "try again" in forget("zendesk", "4711", services).refused
    assert everything(engine) == before


def test_forgetting_twice_or_a_ticket_nobody_knows_does_no_harm(engine, services):
    """Nothing fails; the ticket is barred from teaching all the same."""
    for _ in range(2):
        assert not forget("zendesk", "12", services).refused
    assert services.lessons.is_forgotten("zendesk", "12")
    assert not services.lessons.is_forgotten("zendesk", "13")


def test_a_person_s_tickets_are_those_they_asked_for(desk, services):
    """The helpdesk is asked; another person's ticket is not among them."""
    mine = desk.open_ticket("How do I log in?")
    assert mine.id in tickets_of(desk.vendor, mine.requester.id, services)
    assert tickets_of(desk.vendor, "999999", services) == ()
