"""What staff ask for in notes and by tags, on every vendor: done once, answered once, and for staff alone."""

import pytest

from integrations.registry import VENDORS
from tests.fakes.sandboxed import account
from workers.store.tables import open_engine

# Command -> what its answer says, and what the answer says when the same is asked a second time.
COMMANDS = {
    "/send": ("Sent: the draft went to the requester in the name of Priya", "Not sent again"),
    "/why": ("How Deskhand came to this", "How Deskhand came to this"),
    "/shorter": ("New draft, as you asked", "within what the articles say"),
    "/redo make it friendlier": ("as you asked (“make it friendlier”)", "within what the articles say"),
    "/wrong the price is 12": ("Noted as wrong: “the price is 12”", "Noted as wrong"),
    "/never": ("are no longer sent by themselves", "is held already"),
    "/stop": ("Deskhand stays out of this ticket", "Deskhand stays out of this ticket"),
    "/help": ("What you can write in an internal note", "What you can write in an internal note"),
    "/frobnicate": ("I do not know /frobnicate", "I do not know /frobnicate"),
}


@pytest.fixture(scope="module", params=VENDORS)
def held(request):
    """A helpdesk of each vendor in turn, for all tests of this file."""
    with account(request.param) as held:
        yield held


@pytest.fixture
def desk(held, database_url):
    """The helpdesk, with an empty record beside it."""
    engine = open_engine(database_url)
    held.serve(engine)
    yield held
    engine.dispose()


@pytest.fixture
def ticket_id(desk):
    """A ticket with a draft on it."""
    ticket_id = desk.ask()
    desk.work(ticket_id)
    (note,) = desk.said(ticket_id)
    assert note.text.startswith("Draft reply, not sent.")
    return ticket_id


@pytest.mark.parametrize("command", COMMANDS)
def test_staff_are_answered_once_and_told_when_they_ask_twice(desk, ticket_id, command):
    """One note for each time they ask, however often we look; the requester gets the draft by `/send` alone, once."""
    first, again = COMMANDS[command]
    for wanted in ([first], [first, again]):
        desk.staff(ticket_id, command)
        for _ in range(2):
            desk.work(ticket_id)
        answers = desk.answers(ticket_id)
        assert len(answers) == len(wanted)
        assert wanted[-1] in answers[-1]
    replies = desk.replies(ticket_id)
    assert [reply.author.name for reply in replies] == (["Priya Raman"] if command == "/send" else [])
    tags = set(desk.helpdesk.ticket(ticket_id).tags)
    assert ("deskhand_stop" in tags, "deskhand_wrong" in tags) == (command == "/stop", command.startswith("/wrong"))


def test_a_requester_asks_for_nothing(desk, ticket_id):
    """In public each is a message like any other: no command is answered, and no draft goes out."""
    for command in COMMANDS:
        desk.goes_on(ticket_id, command)
    desk.work(ticket_id)
    assert desk.answers(ticket_id) == []
    assert desk.replies(ticket_id) == []


def test_a_colleague_without_a_full_seat_is_refused(desk, ticket_id):
    """Who may not write to requesters has nobody do it for them, and changes nothing else either."""
    before = set(desk.helpdesk.ticket(ticket_id).tags)
    for command in COMMANDS:
        desk.staff(ticket_id, command, who="Lou")
    desk.work(ticket_id)
    answers = desk.answers(ticket_id)
    assert len(answers) == len(COMMANDS)
    assert all("your seat in the helpdesk" in answer for answer in answers)
    assert desk.replies(ticket_id) == []
    assert set(desk.helpdesk.ticket(ticket_id).tags) == before


@pytest.mark.parametrize("command", ["/send", "/redo make it friendlier", "/wrong the price is 12"])
def test_a_newer_message_makes_the_draft_stale(desk, ticket_id, command):
    """It is not sent over what the draft does not know; whatever else is asked for is still answered."""
    desk.goes_on(ticket_id, "Sorry, I mean how do I swap a shift on Sundays?")
    desk.staff(ticket_id, command)
    desk.work(ticket_id)
    (answer,) = desk.answers(ticket_id)
    assert ("there is a newer message" in answer) == (command == "/send")
    assert desk.replies(ticket_id) == []


def test_a_command_in_a_public_reply_is_none(desk, ticket_id):
    """Staff's words to the requester are for the requester."""
    desk.staff(ticket_id, "/send", is_public=True)
    desk.work(ticket_id)
    assert desk.answers(ticket_id) == []
    assert desk.replies(ticket_id) == []


def test_a_draft_is_not_sent_where_a_colleague_has_answered(desk, ticket_id):
    """The requester has an answer already."""
    desk.staff(ticket_id, "I have swapped it for you.", who="Lena", is_public=True)
    desk.staff(ticket_id, "/send")
    desk.work(ticket_id)
    assert "somebody has answered this message" in desk.answers(ticket_id)[0]
    assert desk.replies(ticket_id) == []


@pytest.mark.parametrize(("tag", "said"), [("deskhand_do_send", "name of Priya"), ("deskhand_do_wrong", "wrong")])
def test_a_tag_does_the_same_once_and_comes_off(desk, ticket_id, tag, said):
    """Who set it is found in the helpdesk."""
    desk.tags(ticket_id, tag)
    for _ in range(2):
        desk.work(ticket_id)
    (answer,) = desk.answers(ticket_id)
    assert said in answer
    assert tag not in desk.helpdesk.ticket(ticket_id).tags
    assert len(desk.replies(ticket_id)) == (tag == "deskhand_do_send")


def test_a_tag_does_nothing_over_a_newer_message_or_for_a_light_seat(desk, ticket_id):
    """Each is answered with the reason, and the tag comes off."""
    desk.tags(ticket_id, "deskhand_do_send", who="Lou")
    desk.work(ticket_id)
    desk.goes_on(ticket_id, "And on Sundays, how do I swap a shift then?")
    desk.tags(ticket_id, "deskhand_do_send")
    desk.work(ticket_id)
    first, second = desk.answers(ticket_id)
    assert "your seat in the helpdesk" in first
    assert "there is a newer message" in second
    assert desk.replies(ticket_id) == []
    assert "deskhand_do_send" not in desk.helpdesk.ticket(ticket_id).tags
