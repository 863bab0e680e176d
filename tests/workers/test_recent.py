"""What the record of the last day says of one person: replies of ours, and the same asked twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from integrations.helpdesk import EarlierTicket, Status
from tests.fakes.helpdesk import ADA, GRACE, START, FakeHelpdesk
from workers.reading import read
from workers.recent import duplicate_of, replies_within_hour
from workers.store.ledger import Asked

TEXT = "How do I swap the late shift with somebody of another shop?"


def older(number="7", *, minutes=5, subject="Swap"):
    return EarlierTicket(number, ADA.id, subject, Status.OPEN, START - timedelta(minutes=minutes))


def known(number="7", *, text=TEXT, subject="Swap", action="send"):
    return Asked(number, "m", subject, text, action, START)


def found(others, asked=(), *, text=TEXT, subject="Swap"):
    ticket = FakeHelpdesk().open_ticket(text, subject=subject, ticket_id="9")
    return duplicate_of(ticket, read(ticket), others, asked)


@pytest.mark.parametrize(
    ("others", "asked", "duplicate"),
    [
        ([older()], [known()], "7"),
        ([older(minutes=1200)], [known()], "7"),
        ([older()], [known(subject="Other")], "7"),
        ([older()], [known(text=f"  {TEXT.upper()} ")], "7"),
        ([older(subject="RE: Swap ")], [], "7"),
        ([older(subject="Re: swap")], [known(text="")], "7"),
        ([older("8"), older("7", minutes=9)], [known("8"), known("7")], "7"),
        ([], [], ""),
        ([older(minutes=1500)], [known()], ""),
        ([older(minutes=-5)], [known()], ""),
        ([older("10", minutes=0)], [known("10")], ""),
        ([older()], [known(text="How do I export shifts?")], ""),
        ([older(subject="Another matter")], [], ""),
        ([older(minutes=15)], [], ""),
    ],
    ids=[
        "the same words", "the day before", "under another subject", "written otherwise", "arriving at once",
        "not read yet", "the oldest counts", "nothing else", "two days ago", "the younger one", "the same second",
        "something else", "another subject, not read yet", "not read yet, a while ago",
    ],
)  # fmt: skip
def test_a_duplicate_is_the_younger_of_two_that_ask_the_same(others, asked, duplicate):
    """Sent to two addresses, or sent again: the older is answered, the younger names it."""
    assert found(others, asked) == duplicate


def test_few_words_need_the_same_subject():
    """'See below' twice is no duplicate, unless under one subject."""
    assert found([older()], [known(text="It fails", subject="Export")], text="It fails", subject="Clock") == ""
    assert found([older()], [known(text="It fails", subject="Clock")], text="It fails", subject="Clock") == "7"


def test_a_reply_on_a_ticket_is_no_duplicate():
    """Who was answered and says the same again goes on talking."""
    desk = FakeHelpdesk()
    ticket = desk.open_ticket("Hello?", ticket_id="9")
    desk.staff_writes(ticket.id, "Yes?", author=GRACE)
    desk.requester_writes(ticket.id, TEXT)
    ticket = desk.peek(ticket.id)
    assert duplicate_of(ticket, read(ticket), [older()], [known()]) == ""


def test_replies_of_the_last_hour_are_counted():
    """Only what was sent, and only lately."""
    rows = [
        known(),
        replace(known("8"), settled_at=START - timedelta(minutes=59)),
        replace(known("8"), settled_at=START - timedelta(minutes=61)),
        known(action="draft"),
        replace(known(action=""), settled_at=None),
    ]
    assert replies_within_hour(rows, now=START) == 2
