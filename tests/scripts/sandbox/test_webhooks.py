"""Signatures by the vendor's test vectors, and deliveries over real HTTP."""

import pytest

from scripts.sandbox import acts
from scripts.sandbox.twin import Twin
from scripts.sandbox.webhooks import STATIC_TEST_SECRET, Breaker, _retry_kind, sign

OTHER = "bG9jYWwtc2ltdWxhdG9yLXNpZ25pbmcta2V5LTAwMDE="
STAMP = "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("secret", "stamp", "body", "signature"),
    [
        (STATIC_TEST_SECRET, STAMP, b'{"ticket_id":"42"}', "KrgEVnw51bzWRrsaEq7U79hEPmMByOh4A1UoQQ9ZZA0="),
        (STATIC_TEST_SECRET, STAMP, '{"note":"déjà vu"}\n'.encode(), "kOqvKeIlO69UO15jtM1l4aTycKyuAkfA7H9zr5J1Xjw="),
        (STATIC_TEST_SECRET, STAMP, b"", "1xsiPKGHFyXedEmvxNaOg4VQ2U4XjHcPMETpJymjCkg="),
        (OTHER, STAMP, b'{"ticket_id":"42"}', "YwveDZzS52blRHVhfi1n/Ixnlgpxmbt4DBR3TX1I4fc="),
        (
            STATIC_TEST_SECRET,
            "2021-03-25T05:09:27Z",
            b'{"event":"ticket.updated","id":123}',
            "S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM=",
        ),
    ],
)
def test_signs_as_the_published_vectors(secret, stamp, body, signature):
    """The signature covers timestamp then body, keyed by the secret's literal text."""
    assert sign(secret, stamp, body) == signature


@pytest.mark.parametrize(
    ("status", "outcome", "retry_after", "kind"),
    [
        (409, "answered", None, "conflict"),
        (0, "timeout", None, "timeout"),
        (503, "answered", 5.0, "busy"),
        (429, "answered", 59.0, "busy"),
        (503, "answered", None, None),
        (503, "answered", 60.0, None),
        (500, "answered", None, None),
        (502, "answered", 1.0, None),
        (403, "answered", None, None),
        (302, "answered", None, None),
        (0, "failed", None, None),
    ],
)
def test_allows_another_attempt_only_where_the_vendor_does(status, outcome, retry_after, kind):
    """Only 409, a timeout, or 429/503 with a short Retry-After are tried again."""
    assert _retry_kind(status, outcome, retry_after) == kind


def test_breaker_opens_at_seventy_percent_and_closes_after_a_pause():
    """Most of ten deliveries failing stops deliveries for five seconds."""
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for ok in [True, True, True, *[False] * 6]:
        breaker.record(ok)
    assert not breaker.is_open()
    breaker.record(False)
    assert breaker.is_open()
    now[0] += 5.1
    assert not breaker.is_open()


def _write(twin: Twin, text: str = "Help") -> None:
    with twin.world.lock:
        acts.message(twin, {"subject": "S", "body": text, "requester": {"name": "A", "email": "a@x.example"}})


@pytest.mark.real
def test_customer_message_calls_deskhand_signed_with_ids_only(served, receiver):
    """A requester's message fires the trigger webhook with the vendor's headers, signed with the secret configured."""
    _, twin = served(deskhand_url=receiver.url, webhook_secret="s3cret")
    _write(twin)
    (call,) = receiver.wait_for(1)
    head = call.headers
    assert head["X-Zendesk-Webhook-Signature"] == sign(
        "s3cret", head["X-Zendesk-Webhook-Signature-Timestamp"], call.body
    )
    assert head["User-Agent"] == "Zendesk Webhook"
    assert head["Content-Type"] == "application/json; charset=utf-8"
    assert len(head["X-Zendesk-Webhook-Id"]) == len(head["X-Zendesk-Webhook-Invocation-Id"]) == 26
    ticket = twin.world.tickets[1]
    assert call.json["ticket_id"] == "1"
    assert call.json["rule"] == "customer_message"
    assert call.json["latest_comment_id"] == str(ticket.comments[-1].id)
    assert call.json["current_user_id"] == str(ticket.requester_id)
    assert "Help" not in call.body.decode()


@pytest.mark.real
def test_conflict_is_tried_three_times_more_under_one_invocation(wait_until, served, receiver):
    """409 brings the same invocation back three times, and no more."""
    receiver.answers = [(409, {})] * 9
    _, twin = served(deskhand_url=receiver.url)
    _write(twin)
    receiver.wait_for(4)
    wait_until(twin.sender.is_idle)
    assert len(receiver.got) == 4
    assert len({call.headers["X-Zendesk-Webhook-Invocation-Id"] for call in receiver.got}) == 1


@pytest.mark.real
def test_plain_500_loses_the_delivery_and_busy_is_waited_for(wait_until, served, receiver):
    """A 500 is not repeated; a 503 with Retry-After is, after that time."""
    receiver.answers = [(500, {}), (503, {"Retry-After": "0"}), (200, {})]
    _, twin = served(deskhand_url=receiver.url)
    _write(twin)
    receiver.wait_for(1)
    wait_until(twin.sender.is_idle)
    assert len(receiver.got) == 1
    _write(twin)
    receiver.wait_for(3)
    attempts = [e for e in twin.books.since(0)[0] if e["kind"] == "webhook"]
    wait_until(lambda: [e["status"] for e in twin.books.since(0)[0] if e["kind"] == "webhook"] == [500, 503, 200])
    assert attempts[0]["outcome"] == "answered"


@pytest.mark.real
def test_switches_duplicate_and_drop_deliveries(wait_until, served, receiver):
    """A duplicate repeats the invocation id; a dropped one never arrives but stands in the books."""
    _, twin = served(deskhand_url=receiver.url)
    twin.switch({"duplicate_share": 1})
    _write(twin)
    receiver.wait_for(2)
    wait_until(twin.sender.is_idle)  # the books have the answers too, and what comes next stands behind them
    assert len({call.headers["X-Zendesk-Webhook-Invocation-Id"] for call in receiver.got}) == 1
    twin.switch({"duplicate_share": 0, "drop_share": 1})
    _write(twin)
    wait_until(twin.sender.is_idle)
    assert len(receiver.got) == 2
    assert twin.books.since(0)[0][-1]["outcome"] == "dropped by switch"


@pytest.mark.real
def test_event_subscription_sends_pretty_sorted_envelopes(basic, served, receiver):
    """Events have text ids, upper-case words, sorted keys and a newline at the end; one action gives several."""
    import json

    import requests

    url, twin = served()
    names = ["created", "comment_added", "status_changed", "agent_assignment_changed", "tags_changed"]
    hook = {
        "name": "events",
        "endpoint": receiver.url,
        "http_method": "POST",
        "request_format": "json",
        "status": "active",
        "subscriptions": [f"zen:event-type:ticket.{name}" for name in names],
    }
    assert requests.post(f"{url}/api/v2/webhooks", json={"webhook": hook}, auth=basic).status_code == 201
    _write(twin)
    (created,) = receiver.wait_for(1)
    assert created.body == (json.dumps(created.json, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
    assert created.json["type"] == "zen:event-type:ticket.created"
    assert created.json["detail"]["status"] == "NEW"
    assert created.json["detail"]["id"] == "1"
    assert created.json["detail"]["via"] == {"channel": "mail"}
    person = next(u.id for u in twin.world.staff() if u.role == "agent")
    change = {"comment": {"body": "Hi"}, "status": "open", "assignee_id": person, "tags": ["a"]}
    assert requests.put(f"{url}/api/v2/tickets/1.json", json={"ticket": change}, auth=basic).status_code == 200
    receiver.wait_for(5)
    events = {call.json["type"].rpartition(".")[2]: call.json["event"] for call in receiver.got[1:]}
    assert events["status_changed"] == {"current": "OPEN", "previous": "NEW"}
    assert events["agent_assignment_changed"] == {"current": str(person), "previous": None}
    assert events["tags_changed"] == {"tags_added": ["a"], "tags_removed": []}
    assert events["comment_added"]["comment"]["author"]["is_staff"] is True


def test_wrong_order_gives_the_vector_that_must_be_rejected():
    """Body before timestamp is what an older page printed; our signature must differ from it."""
    import base64
    import hashlib
    import hmac

    body, wrong = b'{"ticket_id":"42"}', "0MKHTfsvPh/CeN8/iieG/+e3dH9lRDTqgs+xX4cluRM="
    turned = hmac.new(STATIC_TEST_SECRET.encode(), body + STAMP.encode(), hashlib.sha256).digest()
    assert base64.b64encode(turned).decode() == wrong
    assert sign(STATIC_TEST_SECRET, STAMP, body) != wrong


@pytest.mark.real
def test_reordered_delivery_is_overtaken(served, receiver):
    """What is held back arrives after what was fired later."""
    _, twin = served(deskhand_url=receiver.url)
    twin.switch({"reorder_share": 1, "reorder_seconds": 0.4})
    _write(twin)
    twin.switch({"reorder_share": 0})
    _write(twin)
    assert [call.json["ticket_id"] for call in receiver.wait_for(2)] == ["2", "1"]


@pytest.mark.real
def test_trial_throttle_holds_back_what_is_more(served, receiver, wait_until):
    """Beyond the minute's number a delivery waits as `throttled`; the first ones go out at once."""
    _, twin = served(deskhand_url=receiver.url)
    twin.switch({"throttle_per_minute": 2})
    for _ in range(3):
        _write(twin)
    receiver.wait_for(2)
    words = [call.status for call in twin.sender.invocations(next(iter(twin.world.webhooks)))]
    assert words[0] == "throttled"
    wait_until(
        lambda: [c.status for c in twin.sender.invocations(next(iter(twin.world.webhooks)))].count("success") == 2
    )
    assert not twin.sender.is_idle()
    assert len(receiver.got) == 2


@pytest.mark.real
def test_open_breaker_skips_deliveries(served, receiver, wait_until):
    """When most deliveries fail they are skipped for a while and stand in the book as `circuit broken`."""
    _, twin = served(deskhand_url=receiver.url)
    twin.switch({"has_breaker": True})
    receiver.answers = [(500, {})] * 10
    for _ in range(10):
        _write(twin)
        wait_until(twin.sender.is_idle)
    _write(twin)
    wait_until(twin.sender.is_idle)
    newest = twin.sender.invocations(next(iter(twin.world.webhooks)))[0]
    assert (newest.status, len(receiver.got)) == ("circuit broken", 10)
