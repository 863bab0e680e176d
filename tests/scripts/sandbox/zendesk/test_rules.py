"""Webhooks, triggers and macros over the API."""

import json
from typing import Any

import pytest

HOOK = {
    "name": "hook",
    "endpoint": "http://127.0.0.1:9/x",
    "http_method": "POST",
    "request_format": "json",
    "status": "active",
    "authentication": {"type": "bearer_token", "data": {"token": "t0p"}, "add_position": "header"},
}
OPEN = {"field": "status", "operator": "is", "value": "open"}


def _hook(api: Any, **change: Any) -> Any:
    return api.post("/webhooks", {"webhook": {**HOOK, **change}})


def test_webhook_is_made_read_changed_and_deleted(api):
    """201 with an id, secrets never read back, PATCH and DELETE answer 204 with nothing."""
    made = _hook(api)
    assert made.status_code == 201
    hook = made.json["webhook"]
    assert len(hook["id"]) == 26
    assert hook["subscriptions"] == ["conditional_ticket_events"]
    assert "t0p" not in json.dumps(hook)
    patched = api.patch(f"/webhooks/{hook['id']}", {"webhook": {"name": "other"}})
    assert (patched.status_code, patched.data) == (204, b"")
    listed = api.get("/webhooks?filter[name_contains]=oth").json
    assert [row["name"] for row in listed["webhooks"]] == ["other"]
    assert listed["meta"] == {"has_more": False}
    assert "links" not in listed
    assert api.delete(f"/webhooks/{hook['id']}").status_code == 204
    assert api.get(f"/webhooks/{hook['id']}").status_code == 404


def test_signing_secret_is_shown_and_rotated(api):
    """GET shows the secret, POST replaces it with another of 44 characters."""
    key = _hook(api).json["webhook"]["id"]
    old = api.get(f"/webhooks/{key}/signing_secret").json["signing_secret"]
    new = api.post(f"/webhooks/{key}/signing_secret")
    assert (new.status_code, len(old["secret"]), old["algorithm"]) == (201, 44, "SHA256")
    assert new.json["signing_secret"]["secret"] != old["secret"]
    assert api.get(f"/webhooks/{key}/signing_secret").json == new.json


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"endpoint": "ftp://x"},
        {"http_method": "BREW"},
        {"status": "asleep"},
        {"subscriptions": ["conditional_ticket_events", "zen:event-type:ticket.created"]},
        {"subscriptions": ["zen:event-type:ticket.created"], "http_method": "GET"},
    ],
)
def test_wrong_webhooks_are_refused(api, change):
    """Missing or impossible values, and both connection modes at once, are 400."""
    assert _hook(api, **change).status_code == 400


def test_connection_mode_cannot_change(api):
    """A trigger webhook cannot become event-subscribed."""
    key = _hook(api).json["webhook"]["id"]
    change = {"webhook": {"subscriptions": ["zen:event-type:ticket.created"]}}
    assert api.patch(f"/webhooks/{key}", change).status_code == 400


def _trigger(api: Any, **change: Any) -> Any:
    values = {
        "title": "T",
        "conditions": {"all": [OPEN], "any": []},
        "actions": [{"field": "current_tags", "value": "hot"}],
        **change,
    }
    return api.post("/triggers.json", {"trigger": values})


def test_trigger_put_keeps_both_or_clears_the_other(api):
    """PUT with neither conditions nor actions keeps both; with one of them it clears the other."""
    made = _trigger(api)
    assert made.status_code == 201
    url = f"/triggers/{made.json['trigger']['id']}"
    kept = api.put(url, {"trigger": {"title": "New"}}).json["trigger"]
    assert kept["conditions"]["all"] == [OPEN]
    assert kept["actions"]
    cleared = api.put(url, {"trigger": {"all": [OPEN]}}).json["trigger"]
    assert cleared["conditions"]["all"] == [OPEN]
    assert cleared["actions"] == []


def test_trigger_that_cannot_work_is_refused(api):
    """Unknown fields, no actions, and a webhook that is not there are 422."""
    unknown = {"all": [{"field": "moon", "operator": "is", "value": "1"}]}
    absent = [{"field": "notification_webhook", "value": ["nope", "x"]}]
    wrongs: list[dict[str, Any]] = [{"conditions": unknown}, {"actions": []}, {"actions": absent}]
    for change in wrongs:
        assert _trigger(api, **change).status_code == 422


def test_rules_change_tickets_in_the_same_audit_and_an_earlier_rule_gets_its_turn(api, ticket):
    """A rule's action lets an earlier rule match; both are told apart from the person's change in one audit."""
    hot = {"field": "current_tags", "operator": "includes", "value": "hot"}
    _trigger(api, title="second", conditions={"all": [hot]}, actions=[{"field": "priority", "value": "urgent"}])
    _trigger(api, title="first")
    answer = api.put(f"/tickets/{ticket}", {"ticket": {"status": "open"}}).json
    shown = api.get(f"/tickets/{ticket}").json["ticket"]
    assert (shown["tags"], shown["priority"]) == (["hot"], "urgent")
    by_rule = [e["via"]["source"]["from"]["title"] for e in answer["audit"]["events"] if "via" in e]
    assert by_rule == ["first", "second"]


def test_deleting_a_webhook_in_use_is_refused(api):
    """A webhook that a trigger names stays."""
    key = _hook(api).json["webhook"]["id"]
    _trigger(api, actions=[{"field": "notification_webhook", "value": [key, "{}"]}])
    assert api.delete(f"/webhooks/{key}").status_code == 400


def test_categories_and_macros(api):
    """Categories have text ids; macros are made, found by title, changed and deleted."""
    category = api.post("/trigger_categories", {"trigger_category": {"name": "C"}}).json["trigger_category"]
    assert category["id"].isdigit()
    assert api.post("/trigger_categories", {"trigger_category": {"name": ""}}).status_code == 400
    values = {"title": "Close the tap", "actions": [{"field": "current_tags", "value": "deskhand_send"}]}
    macro = api.post("/macros", {"macro": values})
    assert macro.status_code == 201
    found = api.get("/macros/search?query=tap").json["macros"]
    assert [row["title"] for row in found] == ["Close the tap"]
    url = f"/macros/{found[0]['id']}"
    assert api.put(url, {"macro": {"active": False}}).json["macro"]["active"] is False
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404


@pytest.mark.real
def test_test_request_is_signed_with_the_public_secret(basic, served, receiver):
    """An unsaved webhook's test request carries the static secret's signature and shows the answer."""
    import requests

    from scripts.sandbox.webhooks import STATIC_TEST_SECRET, sign

    url, _ = served()
    wanted = {"request": {"endpoint": receiver.url, "http_method": "POST", "payload": '{"a":1}'}}
    answer = requests.post(f"{url}/api/v2/webhooks/test", json=wanted, auth=basic).json()
    assert answer["response"]["status_code"] == 200
    (call,) = receiver.got
    stamp = call.headers["X-Zendesk-Webhook-Signature-Timestamp"]
    assert call.headers["X-Zendesk-Webhook-Signature"] == sign(STATIC_TEST_SECRET, stamp, b'{"a":1}')
