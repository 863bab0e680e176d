"""Intercom's receiving half where it differs from what the contract asks of every vendor."""

import json
from datetime import UTC, datetime

import pytest

from config.settings import Settings
from integrations.errors import SignatureError
from integrations.helpdesk import EventKind
from integrations.intercom.webhook import IntercomWebhook, build_webhook, is_configured, sign

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BODY = b'{"type":"notification_event","topic":"ping"}'
SIGNED = "sha1=a6ede29c069fd03c7eb60204e775c71cd810ac7d"


def notification(topic="conversation.user.replied", item=None, **more):
    item = {"type": "conversation", "id": "215"} if item is None else item
    return json.dumps({"topic": topic, "id": "notif_1", "data": {"item": item}, **more}).encode()


def parse(body):
    (event,) = IntercomWebhook(["s"]).parse({}, body)
    return event


def test_the_signature_is_the_published_one():
    """HMAC-SHA1 of the raw bytes under the client secret, in hexadecimal."""
    assert sign("demo-client-secret", BODY) == SIGNED


@pytest.mark.parametrize("header", ["x-hub-signature", "X-Hub-Signature", "X-HUB-SIGNATURE"])
@pytest.mark.parametrize("secrets", [["demo-client-secret"], ["new", "demo-client-secret"]])
def test_any_of_our_secrets_is_believed_at_any_time(header, secrets):
    """No time is signed, and headers come in any case, the digest too."""
    IntercomWebhook(secrets).verify({header: SIGNED}, BODY, now=NOW)
    IntercomWebhook(secrets).verify({header: "sha1=" + SIGNED[5:].upper()}, BODY, now=datetime(1999, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-hub-signature": ""},
        {"x-hub-signature": SIGNED[5:]},
        {"x-hub-signature": SIGNED.replace("sha1", "sha256")},
        {"x-hub-signature": SIGNED[:-1]},
        {"x-hub-signature": SIGNED + "0"},
        {"x-hub-signature": "sha1=" + "é" * 40},
        {"x-hub-signature": SIGNED, "X-Hub-Signature": SIGNED},
    ],
)
def test_what_is_not_signed_so_is_refused(headers):
    """Missing, of another scheme, cut, longer, odd or doubled."""
    with pytest.raises(SignatureError):
        IntercomWebhook(["demo-client-secret"]).verify(headers, BODY, now=NOW)


@pytest.mark.parametrize("secrets", [[], "one", ["a", ""]])
def test_secrets_must_be_there(secrets):
    """No secret, a bare text, or an empty one among them is a mistake of the settings."""
    with pytest.raises(ValueError, match="secret"):
        IntercomWebhook(secrets)


def test_a_repetition_keeps_its_name():
    """The second attempt has another body and the same id; odd ids go by their hash, missing ones by the body."""
    hook = IntercomWebhook(["s"])
    assert hook.delivery_id({}, notification(delivery_attempts=2)) == hook.delivery_id({}, notification())
    odd = notification(id="x" * 500)
    assert hook.delivery_id({}, odd).startswith("notification:")
    assert len(hook.delivery_id({}, odd)) < 100
    assert hook.delivery_id({}, notification(id=None)).startswith("body:")


@pytest.mark.parametrize("item", [{"id": "a/b"}, {"id": {"x": 1}}, {"id": True}, {"id": "../admins"}])
def test_a_conversation_without_a_usable_id_is_nonsense(item):
    """What cannot be an id is a ValueError, not a request."""
    with pytest.raises(ValueError, match="id"):
        parse(notification(item={"type": "conversation", **item}))


@pytest.mark.parametrize("item", [{}, {"id": None}, {"id": ""}, "text", [1], 7])
def test_an_item_without_a_conversation_is_ignored(item):
    """Nothing named, nothing done."""
    assert parse(notification(item=item)).kind is EventKind.IGNORED


@pytest.mark.parametrize("topic", [None, 7, "", "conversation", "nothing.we.know", "x" * 900])
def test_topics_we_do_not_know_are_ignored_with_their_name(topic):
    """New topics come with new API versions."""
    event = parse(notification(topic=topic))
    assert event.kind is EventKind.IGNORED
    assert event.note == (topic[:100] if isinstance(topic, str) and topic else "unnamed topic")


def test_the_newest_of_several_parts_counts():
    """Ids are numbers in text: 9 is older than 10."""
    parts = [{"id": "9", "author": {"type": "admin", "id": 1}}, {"id": 10, "author": {"type": "admin", "id": 2}}]
    event = parse(
        notification("conversation.admin.replied", {"id": 5, "conversation_parts": {"conversation_parts": parts}})
    )
    assert (event.ticket_id, event.message_id, event.actor_id) == ("5", "10", "2")


def test_a_customers_reply_is_never_taken_for_our_own():
    """A reply by a contact whose part names a teammate as author keeps no actor: it is read, not skipped as an echo."""
    parts = {"conversation_parts": [{"id": "9", "author": {"type": "admin", "id": "7009"}}]}
    assert parse(notification(item={"id": "5", "conversation_parts": parts})).actor_id == ""


def test_it_is_switched_on_by_its_settings():
    """A token or a secret switches it on; the door needs the secrets."""
    assert not is_configured(Settings(_env_file=None))
    made = Settings(_env_file=None, intercom_client_secrets="a, b")
    assert is_configured(made)
    build_webhook(made).verify({"X-Hub-Signature": sign("b", BODY)}, BODY, now=NOW)
    with pytest.raises(ValueError, match="secret"):
        build_webhook(Settings(_env_file=None, intercom_access_token="t"))


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (
            b'{"topic": "conversation.user.replied", "data": {"item": {"type": "conversation", "id": "215", "x": "',
            ("215",),
        ),
        (b'{"conversation_id": 215, "body": "a "quoted" word"}', ("215",)),
        (b'{"conversation_id": {"id": "215"}}', ("215",)),
        (b'{"links": {"self": "https://api.intercom.io/conversations/215"', ("215",)),
        (b'{"topic": "contact.created", "data": {"item": {"type": "contact", "id": "7"', ()),
        (b'{"conversation_id": null}', ()),
    ],
)
def test_a_conversation_is_found_in_a_body_nobody_can_read(body, named):
    """By where it stands; the id of anything else is left alone."""
    assert IntercomWebhook(["secret"]).named(body) == named


def test_a_topic_of_another_shape_counts_for_what_it_names():
    """What it hints at is known, and where; only the shape is new."""
    body = b'{"topic": "conversation.user.replied", "data": {"conversation": {"type": "conversation", "id": "215"}}}'
    (event,) = IntercomWebhook(["secret"]).parse({}, body)
    assert (event.kind, event.ticket_id) == (EventKind.MESSAGE, "215")
