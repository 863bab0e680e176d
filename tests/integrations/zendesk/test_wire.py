"""Zendesk's JSON in, nouns out: tables of ordinary and odd shapes."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.helpdesk import Attachment, Flag, Rating, Role, Status, Team, Ticket, TicketWrite
from integrations.zendesk import wire
from tests.fakes.zendesk_server import AGENT_ID, BOT_ID, REQUESTER_ID, article, comment, ticket, user

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
    ("value", "expected"),
    [
        (5158, "5158"),
        ("5158", "5158"),
        (" 5158 ", "5158"),
        ("0005158", "5158"),
        (8447388092001, "8447388092001"),
        (None, ""),
        ("", ""),
        (0, ""),
        ("0", ""),
        (-1, ""),
        ("-1", ""),
        (True, ""),
        (5158.0, ""),
        ("5158/comments", ""),
        ("٥", ""),
        ("9" * 21, ""),
        ([5158], ""),
    ],
)
def test_ids_become_text_and_unset_becomes_empty(value, expected):
    """Every way Zendesk writes an id gives one text, every way it writes "unset" gives none."""
    assert wire.identity(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("open", Status.OPEN),
        ("HOLD", Status.ON_HOLD),
        ("hold", Status.ON_HOLD),
        ("Solved", Status.SOLVED),
        ("ARCHIVED", Status.CLOSED),
        ("SCRUBBED", Status.DELETED),
        ("deleted", Status.DELETED),
        ("something", Status.OPEN),
        (None, Status.OPEN),
        (3, Status.OPEN),
    ],
)
def test_statuses_in_both_cases(value, expected):
    """Status words of REST and of events mean the same, and an unknown one is open to somebody's eyes."""
    assert wire.status(value) is expected


@pytest.mark.parametrize(
    ("via", "expected"),
    [
        ({"channel": "email"}, "email"),
        ({"channel": "mail"}, "email"),
        ({"channel": 4}, "email"),
        ({"channel": "web_service"}, "api"),
        ({"channel": "Web Widget"}, "web_widget"),
        ({"channel": "helpcenter"}, "help_center"),
        ({"channel": "native_messaging"}, "messaging"),
        ({"channel": 34}, "voice"),
        ({"channel": "carrier-pigeon"}, "carrier_pigeon"),
        ({"channel": None}, ""),
        ({"channel": True}, ""),
        ({}, ""),
        (None, ""),
        ("email", ""),
    ],
)
def test_channels_have_one_name(via, expected):
    """The three vocabularies for channels come to one, and an unknown channel passes."""
    assert wire.channel(via) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        ("2026-01-02T05:04:05+02:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("0001-01-01T00:00:00+23:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_times_are_aware_or_none(value, expected):
    """Times come as aware UTC, nanoseconds and offsets included."""
    assert wire.moment(value) == expected


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


def write_to(write: TicketWrite, **more) -> dict[str, Any]:
    change: dict[str, Any] = wire.update(read(ticket(**more)), write)["ticket"]
    assert change.pop("safe_update") is True
    assert change.pop("updated_stamp") == "2026-01-02T03:04:04Z"
    return change


@pytest.mark.parametrize(
    ("write", "change"),
    [
        (TicketWrite(mark=""), {}),
        (TicketWrite(mark="m"), {"metadata": {"deskhand": "m"}}),
        (TicketWrite(mark="", html="a"), {"comment": {"html_body": "a", "public": False}}),
        (TicketWrite(mark="", html="a", is_public=True), {"comment": {"html_body": "a", "public": True}}),
        (
            TicketWrite(mark="", html="a", is_public=True, author_id="801"),
            {"comment": {"html_body": "a", "public": True, "author_id": 801}},
        ),
        (TicketWrite(mark="", status=Status.ON_HOLD), {"status": "hold"}),
        (TicketWrite(mark="", priority="urgent"), {"priority": "urgent"}),
        (TicketWrite(mark="", priority=""), {"priority": None}),
        (TicketWrite(mark="", group_id="7"), {"group_id": 7}),
        (TicketWrite(mark="", group_id="7", unassign=True), {"group_id": 7, "assignee_id": None}),
        (TicketWrite(mark="", add_tags=("web",)), {}),
        (TicketWrite(mark="", add_tags=("new", "new")), {"tags": ["web", "plan_pro", "new"]}),
        (TicketWrite(mark="", remove_tags=("web", "none")), {"tags": ["plan_pro"]}),
        (TicketWrite(mark="", add_tags=("a",), remove_tags=("a",)), {}),
    ],
)
def test_a_write_says_only_what_changes(write, change):
    """Fields left alone are not sent, tags go as the whole set and only if it changes."""
    assert write_to(write) == change


@pytest.mark.parametrize("write", [TicketWrite(mark="", status=Status.DELETED), TicketWrite(mark="", group_id="x")])
def test_a_write_zendesk_has_no_word_for_is_an_error(write):
    """A status or id without meaning there raises instead of being dropped."""
    with pytest.raises(ValueError):
        write_to(write)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("{{ticket.id}}", "&#123;{ticket.id}}"),
        ("{{{", "&#123;&#123;{"),
        ("{% if %}", "&#123;% if %}"),
        ("{a}", "{a}"),
        ("a\0b\ud800", "ab?"),
    ],
)
def test_placeholders_in_text_stay_text(html, expected):
    """Nothing in a reply is expanded by Zendesk, and the reader sees the same characters."""
    assert wire.neutral(html) == expected


@given(st.text(alphabet="{%} a", max_size=12))
def test_no_text_keeps_a_placeholder(html):
    """However braces are strewn, no opening of a placeholder is left."""
    assert "{{" not in wire.neutral(html)
    assert "{%" not in wire.neutral(html)


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


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ({"id": 1, "name": "Support", "deleted": False}, Team("1", "Support")),
        ({"id": 1, "name": "Support"}, Team("1", "Support")),
        ({"id": 1, "deleted": True}, None),
        ({"name": "no id"}, None),
    ],
)
def test_groups_become_teams(group, expected):
    """A group is a team unless it is deleted."""
    assert wire.team(group) == expected


@pytest.mark.parametrize(
    ("change", "is_public", "is_draft"),
    [
        ({}, True, False),
        ({"draft": True}, False, True),
        ({"draft": None}, False, True),
        ({"user_segment_id": 5}, False, False),
        ({"user_segment_id": 0}, False, False),
        ({"user_segment_ids": [5]}, False, False),
        ({"user_segment_ids": None}, True, False),
    ],
)
def test_only_what_is_plainly_open_is_public(change, is_public, is_draft):
    """An article is public if restriction and draft are both denied; anything unclear is not."""
    found = wire.article(article(41, "Swap", **change), {"31": ("Scheduling", "Shifts")})
    assert found
    assert (found.is_public, found.is_draft, found.section) == (is_public, is_draft, ("Scheduling", "Shifts"))


@pytest.mark.parametrize("missing", ["draft", "user_segment_id"])
def test_an_article_that_does_not_say_is_not_public(missing):
    """A missing field counts as restricted."""
    raw = article(41, "Swap")
    del raw[missing]
    found = wire.article(raw, {})
    assert found
    assert not found.is_public


def test_an_article_without_a_body_or_an_id():
    """An empty article stays an article; one without an id is none."""
    found = wire.article(article(41, "Swap", body=None, locale="EN-US", label_names=None) | {"title": None}, {})
    assert found
    assert (found.html, found.locale, found.title, found.labels) == ("", "en-us", "Swap", ())
    assert wire.article({"title": "x"}, {}) is None


def test_the_shelf_names_category_and_nested_sections():
    """A section's place names its category and parents; a circle of parents ends."""
    sections = [
        {"id": 1, "name": "Shifts", "category_id": 9},
        {"id": 2, "name": "Swaps", "category_id": 9, "parent_section_id": 1},
        {"id": 3, "name": "Lone", "category_id": None},
        {"id": 4, "name": "A", "parent_section_id": 5},
        {"id": 5, "name": "B", "parent_section_id": 4},
    ]
    shelf = wire.shelf(sections, [{"id": 9, "name": "Scheduling"}])
    assert shelf["1"] == ("Scheduling", "Shifts")
    assert shelf["2"] == ("Scheduling", "Shifts", "Swaps")
    assert shelf["3"] == ("Lone",)
    assert shelf["4"] == ("B", "A")


@pytest.mark.parametrize(
    ("page", "ids", "cursor", "is_last"),
    [
        ({"tickets": [ticket(1)], "after_cursor": "b", "end_of_stream": False}, ["1"], "b", False),
        ({"tickets": [], "after_cursor": "b", "end_of_stream": True}, [], "b", True),
        ({"tickets": [], "after_cursor": None, "end_of_stream": False}, [], "a", True),
        ({"tickets": [ticket(1, updated_at=None), 5, {}]}, [], "a", True),
        ({}, [], "a", True),
    ],
)
def test_a_page_of_changes(page, ids, cursor, is_last):
    """The cursor is kept when no new one comes, and rows without id or time are passed over."""
    found = wire.changes(page, "a")
    assert ([t.ticket_id for t in found.tickets], found.cursor, found.is_last) == (ids, cursor, is_last)


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
    wire.team(row)
    wire.article({**row, "user_segment_id": value}, {})
    wire.changes({"tickets": value, "after_cursor": value, "end_of_stream": value}, "a")
    wire.applied({"audit": value, "ticket": value})
    wire.shelf([row], [row])


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
