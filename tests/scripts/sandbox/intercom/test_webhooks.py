"""Notifications: signed, sent again after a minute, then lost; what each action tells, and how it can go wrong."""

import hashlib
import hmac
import json

import pytest

from scripts.sandbox.intercom.webhooks import sign

pytestmark = pytest.mark.real
SECRET = "demo-client-secret"


def told(twin):
    """Return the statuses of the attempts that the books have."""
    rows = twin.books.since(0)[0]
    return [row["status"] for row in rows if row["kind"] == "webhook" and row["topic"] != "HEAD"]


def test_the_signature_is_the_documented_one():
    """HMAC-SHA1 of the raw bytes in hexadecimal, after `sha1=`."""
    body = b'{"type":"notification_event","topic":"ping"}'
    assert sign(SECRET, body) == "sha1=a6ede29c069fd03c7eb60204e775c71cd810ac7d"


def test_a_new_conversation_is_told(heard, control, receiver):
    """The envelope and the item are as recorded: text in the source and plain, no parts; the signature holds."""
    made = control("messages", body="<p>The tap</p>", html="<p>The <b>tap</b></p>", requester="ada@example.com")
    told = heard(1)["conversation.user.created"]
    got = receiver.got[0]
    assert got.headers["X-Hub-Signature"] == "sha1=" + hmac.new(SECRET.encode(), got.body, hashlib.sha1).hexdigest()
    assert got.headers["User-Agent"] == "intercom-parrot-service-client/1.0"
    assert (told["type"], told["app_id"], told["delivery_attempts"]) == ("notification_event", "tide1234", 1)
    item = told["data"]["item"]
    assert (item["id"], item["source"]["body"]) == (made["ticket_id"], "The tap")
    assert item["conversation_parts"] == {"type": "conversation_part.list", "conversation_parts": [], "total_count": 0}


def test_bodies_are_html_below_2_15(heard, control):
    """The version of the app decides, and so do the times in the statistics."""
    control("switches", app_version="2.14")
    control("messages", html="<p>The <b>tap</b></p>", requester="ada@example.com")
    item = heard(1)["conversation.user.created"]["data"]["item"]
    assert item["source"]["body"] == "<p>The <b>tap</b></p>"
    assert item["statistics"]["first_contact_reply_at"].startswith("20")


@pytest.mark.parametrize(
    ("act", "topics"),
    [
        ({"body": "Turn it"}, {"conversation.admin.replied", "conversation.admin.assigned"}),
        ({"body": "Look", "public": False}, {"conversation.admin.noted"}),
        ({"body": "Bye", "status": "closed"}, {"conversation.admin.replied", "conversation.admin.closed"}),
        ({"team": "Billing"}, {"conversation.admin.assigned", "conversation.admin.open.assigned"}),
        ({"status": "snoozed"}, {"conversation.admin.snoozed"}),
        ({"priority": "high"}, {"conversation.priority.updated"}),
        ({"add_tags": "vip"}, {"conversation_part.tag.created"}),
        ({"attributes": {"Reference": "R-1"}}, set()),
        ({"delete": True}, {"conversation.deleted"}),
    ],
)
def test_each_action_tells_its_topics(heard, control, talk, act, topics):
    """One action may raise several notifications, about the same part; a changed attribute raises none."""
    control("staff", ticket_id=talk, **act)
    told = heard(len(topics))
    assert set(told) == topics
    parts = [row["data"]["item"].get("conversation_parts", {}).get("conversation_parts", []) for row in told.values()]
    assert len({part["id"] for rows in parts for part in rows}) <= 1


def test_the_apps_own_writes_come_back(heard, api, talk, reply):
    """With the app's code on the part, so that it can know itself."""
    part = reply(kind="note", body="<p>Draft</p>")
    told = heard(1)["conversation.admin.noted"]["data"]["item"]["conversation_parts"]["conversation_parts"]
    assert [(one["id"], one["app_package_code"], one["body"]) for one in told] == [
        (part["id"], "deskhand-private-app", "Draft")
    ]


def test_bots_tell_two_topics(heard, control, talk):
    """Operator's reply is told as the bot's and as a teammate's."""
    control("bot", ticket_id=talk, body="Hello")
    assert set(heard(2)) == {"conversation.operator.replied", "conversation.admin.replied"}


def test_a_failure_is_tried_once_more_after_a_minute_and_then_lost(heard, control, talk, receiver, twin, wait_until):
    """The same notification, numbered 2; its item is made anew, and already shows what came after."""
    receiver.answers = [(500, {}), (503, {})]
    control("messages", ticket_id=talk, body="Hello?")
    wait_until(lambda: told(twin) == [500])
    twin.notices.is_quiet = True
    control("staff", ticket_id=talk, priority="urgent")
    control("clock", seconds=61)
    first, second = (row.json for row in receiver.wait_for(2))
    wait_until(twin.sender.is_idle)
    assert (first["id"], first["delivery_attempts"], second["delivery_attempts"]) == (second["id"], 1, 2)
    assert (first["data"]["item"]["priority"], second["data"]["item"]["priority"]) == ("none", "urgent")
    control("clock", minutes=10)
    assert len(receiver.got) == 2


def test_410_ends_the_subscription(heard, control, talk, receiver, api, wait_until, twin):
    """Nothing more is sent until an address is saved again."""
    receiver.answers = [(410, {})]
    control("messages", ticket_id=talk, body="Hello?")
    receiver.wait_for(1)
    wait_until(twin.sender.is_idle)
    control("messages", ticket_id=talk, body="Hello??")
    assert api.anyone.get("/_control/webhook").json["status"] == "disabled"
    assert (len(receiver.got), twin.sender.is_idle()) == (1, True)


def test_429_delays_everything(heard, control, talk, receiver, twin, wait_until):
    """The notification comes again after the pause, and is no second attempt."""
    receiver.answers = [(429, {})]
    control("messages", ticket_id=talk, body="Hello?")
    wait_until(lambda: told(twin) == [429])
    control("clock", seconds=61)
    assert [row.json["delivery_attempts"] for row in receiver.wait_for(2)] == [1, 1]


def test_an_address_is_saved_only_if_it_answers_head(api, receiver):
    """As the Developer Hub has it; a topic that does not exist is refused too."""
    save = lambda **more: api.anyone.post("/_control/webhook", json={"url": f"{receiver.url}/x", **more})  # noqa: E731
    receiver.head_status = 405
    assert (save().status_code, api.anyone.get("/_control/webhook").json["status"]) == (400, "none")
    receiver.head_status = 200
    assert save(topics=["conversation.user.replied"]).json["status"] == "live"
    assert "unknown topics" in save(topics=["nope"]).json["error"]


def test_only_wanted_topics_are_sent_and_the_ping_always(control, api, receiver, talk, twin, wait_until):
    """A ping needs no subscription."""
    control("webhook", url=f"{receiver.url}/x", topics=["conversation.admin.noted"])
    control("messages", ticket_id=talk, body="Hello?")
    control("ping")
    receiver.wait_for(1)
    wait_until(twin.sender.is_idle)
    assert [row.json["topic"] for row in receiver.got] == ["ping"]


def test_deliveries_can_be_doubled_lost_and_overtaken(heard, control, talk, receiver, twin, wait_until):
    """The switches do what they say; the books tell of what was never sent."""
    control("switches", duplicate_share=1.0)
    control("messages", ticket_id=talk, body="one")
    heard(2)
    assert len({row.json["id"] for row in receiver.got}) == 1
    control("switches", duplicate_share=0.0, drop_share=1.0)
    control("messages", ticket_id=talk, body="two")
    control("switches", drop_share=0.0, reorder_share=1.0, reorder_seconds=0.3)
    control("messages", ticket_id=talk, body="three")
    control("switches", reorder_share=0.0)
    control("messages", ticket_id=talk, body="four")
    receiver.wait_for(4)
    said = [json.loads(row.body)["data"]["item"]["conversation_parts"]["conversation_parts"][0] for row in receiver.got]
    assert [part["body"] for part in said] == ["one", "one", "four", "three"]
    lost = [entry for entry in twin.books.since(0)[0] if entry.get("outcome") == "dropped by switch"]
    assert len(lost) == 1
