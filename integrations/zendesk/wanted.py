"""Pure: what Deskhand wants to find in a Zendesk account, as the bodies of its API, each known by a mark of its own."""

import json
from collections.abc import Mapping
from typing import Any

from integrations.setup import Wish

NAME = "Deskhand"
_API_CHANNEL = "5"  # updates through the API: our own writes, and those of other integrations

Body = dict[str, Any]


def mark(key: str) -> str:
    """Return the description by which an object is known as ours, whatever it is called."""
    return f"Made by deskhand connect ({key}). Changes made here are undone by the next run."


def webhook(wish: Wish) -> Body:
    return {
        "name": NAME,
        "description": mark("webhook"),
        "endpoint": f"{wish.public_url}/webhooks/zendesk",
        "http_method": "POST",
        "request_format": "json",
        "status": "active",
        "subscriptions": ["conditional_ticket_events"],
    }


def triggers(wish: Wish, webhook_id: str, category_id: str) -> dict[str, Body]:
    """Return the triggers by key. Our own writes fire neither of the two about people, and silenced tickets none."""
    off = [_condition("current_tags", "not_includes", tag) for tag in wish.off_tags]
    rules = {
        "customer_message": (
            "customer message",
            [_condition("role", "is", "end_user"), _condition("comment_is_public", "is", "true"), *off],
        ),
        "solved": ("solved", [_condition("status", "value", "solved")]),
        "staff_activity": (
            "staff activity",
            [_condition("role", "is", "agent"), _condition("current_via_id", "is_not", _API_CHANNEL)],
        ),
    }
    return {
        key: {
            "title": f"{NAME}: {title}",
            "description": mark(key),
            "active": True,
            "conditions": {"all": conditions, "any": []},
            "actions": [{"field": "notification_webhook", "value": [webhook_id, payload(key)]}],
        }
        | ({"category_id": category_id} if category_id else {})
        for key, (title, conditions) in rules.items()
    }


def payload(rule: str) -> str:
    """Return what a trigger sends: ids, times and fixed words, all quoted. No text of a ticket leaves this way."""
    return json.dumps(
        {
            "source": "trigger",
            "rule": rule,
            "ticket_id": "{{ticket.id}}",
            "status": "{{ticket.status}}",
            "updated_at": "{{ticket.updated_at_with_timestamp}}",
            "latest_comment_id": "{{ticket.latest_comment.id}}",
            "current_user_id": "{{current_user.id}}",
            "requester_id": "{{ticket.requester.id}}",
            "via": "{{ticket.via}}",
        }
    )


def macros(wish: Wish) -> dict[str, Body]:
    return {
        f"macro {macro.key}": {
            "title": f"{NAME}::{macro.title}",
            "description": f"{macro.description} {mark(f'macro {macro.key}')}",
            "active": True,
            "actions": [{"field": "current_tags", "value": macro.tag}],
            "restriction": None,
        }
        for macro in wish.macros
    }


def fields(wish: Wish) -> dict[str, Body]:
    """Return the ticket fields: lists whose values are the tags that Deskhand sets, so that they fill by themselves."""
    outcomes = {
        "send": "Replied",
        "draft": "Draft to approve",
        "approved": "Draft sent by staff",
        "assist": "Handed over",
        "hand_off": "For a person",
    }
    return {
        "field outcome": _list(
            "outcome", "What Deskhand did", {f"deskhand_{key}": words for key, words in outcomes.items()}
        ),
        "field intent": _list(
            "intent",
            "Kind of request",
            {f"deskhand_intent_{name}": words for name, words in sorted(wish.intents.items())},
        ),
    }


def _list(key: str, title: str, options: Mapping[str, str]) -> Body:
    return {
        "type": "tagger",
        "title": f"{NAME}: {title}",
        "agent_description": mark(f"field {key}"),
        "active": True,
        "custom_field_options": [{"name": words, "value": tag} for tag, words in options.items()],
    }


def views(wish: Wish) -> dict[str, Body]:  # noqa: ARG001
    open_tickets = _condition("status", "less_than", "solved")
    shown = {
        "drafts": ("drafts to approve", ["deskhand_draft"]),
        "handed_over": ("handed over", ["deskhand_assist", "deskhand_hand_off"]),
        "replied": ("replied by itself", ["deskhand_send"]),
    }
    return {
        f"view {key}": {
            "title": f"{NAME}: {title}",
            "description": mark(f"view {key}"),
            "active": True,
            "all": [open_tickets],
            "any": [_condition("current_tags", "includes", tag) for tag in tags],
            "output": {"columns": ["status", "subject", "requester", "updated", "group"]},
        }
        for key, (title, tags) in shown.items()
    }


def _condition(field: str, operator: str, value: str) -> dict[str, str]:
    return {"field": field, "operator": operator, "value": value}


def differences(wanted: Body, found: Mapping[str, Any]) -> list[str]:
    """Return the names of what is not as wanted. Fields we do not set are the admin's own business."""
    return [name for name, value in wanted.items() if name != "output" and not _is_same(name, value, found)]


def _is_same(name: str, wanted: Any, found: Mapping[str, Any]) -> bool:
    if name in ("all", "any"):  # a view takes them bare and shows them under `conditions`
        return bool(_plain(wanted) == _plain((found.get("conditions") or {}).get(name) or []))
    if name == "custom_field_options":
        shown = [{"name": row.get("name"), "value": row.get("value")} for row in found.get(name) or []]
        return bool(wanted == shown)
    if name == "restriction":
        return not found.get(name)
    return bool(_plain(wanted) == _plain(found.get(name)))


def _plain(value: Any) -> Any:
    """Return a value as Zendesk may show it again: numbers as text, keys we did not send left out."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        known = ("field", "operator", "value", "all", "any")
        return {key: _plain(one) for key, one in value.items() if key in known}
    return value if isinstance(value, bool) or value is None else str(value)
