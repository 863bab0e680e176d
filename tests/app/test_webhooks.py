"""Webhooks over HTTP: every answer a vendor can get, and what makes it try again."""

import json
import random

import pytest
from sqlalchemy import func, select

from app.webhooks import BODY_LIMIT_BYTES
from tests.fakes.webhook import SIGNED
from workers.store.tables import delivery


def stored(door):
    with door.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(delivery))


def test_a_signed_delivery_is_stored(door):
    """200, a row, a ring, and the words of the contract."""
    answer = door.client().post("/webhooks/zendesk", data=b'{"id": "d1"}', headers=SIGNED)
    assert (answer.status_code, answer.json) == (200, {"status": "stored"})
    assert stored(door) == len(door.bell.rung) == 1


def test_a_repetition_is_answered_like_the_first(door):
    """The vendor repeats itself: 200, and nothing more happens."""
    client = door.client()
    answers = [client.post("/webhooks/zendesk", data=b'{"id": "d1"}', headers=SIGNED) for _ in range(2)]
    assert [(answer.status_code, answer.json["status"]) for answer in answers] == [(200, "stored"), (200, "duplicate")]
    assert stored(door) == 1


@pytest.mark.parametrize("vendor", ["zendesk", "intercom"])
def test_the_address_can_be_probed(door, vendor):
    """HEAD answers 200 for a connected vendor, as Intercom asks when the address is entered."""
    assert door.client().head(f"/webhooks/{vendor}").status_code == 200
    assert stored(door) == 0


def test_an_unknown_vendor_is_not_found(door):
    """404, and the body is not even looked at."""
    client = door.client()
    assert client.post("/webhooks/freshdesk", data=b"{}", headers=SIGNED).status_code == 404
    assert client.head("/webhooks/freshdesk").status_code == 404
    assert door.webhook.verified == []


def test_what_is_not_signed_is_401(door):
    """No signature, no row."""
    assert door.client().post("/webhooks/zendesk", data=b'{"id": "d1"}').status_code == 401
    assert stored(door) == 0


def test_what_is_signed_and_not_json_is_400(door):
    """The vendor is told that its body cannot be read."""
    answer = door.client().post("/webhooks/zendesk", data=b"ticket=1", headers=SIGNED)
    assert (answer.status_code, stored(door)) == (400, 0)


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_huge_body_is_413_before_anything_is_checked(door, is_chunked):
    """One byte over the limit is refused, also without a Content-Length; the limit itself is accepted."""
    body = b'{"id": "d1", "x": "' + b"x" * (BODY_LIMIT_BYTES - 21) + b'"}'
    assert len(body) == BODY_LIMIT_BYTES
    options = {"environ_overrides": {"CONTENT_LENGTH": None, "wsgi.input_terminated": True}} if is_chunked else {}
    client = door.client()
    assert client.post("/webhooks/zendesk", data=body + b" ", headers=SIGNED, **options).status_code == 413
    assert door.webhook.verified == []
    assert client.post("/webhooks/zendesk", data=body, headers=SIGNED, **options).status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
def test_a_compressed_body_is_415(door, encoding):
    """What would have to be inflated is refused before its signature is checked."""
    answer = door.client().post("/webhooks/zendesk", data=b"{}", headers={**SIGNED, "Content-Encoding": encoding})
    assert answer.status_code == 415
    assert door.webhook.verified == []


def test_identity_is_no_encoding(door):
    """A header that says nothing was done is accepted."""
    headers = {**SIGNED, "Content-Encoding": "identity"}
    assert door.client().post("/webhooks/zendesk", data=b'{"id": "d1"}', headers=headers).status_code == 200


@pytest.mark.parametrize(("vendor", "status"), [("zendesk", 409), ("intercom", 503)])
def test_what_cannot_be_stored_is_answered_so_that_the_vendor_tries_again(door, logged, vendor, status):
    """Zendesk repeats after 409 and Intercom after 503; the log says so without the delivery's text."""
    delivery.drop(door.engine)
    client = door.client()
    body = b'{"id": "d1", "body": "canary"}'
    answer, words = logged(lambda: client.post(f"/webhooks/{vendor}", data=body, headers=SIGNED))
    assert answer.status_code == status
    assert answer.headers["Retry-After"] == "10"
    assert "delivery_not_stored" in words
    assert "canary" not in words + answer.text


@pytest.mark.parametrize(("vendor", "status"), [("zendesk", 409), ("intercom", 503)])
def test_a_bug_is_answered_the_same_way_and_logged_with_its_place(door, logged, vendor, status):
    """An exception nobody expected loses no delivery and leaks none of it."""
    door.webhook.error = RuntimeError("canary 4111 1111 1111 1111")
    client = door.client()
    answer, words = logged(lambda: client.post(f"/webhooks/{vendor}", data=b'{"id": "d1"}', headers=SIGNED))
    assert answer.status_code == status
    assert json.loads(words)["error"] == "RuntimeError"
    assert json.loads(words)["where"].startswith("webhook.py:")
    assert "canary" not in words + answer.text


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_other_methods_are_not_allowed(door, method):
    """Only POST and HEAD mean something here."""
    assert getattr(door.client(), method)("/webhooks/zendesk").status_code == 405


def test_mutilated_requests_are_never_a_failure_of_ours(door):
    """Random bytes, headers and signatures get an answer of the 4xx kind, and none is stored."""
    dice, client = random.Random(20), door.client()
    for _ in range(400):
        body = dice.randbytes(dice.randrange(80))
        signature = dice.choice(["", "wrong", "riGht", "v1,", "=", "\xff\xfe", "right "])
        headers = {"X-Signature": signature, "X-Zendesk-Webhook-Id": dice.choice(["", "é", "x" * 3000])}
        assert 400 <= client.post("/webhooks/zendesk", data=body, headers=headers).status_code < 500
    assert stored(door) == 0


def test_no_answer_is_ever_gone(door):
    """410 would end Intercom's subscription: no kind of failure leads to it."""
    client = door.client()
    tries = [({}, b"{}"), (SIGNED, b"x"), ({**SIGNED, "Content-Encoding": "gzip"}, b"{}"), (SIGNED, b"x" * (1 << 21))]
    assert 410 not in {client.post("/webhooks/intercom", data=body, headers=h).status_code for h, body in tries}
