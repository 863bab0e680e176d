"""Webhooks over the API: their life, their secrets, a test call, and the book of what was sent."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Blueprint, Response, request

from scripts.sandbox.refusals import RefusedError, not_found
from scripts.sandbox.state import Trigger, Webhook, new_signing_secret, new_ulid
from scripts.sandbox.webhooks import CONTENT_TYPES, STATIC_TEST_SECRET, TIMEOUT_SECONDS, Invocation, own_headers, signed
from scripts.sandbox.zendesk import wire
from scripts.sandbox.zendesk.calls import answer, body, listing, me, need_admin, nothing, twin

bp = Blueprint("hooks", __name__, url_prefix="/api/v2")

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_TRIGGERED = "conditional_ticket_events"
_KEPT = timedelta(days=7)


def _webhook(webhook_id: str) -> Webhook:
    need_admin()
    webhook = twin().world.webhooks.get(webhook_id)
    if webhook is None:
        raise RefusedError(404, {"errors": [{"code": "WebhookNotFound", "title": "Webhook not found"}]})
    return webhook


def _check_webhook(values: Mapping[str, Any]) -> None:
    wrong = [name for name in ("name", "endpoint") if not str(values.get(name) or "").strip()]
    wrong += ["http_method"] if values.get("http_method") not in _METHODS else []
    wrong += ["request_format"] if values.get("request_format") not in CONTENT_TYPES else []
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
    optional: dict[str, Any] = {"description": None, "custom_headers": {}, "authentication": None}
    _fill_webhook(webhook, {**optional, **merged})
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
    """List the calls of the last seven days, newest first; `filter[...]` picks by status and by time."""
    calls = twin().sender.invocations(_webhook(webhook_id).id)
    status = request.args.get("filter[status]")
    start = request.args.get("filter[from_ts]") or (datetime.now(UTC) - _KEPT).strftime("%Y-%m-%dT%H:%M:%SZ")
    end = request.args.get("filter[to_ts]")
    chosen = [
        call
        for call in calls
        if status in (None, call.status) and start <= call.created_at and (end is None or call.created_at <= end)
    ]
    return listing("invocations", chosen, _invocation)


def _invocation(call: Invocation) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": call.id, "status": call.status, "latest_completed_at": call.completed_at}
    if call.attempts and call.attempts[-1]["response"]["status_code"]:
        shown["status_code"] = call.attempts[-1]["response"]["status_code"]
    return shown


@bp.get("/webhooks/<webhook_id>/invocations/<invocation_id>/attempts")
def list_attempts(webhook_id: str, invocation_id: str) -> Response:
    call = next((c for c in twin().sender.invocations(_webhook(webhook_id).id) if c.id == invocation_id), None)
    if call is None:
        raise not_found()
    rows = [
        {"id": f"{call.id}-{number}", "invocation_id": call.id, **attempt}
        for number, attempt in enumerate(call.attempts, 1)
    ]
    return answer({"attempts": rows})


@bp.post("/webhooks/test")
def test_webhook() -> Response:
    """Send one request now and show what came back. Unsaved webhooks are signed with the public test secret.

    Of a saved webhook named by `webhook_id`, what the body leaves out is taken, with its own headers and secret.
    """
    wanted = body("request")
    with twin().world.lock:
        saved = twin().world.webhooks.get(request.args.get("webhook_id", ""))
        trial = _trial(wanted, saved)
    payload = b"" if trial.http_method in ("GET", "DELETE") else str(wanted.get("payload") or "").encode()
    headers = signed(trial, payload, new_ulid(), twin().world.account.account_id)
    try:
        got = requests.request(
            trial.http_method,
            trial.endpoint,
            data=payload,
            headers={**own_headers(trial), **headers},
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    except (requests.RequestException, ValueError) as error:
        title = f"No answer: {type(error).__name__}"
        raise RefusedError(400, {"errors": [{"code": "TestFailed", "title": title}]}) from error
    shown = [{"key": key, "value": value} for key, value in got.headers.items()]
    return answer({"response": {"status_code": got.status_code, "headers": shown, "payload": got.text[:65536]}})


def _trial(wanted: Mapping[str, Any], saved: Webhook | None) -> Webhook:
    """Return a webhook for one call: the saved one with what the request says on top, or one that was never saved."""
    known = {name: getattr(saved, name) for name in _WEBHOOK_FIELDS} if saved else {}
    values = {**known, **{name: wanted[name] for name in _WEBHOOK_FIELDS if name in wanted}}
    secret = saved.signing_secret if saved else STATIC_TEST_SECRET
    trial = Webhook(saved.id if saved else new_ulid(), "test", str(values.get("endpoint") or ""), secret)
    _fill_webhook(trial, values)
    return trial


test_webhook.takes_no_lock = True  # type: ignore[attr-defined]  # the receiver may ask us something while we wait
