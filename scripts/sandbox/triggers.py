"""Business rules: does a trigger's condition hold for one update, and what text do its placeholders give. Pure.

Words this twin does not know are refused when the trigger is saved, so that a rule never silently fails to fire.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.sandbox.state import PRIORITIES, STATUSES, Account, Comment, Ticket, User, World, clean_tags

VIA_CODES = {
    "web": 0,
    "email": 4,
    "api": 5,
    "rule": 8,
    "closed_ticket": 27,
    "chat": 29,
    "voice": 33,
    "facebook": 38,
    "web_widget": 48,
    "mobile_sdk": 49,
    "help_center": 50,
    "any_channel": 55,
    "mobile": 56,
    "sms": 57,
    "line": 72,
    "wechat": 73,
    "whatsapp": 74,
    "native_messaging": 75,
}
VIA_TITLES = {"email": "Mail", "web": "Web Form", "api": "Web Service", "rule": "Rule", "help_center": "Help Center"}

_CHANGE_OPERATORS = ("changed", "not_changed", "value", "not_value", "value_previous", "not_value_previous")
_OPERATORS: dict[str, tuple[str, ...]] = {
    "update_type": ("is", "is_not"),
    "status": ("is", "is_not", "less_than", "greater_than", *_CHANGE_OPERATORS),
    "priority": ("is", "is_not", "less_than", "greater_than", *_CHANGE_OPERATORS),
    "type": ("is", "is_not", *_CHANGE_OPERATORS),
    "group_id": ("is", "is_not", *_CHANGE_OPERATORS),
    "assignee_id": ("is", "is_not", *_CHANGE_OPERATORS),
    "requester_id": ("is", "is_not", *_CHANGE_OPERATORS),
    "organization_id": ("is", "is_not", *_CHANGE_OPERATORS),
    "custom_status_id": ("is", "is_not", *_CHANGE_OPERATORS),
    "recipient": ("is", "is_not"),
    "brand_id": ("is", "is_not"),
    "ticket_form_id": ("is", "is_not"),
    "satisfaction_score": ("is", "is_not"),
    "locale_id": ("is", "is_not"),
    "current_tags": ("includes", "not_includes"),
    "comment_is_public": ("is", "is_not"),
    "ticket_is_public": ("is", "is_not"),
    "role": ("is", "is_not"),
    "via_id": ("is", "is_not"),
    "current_via_id": ("is", "is_not"),
    "subject_includes_word": ("includes", "not_includes", "is", "is_not"),
    "comment_includes_word": ("includes", "not_includes", "is", "is_not"),
}
ACTIONS = (
    "status",
    "priority",
    "type",
    "group_id",
    "assignee_id",
    "set_tags",
    "current_tags",
    "remove_tags",
    "follower",
    "notification_user",
    "notification_group",
    "notification_webhook",
)
_ORDERS: dict[str, tuple[str, ...]] = {"status": STATUSES, "priority": PRIORITIES}
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}|]+?)\s*(?:\|[^{}]*)?\}\}")


@dataclass(frozen=True, slots=True)
class Update:
    """One creation or change of a ticket as rules see it; `before` is None on creation."""

    ticket: Ticket
    before: Mapping[str, Any] | None
    actor: User
    channel: str
    comment: Comment | None


def snapshot(ticket: Ticket) -> dict[str, Any]:
    """Return the values of a ticket that rules and events compare."""
    return {
        "status": ticket.status,
        "priority": ticket.priority,
        "type": ticket.type,
        "group_id": ticket.group_id,
        "assignee_id": ticket.assignee_id,
        "requester_id": ticket.requester_id,
        "organization_id": ticket.organization_id,
        "subject": ticket.subject,
        "tags": list(ticket.tags),
        "problem_id": ticket.problem_id,
        "custom_status_id": ticket.custom_status_id,
        "email_cc_ids": list(ticket.email_cc_ids),
        "follower_ids": list(ticket.follower_ids),
        "custom_fields": dict(ticket.custom_fields),
    }


def faults_in(conditions: Mapping[str, Any], actions: list[Any]) -> list[str]:
    """Name what is wrong with a trigger; an empty list means it can be saved."""
    faults = faults_of(conditions)
    if not conditions.get("all") and not conditions.get("any"):
        faults.append("Conditions: cannot be blank")
    for action in actions:
        name = str(action.get("field"))
        if name not in ACTIONS and not name.startswith("custom_fields_"):
            faults.append(f"Action {name} is not known")
        if name == "notification_webhook" and not _is_list(action.get("value"), 2):
            faults.append("notification_webhook needs [webhook id, body]")
        if name in ("notification_user", "notification_group") and not _is_list(action.get("value"), 3):
            faults.append(f"{name} needs [whom, subject, body]")
    if not actions:
        faults.append("Actions: cannot be blank")
    return faults


def faults_of(conditions: Mapping[str, Any]) -> list[str]:
    """Name the conditions whose field or operator is not known."""
    faults = []
    for condition in [*conditions.get("all", []), *conditions.get("any", [])]:
        name = str(condition.get("field"))
        if name not in _OPERATORS and not name.startswith("custom_fields_"):
            faults.append(f"Condition field {name} is not known")
        elif condition.get("operator") not in _OPERATORS.get(name, ("is", "is_not")):
            faults.append(f"Operator {condition.get('operator')} cannot be used with {name}")
    return faults


def _is_list(value: Any, length: int) -> bool:
    return isinstance(value, list) and len(value) == length


def holds(conditions: Mapping[str, list[dict[str, Any]]], update: Update) -> bool:
    """Say whether all of `all` and at least one of `any` (if there are any) hold."""
    every, some = conditions.get("all", []), conditions.get("any", [])
    return all(_one(c, update) for c in every) and (not some or any(_one(c, update) for c in some))


def _one(condition: Mapping[str, Any], update: Update) -> bool:
    name, operator, value = condition["field"], condition["operator"], condition.get("value")
    special = _SPECIAL.get(name)
    if special is not None:
        truth = special(update, value)
        return truth if operator in ("is", "includes") else not truth
    if name.startswith("custom_fields_"):
        truth = _text(update.ticket.custom_fields.get(name.removeprefix("custom_fields_"))) == _text(value)
        return truth if operator == "is" else not truth
    return _compare(name, operator, value, update)


def _compare(name: str, operator: str, value: Any, update: Update) -> bool:
    wanted = _wanted(value, update)
    now = _text(getattr(update.ticket, name))
    was = None if update.before is None else _text(update.before[name])
    if operator in ("less_than", "greater_than"):
        order = _ORDERS[name]
        rank, limit = _rank(order, now), _rank(order, wanted)
        return rank < limit if operator == "less_than" else rank > limit
    truth = {
        "is": now == wanted,
        "changed": now != (was or ""),
        "value": now == wanted and was != now,
        "value_previous": was == wanted and was != now,
    }
    if operator == "is_not":
        return not truth["is"]
    if operator.startswith("not_"):
        return not truth[operator.removeprefix("not_")]
    return truth[operator]


def _rank(order: tuple[str, ...], value: str) -> int:
    return order.index(value) if value in order else -1


def _wanted(value: Any, update: Update) -> str:
    if value == "current_user":
        return str(update.actor.id)
    if value == "requester_id":
        return str(update.ticket.requester_id)
    return _text(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _tags(update: Update, value: Any) -> bool:
    return bool(set(clean_tags(value)) & set(update.ticket.tags))


def _comment_is_public(update: Update, value: Any) -> bool:
    if update.comment is None:
        return False
    wanted = str(value).lower()
    return wanted == "not_relevant" or update.comment.public == (wanted in ("true", "requester_can_see_comment"))


def _role(update: Update, value: Any) -> bool:
    wanted = str(value)
    return wanted == ("end_user" if not update.actor.is_staff else "agent") or wanted == update.actor.role


def _words(text: str, value: Any) -> bool:
    return any(word.lower() in text.lower() for word in str(value).split())


_SPECIAL: dict[str, Callable[[Update, Any], bool]] = {
    "update_type": lambda update, value: value == ("Create" if update.before is None else "Change"),
    "current_tags": _tags,
    "comment_is_public": _comment_is_public,
    "ticket_is_public": lambda update, value: update.ticket.is_public == (str(value) in ("public", "true")),
    "role": _role,
    "recipient": lambda update, value: (update.ticket.recipient or "") == str(value),
    "satisfaction_score": lambda update, value: update.ticket.satisfaction == str(value),
    "brand_id": lambda _, value: str(value) == str(Account().brand_id),
    "ticket_form_id": lambda update, value: str(value) == str(update.ticket.ticket_form_id),
    "locale_id": lambda _, value: str(value) == "1",
    "via_id": lambda update, value: str(VIA_CODES.get(update.ticket.via["channel"], 0)) == str(value),
    "current_via_id": lambda update, value: str(VIA_CODES.get(update.channel, 0)) == str(value),
    "subject_includes_word": lambda update, value: _words(update.ticket.subject, value),
    "comment_includes_word": lambda update, value: _words(update.comment.plain_body if update.comment else "", value),
}


def render(text: str, update: Update, world: World) -> str:
    """Fill in the placeholders of a trigger's text. Unknown or empty ones become ""; nothing is escaped."""
    return _PLACEHOLDER.sub(lambda match: _placeholder(match.group(1), update, world), text)


def _placeholder(name: str, update: Update, world: World) -> str:
    root, _, rest = name.partition(".")
    if root == "current_user":
        return _person(update.actor, rest)
    if root == "ticket":
        return _ticket_value(rest, update, world)
    return ""


def _person(user: User | None, name: str) -> str:
    if user is None:
        return ""
    values = {
        "id": user.id,
        "name": user.name,
        "first_name": user.name.split(" ")[0],
        "email": user.email,
        "external_id": user.external_id,
        "language": user.locale,
        "details": user.details,
        "role": user.role,
    }
    return _text(values.get(name))


def _comment_value(comment: Comment | None, name: str, world: World) -> str:
    if comment is None:
        return ""
    if name.startswith("author."):
        return _person(world.users.get(comment.author_id), name.removeprefix("author."))
    return _text({"": comment.plain_body, "id": comment.id, "value": comment.plain_body}.get(name))


def _ticket_value(name: str, update: Update, world: World) -> str:
    ticket = update.ticket
    public = [comment for comment in ticket.comments if comment.public]
    for prefix, comment in (
        ("latest_comment", ticket.comments[-1] if ticket.comments else None),
        ("latest_public_comment", public[-1] if public else None),
        ("public_comments[0]", public[-1] if public else None),
        ("comments.first", ticket.comments[0] if ticket.comments else None),
    ):
        if name in (f"{prefix}_html", f"{prefix}_rich"):
            return comment.html_body if comment else ""
        if name == prefix or name.startswith(f"{prefix}."):
            return _comment_value(comment, name.removeprefix(prefix).lstrip("."), world)
    for prefix, user_id in (("requester", ticket.requester_id), ("assignee", ticket.assignee_id),
                            ("submitter", ticket.submitter_id)):  # fmt: skip
        if name.startswith(f"{prefix}."):
            return _person(world.users.get(user_id or 0), name.removeprefix(f"{prefix}."))
    if name.startswith("ticket_field_"):
        return _text(ticket.custom_fields.get(name.removeprefix("ticket_field_")))
    return _text(_plain_value(name, ticket, world))


def _plain_value(name: str, ticket: Ticket, world: World) -> Any:
    channel = ticket.via["channel"]
    group, organization = world.groups.get(ticket.group_id or 0), world.organizations.get(ticket.organization_id or 0)
    values = {
        "id": ticket.id,
        "title": ticket.subject,
        "description": ticket.description,
        "status": ticket.status.capitalize(),  # the word people see, not the API's value
        "priority": (ticket.priority or "").capitalize(),
        "external_id": ticket.external_id,
        "account": world.account.name,
        "link": f"{world.base_url}/agent/tickets/{ticket.id}",
        "url": f"{world.base_url}/agent/tickets/{ticket.id}",
        "via": VIA_TITLES.get(channel, channel.replace("_", " ").title()),
        "tags": " ".join(ticket.tags),
        "group.name": group.name if group else "",
        "organization.name": organization.name if organization else "",
        "created_at_with_timestamp": ticket.created_at,
        "updated_at_with_timestamp": ticket.updated_at,
    }
    return values.get(name)
