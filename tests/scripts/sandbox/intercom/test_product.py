"""Deskhand's own client and receiver work against the workspace as they will against the vendor."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations.errors import ConflictError, NotFoundError, PermanentError, TransientError
from integrations.helpdesk import EventKind, Role, Status, TicketWrite
from integrations.intercom.client import IntercomHelpdesk
from integrations.intercom.setup import IntercomSetup
from integrations.intercom.webhook import IntercomWebhook
from integrations.setup import Wish
from scripts.sandbox import faults
from scripts.sandbox.intercom import acts
from scripts.sandbox.intercom.app import API, create_intercom_app
from scripts.sandbox.intercom.twin import IntercomTwin
from scripts.sandbox.server import run_app
from tests.scripts.sandbox import openapi
from tests.scripts.sandbox.intercom.test_openapi import ANSWERS, FILE, REQUESTS

pytestmark = pytest.mark.real
SECRET = "demo-client-secret"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(name="desk")
def desk_fixture():
    """A connected workspace with a conversation of Ada's, and the client; every call is kept."""
    twin = IntercomTwin()
    app = create_intercom_app(twin)
    kept = openapi.record(app)
    server = run_app("intercom", app)
    twin.world.base_url = server.url
    setup = IntercomSetup(server.url, "sandbox-intercom-token")
    list(setup.connect(Wish("https://deskhand.example", ("no-deskhand",), (), {}, ("Support",)), is_dry=False))
    with twin.world.lock:
        ada = {"name": "Ada Doe", "email": "ada@example.com"}
        row, _ = acts.message(twin, {"body": "The tap drips", "requester": ada, "channel": "messenger"})
    client = IntercomHelpdesk(server.url, "sandbox-intercom-token", timeout_seconds=5)
    yield client, twin, row, kept
    server.stop()
    twin.sender.stop()


def test_it_reads_what_people_did(desk):
    """Text in assignment, close and open parts is read as public messages, a note as a note."""
    client, twin, row, _ = desk
    with twin.world.lock:
        acts.staff(twin, {"ticket_id": row.id, "staff": "Priya", "body": "Turn it"})
        acts.staff(twin, {"ticket_id": row.id, "staff": "Priya", "body": "Look", "public": False})
        acts.staff(twin, {"ticket_id": row.id, "staff": "Priya", "body": "Bye", "status": "closed"})
        acts.message(twin, {"ticket_id": row.id, "body": "Still drips"})
    ticket = client.ticket(row.id)
    read = [(m.author.role, m.is_public, m.text.strip()) for m in ticket.messages if m.text.strip()]
    assert read == [
        (Role.REQUESTER, True, "The tap drips"),
        (Role.STAFF, True, "Turn it"),
        (Role.STAFF, False, "Look"),
        (Role.STAFF, True, "Bye"),
        (Role.REQUESTER, True, "Still drips"),
    ]
    assert (ticket.status, ticket.assignee_id) == (Status.OPEN, "7001")


def test_it_writes_once_and_finds_its_mark(desk):
    """A note and a reply are found again by their marks; tags, team and state are as wanted."""
    client, _, row, _ = desk
    team = next(team.id for team in client.teams() if team.name == "Billing")
    note = TicketWrite("m-1", "<p>Draft</p>", add_tags=("deskhand_draft",), group_id=team)
    client.write(client.ticket(row.id), note)
    client.write(client.ticket(row.id), TicketWrite("m-2", "<p>Turn it</p>", is_public=True, status=Status.SOLVED))
    ticket = client.ticket(row.id)
    assert [message.mark for message in ticket.messages if message.mark] == ["m-1", "m-2"]
    assert (ticket.status, ticket.group_id) == (Status.SOLVED, team)
    assert "deskhand_draft" in ticket.tags
    with pytest.raises(ConflictError):  # the mark is there
        client.write(client.ticket(row.id), TicketWrite("m-2", "<p>Turn it</p>", is_public=True))
    assert [part.html for part in row.parts if part.part_type == "comment"] == ["<p>Turn it</p>"]


def test_a_lost_answer_leaves_a_doubt_that_reading_settles(desk):
    """The reply was stored and 502 came back: the client says so, and finds the reply by its mark."""
    client, twin, row, _ = desk
    ticket = client.ticket(row.id)
    fault = {"method": "POST", "path": "/reply$", "status": 502, "after_commit": True, "times": 1}
    twin.faults.replace([faults.parse(fault, "intercom")])
    with pytest.raises(TransientError) as doubt:
        client.write(ticket, TicketWrite("m-1", "<p>Turn it</p>", is_public=True))
    assert doubt.value.maybe_done
    assert [message.mark for message in client.ticket(row.id).messages if message.mark] == ["m-1"]


def test_it_understands_refusals(desk):
    """A new message in between, an unknown team, a deleted conversation, a changed token: each as its own error."""
    client, twin, row, _ = desk
    before = client.ticket(row.id)
    with twin.world.lock:
        acts.message(twin, {"ticket_id": row.id, "body": "Wait"})
    with pytest.raises(ConflictError):
        client.write(before, TicketWrite("m-1", "<p>x</p>", is_public=True))
    with pytest.raises(PermanentError, match="unknown"):
        client.write(client.ticket(row.id), TicketWrite("m-1", "<p>x</p>", group_id="999"))
    twin.desk.delete(row)
    with pytest.raises(NotFoundError):
        client.ticket(row.id)
    twin.world.account.access_token = "another"
    with pytest.raises(PermanentError) as refused:
        client.me()
    assert refused.value.status == 401


def test_it_finds_changes_articles_and_earlier_tickets(desk):
    """Pages of changes come to an end, articles come in each locale with their state, and so do earlier tickets."""
    client, twin, row, _ = desk
    with twin.world.lock:
        for number in range(160):
            acts.message(twin, {"body": f"Tap {number}", "requester": "ada@example.com", "channel": "email"})
        german = {"title": "Hahn", "body": "<p>Drehen</p>"}
        acts.load(
            twin,
            {
                "articles": [
                    {"title": "Taps", "body": "x", "translations": {"de": german}},
                    {"title": "Pipes", "body": "x", "draft": True},
                ]
            },
        )
    seen, cursor, is_last = set(), "", False
    while not is_last:
        page = client.changes(cursor, since=LONG_AGO)
        seen |= {ref.ticket_id for ref in page.tickets}
        cursor, is_last = page.cursor, page.is_last
    assert len(seen) == 161
    assert {"Taps", "Hahn"} <= {article.title for article in client.articles()}
    assert len(client.requested_by(row.contact_ids[0], limit=5)) == 5


def test_its_receiver_reads_what_is_sent(desk, receiver, wait_until):
    """A signed notification is verified, named and read: the customer's words, and our own echo."""
    client, twin, row, _ = desk
    twin.sender.set_up(f"{receiver.url}/webhooks/intercom", SECRET)
    with twin.world.lock:
        acts.message(twin, {"ticket_id": row.id, "body": "Hello?"})
    receiver.wait_for(1)
    client.write(client.ticket(row.id), TicketWrite("m-1", "<p>Draft</p>"))
    webhook = IntercomWebhook([SECRET])
    events = []
    for got in receiver.wait_for(2):
        webhook.verify(got.headers, got.body, now=datetime.now(UTC))
        assert webhook.delivery_id(got.headers, got.body).startswith("notification:notif_")
        events += webhook.parse(got.headers, got.body)
    assert [(event.kind, event.ticket_id) for event in events] == [
        (EventKind.MESSAGE, row.id),
        (EventKind.CHANGED, row.id),
    ]
    assert (events[0].actor_id, events[1].actor_id) == (row.contact_ids[0], "7009")
    assert events[0].message_id == next(part.id for part in row.parts if part.html and "Hello" in part.html)


def test_every_request_of_deskhand_fits(desk):
    """What the product's client sends, and gets, fits the vendor's description."""
    client, _, row, kept = desk
    description = openapi.read_description(FILE)
    client.me()
    client.write(
        client.ticket(row.id), TicketWrite("m-1", "<p>x</p>", add_tags=("a",), group_id="5018", priority="high")
    )
    client.write(client.ticket(row.id), TicketWrite("m-2", "<p>y</p>", is_public=True, status=Status.ON_HOLD))
    client.write(client.ticket(row.id), TicketWrite("m-3", remove_tags=("a",)))
    client.changes("", since=datetime.now(UTC) - timedelta(days=1))
    client.requested_by(row.contact_ids[0], limit=5)
    list(client.articles())
    sent = [exchange for exchange in kept if exchange.path.startswith(API)]
    covered = [(e, known) for e in sent if (known := description.covered(e.method, e.path))]
    assert len(covered) == len(sent)
    faulty = (fault for e, known in covered for fault in description.request_faults(e, known))
    assert openapi.unlisted(faulty, (*REQUESTS, *OF_THE_CLIENT)) == []
    assert openapi.unlisted((f for e, known in covered for f in description.answer_faults(e, known)), ANSWERS) == []


OF_THE_CLIENT = (
    openapi.Difference("unknown parameter", r"^\?(page|per_page)$", "6 [client code]: lists of articles have pages"),
)


def test_it_fetches_a_file_of_a_message(desk):
    """What a contact sent along comes as bytes from where the part says it lies, up to a length."""
    client, twin, row, _ = desk
    log = {"name": "app.log", "content_type": "text/plain", "content": "TM-2010"}
    with twin.world.lock:
        acts.message(twin, {"ticket_id": row.id, "body": "See the log", "attachments": [log]})
    (file,) = client.ticket(row.id).messages[-1].attachments
    assert client.download(file, most_bytes=100) == b"TM-2010"
    with pytest.raises(PermanentError, match="longer than allowed"):
        client.download(file, most_bytes=5)
