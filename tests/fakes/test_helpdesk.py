"""FakeHelpdesk behaves like a helpdesk: other tests rest on it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from integrations.errors import ConflictError, NotFoundError, PermanentError, TransientError
from integrations.helpdesk import Helpdesk, Role, Status, TicketWrite
from tests.fakes.helpdesk import ADA, START, FakeHelpdesk

REPLY = TicketWrite(
    mark="m-1", html="<p>Open the <b>schedule</b> &amp; swap</p>", is_public=True, status=Status.PENDING
)


@pytest.fixture
def desk() -> FakeHelpdesk:
    return FakeHelpdesk()


def test_it_fills_the_port(desk):
    """The fake can stand wherever a helpdesk is asked for."""
    port: Helpdesk = desk
    assert port.me().role is Role.BOT
    assert len(port.teams()) == 2


def test_a_write_is_carried_out_in_full(desk):
    """Text, visibility, mark, status, priority, group, assignee and tags all arrive, in one new version."""
    ticket = desk.open_ticket("How?", tags=("a", "b"))
    ticket = desk.change(ticket.id, assignee_id="801")
    desk.tick(5)
    write = replace(REPLY, priority="high", group_id="12", unassign=True, add_tags=("c", "a"), remove_tags=("b",))
    applied = desk.write(ticket, write)
    after = desk.ticket(ticket.id)
    said = after.messages[-1]
    assert (said.id, said.mark, said.text, said.is_public) == (
        applied.message_id,
        "m-1",
        "Open the schedule & swap",
        True,
    )
    assert (after.stamp, after.updated_at) == (applied.stamp, START + timedelta(seconds=5))
    assert applied.updated_at == after.updated_at
    assert (after.status, after.priority, after.group_id, after.assignee_id) == (Status.PENDING, "high", "12", "")
    assert after.tags == ("a", "c")
    assert [w.write for w in desk.written] == [write]


@pytest.mark.parametrize(
    "move",
    [
        lambda desk, ticket: desk.requester_writes(ticket.id, "and?"),
        lambda desk, ticket: desk.staff_writes(ticket.id, "hm", is_public=False),
        lambda desk, ticket: desk.change(ticket.id, assignee_id="801"),
        lambda desk, ticket: desk.write(ticket, REPLY),
    ],
    ids=["requester", "note", "field", "ourselves"],
)
def test_an_old_stamp_is_a_conflict(desk, move):
    """Whatever moved the ticket, also within the same second, an old version is not written over."""
    ticket = desk.open_ticket()
    move(desk, ticket)
    before = desk.peek(ticket.id)
    with pytest.raises(ConflictError):
        desk.write(ticket, REPLY)
    assert desk.peek(ticket.id) == before


def test_somebody_can_be_faster(desk):
    """A hook moves the ticket between our read and our write, once."""
    ticket = desk.open_ticket()
    desk.before_write(lambda: desk.staff_writes(ticket.id, "I take it"))
    with pytest.raises(ConflictError):
        desk.write(ticket, REPLY)
    desk.write(desk.ticket(ticket.id), REPLY)
    desk.before_read(lambda: desk.requester_writes(ticket.id, "thanks"))
    assert desk.ticket(ticket.id).messages[-1].text == "thanks"


@pytest.mark.parametrize("done", [True, False])
def test_a_lost_answer_is_doubtful_and_the_mark_tells(desk, done):
    """After a lost answer the mark is there or not, and only once bad luck is used up does a write answer."""
    ticket = desk.open_ticket()
    desk.lose_answers(done=done)
    with pytest.raises(TransientError) as caught:
        desk.write(ticket, REPLY)
    assert caught.value.maybe_done
    after = desk.ticket(ticket.id)
    assert ([m.mark for m in after.messages] == ["", "m-1"]) is done
    desk.write(after, replace(REPLY, mark="m-2"))
    assert desk.write_attempts == 2


def test_a_held_write_lands_late_unless_the_ticket_moved(desk):
    """A request that was stuck on its way is carried out when it arrives, and the stamp still guards the ticket."""
    calm, moved = desk.open_ticket(), desk.open_ticket()
    desk.hold_writes(times=2)
    for ticket in (calm, moved):
        with pytest.raises(TransientError) as caught:
            desk.write(ticket, REPLY)
        assert caught.value.maybe_done
    assert desk.own_messages(calm.id) == []
    desk.requester_writes(moved.id, "and?")
    assert desk.release_writes() == 1
    assert [len(desk.own_messages(ticket.id)) for ticket in (calm, moved)] == [1, 0]
    assert desk.release_writes() == 0


def test_being_away_and_back(desk):
    """While it is away every method raises and nothing is done."""
    ticket = desk.open_ticket()
    desk.be_away(calls=3)
    for call in (lambda: desk.write(ticket, REPLY), lambda: desk.ticket(ticket.id), lambda: list(desk.articles())):
        with pytest.raises(TransientError) as caught:
            call()
        assert not caught.value.maybe_done
    assert desk.ticket(ticket.id).stamp == ticket.stamp
    desk.be_away(calls=100)
    desk.be_back()
    assert desk.me() == desk.bot


def test_refusals_for_good(desk):
    """A closed ticket, an unknown group and a refusal asked for are permanent, a deleted ticket is not found."""
    ticket = desk.open_ticket()
    with pytest.raises(PermanentError):
        desk.write(ticket, replace(REPLY, group_id="99"))
    desk.refuse_writes(PermanentError("HTTP 403", status=403))
    with pytest.raises(PermanentError):
        desk.write(ticket, REPLY)
    closed = desk.change(ticket.id, status=Status.CLOSED)
    with pytest.raises(PermanentError) as caught:
        desk.write(closed, REPLY)
    assert caught.value.status == 422
    desk.delete(ticket.id)
    with pytest.raises(NotFoundError):
        desk.ticket(ticket.id)
    assert desk.peek(ticket.id).status is Status.DELETED
    assert desk.written == []


@pytest.mark.parametrize("status", [Status.PENDING, Status.ON_HOLD, Status.SOLVED])
def test_a_requester_reopens_what_waits(desk, status):
    """A message by the requester opens a waiting or solved ticket again; a new one stays new."""
    ticket = desk.open_ticket()
    desk.requester_writes(ticket.id, "more")
    assert desk.peek(ticket.id).status is Status.NEW
    desk.change(ticket.id, status=status)
    desk.requester_writes(ticket.id, "still")
    assert desk.peek(ticket.id).status is Status.OPEN


def test_changes_come_in_pages_and_the_cursor_stays_good(desk):
    """Every change is named once, in order, from a time or a cursor, deleted tickets too."""
    desk.page_size = 2
    first = desk.open_ticket()
    since = desk.tick()
    second = desk.open_ticket()
    desk.staff_writes(second.id, "done", status=Status.SOLVED)
    desk.delete(first.id)
    page = desk.changes("", since=since)
    rest = desk.changes(page.cursor, since=since)
    assert [(t.ticket_id, t.status) for t in page.tickets] == [(second.id, Status.NEW), (second.id, Status.SOLVED)]
    assert [(t.ticket_id, t.status) for t in rest.tickets] == [(first.id, Status.DELETED)]
    assert (page.is_last, rest.is_last) == (False, True)
    assert desk.changes(rest.cursor, since=since).tickets == ()
    desk.open_ticket()
    assert len(desk.changes(rest.cursor, since=since).tickets) == 1


def test_articles_are_versions(desk):
    """A second version takes the place of the first, a draft is never public, and only newer ones come if asked."""
    old = desk.add_article("Swap", "<p>1</p>")
    desk.add_article("Hidden", "<p>x</p>", is_draft=True)
    later = desk.tick()
    desk.add_article("Swap", "<p>2</p>", article_id=old.id)
    assert [(a.html, a.is_public) for a in desk.articles()] == [("<p>x</p>", False), ("<p>2</p>", True)]
    assert [a.html for a in desk.articles(updated_since=later)] == ["<p>2</p>"]


def test_two_equal_stories_are_equal():
    """The same calls give the same ids, times and stamps."""

    def story() -> object:
        desk = FakeHelpdesk()
        ticket = desk.open_ticket()
        desk.tick()
        desk.write(ticket, REPLY)
        return desk.ticket(ticket.id), desk.written

    assert story() == story()


def test_of_many_threads_with_one_stamp_one_wins(desk):
    """However many write from the same reading, one reply lands."""
    ticket = desk.open_ticket(requester=ADA)

    def attempt(number: int) -> bool:
        try:
            desk.write(ticket, replace(REPLY, mark=f"m-{number}"))
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(40))) == 1
    assert len(desk.own_messages(ticket.id, is_public=True)) == 1
