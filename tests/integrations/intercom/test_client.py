"""The Intercom client over real HTTP, against the reference's shapes and their accidents."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config.settings import Settings
from integrations.errors import ConflictError, NotFoundError, PermanentError, TransientError
from integrations.helpdesk import Role, Status, Team, TicketWrite
from integrations.intercom import writes
from integrations.intercom.client import BESIDE_SECONDS, IntercomHelpdesk, build_helpdesk
from tests.fakes.intercom_server import (
    BOT,
    BOT_ID,
    CONTACT_ID,
    INES,
    LITE,
    MARA,
    START,
    TEAM_ID,
    TOKEN,
    IntercomServer,
    article,
    conversation,
    do_and_fail,
    intercom_server,
    part,
    refuse,
)

NOW = datetime.fromtimestamp(START + 3600, UTC)
ID = "215470000000101"
REPLY = TicketWrite(
    mark="dh-2900001",
    html="<p>Open the schedule and press <strong>Offer swap</strong>.</p>",
    is_public=True,
    status=Status.PENDING,
    add_tags=("deskhand", "deskhand_send"),
)
NOTE = TicketWrite(
    mark="dh-2900001",
    html="<blockquote><p>Hello Mara</p></blockquote>",
    group_id=TEAM_ID,
    priority="urgent",
    add_tags=("deskhand", "deskhand_hand_off"),
    remove_tags=("deskhand_draft",),
)


class Clock:
    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def server() -> Iterator[IntercomServer]:
    with intercom_server() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(server, clock) -> IntercomHelpdesk:
    return IntercomHelpdesk(server.url, TOKEN, timeout_seconds=2, now=lambda: NOW, clock=clock)


def said(server):
    """What stands in the conversation that staff or requester can read, newest last."""
    return [p for p in server.conversations[ID]["conversation_parts"]["conversation_parts"] if p["body"]]


def calls(server):
    return [(method, path.removeprefix(f"/conversations/{ID}")) for method, path, _ in server.seen]


def test_every_request_names_the_version(server, desk):
    """Whatever version the app is set to, ours is asked for."""
    desk.me()
    desk.ticket(ID)
    desk.changes("", since=NOW)
    assert server.versions == {"2.16"}


def test_me_is_the_tokens_teammate(server, desk):
    """The bot is the teammate the token belongs to."""
    me = desk.me()
    assert (me.id, me.role, me.name) == (BOT_ID, Role.BOT, "Deskhand")
    server.me["email"] = "operator+ab12cd34@intercom.io"
    with pytest.raises(PermanentError, match="teammate"):
        desk.me()


def test_a_wrong_token_is_permanent(server):
    """Also that of another region: 401."""
    with pytest.raises(PermanentError) as caught:
        IntercomHelpdesk(server.url, "another", timeout_seconds=2).me()
    assert caught.value.status == 401
    assert "another" not in str(caught.value)


def test_a_conversation_is_read_whole(server, desk):
    """The first message, the parts, the requester with tags and fields, and where staff open it."""
    server.add(ID, INES, "<p>Which shift?</p>", "assignment")
    server.add(ID, MARA, "<p>Sunday</p>")
    ticket = desk.ticket(ID)
    assert [(m.author.role, m.text) for m in ticket.messages] == [
        (Role.REQUESTER, "How do I swap a shift?"),
        (Role.STAFF, "Which shift?"),
        (Role.REQUESTER, "Sunday"),
    ]
    assert ticket.requester.tags == ("vip",)
    assert ticket.requester.fields == {"plan": "pro", "seats": "7", "external_id": "c-881"}
    assert ticket.requester.locale == "de"
    assert ticket.url == f"{server.url}/a/inbox/ab12cd34/inbox/conversation/{ID}"
    assert ticket.read_at is not None


def test_staff_open_it_in_their_region():
    """The address of the inbox follows that of the API."""
    desk = IntercomHelpdesk("https://api.eu.intercom.io", TOKEN)
    desk._transport.get = lambda *_, **__: {"type": "admin", "id": "1", "app": {"id_code": "ab"}}  # type: ignore[method-assign]
    desk.me()
    assert desk._inbox_url == "https://app.eu.intercom.com/a/inbox/ab/inbox"


@pytest.mark.parametrize("status", [404, 410])
def test_a_contact_that_is_gone_leaves_its_name(server, desk, status):
    """Deleted or merged: what the first message says is left, and the identity is not proven."""
    server.fail("GET", "/contacts/", refuse(status, "contact_merged", "merged"))
    requester = desk.ticket(ID).requester
    assert (requester.id, requester.name, requester.email) == (CONTACT_ID, "Mara Lind", "mara@harbour.example")
    assert not requester.is_verified


@pytest.mark.parametrize("ticket_id", ["999", "", "0", "../me", "search", "attributes", "a" * 90])
def test_a_conversation_that_is_not_there_is_not_found(server, desk, ticket_id):
    """Deleted, or no id at all: then nobody is asked."""
    with pytest.raises(NotFoundError):
        desk.ticket(ticket_id)


# --- writing


def test_a_reply_comes_last_and_is_entered_before(server, desk):
    """Tags, a fresh read, the entry, and only then the one comment; it is found by its mark."""
    ticket = desk.ticket(ID)
    server.seen.clear()
    applied = desk.write(ticket, REPLY)
    assert [call for call in calls(server) if call[1] != "/tags" or call[0] != "POST"] == [
        ("GET", ""),
        ("PUT", ""),
        ("POST", "/reply"),
    ]
    assert calls(server)[-3:] == [("GET", ""), ("PUT", ""), ("POST", "/reply")]
    assert server.seen[-1][2] == {
        "message_type": "comment",
        "type": "admin",
        "admin_id": BOT_ID,
        "body": "<p>Open the schedule and press <b>Offer swap</b>.</p>",
    }
    own = desk.ticket(ID).messages[-1]
    assert (own.id, own.mark, own.is_public, own.author.role) == (applied.message_id, "dh-2900001", True, Role.BOT)
    assert desk.ticket(ID).status is Status.PENDING
    assert set(desk.ticket(ID).tags) == {"deskhand", "deskhand_send"}
    assert server.conversations[ID]["custom_attributes"][writes.OUTCOME] == "Replied"


def test_a_hand_over_is_a_note_with_team_and_priority(server, desk):
    """The note carries its mark in its last line, the team is set, the priority goes to an attribute."""
    server.conversations[ID]["tags"]["tags"] = [{"id": "86", "name": "deskhand_draft"}]
    server.tags["86"] = "deskhand_draft"
    applied = desk.write(desk.ticket(ID), NOTE)
    (note,) = said(server)
    assert note["part_type"] == "note"
    assert note["body"] == "<p><i>Hello Mara</i></p><p>[Deskhand dh-2900001]</p>"
    read = desk.ticket(ID)
    assert (read.messages[-1].mark, read.messages[-1].id) == ("dh-2900001", applied.message_id)
    assert not read.messages[-1].is_public
    assert read.group_id == TEAM_ID
    assert read.tags == ("deskhand", "deskhand_hand_off")
    assert server.conversations[ID]["custom_attributes"] == {writes.OUTCOME: "For a person", writes.PRIORITY: "urgent"}


def test_a_reply_in_a_colleagues_name(server, desk):
    """The comment is theirs, what goes beside it is ours, and it is found again all the same."""
    write = replace(REPLY, mark="dh-2900001-send", author_id=INES["id"])
    applied = desk.write(desk.ticket(ID), write)
    own = desk.ticket(ID).messages[-1]
    assert (own.id, own.mark, own.author.role) == (applied.message_id, "dh-2900001-send", Role.STAFF)
    assert {body["admin_id"] for _, path, body in server.requests("POST", f"{ID}/tags")} == {BOT_ID}


def test_who_tagged_and_whether_they_may_act(server, desk):
    """Read from the conversation; seats are read once in five minutes."""
    server.add(ID, LITE, "<p>/send</p>", "note")
    ticket = desk.ticket(ID)
    assert not ticket.messages[-1].author.may_act
    desk.write(ticket, NOTE)
    assert desk.tagged(ticket, "deskhand").person.role is Role.BOT
    assert desk.tagged(ticket, "deskhand_stop") is None
    assert len(server.requests("GET", "/admins")) == 1


@pytest.mark.parametrize("status", [502, 504, 408])
def test_a_lost_answer_is_in_doubt_and_found_by_its_mark(server, desk, status):
    """The comment stands although a proxy said otherwise: nothing is repeated here, and a read tells."""
    server.fail("POST", "/reply", do_and_fail(status))
    with pytest.raises(TransientError) as caught:
        desk.write(desk.ticket(ID), REPLY)
    assert caught.value.maybe_done
    assert len(server.requests("POST", "/reply")) == 1
    assert [m.mark for m in desk.ticket(ID).messages] == ["", "dh-2900001"]


@pytest.mark.parametrize("place", ["/tags", "PUT", "GET"])
def test_what_is_lost_before_the_message_is_no_doubt(server, desk, place):
    """Whatever became of tags and attributes: nobody was written to, and all of it may be made again."""
    ticket = desk.ticket(ID)
    server.fail(*{"/tags": ("POST", "/tags"), "PUT": ("PUT", ID), "GET": ("GET", ID)}[place], do_and_fail(502))
    with pytest.raises(TransientError) as caught:
        desk.write(ticket, REPLY)
    assert not caught.value.maybe_done
    assert said(server) == []
    desk.write(ticket, REPLY)
    assert len(said(server)) == 1


def test_a_message_that_would_be_late_is_not_sent(server, desk, clock):
    """What goes before may take so long, and no longer: the longest flight counts from there."""
    ticket, slow = desk.ticket(ID), server._serve

    def later(request, body):
        clock.seconds += BESIDE_SECONDS / 2
        return slow(request, body)

    server._serve = later
    with pytest.raises(TransientError) as caught:
        desk.write(ticket, REPLY)
    assert not caught.value.maybe_done
    assert said(server) == []
    assert desk.abilities.longest_flight_seconds >= BESIDE_SECONDS + 2


@pytest.mark.parametrize(
    "act",
    [
        lambda server: server.add(ID, MARA, "<p>Never mind</p>"),
        lambda server: server.add(ID, INES, "<p>I have it</p>"),
        lambda server: server.add(ID, INES, "<p>Mine</p>", "note"),
        lambda server: server.conversations[ID].update(admin_assignee_id=7001),
        lambda server: server.conversations[ID].update(state="closed"),
        lambda server: server.conversations[ID].update(state="snoozed"),
        lambda server: server.conversations[ID]["tags"]["tags"].append({"type": "tag", "id": "9", "name": "stop"}),
    ],
)
def test_nobody_is_talked_over(server, desk, act):
    """A new message, note, assignee, state or tag since the look: a conflict, and nothing is said."""
    ticket = desk.ticket(ID)
    act(server)
    server.seen.clear()
    with pytest.raises(ConflictError):
        desk.write(ticket, REPLY)
    assert server.requests("POST", "/reply") == []


def test_the_same_answer_is_not_given_twice(server, desk):
    """A reply that arrived late after all is seen by the last look: a conflict instead of a second one."""
    ticket = desk.ticket(ID)
    desk.write(ticket, REPLY)
    with pytest.raises(ConflictError):
        desk.write(ticket, REPLY)
    assert len(said(server)) == 1


def test_without_the_attribute_a_note_goes_and_a_reply_does_not(server, desk):
    """A reply that could not be found again is refused; a person still hears."""
    server.has_attributes = False
    with pytest.raises(PermanentError):
        desk.write(desk.ticket(ID), REPLY)
    assert said(server) == []
    desk.write(desk.ticket(ID), NOTE)
    assert len(said(server)) == 1


def test_already_assigned_is_success(server, desk):
    """Intercom answers 422 to the team a conversation has."""
    server.conversations[ID]["team_assignee_id"] = int(TEAM_ID)
    desk.write(desk.ticket(ID), NOTE)
    assert len(said(server)) == 1


def test_a_tag_that_somebody_deleted_is_made_again(server, desk):
    """Its id was kept from the write before: the 404 is about the tag, not about the conversation."""
    desk.write(desk.ticket(ID), REPLY)
    server.tags.clear()
    server.conversations["7"] = conversation("7")
    desk.write(desk.ticket("7"), replace(NOTE, group_id=None))
    assert desk.ticket("7").tags == ("deskhand", "deskhand_hand_off")
    assert len(server.conversations["7"]["conversation_parts"]["conversation_parts"]) == 1


def test_404_is_gone_only_if_the_conversation_is(server, desk):
    """An unknown team or teammate is a person's to mend; a deleted conversation is an end."""
    ticket = desk.ticket(ID)
    server.teams.clear()
    with pytest.raises(PermanentError, match="unknown") as caught:
        desk.write(ticket, NOTE)
    assert not isinstance(caught.value, NotFoundError)
    server.fail("POST", "/reply", refuse(404, "not_found"))
    with pytest.raises(PermanentError, match="unknown"):
        desk.write(ticket, TicketWrite(mark="dh-1", html="<p>x</p>"))
    del server.conversations[ID]
    with pytest.raises(NotFoundError):
        desk.write(ticket, TicketWrite(mark="dh-1", html="<p>x</p>"))


def test_a_spent_budget_says_when_it_is_back_and_did_nothing(server, desk):
    """429 with a reset as a time of day; afterwards `limits` tells."""
    ticket = desk.ticket(ID)
    reset = str(int(datetime.now(UTC).timestamp()) + 8)
    server.headers = {"X-RateLimit-Limit": "167", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    server.fail("POST", "/reply", refuse(429, "rate_limit_exceeded", "Exceeded rate limit of 167 in 10_seconds"))
    with pytest.raises(TransientError) as caught:
        desk.write(ticket, TicketWrite(mark="dh-1", html="<p>x</p>"))
    assert not caught.value.maybe_done
    assert 5 <= (caught.value.retry_after_seconds or 0) <= 8
    assert caught.value.limit == "account"
    (limit,) = desk.limits()
    assert (limit.total, limit.remaining) == (167, 0)


def test_closing_and_snoozing_follow_the_message(server, desk):
    """The state is set after the reply; a failure there leaves the conversation open and the reply alone."""
    ticket = desk.ticket(ID)
    server.fail("POST", "/parts", refuse(500))
    assert desk.write(
        ticket, TicketWrite(mark="dh-1", html="<p>a</p>", is_public=True, status=Status.SOLVED)
    ).message_id
    assert server.conversations[ID]["state"] == "open"
    desk.write(desk.ticket(ID), TicketWrite(mark="dh-2", html="<p>b</p>", status=Status.ON_HOLD))
    assert server.conversations[ID]["state"] == "snoozed"
    assert server.seen[-1][2]["snoozed_until"] == int((NOW + timedelta(hours=24)).timestamp())
    desk.write(desk.ticket(ID), TicketWrite(mark="dh-3", html="<p>c</p>", status=Status.SOLVED))
    assert server.conversations[ID]["state"] == "closed"
    desk.write(desk.ticket(ID), TicketWrite(mark="dh-4", status=Status.OPEN, unassign=True))
    assert server.conversations[ID]["state"] == "open"


@pytest.mark.parametrize(
    "write",
    [
        TicketWrite(mark="dh-1", html="<p>x</p>", status=Status.CLOSED),
        TicketWrite(mark="dh-1", html="<p>x</p>", status=Status.NEW),
        TicketWrite(mark="dh-1", html="<p>x</p>", status=Status.PENDING),
        TicketWrite(mark="", html="<p>x</p>", is_public=True),
    ],
)
def test_what_intercom_has_no_word_for_is_refused_before_anything_is_sent(server, desk, write):
    """A status it lacks, and a reply that could not be found again."""
    ticket = desk.ticket(ID)
    server.seen.clear()
    with pytest.raises(PermanentError):
        desk.write(ticket, write)
    assert server.seen == []


def test_an_answer_without_the_message_leaves_a_doubt(server, desk):
    """A 200 that shows another part confirms nothing."""

    def other(serve):
        response = serve()
        response.set_data(response.get_data().replace(b"Offer swap", b"Something else"))
        return response

    server.fail("POST", "/reply", other)
    with pytest.raises(TransientError) as caught:
        desk.write(desk.ticket(ID), REPLY)
    assert caught.value.maybe_done


# --- lists


def test_what_a_person_asked_before(server, desk):
    """Found by the contact, newest first, nobody else's."""
    server.conversations["7"] = conversation("7", created_at=START + 50, title="Later", state="closed")
    server.conversations["8"] = conversation("8", contacts={"contacts": [{"type": "contact", "id": "65f0"}]})
    found = desk.requested_by(CONTACT_ID, limit=5)
    assert [(one.ticket_id, one.subject, one.status) for one in found] == [
        ("7", "Later", Status.SOLVED),
        (ID, "How do I swap a shift?", Status.OPEN),
    ]
    assert desk.requested_by(CONTACT_ID, limit=1) == found[:1]
    with pytest.raises(NotFoundError):
        desk.requested_by("", limit=5)


def test_teams_are_kept_for_minutes(server, desk, clock):
    """Asked once in five minutes."""
    assert desk.teams() == (Team(TEAM_ID, "Billing"),)
    server.teams.append({"type": "team", "id": 9, "name": "Legal"})
    assert len(desk.teams()) == 1
    clock.seconds += 301
    assert desk.teams()[1] == Team("9", "Legal")


def all_changes(desk, since):
    refs, cursor, pages = [], "", 0
    while True:
        page = desk.changes(cursor, since=since)
        refs += [ref.ticket_id for ref in page.tickets]
        cursor, pages = page.cursor, pages + 1
        if page.is_last:
            return refs, pages


def many(server, count):
    server.conversations = {
        str(number): conversation(str(number), updated_at=START + 60 * number) for number in range(1, count + 1)
    }
    server.page_size = 4


@pytest.mark.parametrize(("has_sort", "pages"), [(True, 2), (False, 5)])
def test_changes_end_where_they_are_known(server, desk, has_sort, pages):
    """Sorted answers are read until they get older than asked for, unsorted ones to their end; times are exact."""
    many(server, 20)
    server.has_sort = has_sort
    refs, asked = all_changes(desk, datetime.fromtimestamp(START + 60 * 15, UTC))
    assert sorted(refs, key=int) == ["15", "16", "17", "18", "19", "20"]
    assert asked == pages


def test_a_place_that_is_no_longer_taken_begins_again(server, desk):
    """The same search from its beginning: what was not read yet is not skipped."""
    many(server, 9)
    first = desk.changes("", since=datetime.fromtimestamp(START, UTC))
    assert not first.is_last
    server.fail("POST", "/search", refuse(400, "parameter_invalid", "bad cursor"))
    again = desk.changes(first.cursor, since=NOW)
    assert [ref.ticket_id for ref in again.tickets] == ["9", "8", "7", "6"]


def test_articles_with_their_collections(server, desk):
    """Every page, each article once, with the names on the way to it."""
    server.page_size = 1
    server.articles = [
        article("41", "Swap a shift"),
        article("42", "Draft", state="draft", url=None),
        article("41", "x"),
    ]
    found = {one.id: one for one in desk.articles()}
    assert found["41"].section == ("Scheduling", "Shifts")
    assert (found["41"].title, found["41"].locale, found["41"].is_public) == ("Swap a shift", "en", True)
    assert (found["42"].is_public, found["42"].is_draft) == (False, True)


def test_changed_articles_end_with_the_first_older_one(server, desk):
    """The list is newest first: pages beyond the time are not asked for."""
    server.page_size = 1
    server.articles = [article(str(n), "A", updated_at=START - 100 * n) for n in range(1, 6)]
    found = list(desk.articles(updated_since=datetime.fromtimestamp(START - 250, UTC)))
    assert [one.id for one in found] == ["1", "2", "3"]
    assert len(server.requests("GET", "/articles")) == 3


@pytest.mark.parametrize("path", ["/articles", "/help_center/collections", "/teams"])
def test_an_odd_listing_is_an_outage_not_an_empty_library(server, desk, path):
    """A 200 without the list raises."""
    server.fail("GET", path, lambda serve: serve().__class__("{}", 200))
    with pytest.raises(TransientError):
        desk.teams() if path == "/teams" else list(desk.articles())


def test_building_needs_the_token():
    """Without it there is nothing to call with."""
    with pytest.raises(ValueError, match="INTERCOM_ACCESS_TOKEN"):
        build_helpdesk(Settings(_env_file=None, intercom_client_secrets="s"))  # type: ignore[call-arg]


def test_our_own_teammate_as_assignee_is_nobody(server, desk):
    """An inbox may assign to whoever replied first: that is no person's claim."""
    server.conversations[ID]["admin_assignee_id"] = int(BOT_ID)
    assert desk.ticket(ID).assignee_id == ""
    server.conversations[ID]["conversation_parts"]["conversation_parts"] = [part(3, BOT, "Hi")]
    server.conversations[ID]["admin_assignee_id"] = "7001"
    assert desk.ticket(ID).assignee_id == "7001"
