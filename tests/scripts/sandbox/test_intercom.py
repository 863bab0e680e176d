"""The vendor's own Python client works a day against the workspace as against the vendor."""

import pytest

from scripts.sandbox.intercom import acts
from scripts.sandbox.intercom.app import create_intercom_app
from scripts.sandbox.intercom.twin import IntercomTwin
from scripts.sandbox.server import run_app

intercom = pytest.importorskip("intercom", reason="python-intercom, the vendor's client, is not installed")

pytestmark = pytest.mark.real
BOT = "7009"


@pytest.fixture(name="sdk")
def sdk_fixture():
    """The client, set to 2.16 by hand since it names no version itself, and the workspace it speaks to."""
    twin = IntercomTwin()
    server = run_app("intercom", create_intercom_app(twin))
    twin.world.base_url = server.url
    client = intercom.Intercom(
        base_url=server.url, token="sandbox-intercom-token", headers={"Intercom-Version": "2.16"}
    )
    yield client, twin
    server.stop()
    twin.sender.stop()


def test_the_client_answers_and_manages_a_conversation(sdk):
    """Start, read, answer, note, assign, tag, snooze, open, close, redact, convert, delete: each is understood."""
    from intercom import AdminReplyConversationRequest, ContactReplyIntercomUserIdRequest
    from intercom.contacts import ContactsCreateResponse
    from intercom.conversations import (
        ConversationsManageRequestBody_Assignment,
        ConversationsManageRequestBody_Close,
        ConversationsManageRequestBody_Open,
        ConversationsManageRequestBody_Snoozed,
        CreateConversationRequestFrom,
    )
    from intercom.tags import TagsCreateRequestBody  # noqa: F401 - a union, named for readers
    from intercom.types import CreateContactRequestWithEmail, RedactConversationRequest_ConversationPart

    client, _ = sdk
    me = client.admins.identify()
    assert (me.id, me.app.id_code) == (BOT, "tide1234")
    person = client.contacts.create(request=CreateContactRequestWithEmail(email="ada@example.com", name="Ada Doe"))
    assert isinstance(person, ContactsCreateResponse)
    sender = CreateConversationRequestFrom(type="user", id=person.id)
    number = client.conversations.create(from_=sender, body="The tap drips").conversation_id
    read = client.conversations.find(number, display_as="plaintext")
    assert (read.source.body, read.state, read.open, read.admin_assignee_id) == ("The tap drips", "open", True, 0)

    def reply(kind, body):
        asked = AdminReplyConversationRequest(message_type=kind, type="admin", admin_id=BOT, body=body)
        return client.conversations.reply(number, request=asked).conversation_parts.conversation_parts[-1]

    note = reply("note", "<p>Draft</p>")
    said = reply("comment", "<p>Turn it</p>")
    assert (note.part_type, said.part_type, said.author.id, said.app_package_code) == (
        "note", "comment", BOT, "deskhand-private-app",
    )  # fmt: skip
    by = ContactReplyIntercomUserIdRequest(body="Thanks", intercom_user_id=person.id)
    assert client.conversations.reply(number, request=by).waiting_since

    manage = client.conversations.manage
    team = next(row for row in client.teams.list().teams if row.name == "Billing")
    asked = ConversationsManageRequestBody_Assignment(type="team", admin_id=BOT, assignee_id=team.id)
    assert manage(number, request=asked).team_assignee_id == int(team.id)
    with pytest.raises(intercom.core.api_error.ApiError) as refused:
        manage(number, request=asked)
    assert refused.value.status_code == 422
    later = ConversationsManageRequestBody_Snoozed(admin_id=BOT, snoozed_until=4102444800)
    assert manage(number, request=later).state == "snoozed"
    assert manage(number, request=ConversationsManageRequestBody_Open(admin_id=BOT)).state == "open"

    tag = client.tags.create(request=intercom.CreateOrUpdateTagRequest(name="ai-escalated"))
    client.tags.tag_conversation(number, tag_id=tag.id, admin_id=BOT)
    assert [row.name for row in client.conversations.find(number).tags.tags] == ["ai-escalated"]
    client.tags.untag_conversation(number, tag.id, admin_id=BOT)
    assert client.conversations.find(number).tags.tags == []
    redact = RedactConversationRequest_ConversationPart(conversation_id=number, conversation_part_id=said.id)
    assert (
        client.conversations.redact_conversation_part(request=redact).conversation_parts.conversation_parts[0].redacted
    )
    ticket = client.conversations.convert_to_ticket(int(number), ticket_type_id="53")
    assert ticket.ticket_state.category == "submitted"
    assert manage(number, request=ConversationsManageRequestBody_Close(admin_id=BOT)).state == "closed"
    client.conversations.delete_conversation(int(number))
    with pytest.raises(intercom.errors.NotFoundError):
        client.conversations.find(number)


def test_the_client_pages_and_searches(sdk):
    """Lists and searches are gone through by cursor, articles by page number, each row once."""
    from intercom import MultipleFilterSearchRequest, SingleFilterSearchRequest, StartingAfterPaging

    client, twin = sdk
    with twin.world.lock:
        for number in range(7):
            acts.message(twin, {"body": f"Tap {number}", "requester": f"p{number}@example.com", "channel": "messenger"})
        acts.load(twin, {"articles": [{"title": f"A{n}", "body": "x", "draft": n == 0} for n in range(5)]})
    assert len({row.id for row in client.conversations.list(per_page=3)}) == 7
    query = MultipleFilterSearchRequest(
        operator="AND",
        value=[
            SingleFilterSearchRequest(field="state", operator="=", value="open"),
            SingleFilterSearchRequest(field="updated_at", operator=">", value=1),
        ],
    )
    seen, cursor = [], None
    while cursor is not None or not seen:  # by hand: the client's own pager asks for its first page for ever
        found = client.conversations.search(
            query=query, pagination=StartingAfterPaging(per_page=3, starting_after=cursor)
        )
        seen += [row.id for row in found.items]
        cursor = found.response.pages.next.starting_after if found.response.pages.next else None
    assert len(seen) == len(set(seen)) == 7
    mails = SingleFilterSearchRequest(field="email", operator="=", value="p3@example.com")
    assert [row.email for row in client.contacts.search(query=mails)] == ["p3@example.com"]
    articles = {row.title: row.state for row in client.articles.list(per_page=2)}
    assert articles == {f"A{n}": "draft" if n == 0 else "published" for n in range(5)}
    one = client.articles.list().items[0]
    assert client.articles.find(int(one.id)).body
    assert [row.display_name for row in client.help_centers.list()] == ["Tidemark Help"]
    assert {row.name for row in client.help_centers.collections.list()} >= {"Getting started"}
    assert {row.name for row in client.admins.list().admins} >= {"Priya Raman", "Operator"}


def test_the_client_meets_refusals(sdk):
    """A wrong token, a missing conversation and a limit come as the client's own errors."""
    client, twin = sdk
    with pytest.raises(intercom.errors.NotFoundError) as missing:
        client.conversations.find("1")
    assert missing.value.body["errors"][0]["code"] == "not_found"
    stranger = intercom.Intercom(base_url=twin.world.base_url, token="wrong")
    with pytest.raises(intercom.errors.UnauthorizedError):
        stranger.admins.list()
    twin.switch({"limits": True, "limit_per_minute": 6})  # one in ten seconds

    def hurry():
        for _ in range(3):
            client.admins.identify()

    with pytest.raises(intercom.core.api_error.ApiError) as refused:
        hurry()
    assert refused.value.status_code == 429
