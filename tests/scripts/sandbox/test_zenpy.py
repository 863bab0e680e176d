"""A third-party client works against the twin as against the vendor."""

from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

zenpy = pytest.importorskip("zenpy", reason="zenpy, the third-party client, is not installed")

pytestmark = pytest.mark.real

VENDOR = "https://sandbox.zendesk.com"


class Detour(HTTPAdapter):
    """Sends what is meant for the vendor's host to the twin; the client itself stays as it is."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        sent = request.copy()
        sent.url = request.url.replace(VENDOR, self._url)
        answer = super().send(sent, **kwargs)
        answer.request, answer.url = request, request.url
        return answer


def test_zenpy_lives_through_a_day(served):
    """zenpy creates, reads, comments, tags, searches, lists and reads the help centre."""
    from zenpy import Zenpy
    from zenpy.lib.api_objects import Comment, Ticket, Trigger, User, Webhook
    from zenpy.lib.exception import APIException, RecordNotFoundException

    url, twin = served()
    twin.world.base_url = VENDOR  # so that the addresses in answers are the vendor's, as the client expects
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", Detour(url))
    client = Zenpy(
        subdomain="sandbox",
        email="deskhand@tidemark.example",
        token="sandbox-api-token",
        session=session,
        disable_cache=True,
    )
    assert client.users.me().role == "admin"

    requester = User(name="Ada Doe", email="ada@example.com")
    made = client.tickets.create(Ticket(subject="Tap", comment=Comment(body="It drips"), requester=requester))
    ticket = made.ticket
    assert ticket.status == "new"
    assert ticket.requester.email == "ada@example.com"

    ticket.comment = Comment(html_body="<p>Turn it</p>", public=False)
    ticket.status = "pending"
    audit = client.tickets.update(ticket).audit
    assert {event["type"] for event in audit.events} == {"Comment", "Change"}
    comments = list(client.tickets.comments(ticket=ticket.id))
    assert [(row.body, row.public) for row in comments] == [("It drips", True), ("Turn it", False)]
    assert comments[0].author.name == "Ada Doe"
    assert len(list(client.tickets.audits(ticket=ticket.id))) == 2

    client.tickets.add_tags(ticket.id, ["hot"])
    assert client.tickets(id=ticket.id).tags == ["hot"]
    for number in range(5):
        client.tickets.create(Ticket(subject=f"T{number}", description="x", requester_id=ticket.requester_id))
    assert len(list(client.tickets())) == 6
    assert [row.id for row in client.search(type="ticket", status="pending")] == [ticket.id]
    assert [row.email for row in client.users.search(query="email:ada@example.com")] == ["ada@example.com"]
    assert {row.id for row in client.tickets.incremental(start_time=1)} == set(range(1, 7))
    assert {group.name for group in client.groups()} >= {"Support", "Billing"}

    with twin.world.lock:
        from scripts.sandbox import acts

        acts.load(twin, {"articles": [{"title": f"A{n}", "body": "x", "draft": n == 0} for n in range(3)]})
    assert {row.title for row in client.help_center.articles()} == {"A0", "A1", "A2"}
    assert list(client.help_center.sections())
    assert list(client.help_center.categories())

    wanted = {"name": "w", "endpoint": f"{url}/x", "http_method": "POST", "request_format": "json", "status": "active"}
    hook = client.webhooks.create(Webhook(**wanted, subscriptions=["conditional_ticket_events"]))
    assert len(client.webhooks.show_secret(hook).secret) == 44
    conditions = {"all": [{"field": "status", "operator": "is", "value": "open"}], "any": []}
    actions = [{"field": "notification_webhook", "value": [hook.id, "{}"]}]
    trigger = client.triggers.create(Trigger(title="t", conditions=conditions, actions=actions))
    assert client.triggers(id=trigger.id).title == "t"

    with pytest.raises(RecordNotFoundException):
        client.tickets(id=999)
    twin.world.tickets[ticket.id].status = "closed"
    closed = client.tickets(id=ticket.id)
    closed.priority = "high"
    with pytest.raises(APIException):
        client.tickets.update(closed)
