"""A kind of request that staff gave a ticket is an example; our own tag never is."""

import pytest

from integrations.helpdesk import Status
from tests.fakes.services import take
from workers import pipeline

OURS, THEIRS = "deskhand_intent_swap_shift", "deskhand_intent_refund"


def worked(services, desk, **opening):
    """Open the ticket and let Deskhand do its part; return the ticket's id."""
    opened = desk.open_ticket(**opening)
    again(services, desk, opened.id)
    return opened.id


def again(services, desk, ticket_id):
    """Let Deskhand look at the ticket again after something happened."""
    desk.tick()
    lease = take(services, ticket_id)
    services.tickets.release(lease, now=services.now(), seen_at=pipeline.work(lease, services))


def retag(desk, ticket_id, *, add=(), remove=()):
    """Let staff change a ticket's tags."""
    tags = [tag for tag in desk.peek(ticket_id).tags if tag not in remove]
    desk.change(ticket_id, tags=(*tags, *add))


def labels_of(services):
    return [(one.intent, one.text) for one in services.labels.relabels(10)]


@pytest.fixture
def ticket_id(services, desk):
    made = worked(services, desk)
    assert OURS in desk.peek(made).tags
    return made


def test_our_own_tag_is_no_word_of_staff(services, desk, ticket_id):
    """However often a ticket is looked at, also when it is solved."""
    again(services, desk, ticket_id)
    desk.change(ticket_id, status=Status.SOLVED)
    again(services, desk, ticket_id)
    assert labels_of(services) == []


def test_another_kind_of_request_is_an_example(services, desk, logs):
    """Staff exchange the tag, or choose in the field, which is the same; the message is kept masked."""
    number = worked(services, desk, text="How do I swap a shift? Mail me at ada@harbour.example.")
    retag(desk, number, add=[THEIRS], remove=[OURS])
    again(services, desk, number)
    ((intent, text),) = labels_of(services)
    assert intent == "refund"
    assert "swap a shift" in text
    assert "ada@harbour.example" not in text
    (said,) = [event for event in logs if event["event"] == "relabelled"]
    assert (said["intent"], said["before"]) == ("refund", "swap_shift")


def test_a_tag_beside_ours_means_the_same(services, desk, ticket_id):
    """Not everybody takes the old one off."""
    retag(desk, ticket_id, add=[THEIRS])
    again(services, desk, ticket_id)
    assert [intent for intent, _ in labels_of(services)] == ["refund"]


@pytest.mark.parametrize(
    "added", [["deskhand_intent_made_up"], [THEIRS, "deskhand_intent_plan_shift"], ["billing"]], ids=str
)
def test_a_tag_that_says_nothing_clear_is_no_example(services, desk, ticket_id, added):
    """No intent of the taxonomy, two at once, or a tag of another kind."""
    retag(desk, ticket_id, add=added, remove=[OURS])
    again(services, desk, ticket_id)
    assert labels_of(services) == []


def test_staff_may_take_it_back(services, desk, ticket_id):
    """The old tag is put back: nothing was said."""
    retag(desk, ticket_id, add=[THEIRS], remove=[OURS])
    again(services, desk, ticket_id)
    retag(desk, ticket_id, add=[OURS], remove=[THEIRS])
    again(services, desk, ticket_id)
    assert labels_of(services) == []


def test_our_next_tag_takes_nothing_back(services, desk, ticket_id):
    """A new message is classified anew and its tag replaces that of staff; what they said of the first one stands."""
    retag(desk, ticket_id, add=[THEIRS], remove=[OURS])
    desk.requester_writes(ticket_id, "And how do I swap the shift of next week with Tom?")
    again(services, desk, ticket_id)
    assert OURS in desk.peek(ticket_id).tags
    again(services, desk, ticket_id)
    assert [intent for intent, _ in labels_of(services)] == ["refund"]


def test_a_ticket_that_is_gone_is_forgotten(services, desk, ticket_id):
    """Its label goes with its lesson."""
    retag(desk, ticket_id, add=[THEIRS], remove=[OURS])
    again(services, desk, ticket_id)
    desk.delete(ticket_id)
    again(services, desk, ticket_id)
    assert labels_of(services) == []
