"""Webhooks, triggers with their categories, and macros over the API."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Blueprint, Response, request

from scripts.sandbox import triggers
from scripts.sandbox.refusals import RefusedError, not_found
from scripts.sandbox.state import Macro, Trigger, TriggerCategory, Webhook, new_signing_secret, new_ulid
from scripts.sandbox.webhooks import STATIC_TEST_SECRET, TIMEOUT_SECONDS, Invocation, sign
from scripts.sandbox.zendesk import wire
from scripts.sandbox.zendesk.calls import answer, body, listing, me, need_admin, nothing, twin

bp = Blueprint("rules", __name__, url_prefix="/api/v2")

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_FORMATS = ("json", "xml", "form_encoded")
_TRIGGERED = "conditional_ticket_events"


# -- webhooks


def _webhook(webhook_id: str) -> Webhook:
    need_admin()
    webhook = twin().world.webhooks.get(webhook_id)
    if webhook is None:
        raise RefusedError(404, {"errors": [{"code": "WebhookNotFound", "title": "Webhook not found"}]})
    return webhook


def _check_webhook(values: Mapping[str, Any]) -> None:
    wrong = [name for name in ("name", "endpoint") if not str(values.get(name) or "").strip()]
    wrong += ["http_method"] if values.get("http_method") not in _METHODS else []
    wrong += ["request_format"] if values.get("request_format") not in _FORMATS else []
    wrong += ["status"] if values.get("status") not in ("active", "inactive") else []
    if urlsplit(str(values.get("endpoint") or "")).scheme not in ("http", "https"):
        wrong.append("endpoint")
    names = values.get("subscriptions") or []
    if any(name != _TRIGGERED and not str(name).startswith("zen:event-type:") for name in names):
        wrong.append("subscriptions")
    if _TRIGGERED in names and len(names) > 1:
        wrong.append("subscriptions")
    if any(name != _TRIGGERED for name in names) and values.get("http_method") != "POST":
        wrong.append("http_method")
    if wrong:
        errors = [
            {
                "code": "InvalidWebhook",
                "title": f"{name} is missing or invalid",
                "source": {"pointer": f"/webhook/{name}"},
            }
            for name in dict.fromkeys(wrong)
        ]
        raise RefusedError(400, {"errors": errors})


@bp.post("/webhooks")
def create_webhook() -> Response:
    need_admin()
    world = twin().world
    if source := request.args.get("clone_webhook_id"):
        original = _webhook(source)
        values = {name: getattr(original, name) for name in _WEBHOOK_FIELDS}
    else:
        values = body("webhook")
    _check_webhook(values)
    webhook = Webhook(new_ulid(), values["name"], values["endpoint"], new_signing_secret())
    _fill_webhook(webhook, values)
    webhook.created_at = world.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
    webhook.created_by = str(me().id)
    world.webhooks[webhook.id] = webhook
    location = f"{world.base_url}/api/v2/webhooks/{webhook.id}"
    return answer({"webhook": wire.webhook(webhook)}, 201, {"Location": location})


_WEBHOOK_FIELDS = (
    "name", "endpoint", "http_method", "request_format", "status", "description", "subscriptions", "authentication",
    "custom_headers",
)  # fmt: skip


def _fill_webhook(webhook: Webhook, values: Mapping[str, Any]) -> None:
    for name in _WEBHOOK_FIELDS:
        if name in values:
            setattr(webhook, name, values[name])
    webhook.subscriptions = list(webhook.subscriptions or [_TRIGGERED])
    webhook.custom_headers = dict(webhook.custom_headers or {})


@bp.get("/webhooks")
def list_webhooks() -> Response:
    """List by cursor; when all fit on one page there are neither links nor cursors, as recorded."""
    need_admin()
    part, status = request.args.get("filter[name_contains]", ""), request.args.get("filter[status]")
    rows = [
        row
        for row in twin().world.webhooks.values()
        if part.lower() in row.name.lower() and (status is None or row.status == status)
    ]
    rows.sort(key=lambda row: row.name if "name" in request.args.get("sort", "") else row.id)
    if request.args.get("sort", "").startswith("-"):
        rows.reverse()
    if len(rows) <= 100 and "page[after]" not in request.args and "page[size]" not in request.args:
        return answer({"webhooks": [wire.webhook(row) for row in rows], "meta": {"has_more": False}})
    return listing("webhooks", rows, wire.webhook)


@bp.get("/webhooks/<webhook_id>")
def show_webhook(webhook_id: str) -> Response:
    return answer({"webhook": wire.webhook(_webhook(webhook_id))})


@bp.route("/webhooks/<webhook_id>", methods=["PUT", "PATCH"])
def change_webhook(webhook_id: str) -> Response:
    """Replace (PUT) or change (PATCH) a webhook. How it is connected can never change."""
    webhook = _webhook(webhook_id)
    values = body("webhook")
    merged = {
        **({name: getattr(webhook, name) for name in _WEBHOOK_FIELDS} if request.method == "PATCH" else {}),
        **values,
    }
    merged.setdefault("subscriptions", webhook.subscriptions)
    if (_TRIGGERED in merged["subscriptions"]) == webhook.is_event_subscribed:
        raise RefusedError(
            400, {"errors": [{"code": "InvalidWebhook", "title": "Connection method cannot be changed"}]}
        )
    _check_webhook(merged)
    _fill_webhook(webhook, merged)
    webhook.updated_at, webhook.updated_by = twin().world.stamp(), str(me().id)
    return nothing()


@bp.delete("/webhooks/<webhook_id>")
def delete_webhook(webhook_id: str) -> Response:
    """Delete a webhook, unless a trigger still uses it."""
    webhook = _webhook(webhook_id)
    if any(_uses(trigger, webhook.id) for trigger in twin().world.triggers.values()):
        title = "Webhook is used by a trigger"
        raise RefusedError(400, {"errors": [{"code": "WebhookInUse", "title": title}]})
    del twin().world.webhooks[webhook.id]
    return nothing()


def _uses(trigger: Trigger, webhook_id: str) -> bool:
    return any(
        action["field"] == "notification_webhook" and action["value"][0] == webhook_id for action in trigger.actions
    )


@bp.get("/webhooks/<webhook_id>/signing_secret")
def show_secret(webhook_id: str) -> Response:
    return answer(_secret(_webhook(webhook_id)))


@bp.post("/webhooks/<webhook_id>/signing_secret")
def rotate_secret(webhook_id: str) -> Response:
    """Give the webhook a new secret; the old one signs nothing from now on."""
    webhook = _webhook(webhook_id)
    webhook.signing_secret = new_signing_secret()
    return answer(_secret(webhook), 201)


def _secret(webhook: Webhook) -> dict[str, Any]:
    return {"signing_secret": {"secret": webhook.signing_secret, "algorithm": "SHA256"}}


@bp.get("/webhooks/<webhook_id>/invocations")
def list_invocations(webhook_id: str) -> Response:
    status = request.args.get("filter[status]")
    calls = [c for c in twin().sender.invocations(_webhook(webhook_id).id) if status in (None, c.status)]
    return listing("invocations", calls, _invocation)


def _invocation(call: Invocation) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": call.id, "status": call.status, "latest_completed_at": call.completed_at}
    if call.attempts and call.attempts[-1]["status_code"]:
        shown["status_code"] = call.attempts[-1]["status_code"]
    return shown


@bp.get("/webhooks/<webhook_id>/invocations/<invocation_id>/attempts")
def list_attempts(webhook_id: str, invocation_id: str) -> Response:
    call = next((c for c in twin().sender.invocations(_webhook(webhook_id).id) if c.id == invocation_id), None)
    if call is None:
        raise not_found()
    rows = [
        {
            "id": f"{call.id}-{number}",
            "invocation_id": call.id,
            "completed_at": attempt["completed_at"],
            "status": call.status,
            "request": {"payload": call.body.decode("utf-8", "replace")},
            "response": {"status_code": attempt["status_code"]},
        }
        for number, attempt in enumerate(call.attempts, 1)
    ]
    return answer({"attempts": rows})


@bp.post("/webhooks/test")
def test_webhook() -> Response:
    """Send one request now and show what came back. Unsaved webhooks are signed with the public test secret."""
    wanted = body("request")
    with twin().world.lock:
        saved = twin().world.webhooks.get(request.args.get("webhook_id", ""))
        endpoint = str(wanted.get("endpoint") or (saved.endpoint if saved else ""))
        secret = saved.signing_secret if saved else STATIC_TEST_SECRET
        timestamp = twin().world.stamp()
    payload = str(wanted.get("payload") or "").encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Zendesk Webhook",
        "X-Zendesk-Account-Id": str(twin().world.account.account_id),
        "X-Zendesk-Webhook-Id": saved.id if saved else new_ulid(),
        "X-Zendesk-Webhook-Invocation-Id": new_ulid(),
        "X-Zendesk-Webhook-Signature": sign(secret, timestamp, payload),
        "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
    }
    method = str(wanted.get("http_method") or "POST")
    try:
        got = requests.request(
            method, endpoint, data=payload, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
    except requests.RequestException as error:
        raise RefusedError(
            400, {"errors": [{"code": "TestFailed", "title": f"No answer: {type(error).__name__}"}]}
        ) from error
    shown = [{"key": key, "value": value} for key, value in got.headers.items()]
    return answer({"response": {"status_code": got.status_code, "headers": shown, "payload": got.text[:65536]}})


test_webhook.takes_no_lock = True  # type: ignore[attr-defined]  # the receiver may ask us something while we wait


# -- triggers


def _trigger(trigger_id: int) -> Trigger:
    trigger = twin().world.triggers.get(trigger_id)
    if trigger is None:
        raise not_found()
    return trigger


def show_trigger(row: Trigger) -> dict[str, Any]:
    return wire.trigger(row, twin().world)


def _in_order() -> list[Trigger]:
    return sorted(twin().world.triggers.values(), key=lambda t: (t.position, t.id))


def _conditions(values: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]] | None:
    """Return the conditions given in either of the two accepted forms, or None if there are none."""
    given = values.get("conditions")
    if not isinstance(given, dict):
        given = {name: values[name] for name in ("all", "any") if name in values} or None
    if given is None:
        return None
    return {"all": list(given.get("all") or []), "any": list(given.get("any") or [])}


@bp.get("/triggers")
def list_triggers() -> Response:
    return listing("triggers", _in_order(), show_trigger)


@bp.get("/triggers/active")
def list_active_triggers() -> Response:
    return listing("triggers", [row for row in _in_order() if row.active], show_trigger)


@bp.get("/triggers/search")
def search_triggers() -> Response:
    words = request.args.get("query", "").lower()
    return listing("triggers", [row for row in _in_order() if words in row.title.lower()], show_trigger)


@bp.get("/triggers/<int:trigger_id>")
def show_one_trigger(trigger_id: int) -> Response:
    return answer({"trigger": show_trigger(_trigger(trigger_id))})


@bp.post("/triggers")
def create_trigger() -> Response:
    values, world = body("trigger"), twin().world
    stamp = world.stamp()
    last = max((row.position for row in world.triggers.values()), default=-1)
    trigger = Trigger(
        id=world.next_id(),
        title=str(values.get("title") or ""),
        conditions=_conditions(values) or {"all": [], "any": []},
        actions=list(values.get("actions") or []),
        description=values.get("description"),
        active=bool(values.get("active", True)),
        position=int(values.get("position", last + 1)),
        category_id=str(values.get("category_id") or next(iter(world.trigger_categories), "")),
        created_at=stamp,
        updated_at=stamp,
    )
    _check_trigger(trigger)
    world.triggers[trigger.id] = trigger
    shown = show_trigger(trigger)
    return answer({"trigger": shown}, 201, {"Location": shown["url"]})


@bp.put("/triggers/<int:trigger_id>")
def update_trigger(trigger_id: int) -> Response:
    """Change a trigger. Giving conditions or actions alone clears the other; giving neither keeps both."""
    old, values = _trigger(trigger_id), body("trigger")
    conditions, actions = _conditions(values), values.get("actions")
    if conditions is None and actions is None:
        conditions, actions = old.conditions, old.actions
    changed = Trigger(
        id=old.id,
        title=str(values.get("title", old.title)),
        conditions=conditions or {"all": [], "any": []},
        actions=list(actions or []),
        description=values.get("description", old.description),
        active=bool(values.get("active", old.active)),
        position=int(values.get("position", old.position)),
        category_id=str(values.get("category_id", old.category_id)),
        created_at=old.created_at,
        updated_at=twin().world.stamp(),
    )
    _check_trigger(changed, may_be_empty=True)
    twin().world.triggers[old.id] = changed
    return answer({"trigger": show_trigger(changed)})


def _check_trigger(trigger: Trigger, *, may_be_empty: bool = False) -> None:
    faults = triggers.faults_in(trigger.conditions, trigger.actions)
    if may_be_empty:
        faults = [fault for fault in faults if "blank" not in fault]
    if not trigger.title.strip():
        faults.append("Title: cannot be blank")
    known = twin().world.webhooks
    for action in trigger.actions:
        if action.get("field") == "notification_webhook" and not faults and str(action["value"][0]) not in known:
            faults.append("Webhook does not exist")
    if trigger.category_id and trigger.category_id not in twin().world.trigger_categories:
        faults.append("Category does not exist")
    if faults:
        details = {"base": [{"description": fault, "error": "InvalidValue"} for fault in faults]}
        raise RefusedError(
            422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details}
        )


@bp.delete("/triggers/<int:trigger_id>")
def delete_trigger(trigger_id: int) -> Response:
    del twin().world.triggers[_trigger(trigger_id).id]
    return nothing()


@bp.get("/trigger_categories")
def list_categories() -> Response:
    return listing("trigger_categories", list(twin().world.trigger_categories.values()), wire.trigger_category)


@bp.post("/trigger_categories")
def create_category() -> Response:
    values, world = body("trigger_category"), twin().world
    name = str(values.get("name") or "").strip()
    if not name:
        raise RefusedError(400, {"errors": [{"code": "InvalidTriggerCategory", "title": "Name cannot be blank"}]})
    stamp = world.stamp()
    row = TriggerCategory(str(world.next_id()), name, int(values.get("position") or 0), stamp, stamp)
    world.trigger_categories[row.id] = row
    return answer({"trigger_category": wire.trigger_category(row)})


# -- macros


def show_macro(row: Macro) -> dict[str, Any]:
    return wire.macro(row, twin().world)


@bp.get("/macros")
def list_macros() -> Response:
    return listing("macros", list(twin().world.macros.values()), show_macro)


@bp.get("/macros/search")
def search_macros() -> Response:
    words = request.args.get("query", "").lower()
    return listing("macros", [row for row in twin().world.macros.values() if words in row.title.lower()], show_macro)


@bp.get("/macros/<int:macro_id>")
def show_one_macro(macro_id: int) -> Response:
    return answer({"macro": show_macro(_macro(macro_id))})


def _macro(macro_id: int) -> Macro:
    macro = twin().world.macros.get(macro_id)
    if macro is None:
        raise not_found()
    return macro


@bp.post("/macros")
def create_macro() -> Response:
    values, world = body("macro"), twin().world
    title, actions = str(values.get("title") or "").strip(), list(values.get("actions") or [])
    if not title or not actions:
        details = {"base": [{"description": "Title and actions: cannot be blank", "error": "BlankValue"}]}
        raise RefusedError(
            422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details}
        )
    stamp = world.stamp()
    macro = Macro(world.next_id(), title, actions, values.get("description"), created_at=stamp, updated_at=stamp)
    macro.restriction = values.get("restriction")
    macro.active = bool(values.get("active", True))
    macro.position = len(world.macros)
    world.macros[macro.id] = macro
    shown = show_macro(macro)
    return answer({"macro": shown}, 201, {"Location": shown["url"]})


@bp.put("/macros/<int:macro_id>")
def update_macro(macro_id: int) -> Response:
    macro, values = _macro(macro_id), body("macro")
    for name in ("title", "actions", "description", "active", "restriction"):
        if name in values:
            setattr(macro, name, values[name])
    macro.updated_at = twin().world.stamp()
    return answer({"macro": show_macro(macro)})


@bp.delete("/macros/<int:macro_id>")
def delete_macro(macro_id: int) -> Response:
    del twin().world.macros[_macro(macro_id).id]
    return nothing()
