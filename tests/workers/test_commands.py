"""Which notes and tags are commands, and when a draft may go out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from config.policy import Approval
from integrations.helpdesk import Flag, Message, Person, Role, Status, Tagging
from tests.fakes.helpdesk import ADA, BOT, GRACE, START, FakeHelpdesk
from workers.commands import (
    Command,
    Drafted,
    Name,
    Refusal,
    cannot_fill,
    may_ask,
    of_note,
    unanswered,
    why_not_send,
)

APPROVAL = Approval()
LIGHT = replace(GRACE, id="802", may_act=False)


def note(text, author=GRACE, **more):
    fields = {"html": f"<p>{text}</p>", "is_public": False, "created_at": START} | more
    return Message(fields.pop("id", "77"), author, text=text, **fields)


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("/send", Name.SEND, ""),
        ("/Send ", Name.SEND, ""),
        ("  /why", Name.WHY, ""),
        ("/redo make it friendlier", Name.REDO, "make it friendlier"),
        ("/redo: make it\nfriendlier", Name.REDO, "make it friendlier"),
        ("/wrong the price is 12", Name.WRONG, "the price is 12"),
        ("/never", Name.NEVER, ""),
        ("/stop", Name.STOP, ""),
        ("/shorter", Name.SHORTER, ""),
        ("/help", Name.HELP, ""),
    ],
)
def test_a_note_that_begins_with_a_slash_is_a_command(text, name, words):
    """Capitals, blanks and a colon do not matter; what follows belongs to it."""
    found = of_note(note(text))
    assert (found.name, found.words, found.key, found.author) == (name, words, "c77", GRACE)


def test_an_unknown_command_is_answered_with_help():
    """Nobody who mistypes is left without an answer."""
    found = of_note(note("/sned"))
    assert (found.name, found.given) == (Name.HELP, "sned")


@pytest.mark.parametrize(
    "message",
    [
        note("I looked at it. /send"),
        note("send"),
        note("/var/log/nginx is full"),
        note("/ send"),
        note("/send", is_public=True),
        note("/send", author=ADA),
        note("/send", author=ADA, is_public=True),
        note("/send", author=replace(ADA, role=Role.PARTICIPANT)),
        note("/send", author=BOT),
        note("/send", author=Person("", "", Role.SYSTEM)),
        note("/send", mark="dh-5"),
        note("/send", flags=frozenset({Flag.UNTRUSTED})),
        note("/send", flags=frozenset({Flag.ON_BEHALF})),
        note("x", html='<span style="display:none">/send</span>hello'),
    ],
)
def test_everything_else_is_no_command(message):
    """Prose, paths, public words, requesters, rules, ourselves, doubtful senders, and what nobody can see."""
    assert of_note(message) is None


@pytest.fixture
def ticket():
    desk = FakeHelpdesk()
    opened = desk.open_ticket(ticket_id="9")
    desk.staff_writes("9", "/why", is_public=False)
    desk.staff_writes("9", "/send", is_public=False)
    assert opened.messages
    return desk.peek("9")


def names(ticket, settled=(), now=START):
    return [one.name for one in unanswered(ticket, APPROVAL, settled, now=now)]


def test_what_stands_unanswered_comes_oldest_first(ticket):
    """Order matters: a redo before a send is another thing than one after it."""
    assert names(ticket) == [Name.WHY, Name.SEND]


def test_an_answered_command_is_none_any_more(ticket):
    """By its mark on the ticket, or by the record."""
    why, send = ticket.messages[1].id, ticket.messages[2].id
    answered = replace(ticket, messages=(*ticket.messages, note("Sent.", author=BOT, mark=f"dh-c{send}")))
    assert names(answered) == [Name.WHY]
    assert names(ticket, settled={f"c{why}"}) == [Name.SEND]


def test_old_notes_are_history(ticket):
    """An account that Deskhand is new to has notes with slashes of its own."""
    assert names(ticket, now=START + timedelta(hours=80)) == []


def test_a_tag_is_a_command_each_time_it_is_set(ticket):
    """Its key counts the answers that stand on the ticket, so that setting it again asks again."""
    tagged = replace(ticket, messages=ticket.messages[:1], tags=(APPROVAL.send_tag, APPROVAL.wrong_tag))
    asked = tagged.messages[0].id
    found = unanswered(tagged, APPROVAL, (), now=START)
    assert [(one.name, one.key) for one in found] == [
        (Name.SEND, f"t{asked}-send-0"),
        (Name.WRONG, f"t{asked}-wrong-0"),
    ]
    answer = note("No draft.", author=BOT, mark=f"dh-t{asked}-send-0")
    again = replace(tagged, messages=(*tagged.messages, answer), tags=(APPROVAL.send_tag,))
    assert [one.key for one in unanswered(again, APPROVAL, (), now=START)] == [f"t{asked}-send-1"]


@pytest.mark.parametrize(
    ("person", "refusal"),
    [
        (GRACE, None),
        (None, None),
        (BOT, None),
        (LIGHT, Refusal.LIGHT),
        (ADA, Refusal.NOT_STAFF),
        (Person("", "", Role.SYSTEM), Refusal.BY_RULE),
    ],
)
def test_only_staff_with_a_full_seat_may_ask_by_tag(person, refusal):
    """A helpdesk that does not tell who set a tag lets only staff set one."""
    command = Command(Name.SEND, "t1-send-0", tag=APPROVAL.send_tag)
    assert may_ask(command, Tagging(person, START) if person else None)[1] is refusal


def test_a_light_agent_may_not_ask_by_note():
    """Who may not write to requesters may not have us do it."""
    assert may_ask(of_note(note("/send", author=LIGHT)), None)[1] is Refusal.LIGHT


def talk(*rows, **fields):
    """A ticket of rows (id, author, is_public, mark), a minute apart."""
    desk = FakeHelpdesk()
    desk.open_ticket(ticket_id="9")
    messages = tuple(
        Message(i, author, public, "x", START + timedelta(minutes=n), mark=mark)
        for n, (i, author, public, mark) in enumerate(rows)
    )
    return replace(desk.peek("9"), messages=messages, **fields)


ASKED = ("1", ADA, True, "")
DRAFT = ("2", BOT, False, "dh-1")
SENDS = ("3", GRACE, False, "")
SEND = Command(Name.SEND, "c3", author=GRACE, message_id="3")
DRAFTED = Drafted("1", "1", "Open the schedule.", "How?")


@pytest.mark.parametrize(
    ("ticket", "refusal"),
    [
        (talk(ASKED, DRAFT, SENDS), None),
        (talk(ASKED, DRAFT, ("8", GRACE, False, ""), SENDS), None),
        (talk(ASKED, DRAFT, SENDS, status=Status.SOLVED), None),
        (talk(ASKED, DRAFT, ("4", ADA, True, ""), SENDS), Refusal.NEWER_MESSAGE),
        (talk(ASKED, DRAFT, SENDS, ("4", ADA, True, "")), Refusal.NEWER_MESSAGE),
        (talk(ASKED, DRAFT, ("4", GRACE, True, ""), SENDS), Refusal.STAFF_ANSWERED),
        (talk(ASKED, DRAFT, SENDS, ("4", GRACE, True, ""), ("5", ADA, True, "")), Refusal.STAFF_ANSWERED),
        (talk(ASKED, ("2", BOT, True, "dh-1"), SENDS), Refusal.WE_ANSWERED),
        (talk(ASKED, DRAFT, ("4", GRACE, True, "dh-1-send"), SENDS), Refusal.WE_ANSWERED),
        (talk(ASKED, SENDS), Refusal.NO_DRAFT),
        (talk(ASKED, SENDS, DRAFT), Refusal.UNSEEN),
        (talk(ASKED, DRAFT, SENDS, status=Status.CLOSED), Refusal.CLOSED),
        (talk(ASKED, DRAFT, SENDS, is_messaging=True), Refusal.CHAT),
        (talk(DRAFT, SENDS), Refusal.NO_CASE),
    ],
)
def test_a_draft_goes_out_only_while_nothing_speaks_against_it(ticket, refusal):
    """Never over a person, never stale, never unseen, never twice."""
    assert why_not_send(ticket, SEND, None, DRAFTED) is refusal


def test_a_start_of_a_package_is_no_draft():
    """What a person has to complete is not sent as it is."""
    assert why_not_send(talk(ASKED, DRAFT, SENDS), SEND, None, replace(DRAFTED, is_start=True)) is Refusal.ONLY_A_START


def test_a_tag_set_before_the_draft_was_there_is_no_approval_of_it():
    """What nobody has seen nobody has approved."""
    command = Command(Name.SEND, "t1-send-0", tag="deskhand_do_send")
    ticket = talk(ASKED, DRAFT)
    assert why_not_send(ticket, command, START, DRAFTED) is Refusal.UNSEEN
    assert why_not_send(ticket, command, START + timedelta(minutes=5), DRAFTED) is None
    assert why_not_send(ticket, command, None, DRAFTED) is None


def test_masked_data_is_filled_in_only_while_the_message_is_the_same():
    """Another message could put another value behind the same placeholder."""
    drafted = replace(DRAFTED, text="We write to [email-1].", question="Write to [email-1]?")
    assert not cannot_fill(drafted, "Write to [email-1]?", {"[email-1]": "a@b.example"})
    assert cannot_fill(drafted, "Write to [email-1], not [email-2]?", {"[email-1]": "a@b.example"})
    assert cannot_fill(drafted, "Write to [email-1]?", {})
    assert not cannot_fill(DRAFTED, "Something else", {})
