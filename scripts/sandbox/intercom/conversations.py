"""Conversations: read, search, start, answer, manage, redact, merge, delete."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, g, request

from scripts.sandbox.intercom import wire
from scripts.sandbox.intercom.calls import (
    actor,
    answer,
    body,
    by_cursor,
    by_number,
    contact,
    conversation,
    files,
    html_of,
    needs_version,
    style,
    twin,
    wanted,
)
from scripts.sandbox.intercom.desk import Actor
from scripts.sandbox.intercom.query import QueryError, compile_query
from scripts.sandbox.intercom.refusals import invalid, missing, refuse
from scripts.sandbox.intercom.state import PRIORITIES, Contact, Conversation, Part

bp = Blueprint("conversations", __name__)

_DEFAULT, _MOST = 20, 150
_FIELDS = frozenset(
    ("id", "created_at", "updated_at", "waiting_since", "snoozed_until", "state", "open", "read", "priority",
     "tag_ids", "contact_ids", "teammate_ids", "admin_assignee_id", "team_assignee_id", "ai_agent_participated",
     "channel_initiated")
)  # fmt: skip
_PREFIXES = ("source.", "statistics.", "conversation_rating.", "ai_agent.")
_SORTS = ("created_at", "updated_at", "waiting_since", "id")


# -- reading


@bp.get("/conversations")
def list_conversations() -> Response:
    """List conversations without their parts, the latest changed first."""
    rows = sorted(twin().world.conversations.values(), key=_newest)
    chosen, pages = by_cursor(rows, lambda row: [row.updated_at, row.id], request.args, default=_DEFAULT, most=_MOST)
    return _listed(chosen, pages, len(rows))


def _newest(row: Conversation) -> tuple[int, int]:
    return -row.updated_at, -int(row.id)


def _listed(rows: Any, pages: dict[str, Any], total: int) -> Response:
    shown = [wire.head(row, twin().world, style()) for row in rows]
    return answer({"type": "conversation.list", "conversations": shown, "total_count": total, "pages": pages})


@bp.post("/conversations/search")
def search_conversations() -> Response:
    """Search conversations as the index has them, which may lag behind."""
    values = body()
    query = values.get("query")
    if query is None:
        raise missing("query")
    try:
        test = compile_query(query, _FIELDS, _PREFIXES)
    except QueryError as error:
        raise invalid(str(error), error.field) from error
    held = twin()
    found = [number for number, seen in held.index.seen() if test(seen)]
    rows = [held.world.conversations[number] for number in found if number in held.world.conversations]
    rows.sort(key=_order(values.get("sort")))
    asked = values.get("pagination") or {}
    chosen, pages = by_cursor(rows, lambda row: [row.updated_at, row.id], asked, default=_DEFAULT, most=_MOST)
    return _listed(chosen, pages, len(rows))


def _order(sort: Any) -> Callable[[Conversation], tuple[int, int]]:
    if not isinstance(sort, Mapping):
        return _newest
    field, order = str(sort.get("field") or "updated_at"), sort.get("order", "descending")
    if order not in ("ascending", "descending"):
        raise refuse(400, "invalid_sort_order", "order must be ascending or descending", "order")
    if field not in _SORTS:
        raise invalid(f"Invalid sort field: {field}", "field")
    sign = 1 if order == "ascending" else -1
    return lambda row: (sign * int(getattr(row, field) or 0), sign * int(row.id))


@bp.get("/conversations/<conversation_id>")
def show_conversation(conversation_id: str) -> Response:
    """Show a conversation with its parts, the newest 500 of them."""
    return _shown(conversation(conversation_id))


def _shown(row: Conversation, parts: list[Part] | None = None) -> Response:
    return answer(wire.conversation(row, twin().world, style(), parts))


@bp.get("/conversations/deleted")
def list_deleted() -> Response:
    """List what was deleted, by pages."""
    needs_version(16)
    order = request.args.get("order", "desc")
    if order not in ("asc", "desc"):
        raise invalid("order must be asc or desc", "order")
    rows = sorted(twin().world.deleted.values(), key=lambda row: row.deleted_at, reverse=order == "desc")
    chosen, pages = by_number(rows, default=20, most=60)
    shown = [
        {
            "type": "conversation",
            "id": row.id,
            "metrics_retained": row.metrics_retained,
            "deleted_at": row.deleted_at,
        }
        for row in chosen
    ]
    return answer({"type": "conversation.list", "conversations": shown, "total_count": len(rows), "pages": pages})


# -- writing


@bp.post("/conversations")
def start_conversation() -> Response:
    """Start a conversation as a contact; the answer is a message that names the conversation."""
    values = body()
    sender = wanted(values, "from")
    if not isinstance(sender, Mapping) or sender.get("type") not in ("user", "lead", "contact"):
        raise invalid("from wants type (user, lead or contact) and id", "from")
    person = contact(str(wanted(sender, "id")))
    text = html_of(wanted(values, "body"))
    row = twin().desk.create(person, text, subject=str(values.get("subject") or ""), files=files(values), is_api=True)
    return answer(
        {
            "type": "user_message",
            "id": row.source.id,
            "created_at": row.created_at,
            "body": wire.plain(text),
            "message_type": "inapp",
            "conversation_id": row.id,
        }
    )


@bp.post("/conversations/<conversation_id>/reply")
def reply(conversation_id: str) -> Response:
    """Answer, note or write as the contact; the answer shows the new part alone."""
    row, values = conversation(conversation_id), body()
    if values.get("type") == "user":
        return _shown(row, [_contact_reply(row, values)])
    if values.get("type") != "admin":
        raise invalid("type must be admin or user", "type")
    who, kind = actor(values), values.get("message_type")
    if kind not in ("comment", "note", "quick_reply"):
        raise invalid("message_type must be comment, note or quick_reply", "message_type")
    if kind == "quick_reply" and not values.get("reply_options"):
        raise missing("reply_options")
    given = files(values)
    if kind != "quick_reply" and not given:
        wanted(values, "body")
    html = html_of(values.get("body"))
    if kind == "note":
        return _shown(row, [twin().desk.note(row, who, html, given)])
    return _shown(row, [twin().desk.reply(row, who, html, given, kind=str(kind))])


def _contact_reply(row: Conversation, values: Mapping[str, Any]) -> Part:
    person = _sender(values)
    if person.id not in row.contact_ids:
        raise refuse(403, "action_forbidden", "Contact does not participate in this conversation")
    given = files(values)
    if not given:
        wanted(values, "body")
    return twin().desk.contact_reply(row, person, html_of(values.get("body")), given, is_api=True)


def _sender(values: Mapping[str, Any]) -> Contact:
    if number := values.get("intercom_user_id"):
        return contact(str(number))
    world = twin().world
    person = world.contact_by("external_id", values.get("user_id")) or world.contact_by("email", values.get("email"))
    if person is None:
        raise refuse(404, "not_found", "User Not Found")
    return person


@bp.post("/conversations/<conversation_id>/parts")
def manage(conversation_id: str) -> Response:
    """Assign, close, open or snooze: one of them a call."""
    row, values = conversation(conversation_id), body()
    kind, who = values.get("message_type"), actor(values)
    ways: dict[Any, Callable[[], Part]] = {
        "assignment": lambda: _assign(row, who, values),
        "close": lambda: twin().desk.close(row, who, html_of(values.get("body")) or None),
        "open": lambda: twin().desk.open(row, who),
        "snoozed": lambda: twin().desk.snooze(row, who, _moment(values)),
    }
    if kind not in ways:
        raise invalid(f"message_type must be one of {', '.join(ways)}", "message_type")
    return _shown(row, [ways[kind]()])


def _assign(row: Conversation, who: Actor, values: Mapping[str, Any]) -> Part:
    """Assign to a team or a teammate. `admin` with the id of a team means the team, as live code does it."""
    number, kind = str(values.get("assignee_id", "")), values.get("type")
    if kind not in ("admin", "team"):
        raise invalid("type must be admin or team", "type")
    if not number.isdigit():
        raise missing("assignee_id")
    world = twin().world
    if kind == "admin" and int(number) in world.teams:
        kind = "team"
    if int(number) and int(number) not in (world.teams if kind == "team" else world.admins):
        raise refuse(404, "not_found", f"{str(kind).capitalize()} not found", "assignee_id")
    if kind == "admin" and int(number) and not world.admins[int(number)].has_inbox_seat:
        raise refuse(422, "parameter_invalid", "Admin does not have an inbox seat", "assignee_id")
    return twin().desk.assign(row, who, str(kind), int(number), html_of(values.get("body")) or None)


def _moment(values: Mapping[str, Any]) -> int:
    until = wanted(values, "snoozed_until")
    if isinstance(until, bool) or not isinstance(until, int):
        raise invalid("snoozed_until must be a timestamp", "snoozed_until")
    return until


@bp.put("/conversations/<conversation_id>")
def update_conversation(conversation_id: str) -> Response:
    """Set read, title, company and attributes; the priority only where the version is Preview."""
    row, values = conversation(conversation_id), body()
    desk, who = twin().desk, twin().desk.actor(twin().world.account.owner_id, is_api=True)
    if not isinstance(values.get("custom_attributes", {}), Mapping):
        raise invalid("custom_attributes must be an object", "custom_attributes")
    desk.set_attributes(row, who, values.get("custom_attributes", {}))
    if "company_id" in values:
        if values["company_id"] not in twin().world.companies:
            raise refuse(404, "company_not_found", "Company Not Found")
        row.company_id = str(values["company_id"])
    if g.version == wire.PREVIEW and "priority" in values:
        if values["priority"] not in PRIORITIES:
            raise invalid(f"priority must be one of {', '.join(PRIORITIES)}", "priority")
        desk.set_priority(row, who, values["priority"])
    desk.set_head(row, read=values.get("read"), title=values.get("title"))
    return _shown(row)


@bp.delete("/conversations/<conversation_id>")
def delete_conversation(conversation_id: str) -> Response:
    needs_version(13)
    row = conversation(conversation_id)
    twin().desk.delete(row, retains_metrics=request.args.get("retain_metrics", "true") != "false")
    return answer({"id": row.id, "object": "conversation", "deleted": True})


@bp.post("/conversations/redact")
def redact() -> Response:
    """Take the text out of a part or of the first message."""
    values = body()
    row = conversation(str(wanted(values, "conversation_id")))
    if values.get("type") == "source":
        twin().desk.redact_source(row, str(wanted(values, "source_id")))
        return _shown(row)
    if values.get("type") != "conversation_part":
        raise invalid("type must be conversation_part or source", "type")
    return _shown(row, [twin().desk.redact_part(row, str(wanted(values, "conversation_part_id")))])


@bp.post("/conversations/<conversation_id>/merge")
def merge(conversation_id: str) -> Response:
    """Merge this conversation into another: this one is closed and linked. The answer is the other."""
    needs_version(16)
    row = conversation(conversation_id)
    into = conversation(str(wanted(body(), "merge_into_conversation_id")))
    who = twin().desk.actor(twin().world.account.owner_id, is_api=True)
    return _shown(twin().desk.merge(row, who, into))


@bp.post("/conversations/<conversation_id>/customers")
def attach_contact(conversation_id: str) -> Response:
    row, values = conversation(conversation_id), body()
    customer = values.get("customer")
    if not isinstance(customer, Mapping):
        raise missing("customer")
    twin().desk.attach(row, actor(values), _sender(customer))
    return _shown(row)


@bp.delete("/conversations/<conversation_id>/customers/<contact_id>")
def detach_contact(conversation_id: str, contact_id: str) -> Response:
    row = conversation(conversation_id)
    twin().desk.detach(row, actor(body()), contact_id)
    return _shown(row)
