"""Zendesk's JSON in, nouns out: tables of ordinary and odd shapes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.helpdesk import Attachment, Flag, Rating, Role, Status, Ticket
from integrations.zendesk import listings, wire, writes
from tests.fakes.zendesk_server import AGENT_ID, BOT_ID, REQUESTER_ID, comment, ticket, user

SITE = "https://acme.zendesk.com"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def read(raw=None, comments=(), users=(), organizations=()) -> Ticket:
    return wire.ticket(
        raw or ticket(),
        list(comments),
        {str(u["id"]): u for u in users or [user(REQUESTER_ID, "Ada Doe")]},
        list(organizations),
        bot_id=str(BOT_ID),
        site_url=SITE,
    )


@pytest.mark.parametrize(
    ("account", "role"),
    [
        (user(BOT_ID, "Bot", "agent"), Role.BOT),
        (user(AGENT_ID, "Grace", "admin"), Role.STAFF),
        (user(REQUESTER_ID, "Ada"), Role.REQUESTER),
        (user(REQUESTER_ID, "Ada", "agent"), Role.STAFF),
        (user(6, "Eve"), Role.PARTICIPANT),
        (user(6, "Eve", "something new"), Role.PARTICIPANT),
        ({"id": -1, "name": "Zendesk", "role": "admin"}, Role.SYSTEM),
    ],
)
def test_the_role_of_a_person_on_a_ticket(account, role):
    """Who somebody is depends on the ticket: the asker, another end user, staff, ourselves or no person."""
    assert wire.person(account, requester_id=str(REQUESTER_ID), bot_id=str(BOT_ID)).role is role


def test_a_person_keeps_what_decides_about_trust():
    """Suspension, verification, tags and locale come along; what is missing is harmless."""
    full = wire.person(user(6, "Eve", suspended=True, verified=False, tags=["vip"], organization_id=9))
    assert (full.is_suspended, full.is_verified, full.tags, full.organization_id) == (True, False, ("vip",), "9")
    bare = wire.person({"id": 6})
    assert (bare.name, bare.email, bare.is_suspended, bare.is_verified) == ("", "", False, True)


def test_a_ticket_with_everything():
    """All fields of a ticket reach the noun in our words."""
    raw = ticket(
        status="hold",
        priority="HIGH",
        assignee_id=AGENT_ID,
        via={"channel": "closed_ticket", "source": {"from": {"ticket_id": 4000}, "rel": "follow_up"}},
        sharing_agreement_ids=[1],
        from_messaging_channel=True,
        raw_subject="Shift \ud800swap\0",
    )
    found = read(raw, organizations=[{"id": 1, "name": "other"}, {"id": 77001, "name": "Harbour Cafe"}])
    assert found.status is Status.ON_HOLD
    assert found.priority == "high"
    assert (found.assignee_id, found.group_id) == (str(AGENT_ID), "8447320466430")
    assert (found.followup_of, found.channel) == ("4000", "closed_ticket")
    assert (found.is_shared, found.is_messaging) == (True, True)
    assert found.subject == "Shift ?swap"
    assert found.organization
    assert found.organization.name == "Harbour Cafe"
    assert found.url == f"{SITE}/agent/tickets/5158"


def test_a_bare_ticket_does_not_crash():
    """A ticket with hardly any field still becomes a noun, with an unverified requester and no lock."""
    found = read({"id": "7"})
    assert (found.id, found.status, found.stamp, found.subject) == ("7", Status.OPEN, "", "")
    assert (found.requester.role, found.requester.is_verified) == (Role.REQUESTER, False)


@pytest.mark.parametrize(("channel", "is_chat"), [("whatsapp", True), ("chat", True), ("email", False), ("web", False)])
def test_chats_are_marked(channel, is_chat):
    """A channel into which a public comment may never arrive is marked."""
    assert read(ticket(via={"channel": channel})).is_messaging is is_chat


@pytest.mark.parametrize(
    ("bodies", "text"),
    [
        ({"plain_body": "a&nbsp;b &lt;c&gt;", "body": "x"}, "a b &lt;c&gt;"),
        ({"plain_body": "", "body": "x"}, "x"),
        ({"plain_body": None, "body": None}, ""),
    ],
)
def test_the_plain_text_of_a_comment(bodies, text):
    """Plain text comes from the plain body, whose hard spaces Zendesk leaves as entities, else from the body."""
    assert read(comments=[comment(1, REQUESTER_ID, "hi", **bodies)]).messages[0].text == text


def test_messages_are_sorted_oldest_first_and_ties_keep_their_order():
    """The thread is in order of time whatever order it came in."""
    rows = [
        comment(3, REQUESTER_ID, "c", created_at="2026-01-02T03:09:00Z"),
        comment(1, REQUESTER_ID, "a", created_at="2026-01-02T03:01:00Z"),
        comment(2, REQUESTER_ID, "b", created_at="2026-01-02T03:01:00Z"),
    ]
    assert [m.text for m in read(comments=rows).messages] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([0, 2, 3, 4, 11], set(Flag) - {Flag.MERGED, Flag.REDACTED}),
        (["4"], {Flag.AUTOMATIC}),
        ([5, 99], set()),
        ([True, None, -4, "x"], set()),
        ("4", set()),
        (None, set()),
    ],
)
def test_flags_of_a_comment(flags, expected):
    """Flags that say something about trust are kept, as numbers or as text."""
    row = comment(1, REQUESTER_ID, "hi", metadata={"flags": flags})
    assert read(comments=[row]).messages[0].flags == expected


@pytest.mark.parametrize(
    ("change", "is_public"), [({"public": True}, True), ({"public": False}, False), ({"public": None}, False)]
)
def test_only_a_plain_yes_makes_a_comment_public(change, is_public):
    """A comment that does not say it is public is a note."""
    assert read(comments=[comment(1, REQUESTER_ID, "hi", **change)]).messages[0].is_public is is_public


@pytest.mark.parametrize(
    "via",
    [
        {"channel": "rule"},
        {"channel": "system", "source": {"rel": "merge"}},
        {"channel": "web", "source": {"rel": "merge"}},
    ],
)
def test_what_a_rule_wrote_is_nobodys_word(via):
    """A comment by a trigger or a merge is the system's, in whoever's name it stands."""
    written = read(comments=[comment(1, REQUESTER_ID, "hi", via=via)]).messages[0]
    assert written.author.role is Role.SYSTEM
    assert (Flag.MERGED in written.flags) is (via.get("source") == {"rel": "merge"})


def test_of_a_call_only_what_was_said_is_read():
    """The body of a voice comment is a machine's; its recording is a file, its transcription the caller's words."""
    call = {"type": "VoiceComment", "data": {"transcription_text": "It is dark.", "recording_url": "https://x/y"}}
    said, silent = read(
        comments=[
            comment(1, REQUESTER_ID, "Voicemail from: +1 415", **call),
            comment(2, REQUESTER_ID, "Voicemail from: +1 415", type="VoiceComment", data={"transcription_text": None}),
        ]
    ).messages
    assert (said.text, said.html, silent.text, silent.html) == ("It is dark.", "", "", "")
    assert [m.attachments[-1].content_type for m in (said, silent)] == ["audio/mpeg", "audio/mpeg"]


@pytest.mark.parametrize(
    ("given", "rating"),
    [
        ({"id": 5, "score": "bad", "comment": "Slow"}, Rating("5", False, "Slow")),
        ({"id": 5, "score": "good_with_comment", "comment": None}, Rating("5", True)),
        ({"id": 5, "score": "offered"}, None),
        ({"score": "unoffered"}, None),
        ({"score": "bad"}, None),
        (None, None),
    ],
)
def test_the_rating_of_a_ticket(given, rating):
    """Only what was rated counts, with the comment."""
    assert read(ticket(satisfaction_rating=given)).rating == rating


def test_a_redacted_comment_says_so():
    """Blocks stand where words were taken out for good."""
    said = read(comments=[comment(1, REQUESTER_ID, "My code is ▇▇▇▇."), comment(2, REQUESTER_ID, "Hi")]).messages
    assert [Flag.REDACTED in message.flags for message in said] == [True, False]


def test_who_gets_copies_is_known():
    """The requester, listed as a copy of their own mail, is none."""
    assert read(ticket(email_cc_ids=[REQUESTER_ID, 77, None, "x"])).copies == ("77",)


@pytest.mark.parametrize(
    ("place", "is_public"), [("email", False), ("side_conversation", True)], ids=["a ticket", "a child ticket"]
)
def test_a_side_conversation_is_never_the_requesters_to_see(place, is_public):
    """Its words on the requester's own ticket are a note; on the ticket made for it they are what is said there."""
    raw = ticket(via={"channel": place})
    said = [comment(1, REQUESTER_ID, "How?"), comment(2, 77, "Ask the bank.", via={"channel": "side_conversation"})]
    assert [m.is_public for m in read(raw, said).messages] == [True, is_public]


@pytest.mark.parametrize(
    ("metadata", "mark"),
    [
        ({"custom": {"deskhand": "m-1"}}, "m-1"),
        ({"custom": {"deskhand": 5}}, ""),
        ({"custom": {}}, ""),
        ({"custom": None}, ""),
        (None, ""),
    ],
)
def test_our_mark_is_found(metadata, mark):
    """The mark we wrote is read back from the comment's metadata."""
    assert read(comments=[comment(1, BOT_ID, "hi", metadata=metadata)]).messages[0].mark == mark


def test_attachments_and_mail_id():
    """Attachments are listed without deleted ones, and the mail's id is kept where it is told."""
    rows = [
        {
            "id": 1,
            "file_name": "a.png",
            "content_type": "image/png",
            "size": 12,
            "content_url": "https://x/1",
            "inline": True,
        },
        {"id": 2, "file_name": "b", "size": "big"},
        {"id": 3, "file_name": "gone", "deleted": True},
    ]
    row = comment(1, REQUESTER_ID, "hi", attachments=rows, metadata={"system": {"message_id": "<a@b>"}})
    found = read(comments=[row]).messages[0]
    assert found.attachments == (
        Attachment("1", "a.png", "image/png", 12, "https://x/1", is_inline=True),
        Attachment("2", "b", "", 0),
    )
    assert found.headers == {"Message-ID": "<a@b>"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"plan": "Crew", "seats": 12, "empty": None, "blank": " ", "nested": {"a": 1}},
            {"plan": "Crew", "seats": "12"},
        ),
        (None, {}),
        ([1], {}),
    ],
)
def test_fields_of_an_account_are_plain_text(given, expected):
    """What holds no plain value is left out, of people and of organisations alike."""
    assert wire.person({"id": 5, "user_fields": given}).fields == expected


@given(
    raw=st.fixed_dictionaries({}, optional=dict.fromkeys(ticket(), JSON)),
    row=st.fixed_dictionaries({}, optional=dict.fromkeys(comment(1, 2, "x"), JSON)),
    account=st.fixed_dictionaries({}, optional=dict.fromkeys(user(1, "x"), JSON)),
)
def test_no_shape_crashes_the_reader(raw, row, account):
    """Whatever types stand in whatever fields, a ticket comes out."""
    found = read({"id": 5158, **raw}, comments=[row], users=[{**account, "id": REQUESTER_ID}])
    assert isinstance(found, Ticket)
    assert all(isinstance(m.id, str) and m.created_at.tzinfo for m in found.messages)


@given(JSON)
def test_no_shape_crashes_the_lists(value):
    """Rows of groups, articles and exports may hold anything."""
    row = {"id": 1, "name": value, "deleted": value, "section_id": value, "label_names": value, "draft": value}
    listings.team(row)
    listings.article({**row, "user_segment_id": value}, {})
    listings.changes({"tickets": value, "after_cursor": value, "end_of_stream": value}, "a")
    writes.applied({"audit": value, "ticket": value})
    listings.shelf([row], [row])


@pytest.mark.parametrize(
    ("fields", "may_act"),
    [
        ({}, True),
        ({"only_private_comments": True}, False),
        ({"role_type": 1}, False),
        ({"role_type": 4, "only_private_comments": False}, True),
    ],
)
def test_a_light_agent_may_not_act(fields, may_act):
    """Who may write notes only cannot have us write to requesters."""
    assert wire.person({"id": 801, "role": "agent"} | fields).may_act is may_act


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ({"field_name": "tags", "value": ["a", "b"], "previous_value": ["a"]}, ("801", False)),
        ({"field_name": "tags", "value": "a b", "previous_value": "a"}, ("801", False)),
        ({"field_name": "tags", "value": ["a"], "previous_value": ["a", "b"]}, None),
        ({"field_name": "tags", "value": ["b"], "previous_value": ["b"]}, None),
        ({"field_name": "status", "value": "b", "previous_value": "a"}, None),
        (
            {"field_name": "tags", "value": ["b"], "via": {"channel": "rule", "source": {"rel": "trigger"}}},
            ("801", True),
        ),
    ],
)
def test_an_audit_tells_who_put_a_tag_on(event, found):
    """Lists and texts alike; a rule that did it in somebody's change is told apart."""
    audit = {"author_id": 801, "created_at": "2026-11-20T09:00:00Z", "events": [event, "nonsense"]}
    read = wire.tagging(audit, "b")
    assert (read and (read[0], read[2])) == found
