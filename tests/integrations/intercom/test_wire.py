"""Intercom's JSON as nouns: where text hides, who wrote it, what state it is in; odd values never crash."""

from datetime import UTC, datetime

import pytest

from integrations.helpdesk import Rating, Role, Status, TicketWrite
from integrations.intercom import listings, wire, writes
from integrations.intercom.markup import fingerprint
from tests.fakes.intercom_server import BOT, BOT_ID, INES, MARA, OPERATOR, START, article, conversation, part

HOME = wire.Home(BOT_ID)
LEAD = {"type": "lead", "id": "65f0c0ffee00000000000002", "name": None, "email": "ada@harbour.example"}
CONTACT = {"role": "user", "name": "Mara Lind", "email": "mara@harbour.example"}


def ticket(*parts, **more):
    return wire.ticket(conversation("101", *parts, **more), CONTACT, HOME)


def messages(*parts, **more):
    """All messages but the first."""
    return ticket(*parts, **more).messages[1:]


@pytest.mark.parametrize("kind", ["comment", "assignment", "close", "open", "assign_and_reopen", "quick_reply"])
def test_text_is_found_in_every_kind_of_part(kind):
    """A reply that assigns, closes or reopens has no comment of its own."""
    for author, role in ((INES, Role.STAFF), (MARA, Role.REQUESTER), (OPERATOR, Role.SYSTEM)):
        (said,) = messages(part(1, author, "<p>Done</p>", kind))
        assert (said.text, said.is_public, said.author.role) == ("Done", True, role)


@pytest.mark.parametrize("kind", ["note", "call_summary", "operator_workflow_event", "something_new", ""])
def test_text_in_any_other_part_is_a_note(kind):
    """What a requester surely sees is public, everything else is not quoted outward."""
    (said,) = messages(part(1, INES, "<p>Careful</p>", kind))
    assert not said.is_public
    if kind != "note":
        assert messages(part(1, MARA, "<p>Hi</p>", kind))[0].is_public


@pytest.mark.parametrize("kind", ["assignment", "close", "snoozed", "language_detection_details", "priority_changed"])
def test_parts_without_words_are_no_messages(kind):
    """Most parts only say that something was done."""
    assert messages(part(1, INES, None, kind), part(2, INES, "<p> </p>", kind)) == ()


@pytest.mark.parametrize(
    ("given", "rating"),
    [
        ({"rating": 1, "remark": "Slow"}, Rating("101", is_good=False, words="Slow")),
        ({"rating": 3, "remark": None}, Rating("101", is_good=True)),
        ({"rating": None, "created_at": 1}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_rating_of_a_conversation(given, rating):
    """One and two are bad; a request that nobody has answered is no rating."""
    assert ticket(conversation_rating=given).rating == rating


def test_a_redacted_message_stays_emptied():
    """Its words and files are gone; that somebody wrote there is not."""
    file = {"type": "upload", "name": "card.png", "url": "https://x.example/1", "content_type": "image/png"}
    (said,) = messages(part(1, MARA, "<p>4111</p>", redacted=True, attachments=[file]))
    assert (said.text, said.html, said.attachments) == ("", "", ())
    assert messages(part(1, INES, "<p>secret</p>", "note", redacted=True)) == ()


def test_a_mail_may_be_its_subject_alone():
    """It asks all the same; emptied by staff, it is a message still."""
    source = {**conversation()["source"], "type": "email", "subject": "How do I archive a location?", "body": ""}
    found = ticket(source=source)
    assert (found.subject, [m.text for m in found.messages]) == ("How do I archive a location?", [""])
    assert ticket(source={**source, "subject": ""}).messages == ()


def test_a_plain_body_keeps_its_lines():
    """What was quoted below an answer is told from it by its line."""
    (said,) = messages(part(1, MARA, "perfect\n\nOn Tue Ann <ann@acme.example> wrote:\n> Raise it."))
    assert (said.text, said.html) == ("perfect\n\nOn Tue Ann <ann@acme.example> wrote:\n> Raise it.", "")


def test_a_file_alone_is_a_message():
    """An attachment without a word."""
    file = {"type": "upload", "name": "a.png", "url": "https://x.example/1", "content_type": "image/png", "filesize": 9}
    (said,) = messages(part(1, MARA, None, attachments=[file]))
    assert [(a.name, a.size_bytes, a.url) for a in said.attachments] == [("a.png", 9, "https://x.example/1")]


@pytest.mark.parametrize(
    ("author", "role"),
    [
        (MARA, Role.REQUESTER),
        (LEAD, Role.PARTICIPANT),
        (INES, Role.STAFF),
        (BOT, Role.BOT),
        (OPERATOR, Role.SYSTEM),
        ({**INES, "email": "operator+ab12cd34@intercom.io"}, Role.SYSTEM),
        ({**INES, "from_ai_agent": True}, Role.SYSTEM),
        ({**INES, "is_ai_answer": True}, Role.SYSTEM),
        ({"type": "team", "id": "5017"}, Role.SYSTEM),
        ({"type": "admin", "id": None}, Role.SYSTEM),
        ({}, Role.SYSTEM),
    ],
)
def test_who_wrote_it(author, role):
    """Contacts, teammates, ourselves, and machines in whoever's name."""
    assert messages(part(1, author, "<p>x</p>"))[0].author.role is role


@pytest.mark.parametrize("delivered_as", ["campaign_initiated", "automated", "operator_initiated"])
def test_a_campaign_is_no_teammate(delivered_as):
    """It speaks in a teammate's name; the contact who gets it is the requester."""
    source = {"type": "conversation", "id": "1", "delivered_as": delivered_as, "body": "<p>News!</p>", "author": INES}
    found = ticket(part(1, MARA, "<p>Stop</p>"), source=source)
    assert [m.author.role for m in found.messages] == [Role.SYSTEM, Role.REQUESTER]
    assert found.requester.id == MARA["id"]


def test_a_lead_has_only_claimed_who_it_is():
    """Users are identified by the product, leads by themselves."""
    source = {**conversation()["source"], "author": LEAD, "type": "email", "subject": "<p>Shifts</p>"}
    found = wire.ticket(conversation("101", source=source), {"role": "lead", "name": None}, HOME)
    assert (found.requester.is_verified, found.requester.email) == (False, "ada@harbour.example")
    assert (found.channel, found.is_messaging, found.subject) == ("email", False, "Shifts")
    assert ticket().requester.is_verified


@pytest.mark.parametrize("where", ["whatsapp", "sms", "facebook", "instagram", "twitter", "phone_call"])
def test_where_a_comment_may_not_arrive(where):
    """Social channels and calls are marked, also if the conversation moved there."""
    assert ticket(source={**conversation()["source"], "type": where}).is_messaging
    assert ticket(channel={"initial": "messenger", "current": where}).is_messaging
    assert not ticket().is_messaging


@pytest.mark.parametrize(
    ("parts", "more", "status"),
    [
        ((), {}, Status.NEW),
        ((part(1, MARA, "x"),), {}, Status.NEW),
        ((part(1, INES, "x"),), {"waiting_since": None}, Status.PENDING),
        ((part(1, INES, "x"),), {}, Status.OPEN),
        ((part(1, INES, "x", "note"),), {}, Status.NEW),
        ((part(1, OPERATOR, "x"),), {"waiting_since": None}, Status.OPEN),
        ((part(1, INES, "x"), part(2, MARA, "y")), {}, Status.OPEN),
        ((), {"state": "closed"}, Status.SOLVED),
        ((), {"state": "snoozed", "open": True}, Status.ON_HOLD),
        ((), {"state": "hibernating"}, Status.NEW),
    ],
)
def test_the_status(parts, more, status):
    """Three states and who spoke last; an unknown state counts as open."""
    assert ticket(*parts, **more).status is status


@pytest.mark.parametrize("nobody", [0, "0", None, "", "nobody"])
def test_unassigned_is_told_in_several_ways(nobody):
    """0, null and text; a reference to nobody is left as it is told."""
    found = ticket(admin_assignee_id=nobody, team_assignee_id=nobody if nobody != "nobody" else 0)
    assert found.assignee_id == ("nobody" if nobody == "nobody" else "")
    assert found.group_id == ""


HANDED_OVER = ("escalated", "negative_feedback", "procedure_handoff", "routed_to_team", "abandoned", "a new word")


@pytest.mark.parametrize(
    ("state", "parts", "is_fins"),
    [
        (None, (), True),
        (None, (part(1, OPERATOR, "x"),), True),
        ("assumed_resolution", (part(1, OPERATOR, "x"), part(2, MARA, "y")), True),
        ("confirmed_resolution", (part(1, OPERATOR, "x"),), True),
        *((state, (part(1, OPERATOR, "x"),), False) for state in HANDED_OVER),
        (None, (part(1, OPERATOR, "x"), part(2, INES, "y")), False),
    ],
)
def test_fin_has_what_it_has_not_given_up(state, parts, is_fins):
    """While Intercom's agent answers, the conversation is its own; nobody is taken for its assignee."""
    found = ticket(*parts, ai_agent_participated=True, ai_agent={"resolution_state": state})
    assert (found.is_with_ai_agent, found.assignee_id) == (is_fins, "")


@pytest.mark.parametrize("more", [{"admin_assignee_id": 7001}, {"ai_agent_participated": False}])
def test_fin_has_nothing_that_a_teammate_has_or_that_it_never_saw(more):
    """Whoever it is assigned to has it, also if that is ourselves."""
    told = {"ai_agent_participated": True, "ai_agent": None} | more
    assert not ticket(part(1, OPERATOR, "x"), **told).is_with_ai_agent


@pytest.mark.parametrize(
    ("told", "read"),
    [("urgent", "urgent"), ("medium", "normal"), ("none", ""), ("priority", "high"), ("not_priority", ""), (None, "")],
)
def test_priorities_of_both_vocabularies(told, read):
    """2.16 has five words, the versions before it two."""
    assert ticket(priority=told).priority == read


def test_the_order_is_that_of_time_then_number():
    """Parts of one second by their numbers; the first message first, whatever its time says."""
    same = [part(10, INES, "third", created_at=START - 5), part(9, MARA, "second", created_at=START - 5)]
    assert [m.text for m in ticket(*same).messages] == ["How do I swap a shift?", "second", "third"]


def test_a_reply_is_known_by_its_words_after_its_question():
    """The same words to two questions: each reply has the mark of the newest question before it."""
    body, entry = "<p>Yes, it does.</p>", fingerprint("<p>Yes, it does.</p>", BOT_ID)
    kept = {writes.REPLIES: f"dh-2900001:{entry} dh-3:{entry}"}
    parts = (
        part(1, BOT, body),
        part(3, MARA, "<p>Really?</p>"),
        part(4, BOT, body),
        part(5, INES, body),
        part(6, BOT, "x"),
    )
    assert [m.mark for m in messages(*parts, custom_attributes=kept)] == ["dh-2900001", "", "dh-3", "", ""]
    assert [m.mark for m in messages(*parts, custom_attributes={})] == [""] * 5


def test_a_reply_in_a_colleagues_name_is_known_too():
    """What staff had us send is entered for them; the same words by somebody else are somebody else's."""
    write = TicketWrite(mark="dh-2900001-send", html="<p>Yes.</p>", is_public=True, author_id=INES["id"])
    kept = writes.attributes(write, "", INES["id"])
    parts = (part(1, BOT, "<p>Yes.</p>"), part(2, INES, "<p>Yes.</p>"), part(3, INES, "<p>No.</p>"))
    assert [m.mark for m in messages(*parts, custom_attributes=kept)] == ["", "dh-2900001-send", ""]


def test_who_put_a_tag_on():
    """The list of tags says it; a rule's tag is the system's, and a teammate without a seat may not act."""
    tags = [
        {"id": "1", "name": "Deskhand_Do_Send", "applied_at": START, "applied_by": {"type": "admin", "id": "7002"}},
        {"id": "2", "name": "auto", "applied_at": START, "applied_by": {"type": "bot", "id": "9000"}},
        {"id": "3", "name": "silent"},
    ]
    admins = [{"id": 7002, "name": "Lou Light", "has_inbox_seat": False}, {"id": 7001}]
    home = wire.Home(BOT_ID, seatless=wire.seatless(admins), colleagues=wire.colleagues(admins))
    raw = conversation("101", tags={"type": "tag.list", "tags": tags})
    found = wire.tagging(raw, "deskhand_do_send", home)
    assert found.person.name == "Lou Light"
    assert (found.person.role, found.person.may_act, found.at) == (
        Role.STAFF,
        False,
        datetime.fromtimestamp(START, UTC),
    )
    assert wire.tagging(raw, "auto", home).person.role is Role.SYSTEM
    assert wire.tagging(raw, "silent", home) is None
    assert wire.tagging(raw, "unknown", home) is None


def test_only_our_own_notes_carry_marks():
    """A colleague who copies the line marks nothing, and neither does a requester."""
    line = "<p>x</p><p>[Deskhand dh-7]</p>"
    parts = (part(1, BOT, line, "note"), part(2, INES, line, "note"), part(3, MARA, line), part(4, BOT, line))
    assert [m.mark for m in messages(*parts)] == ["dh-7", "", "", ""]


def test_a_reply_through_intercoms_editor_keeps_its_mark():
    """What Intercom makes of the mark-up on its way does not matter."""
    write = TicketWrite(
        mark="dh-2900001", html="<p>See <strong>this</strong>: <a href='https://h.example'>it</a></p>", is_public=True
    )
    kept = writes.attributes(write, "", BOT_ID)
    came = '<div>See&nbsp;this: <a href="https://h.example/?utm=x" rel="nofollow">it</a></div>'
    assert [m.mark for m in messages(part(1, BOT, came), custom_attributes=kept)] == ["dh-2900001"]


ODD = [None, 7, "x", [], {}, [None, "x", {}], True, {"type": 5}]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_no_odd_field_crashes(odd):
    """Every field of a conversation in turn, and of its first part, holds something else."""
    whole = conversation("101", part(1, BOT, "<p>x</p>"))
    for name in whole:
        wire.ticket({**whole, name: odd}, CONTACT, HOME)
    for name in whole["source"]:
        wire.ticket({**whole, "source": {**whole["source"], name: odd}}, CONTACT, HOME)
    for name in part(1, BOT, "x"):
        wire.ticket(conversation("101", {**part(1, BOT, "x"), name: odd}), CONTACT, HOME)
    for name in (*CONTACT, "custom_attributes", "tags", "companies", "created_at"):
        wire.ticket(whole, {**CONTACT, name: odd}, HOME)
    for name in article("41", "x"):
        list(listings.articles({**article("41", "x"), name: odd}, {}))
    listings.articles({**article("41", "x"), "translated_content": odd}, {})
    assert listings.earlier_ticket({"id": odd}) is None
    assert listings.team({"id": "5", "name": odd}) is not None
