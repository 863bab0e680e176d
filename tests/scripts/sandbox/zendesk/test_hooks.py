"""Webhooks over the API: replace and change, clone, test call, rotation, invocations with attempts."""

import pytest

from scripts.sandbox.webhooks import STATIC_TEST_SECRET, sign


def _wanted(url="http://127.0.0.1:9/x", **more):
    return {"webhook": {"name": "w", "endpoint": url, "http_method": "POST", "request_format": "json",
                        "status": "active", "description": "d", "custom_headers": {"X-A": "1"}, **more}}  # fmt: skip


@pytest.fixture(name="hook")
def hook_fixture(api):
    """A saved webhook with a bearer token."""
    secret = {"type": "bearer_token", "data": {"token": "t0p"}, "add_position": "header"}
    made = api.post("/webhooks", _wanted(authentication=secret))
    assert made.status_code == 201
    return made.json["webhook"]


def test_put_replaces_and_patch_changes(api, hook):
    """Both answer 204 without a body; PUT forgets what it does not name, PATCH keeps it."""
    path = f"/webhooks/{hook['id']}"
    changed = api.patch(path, {"webhook": {"name": "new"}})
    assert (changed.status_code, changed.data) == (204, b"")
    shown = api.get(path).json["webhook"]
    assert (shown["name"], shown["description"], shown["custom_headers"]) == ("new", "d", {"X-A": "1"})
    whole = _wanted()["webhook"]
    del whole["description"], whole["custom_headers"]
    assert api.put(path, {"webhook": whole}).status_code == 204
    shown = api.get(path).json["webhook"]
    assert not {"description", "custom_headers", "authentication"} & shown.keys()
    assert api.put(path, {"webhook": {"name": "alone"}}).status_code == 400


def test_connection_mode_never_changes(api, hook):
    """A webhook that triggers call cannot become one of events."""
    events = {"webhook": {"subscriptions": ["zen:event-type:ticket.created"]}}
    assert api.patch(f"/webhooks/{hook['id']}", events).status_code == 400


def test_clone_has_its_own_id_and_secret(api, hook):
    """A clone copies everything but id and signing secret; secrets are never read back."""
    clone = api.post(f"/webhooks?clone_webhook_id={hook['id']}").json["webhook"]
    assert clone["id"] != hook["id"]
    assert (clone["name"], clone["authentication"]) == (
        hook["name"],
        {"type": "bearer_token", "add_position": "header"},
    )
    secrets = {api.get(f"/webhooks/{key}/signing_secret").json["signing_secret"]["secret"]
               for key in (clone["id"], hook["id"])}  # fmt: skip
    assert len(secrets) == 2


def test_rotation_gives_a_new_secret_at_once(api, hook):
    """POST answers 201 with a secret of 44 characters, which GET then shows."""
    path = f"/webhooks/{hook['id']}/signing_secret"
    old = api.get(path).json["signing_secret"]["secret"]
    rotated = api.post(path)
    new = rotated.json["signing_secret"]["secret"]
    assert (rotated.status_code, len(new), new != old) == (201, 44, True)
    assert api.get(path).json["signing_secret"] == {"secret": new, "algorithm": "SHA256"}


@pytest.mark.real
def test_test_call_shows_what_came_back(api, hook, receiver):
    """An unsaved webhook is signed with the public secret, a saved one with its own and its own headers."""
    receiver.answers = [(418, {"X-Tea": "pot"})]
    wanted = {"endpoint": receiver.url, "http_method": "POST", "request_format": "json", "payload": '{"a":1}'}
    response = api.post("/webhooks/test", {"request": wanted}).json["response"]
    assert response["status_code"] == 418
    assert {"key": "X-Tea", "value": "pot"} in response["headers"]
    api.patch(f"/webhooks/{hook['id']}", {"webhook": {"endpoint": receiver.url}})
    api.post(f"/webhooks/test?webhook_id={hook['id']}", {"request": {"payload": "x"}})
    own = api.get(f"/webhooks/{hook['id']}/signing_secret").json["signing_secret"]["secret"]
    for call, secret in zip(receiver.got, (STATIC_TEST_SECRET, own), strict=True):
        stamp = call.headers["X-Zendesk-Webhook-Signature-Timestamp"]
        assert call.headers["X-Zendesk-Webhook-Signature"] == sign(secret, stamp, call.body)
    assert (receiver.got[1].headers["Authorization"], receiver.got[1].headers["X-A"]) == ("Bearer t0p", "1")


@pytest.mark.real
def test_invocations_tell_every_attempt(served, basic, receiver, wait_until):
    """One invocation lists both attempts with headers and bodies of both sides, and is found by status and time."""
    import requests

    from scripts.sandbox import acts

    receiver.answers = [(409, {})]
    url, twin = served(deskhand_url=receiver.url)
    with twin.world.lock:
        acts.message(twin, {"subject": "S", "body": "x", "requester": "a@x.example"})
    receiver.wait_for(2)
    wait_until(twin.sender.is_idle)
    path = f"{url}/api/v2/webhooks/{next(iter(twin.world.webhooks))}/invocations"
    (row,) = requests.get(path, auth=basic).json()["invocations"]
    assert (row["status"], row["status_code"]) == ("success", 200)
    first, second = requests.get(f"{path}/{row['id']}/attempts", auth=basic).json()["attempts"]
    assert (first["status"], first["response"]["status_code"]) == ("client error", 409)
    assert second["status"] == "success"
    assert '"rule"' in first["request"]["payload"]
    names = {header["key"] for header in first["request"]["headers"]}
    assert "X-Zendesk-Webhook-Signature" in names

    def found(**words):
        return len(requests.get(path, params=words, auth=basic).json()["invocations"])

    assert found(**{"filter[status]": "success"}) == 1
    assert found(**{"filter[status]": "failed"}) == 0
    assert found(**{"filter[from_ts]": "2099-01-01T00:00:00Z"}) == 0


@pytest.mark.real
def test_methods_without_a_body_carry_pairs_in_the_address(served, basic, receiver, wait_until):
    """A GET webhook's pairs become parameters and its signature covers the timestamp alone; form fields are a body."""
    import requests

    from scripts.sandbox import acts

    url, twin = served()
    got = []
    for method, form in (("GET", "json"), ("POST", "form_encoded")):
        hook = _wanted(receiver.url, http_method=method, request_format=form)
        made = requests.post(f"{url}/api/v2/webhooks", json=hook, auth=basic).json()["webhook"]
        got.append(made["id"])
        action = {"field": "notification_webhook", "value": [made["id"], [["ticket", "{{ticket.id}}"], ["a", "ü&"]]]}
        rule = {"title": "t", "conditions": {"all": [{"field": "status", "operator": "is", "value": "new"}]},
                "actions": [action]}  # fmt: skip
        assert requests.post(f"{url}/api/v2/triggers", json={"trigger": rule}, auth=basic).status_code == 201
    with twin.world.lock:
        acts.message(twin, {"subject": "S", "body": "x", "requester": "a@x.example"})
    wait_until(twin.sender.is_idle)
    calls = [twin.sender.invocations(key)[0] for key in got]
    assert calls[0].body == b""
    assert calls[0].params == (("ticket", "1"), ("a", "ü&"))
    assert calls[1].body == b"ticket=1&a=%C3%BC%26"
    (call,) = receiver.got
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
