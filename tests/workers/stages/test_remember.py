"""What a solved or flagged ticket teaches: the articles staff sent count, ours less, wrong ones against."""

import pytest
from sqlalchemy import select

from integrations.helpdesk import Status
from kb.domain import Filter, Query
from tests.fakes.services import POLICY, make_services, scripted, shelve_swap, take
from workers import pipeline
from workers.stages.learn import unlearn
from workers.stages.remember import remember
from workers.store.tables import precedent, reading

LINK = "https://help.example/1"
ARTICLE = "zendesk:article:1:en-us"
QUESTION = "How do I swap a shift with a colleague? My mail is ada@harbour.example"


@pytest.fixture
def shop(services):
    shelve_swap(services)
    return services


def rows(engine):
    with reading(engine) as connection:
        return {row.id: row for row in connection.execute(select(precedent))}


def solve(desk, *answers, tags=()):
    opened = desk.open_ticket(QUESTION, subject="Swapping")
    for text in answers:
        desk.staff_writes(opened.id, text)
    return desk.change(opened.id, status=Status.SOLVED, **({"tags": tags} if tags else {}))


def test_an_article_that_staff_linked_is_remembered(shop, desk, engine):
    """Even where the answer is too short to be a lesson; question and answer are masked."""
    ticket = solve(desk, f"See {LINK}.")
    remember(ticket, shop)
    kept = rows(engine)[f"zendesk:{ticket.id}"]
    assert kept.documents == {ARTICLE: 1.0}
    assert (kept.subject, kept.asked_at) == ("Swapping", ticket.messages[0].created_at)
    assert "harbour.example" not in f"{kept.question}{kept.answer}"


def test_an_answer_without_a_link_serves_as_a_similar_ticket(shop, desk):
    """It votes for nothing, but a note can show what solved it."""
    remember(
        solve(desk, "Open the schedule, choose the shift, press Offer swap and wait until a manager approves."), shop
    )
    (found,) = shop.kb.similar(Query("Swapping", QUESTION), Filter(), 3)
    assert found.answer.startswith("Open the schedule")


def test_nothing_is_learned_before_its_time(shop, desk, engine):
    """An open ticket teaches nothing, nor does one where nobody said anything, nor any while policy says no."""
    opened = desk.open_ticket(QUESTION)
    desk.staff_writes(opened.id, f"See {LINK}")
    remember(desk.ticket(opened.id), shop)
    remember(solve(desk), shop)
    off = POLICY.model_copy(update={"learning": POLICY.learning.model_copy(update={"is_on": False})})
    remember(solve(desk, f"See {LINK}"), make_services(engine, desk, policy=off))
    assert rows(engine) == {}


def test_a_ticket_that_is_gone_is_forgotten(shop, desk, engine):
    """Nothing of its text is left, and searches learn nothing from it."""
    ticket = solve(desk, f"See {LINK}")
    remember(ticket, shop)
    unlearn(ticket.vendor, ticket.id, shop)
    kept = rows(engine)[f"zendesk:{ticket.id}"]
    assert (kept.is_gone, kept.subject, kept.question, kept.documents, kept.vector) == (True, "", "", {}, b"")
    assert shop.kb.similar(Query("Swapping", QUESTION), Filter(), 3) == ()


def worked(services, desk):
    """Open a ticket and let Deskhand do its part."""
    opened = desk.open_ticket("How do I swap a shift?", subject="Swapping")
    desk.tick()
    again(services, desk, opened.id)
    return opened.id


def again(services, desk, ticket_id):
    lease = take(services, ticket_id)
    services.tickets.release(lease, now=services.now(), seen_at=pipeline.work(lease, services))


def test_our_own_reply_counts_less_than_staffs(engine, desk):
    """What only we sent, and nobody objected to, is weaker evidence: we must not learn from ourselves alone."""
    services = make_services(engine, desk, llm=scripted("send"))
    shelve_swap(services)
    ticket_id = worked(services, desk)
    desk.change(ticket_id, status=Status.SOLVED)
    again(services, desk, ticket_id)
    weight = rows(engine)[f"zendesk:{ticket_id}"].documents.get(ARTICLE, 0)
    assert 0 < weight < 1


def test_what_staff_call_wrong_counts_against(engine, desk):
    """The documents that our reply rested on are pushed down for questions like this one, at once."""
    services = make_services(engine, desk, llm=scripted("send"))
    shelve_swap(services)
    ticket_id = worked(services, desk)
    tags = (*desk.ticket(ticket_id).tags, services.policy.answering.wrong_tag)
    desk.change(ticket_id, tags=tags)
    again(services, desk, ticket_id)
    assert rows(engine)[f"zendesk:{ticket_id}"].documents == {ARTICLE: -1.0}
