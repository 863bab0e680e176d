"""Which webhooks are believed, how they are named, and what they are read as."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import SignatureError
from integrations.helpdesk import EventKind
from integrations.zendesk.webhook import PUBLIC_TEST_SECRET, RULES, ZendeskWebhook, sign

SECRET = "bG9jYWwtc2ltdWxhdG9yLXNpZ25pbmcta2V5LTAwMDE="
TIMESTAMP = "2026-01-02T03:04:05Z"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BODY = b'{"ticket_id":"42"}'
WEBHOOK = ZendeskWebhook([SECRET])


def headers(body: bytes = BODY, *, secret: str = SECRET, timestamp: str = TIMESTAMP, **more: str) -> dict[str, str]:
    return {
        "X-Zendesk-Webhook-Signature": sign(secret, timestamp, body),
        "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
        "X-Zendesk-Webhook-Invocation-Id": "01J8ZK9D3F5G7H9J1K3M5N7P9Q",
    } | {f"X-Zendesk-Webhook-{name.replace('_', '-')}": value for name, value in more.items()}


# --- signature


@pytest.mark.parametrize(
    ("secret", "timestamp", "body", "signature"),
    [
        (PUBLIC_TEST_SECRET, TIMESTAMP, BODY, "KrgEVnw51bzWRrsaEq7U79hEPmMByOh4A1UoQQ9ZZA0="),
        (
            PUBLIC_TEST_SECRET,
            TIMESTAMP,
            '{"note":"déjà vu"}\n'.encode(),
            "kOqvKeIlO69UO15jtM1l4aTycKyuAkfA7H9zr5J1Xjw=",
        ),
        (PUBLIC_TEST_SECRET, TIMESTAMP, b"", "1xsiPKGHFyXedEmvxNaOg4VQ2U4XjHcPMETpJymjCkg="),
        (SECRET, TIMESTAMP, BODY, "YwveDZzS52blRHVhfi1n/Ixnlgpxmbt4DBR3TX1I4fc="),
        (
            PUBLIC_TEST_SECRET,
            "2021-03-25T05:09:27Z",
            b'{"event":"ticket.updated","id":123}',
            "S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM=",
        ),
    ],
)
def test_signatures_equal_the_known_vectors(secret, timestamp, body, signature):
    """Our signature is Zendesk's, byte for byte, also over an empty or accented body."""
    assert sign(secret, timestamp, body) == signature


def test_a_signed_delivery_is_believed():
    """What our secret signed is accepted under header names in any case."""
    WEBHOOK.verify(headers(), BODY, now=NOW)
    WEBHOOK.verify({name.lower(): value for name, value in headers().items()}, BODY, now=NOW)
    WEBHOOK.verify({name.upper(): value for name, value in headers().items()}, BODY, now=NOW)


@pytest.mark.parametrize("secret", ["new-secret", "old-secret"])
def test_during_a_rotation_both_secrets_count(secret):
    """With two secrets configured, either may have signed."""
    webhook = ZendeskWebhook(["new-secret", "old-secret"])
    webhook.verify(headers(secret=secret), BODY, now=NOW)
    with pytest.raises(SignatureError):
        webhook.verify(headers(secret="third-secret"), BODY, now=NOW)


@pytest.mark.parametrize(
    "secrets", [[], [""], ["good", ""], [PUBLIC_TEST_SECRET], ["good", PUBLIC_TEST_SECRET], "text"]
)
def test_useless_secrets_are_refused_at_start(secrets):
    """No secret, an empty one, or the one printed in the documentation never protects a receiver."""
    with pytest.raises(ValueError):
        ZendeskWebhook(secrets)


@pytest.mark.parametrize(
    ("seconds", "is_believed"), [(0, True), (899, True), (900, True), (901, False), (-900, True), (-901, False)]
)
def test_the_window_is_held_in_both_directions(seconds, is_believed):
    """A signature too old or too far in the future is refused, a skewed clock within the window is not."""
    now = NOW + timedelta(seconds=seconds)
    if is_believed:
        WEBHOOK.verify(headers(), BODY, now=now)
    else:
        with pytest.raises(SignatureError):
            WEBHOOK.verify(headers(), BODY, now=now)


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "1767323045",
        "2026-01-02 03:04:05Z",
        "2026-01-02T03:04:05",
        "2026-01-02T03:04:05+00:00",
        "2026-01-02T03:04:05Z ",
        " 2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05Z{",
        "2026-13-02T03:04:05Z",
        "2026-01-02T03:04:61Z",
        "0000-01-02T03:04:05Z",
        "٢٠٢٦-01-02T03:04:05Z",
        "2026-01-02T03:04:05Z\n",
    ],
)
def test_a_timestamp_of_another_form_is_refused_even_if_signed(timestamp):
    """Only Zendesk's own form of time counts: nothing separates it from the body it is signed with."""
    with pytest.raises(SignatureError):
        WEBHOOK.verify(headers(timestamp=timestamp), BODY, now=NOW)


def test_bytes_cannot_move_between_timestamp_and_body():
    """The same signed bytes, cut elsewhere, are another delivery and refused."""
    given = headers()
    given["X-Zendesk-Webhook-Signature-Timestamp"] = TIMESTAMP + BODY.decode()[:1]
    with pytest.raises(SignatureError):
        WEBHOOK.verify(given, BODY[1:], now=NOW)


def test_the_wrong_order_is_refused():
    """A signature over body and then timestamp, as an old page printed it, is not accepted."""
    with pytest.raises(SignatureError):
        WEBHOOK.verify(headers(Signature=sign(SECRET, "", BODY + TIMESTAMP.encode())), BODY, now=NOW)


def test_a_header_that_stands_twice_is_refused():
    """Two values for one header leave open which was signed."""
    with pytest.raises(SignatureError):
        WEBHOOK.verify({**headers(), "x-zendesk-webhook-signature": "other"}, BODY, now=NOW)


@given(at=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_no_flipped_bit_gets_through(at, bit):
    """One changed bit anywhere in the body breaks the signature."""
    body = bytearray(BODY)
    body[at] ^= 1 << bit
    with pytest.raises(SignatureError):
        WEBHOOK.verify(headers(), bytes(body), now=NOW)


ODD_TEXT = st.text(st.characters(), max_size=60) | st.binary(max_size=60).map(lambda b: b.decode("latin-1"))


@given(signature=ODD_TEXT, timestamp=ODD_TEXT | st.just(TIMESTAMP), body=st.binary(max_size=60))
def test_no_header_raises_anything_but_a_signature_error(signature, timestamp, body):
    """Whatever stands in the headers, the answer is SignatureError."""
    given_headers = {"X-Zendesk-Webhook-Signature": signature, "X-Zendesk-Webhook-Signature-Timestamp": timestamp}
    with pytest.raises(SignatureError):
        WEBHOOK.verify(given_headers, body, now=NOW)


@given(st.dictionaries(ODD_TEXT, ODD_TEXT, max_size=4))
def test_foreign_headers_are_a_signature_error(given_headers):
    """Requests without our headers are refused whatever else they carry."""
    with pytest.raises(SignatureError):
        WEBHOOK.verify(given_headers, BODY, now=NOW)


def test_an_error_tells_nothing_secret():
    """A refusal does not repeat the secret, the right signature or the body."""
    with pytest.raises(SignatureError) as caught:
        WEBHOOK.verify(headers(secret="wrong"), BODY, now=NOW)
    said = str(caught.value)
    assert SECRET not in said
    assert sign(SECRET, TIMESTAMP, BODY) not in said
    assert "42" not in said


# --- names of deliveries

EVENT = {"id": "0b6f2a3e-9d14", "type": "zen:event-type:ticket.created", "detail": {"id": "5158"}}


def test_an_event_is_named_by_its_own_signed_id():
    """The envelope's id names an event, whatever the unsigned headers say and whenever it was signed."""
    body = json.dumps(EVENT).encode()
    name = WEBHOOK.delivery_id(headers(body), body)
    assert name == "event:0b6f2a3e-9d14"
    later = headers(body, timestamp="2026-01-02T03:09:05Z", Invocation_Id="other")
    assert WEBHOOK.delivery_id(later, body) == name


def test_a_trigger_is_named_by_invocation_and_body():
    """A retry has the same name although it is signed anew; another invocation or body has another."""
    name = WEBHOOK.delivery_id(headers(), BODY)
    assert WEBHOOK.delivery_id(headers(timestamp="2026-01-02T03:09:05Z"), BODY) == name
    assert WEBHOOK.delivery_id(headers(Invocation_Id="other"), BODY) != name
    assert WEBHOOK.delivery_id(headers(), b'{"ticket_id":"43"}') != name


def test_without_an_invocation_the_signed_time_takes_its_place():
    """With no invocation header two equal bodies of different times stay two deliveries."""
    first, second = headers(), headers(timestamp="2026-01-02T03:09:05Z")
    del first["X-Zendesk-Webhook-Invocation-Id"], second["X-Zendesk-Webhook-Invocation-Id"]
    assert WEBHOOK.delivery_id(first, BODY) == WEBHOOK.delivery_id(dict(first), BODY)
    assert WEBHOOK.delivery_id(first, BODY) != WEBHOOK.delivery_id(second, BODY)


@given(invocation=ODD_TEXT, event_id=st.text(max_size=300) | st.integers() | st.none())
def test_names_are_short_and_plain(invocation, event_id):
    """Whatever stands in headers and ids, a name fits a column and holds no odd character."""
    for body in (BODY, json.dumps({**EVENT, "id": event_id}).encode()):
        try:
            name = WEBHOOK.delivery_id(headers(Invocation_Id=invocation), body)
        except ValueError:
            continue  # an id with a character that cannot be stored
        assert 0 < len(name) <= 100
        assert name.isascii()
        assert name.isprintable()


def test_a_long_id_is_hashed_and_stays_its_own():
    """An id too long to stand in a name is hashed, and different ones stay different."""
    names = {WEBHOOK.delivery_id({}, json.dumps({**EVENT, "id": "x" * 200 + end}).encode()) for end in "ab"}
    assert len(names) == 2


# --- reading


def parse(body: object) -> tuple[EventKind, str, str, str]:
    (event,) = WEBHOOK.parse({}, json.dumps(body).encode())
    return event.kind, event.ticket_id, event.message_id, event.actor_id


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"type": "zen:event-type:ticket.created"}, EventKind.MESSAGE),
        ({"type": "zen:event-type:ticket.undeleted"}, EventKind.MESSAGE),
        ({"type": "zen:event-type:ticket.merged"}, EventKind.GONE),
        ({"type": "zen:event-type:ticket.marked_as_spam"}, EventKind.GONE),
        ({"type": "zen:event-type:ticket.soft_deleted"}, EventKind.GONE),
        ({"type": "zen:event-type:ticket.tags_changed", "event": {"tags_added": ["a"]}}, EventKind.CHANGED),
        ({"type": "zen:event-type:ticket.comment_redacted"}, EventKind.CHANGED),
        ({"type": "zen:event-type:ticket.status_changed", "event": {"current": "SOLVED"}}, EventKind.SOLVED),
        ({"type": "zen:event-type:ticket.status_changed", "event": {"current": "closed"}}, EventKind.SOLVED),
        ({"type": "zen:event-type:ticket.status_changed", "event": {"current": "DELETED"}}, EventKind.GONE),
        ({"type": "zen:event-type:ticket.status_changed", "event": {"current": "OPEN"}}, EventKind.CHANGED),
        ({"type": "zen:event-type:ticket.status_changed", "event": None}, EventKind.CHANGED),
        ({"type": "zen:event-type:ticket.comment_added", "event": {"comment": {"is_public": True}}}, EventKind.MESSAGE),
        (
            {"type": "zen:event-type:ticket.comment_added", "event": {"comment": {"is_public": False}}},
            EventKind.CHANGED,
        ),
        (
            {"type": "zen:event-type:ticket.comment_added", "event": {"comment": {"is_public": "False"}}},
            EventKind.CHANGED,
        ),
        ({"type": "zen:event-type:ticket.comment_added", "event": {"comment": None}}, EventKind.MESSAGE),
        ({"type": "zen:event-type:ticket.invented"}, EventKind.IGNORED),
        ({"type": "zen:event-type:article.published"}, EventKind.IGNORED),
        ({"type": "zen:event-type:"}, EventKind.IGNORED),
        ({"type": None, "zendesk_event_version": "2022-11-06"}, EventKind.IGNORED),
    ],
)
def test_kinds_of_events(change, kind):
    """Every event type is read as one kind of hint, unknown ones as ignored."""
    assert parse({**EVENT, **change})[0] is kind


@pytest.mark.parametrize("ticket_id", ["5158", 5158, " 5158", "05158"])
def test_ids_of_events_in_every_form(ticket_id):
    """Ids of events may be text or numbers; the comment and who caused it come along."""
    body = {
        "type": "zen:event-type:ticket.comment_added",
        "detail": {"id": ticket_id, "actor_id": 8447388092001},
        "event": {"comment": {"id": "9001", "is_public": True, "author": {"id": "5"}}},
    }
    assert parse(body) == (EventKind.MESSAGE, "5158", "9001", "8447388092001")


def test_the_subject_stands_in_for_a_missing_detail():
    """An envelope without detail still names its ticket by its subject, and the author stands in for the actor."""
    body = {
        "type": "zen:event-type:ticket.comment_added",
        "subject": "zen:ticket:5158",
        "event": {"comment": {"id": 9001, "author": {"id": 5}}},
    }
    assert parse(body) == (EventKind.MESSAGE, "5158", "9001", "5")


@pytest.mark.parametrize("unset", [None, "", "0", 0, "  "])
def test_nothing_to_read_is_ignored_with_a_note(unset):
    """A body whose ticket is unset, as in a test from the admin page, is kept and ignored."""
    for body in ({**EVENT, "detail": {"id": unset}}, {"ticket_id": unset}):
        (event,) = WEBHOOK.parse({}, json.dumps(body).encode())
        assert (event.kind, event.ticket_id) == (EventKind.IGNORED, "")
        assert event.note


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        *RULES.items(),
        ("New_or_Reply", EventKind.MESSAGE),
        ("customer_message", EventKind.MESSAGE),
        ("an admin's own", EventKind.MESSAGE),
        ("", EventKind.MESSAGE),
        (None, EventKind.MESSAGE),
        (7, EventKind.MESSAGE),
    ],
)
def test_rules_of_triggers(rule, kind):
    """The rule a trigger names decides the hint; any other body with a ticket is a reason to read it."""
    assert parse({"ticket_id": "42", "rule": rule})[0] is kind


def test_a_trigger_body_as_recommended():
    """All hints of the recommended body are taken, and its status word is not."""
    body = {
        "source": "trigger",
        "rule": "new-or-reply",
        "ticket_id": "42",
        "status": "Solved",
        "updated_at": TIMESTAMP,
        "latest_comment_id": "9001",
        "current_user_id": "",
        "requester_id": "5",
        "via": "Mail",
    }
    (event,) = WEBHOOK.parse({}, json.dumps(body).encode())
    assert (event.kind, event.ticket_id, event.message_id, event.actor_id) == (EventKind.MESSAGE, "42", "9001", "")
    assert event.occurred_at == NOW
    assert parse({"ticket": {"id": 42}})[1] == "42"


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"[]", b"null", b"42", b'"text"', b'{"ticket_id":NaN}', b'{"ticket_id":"1","ticket_id":"2"}', b"\xff"]
    + [json.dumps({"ticket_id": value}).encode() for value in ("abc", "1/../2", -1, 1.5, True, [1], {"a": 1}, 10**25)],
)
def test_nonsense_is_a_value_error(body):
    """What is no JSON object, or calls something an id that is none, is refused as such."""
    with pytest.raises(ValueError):
        WEBHOOK.parse({}, body)


@given(
    st.binary(max_size=80)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=6),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["type", "detail", "event", "id", "ticket_id", "comment", "rule"]), inner)
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_body_raises_anything_but_a_value_error(body):
    """Any bytes and any JSON are either read or a ValueError, by both readers."""
    for read in (WEBHOOK.parse, WEBHOOK.delivery_id):
        try:
            read({}, body)
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b'{"rule": "new", "ticket_id": "35", "title": "Say "hi"', ("35",)),
        (b'{"ticket_id": 35, "ticket_id": 36}', ("35", "36")),
        (b'{"ticket_id": ["35"]}', ("35",)),
        (b'{"ticket": {"id": 35.0}}', ("35",)),
        (b'{"ticket": 35, "url": "https://acme.zendesk.com/agent/tickets/36"', ("35", "36")),
        (b'{"type": "zen:event-type:ticket.created", "detail": {"brand": "1", "id": "35"', ("35",)),
        (b'{"type": "zen:event-type:user.created", "subject": "zen:user:7", "detail": {"id": "7"', ()),
        (b'{"ticket_id": "0", "ticket": {"id": ""}}', ()),
        (b'{"ticket_id": "{{ticket.id}}"}', ()),
        (b'\xff\x00{"ticket_id": 35', ("35",)),
        (b"[" * 100_000, ()),
    ],
)
def test_a_ticket_is_found_in_a_body_nobody_can_read(body, named):
    """By where it stands; the id of anything else is left alone."""
    assert ZendeskWebhook(["secret"]).named(body) == named


def test_a_body_of_another_shape_is_a_message_on_what_it_names():
    """An admin wrote the trigger's body anew: the ticket is read all the same."""
    (event,) = ZendeskWebhook(["secret"]).parse({}, b'{"event": "created", "ticket": 35}')
    assert (event.kind, event.ticket_id, event.note) == (EventKind.MESSAGE, "35", "a body of another shape")
