"""One write for a command, exactly once. With crashes and races: tests/workers/stages/test_obey.py."""

import pytest

from integrations.errors import PermanentError, TransientError
from integrations.helpdesk import TicketWrite
from tests.fakes.helpdesk import GRACE
from tests.fakes.services import take
from workers.commands import Command, Name
from workers.stages import errand

COMMAND = Command(Name.HELP, "c5", author=GRACE)


@pytest.fixture
def errands(services, desk):
    """Run the note to a command on a ticket."""
    ticket = desk.open_ticket()
    desk.tick()
    lease = take(services, ticket.id)
    order = services.orders.open(lease, COMMAND, words="", case_id=None, now=desk.now)

    def run(**more):
        def compose(seen):
            assert seen.stamp
            return TicketWrite(mark="dh-c5", html="<p>Hello.</p>", is_public=more.get("is_public", False))

        return errand.run("c5", compose, ticket, order, lease, services, **more)

    return run


def notes(desk):
    return [one for one in desk.written if one.write.mark == "dh-c5"]


def test_a_write_is_made_once(errands, desk):
    """Asked for again, it is found; what was recorded with it comes back."""
    first = errands(result="done")
    assert (first.is_done, first.result) == (True, "done")
    assert len(notes(desk)) == 1


def test_what_may_not_be_is_not_written(errands, desk):
    """The last look decides, on the ticket as it is then."""
    assert not errands(may=lambda _ticket, _is_in_doubt: False).is_done
    assert notes(desk) == []


def test_a_lost_answer_ends_for_now_and_is_found_later(errands, desk):
    """The mark tells."""
    desk.lose_answers()
    with pytest.raises(TransientError):
        errands(result="done")
    desk.tick(100)
    assert errands(result="light").result == "done"
    assert len(notes(desk)) == 1


def test_a_note_that_is_refused_is_tried_bare(errands, desk):
    """Whatever was wrong with the rest of the write."""
    desk.refuse_writes(PermanentError("HTTP 422", vendor="zendesk", operation="write", status=422))
    assert errands().is_done


def test_a_public_reply_that_is_refused_is_never_tried_as_a_note(errands, desk):
    """What may not be said in public is told in the command's answer."""
    desk.refuse_writes(PermanentError("HTTP 422", vendor="zendesk", operation="write", status=422))
    ended = errands(is_public=True)
    assert not ended.is_done
    assert "422" in ended.refused
    assert notes(desk) == []


def test_a_deleted_ticket_ends_it(errands, desk):
    """Nobody is there to read it."""
    desk.delete(desk.written[0].ticket_id if desk.written else "1001")
    assert not errands().is_done
